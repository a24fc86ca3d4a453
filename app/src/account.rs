//! One's own account.

mod api;

use crate::call;
use crate::forms::{self, Form, FormAction};
use crate::loaded::load;
use crate::pages::{Failed, OrganizationPage, Section};
use crate::paths;
use crate::theme::Theme;
use crate::ui::{Choice, Close, Dialog, Field, Icon, Moment, Problems, Submit, icon};
use crate::view::view;
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
    view! {
        <OrganizationPage title="Account".to_owned() section=Section::Account>
            <h1>"Account"</h1>
            {user.map(|user| view! {
                <dl class="facts">
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
    let action = FormAction::<Rename>::new();
    let (answer, problem) = (forms::answer(action), forms::problem(action));
    let name = if forms::was_posted::<Rename>() { forms::typed::<Rename>("name") } else { name };
    view! {
        <section aria-labelledby="your-name">
            <h2 id="your-name">"Your name"</h2>
            <Form action>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <Field
                    label="Name" name="name" value=name autocomplete="name"
                    error=Signal::derive(move || problem.get().and_then(|problem| problem.of_field("name")))
                />
                <div class="actions start">
                    <Submit label="Save name" pending_label="Saving…" pending=action.pending() kind=""/>
                    <p role="status" class="saved">
                        {move || matches!(answer.get(), Some(Ok(()))).then(|| view! { {icon(Icon::Check)}"Saved" })}
                    </p>
                </div>
            </Form>
        </section>
    }
}

/// The browsers in which the person is signed in.
#[component]
fn SignedIn() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (end, all) = (FormAction::<EndSession>::new(), FormAction::<SignOutEverywhere>::new());
    let ended = forms::successes(end);
    let sessions = load(move || ListSessions { org: organization.get_value() }, move || ended.get());
    view! {
        <section aria-labelledby="sessions">
            <h2 id="sessions">"Sessions"</h2>
            <Transition>
                {move || Suspend::new(async move {
                    match sessions.await {
                        Ok(list) => {
                            let now = list.now;
                            let rows = list.sessions.into_iter().map(|session| view! { <OneSession session now end/> });
                            view! { <ul class="sessions">{rows.collect_view()}</ul> }
                        }
                        Err(problem) => view! { <Failed problem/> },
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
    view! {
        <form method="get" on:submit=open>
            <div class="actions start">
                <button type="submit" name=name value=value class="button danger">"Sign out everywhere"</button>
            </div>
        </form>
    }
}

/// Asks before every browser is signed out: nothing brings the sessions back.
#[component]
fn Everywhere(action: FormAction<SignOutEverywhere>) -> impl IntoView {
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
    let problem = forms::problem(action);
    move || {
        asked.get().then(|| {
            view! {
                <Dialog title="Sign out everywhere?" on_close>
                    <p>"Every browser in which you are signed in is signed out at once, this one too. Each has to sign in again."</p>
                    <Form action>
                        <Problems problem/>
                        <input type="hidden" name="org" value=organization.get_value()/>
                        <div class="actions">
                            <Close on_close href=here.get_value() label="Cancel"/>
                            <Submit label="Sign out everywhere" pending_label="Signing out…" pending=action.pending() kind="danger"/>
                        </div>
                    </Form>
                </Dialog>
            }
        })
    }
}

#[component]
fn OneSession(session: Session, now: DateTime<Utc>, end: FormAction<EndSession>) -> impl IntoView {
    let device = session.device;
    view! {
        <li>
            <div>
                <p><strong>{device.clone()}</strong>{session.here.then_some(" (this browser)")}</p>
                <p class="muted small">"Last used "<Moment at=session.last_used_at now/>", signed in "<Moment at=session.began_at now/></p>
            </div>
            {(!session.here).then(|| view! {
                <Form action=end class="inline">
                    <input type="hidden" name="org" value=use_organization()/>
                    <input type="hidden" name="session" value=session.id.to_string()/>
                    <button type="submit" class="button" aria-label=format!("Sign out {device}")>"Sign out"</button>
                </Form>
            })}
        </li>
    }
}

/// Which colours this browser shows. Kept in a cookie, so that the first paint has them.
#[component]
fn Appearance() -> impl IntoView {
    let action = FormAction::<ChooseTheme>::new();
    let chosen = call::carried(use_context::<Theme>);
    let option = |theme: Option<Theme>, words: &str| {
        (theme.map_or("", Theme::code).to_owned(), words.to_owned(), theme == chosen)
    };
    let options = vec![
        option(None, "As the system has it"),
        option(Some(Theme::Light), "Light"),
        option(Some(Theme::Dark), "Dark"),
    ];
    view! {
        <section aria-labelledby="appearance">
            <h2 id="appearance">"Appearance"</h2>
            <Form action>
                <input type="hidden" name="org" value=use_organization()/>
                <Choice label="Colours" name="theme" options hint="For this browser alone."/>
                <div class="actions start">
                    <Submit label="Save" kind="" pending_label="Saving…" pending=action.pending()/>
                </div>
            </Form>
        </section>
    }
}
