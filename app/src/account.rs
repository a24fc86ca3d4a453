//! One's own account.

mod api;

use crate::forms::{self, Form};
use crate::pages::{Failed, OrganizationPage, Section};
use crate::theme::Theme;
use crate::ui::{Choice, Field, Icon, Moment, Problems, Submit, icon};
use crate::viewer::{use_organization, use_viewer};
use api::{ChooseTheme, EndSession, Rename, SignOutEverywhere, list_sessions};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
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
    let action = ServerAction::<Rename>::new();
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
    let (end, all) = (ServerAction::<EndSession>::new(), ServerAction::<SignOutEverywhere>::new());
    let ended = forms::successes(end);
    let sessions =
        Resource::new_blocking(move || ended.get(), move |_| list_sessions(organization.get_value()));
    view! {
        <section aria-labelledby="sessions">
            <h2 id="sessions">"Sessions"</h2>
            <Transition>
                {move || Suspend::new(async move {
                    match sessions.await {
                        Ok(list) => {
                            let now = list.now;
                            let rows = list.sessions.into_iter().map(|session| view! { <OneSession session now end/> });
                            view! { <ul class="sessions">{rows.collect_view()}</ul> }.into_any()
                        }
                        Err(problem) => view! { <Failed problem/> }.into_any(),
                    }
                })}
            </Transition>
            <Form action=all>
                <input type="hidden" name="org" value=use_organization()/>
                <div class="actions start">
                    <Submit label="Sign out everywhere" pending_label="Signing out…" pending=all.pending() kind="danger"/>
                </div>
            </Form>
        </section>
    }
}

#[component]
fn OneSession(session: Session, now: DateTime<Utc>, end: ServerAction<EndSession>) -> impl IntoView {
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
    let action = ServerAction::<ChooseTheme>::new();
    let chosen = SharedValue::new(use_context::<Theme>).into_inner();
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
