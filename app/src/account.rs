//! One's own account.

mod api;

use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{Failed, OrganizationPage, Section};
use crate::paths;
use crate::server_fn_client;
use crate::theme::Theme;
use crate::ui::{Choice, Close, Dialog, Field, Icon, Moment, Problems, Submit, icon};
use crate::viewer::{use_organization, use_viewer};
use api::{ChooseTheme, EndSession, ListSessions, Rename, SignOutEverywhere};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use model::account::Session;

#[component]
pub fn AccountPage() -> impl IntoView {
    let user = use_viewer().and_then(|viewer| viewer.user);
    erased_view! {
        <OrganizationPage title="Account".to_owned() section=Section::Account>
            <h1>"Account"</h1>
            {user.map(|user| erased_view! {
                <dl class="description-list">
                    <dt>"Email"</dt>
                    <dd>{user.email}</dd>
                    <dt>"Organization role"</dt>
                    <dd>{user.role.label()}</dd>
                </dl>
                <Name name=user.name/>
            })}
            <SignedIn/>
            <Appearance/>
        </OrganizationPage>
    }
}

/// The name that others see.
#[component]
fn Name(name: String) -> impl IntoView {
    let action = ServerFormAction::<Rename>::new();
    let (answer, problem) = (form::answer(action), form::problem(action));
    let name = if form::was_posted::<Rename>() { form::posted_value::<Rename>("name") } else { name };
    erased_view! {
        <section aria-labelledby="your-name">
            <h2 id="your-name">"Your name"</h2>
            <ServerForm action>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <Field
                    label="Name" name="name" value=name autocomplete="name"
                    error=Signal::derive(move || problem.get().and_then(|problem| problem.of_field("name")))
                />
                <div class="actions start">
                    <Submit label="Save name" pending_label="Saving…" pending=action.pending() kind=""/>
                    <p role="status" class="saved">
                        {move || matches!(answer.get(), Some(Ok(()))).then(|| erased_view! { {icon(Icon::Check)}"Saved" })}
                    </p>
                </div>
            </ServerForm>
        </section>
    }
}

/// The browsers in which the person is signed in.
#[component]
fn SignedIn() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (end, all) = (ServerFormAction::<EndSession>::new(), ServerFormAction::<SignOutEverywhere>::new());
    let ended = form::successes(end);
    let sessions = json_resource(move || ListSessions { org: organization.get_value() }, move || ended.get());
    erased_view! {
        <section aria-labelledby="sessions">
            <h2 id="sessions">"Sessions"</h2>
            <Transition>
                {move || Suspend::new(async move {
                    match sessions.await {
                        Ok(list) => {
                            let now = list.now;
                            let rows = list.sessions.into_iter().map(|session| erased_view! { <OneSession session now end/> });
                            erased_view! { <ul class="sessions">{rows.collect_view()}</ul> }
                        }
                        Err(problem) => erased_view! { <Failed problem/> },
                    }
                })}
            </Transition>
            <EverywhereButton/>
            <Everywhere action=all/>
        </section>
    }
}

/// The part of the URL that opens the question.
const EVERYWHERE: (&str, &str) = ("dialog", "sign-out-everywhere");

/// Leads to the question. A form, so that it works before WebAssembly.
#[component]
fn EverywhereButton() -> impl IntoView {
    let (name, value) = EVERYWHERE;
    let go = use_navigate();
    let asking = format!("{}?{name}={value}", paths::account(&use_organization()));
    let open = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        go(&asking, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    erased_view! {
        <form method="get" on:submit=open>
            <div class="actions start">
                <button type="submit" name=name value=value class="button danger">"Sign out everywhere"</button>
            </div>
        </form>
    }
}

/// Asks before every browser is signed out: nothing brings the sessions back.
#[component]
fn Everywhere(action: ServerFormAction<SignOutEverywhere>) -> impl IntoView {
    let search = use_location().search;
    let asked = Memo::new(move |_| {
        let search = search.get();
        let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
        pairs.any(|(name, value)| (&*name, &*value) == EVERYWHERE)
    });
    let organization = StoredValue::new(use_organization());
    let here = StoredValue::new(paths::account(&use_organization()));
    let go = use_navigate();
    let on_close = Callback::new(move |()| {
        go(&here.get_value(), NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
    });
    let problem = form::problem(action);
    move || {
        asked.get().then(|| {
            erased_view! {
                <Dialog title="Sign out everywhere?" on_close>
                    <p>"Every browser in which you are signed in is signed out at once, this one too. Each has to sign in again."</p>
                    <ServerForm action>
                        <Problems problem/>
                        <input type="hidden" name="org" value=organization.get_value()/>
                        <div class="actions">
                            <Close on_close href=here.get_value() label="Cancel"/>
                            <Submit label="Sign out everywhere" pending_label="Signing out…" pending=action.pending() kind="danger"/>
                        </div>
                    </ServerForm>
                </Dialog>
            }
        })
    }
}

#[component]
fn OneSession(session: Session, now: DateTime<Utc>, end: ServerFormAction<EndSession>) -> impl IntoView {
    let device = session.device;
    erased_view! {
        <li>
            <div>
                <p><strong>{device.clone()}</strong>{session.is_current.then_some(" (this browser)")}</p>
                <p class="muted small">"Last used "<Moment at=session.last_used_at now/>", signed in "<Moment at=session.created_at now/></p>
            </div>
            {(!session.is_current).then(|| erased_view! {
                <ServerForm action=end class="inline">
                    <input type="hidden" name="org" value=use_organization()/>
                    <input type="hidden" name="session" value=session.id.to_string()/>
                    <button type="submit" class="button" aria-label=format!("Sign out {device}")>"Sign out"</button>
                </ServerForm>
            })}
        </li>
    }
}

/// Which colours this browser shows. Kept in a cookie, so that the first paint has them.
#[component]
fn Appearance() -> impl IntoView {
    let action = ServerFormAction::<ChooseTheme>::new();
    let chosen = server_fn_client::carried(use_context::<Theme>);
    let option = |theme: Option<Theme>, words: &str| {
        (theme.map_or("", Theme::code).to_owned(), words.to_owned(), theme == chosen)
    };
    let options = vec![
        option(None, "As the system has it"),
        option(Some(Theme::Light), "Light"),
        option(Some(Theme::Dark), "Dark"),
    ];
    erased_view! {
        <section aria-labelledby="appearance">
            <h2 id="appearance">"Appearance"</h2>
            <ServerForm action>
                <input type="hidden" name="org" value=use_organization()/>
                <Choice label="Colours" name="theme" options hint="For this browser alone."/>
                <div class="actions start">
                    <Submit label="Save" kind="" pending_label="Saving…" pending=action.pending()/>
                </div>
            </ServerForm>
        </section>
    }
}
