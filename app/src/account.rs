//! The account page: the user's own name, sessions and theme.

pub(crate) mod api;

use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::paths;
use crate::runtime::prelude::*;
use crate::theme::Theme;
use crate::ui::{CloseLink, Dialog, ErrorSummary, Field, RelativeTime, SavedStatus, Select, SubmitButton};
use crate::viewer::{use_organization, use_viewer};
use api::{EndSession, ListSessions, Rename, SetTheme, SignOutEverywhere};
use chrono::{DateTime, Utc};
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
                <NameForm name=user.name/>
            })}
            <SessionsSection/>
            <ThemeForm/>
        </OrganizationPage>
    }
}

/// The name that other users see.
#[component]
fn NameForm(name: String) -> impl IntoView {
    let action = ServerFormAction::<Rename>::new();
    erased_view! {
        <section aria-labelledby="your-name">
            <h2 id="your-name">"Your name"</h2>
            <ServerForm action>
                <ErrorSummary problem=action.problem()/>
                <Field label="Name" name="name" value=action.field_value("name", name) autocomplete="name" error=action.field_error("name")/>
                <div class="actions align-start">
                    <SubmitButton label="Save name" pending_label="Saving…" pending=action.pending() kind=""/>
                    <SavedStatus saved=action.succeeded()/>
                </div>
            </ServerForm>
        </section>
    }
}

#[component]
fn SessionsSection() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let end_session = ServerFormAction::<EndSession>::new();
    let sign_out_everywhere = ServerFormAction::<SignOutEverywhere>::new();
    let version = end_session.success_count();
    let sessions =
        json_resource(move || ListSessions { org: organization.get_value() }, move || version.get());
    erased_view! {
        <section aria-labelledby="sessions">
            <h2 id="sessions">"Sessions"</h2>
            <Transition>
                {move || Suspend::new(async move {
                    match sessions.await {
                        Ok(list) => {
                            let now = list.now;
                            let rows = list.sessions.into_iter().map(|session| erased_view! { <SessionItem session now end_session/> });
                            erased_view! { <ul class="sessions">{rows.collect_view()}</ul> }
                        }
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })}
            </Transition>
            <SignOutEverywhereButton/>
            <SignOutEverywhereDialog action=sign_out_everywhere/>
        </section>
    }
}

/// The query parameter that opens the dialog.
const SIGN_OUT_DIALOG: (&str, &str) = ("dialog", "sign-out-everywhere");

/// Opens the dialog. A form, so that it works without WebAssembly.
#[component]
fn SignOutEverywhereButton() -> impl IntoView {
    let (name, value) = SIGN_OUT_DIALOG;
    let navigate = use_navigate();
    let dialog_path = format!("{}?{name}={value}", paths::account(&use_organization()));
    let open = move |event: ev::SubmitEvent| {
        event.prevent_default();
        navigate(&dialog_path, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    erased_view! {
        <form method="get" on:submit=open>
            <div class="actions align-start">
                <button type="submit" name=name value=value class="button danger">"Sign out everywhere"</button>
            </div>
        </form>
    }
}

#[component]
fn SignOutEverywhereDialog(action: ServerFormAction<SignOutEverywhere>) -> impl IntoView {
    let search = use_location().search;
    let is_open = Memo::new(move |_| {
        let search = search.get();
        let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
        pairs.any(|(name, value)| (&*name, &*value) == SIGN_OUT_DIALOG)
    });
    let account_path = StoredValue::new(paths::account(&use_organization()));
    let navigate = use_navigate();
    let on_close = Callback::new(move |()| {
        navigate(
            &account_path.get_value(),
            NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() },
        );
    });
    move || {
        is_open.get().then(|| {
            erased_view! {
                <Dialog title="Sign out everywhere?" on_close>
                    <p>"You’ll be signed out of every browser, including this one."</p>
                    <ServerForm action>
                        <ErrorSummary problem=action.problem()/>
                        <div class="actions">
                            <CloseLink on_close href=account_path.get_value() label="Cancel"/>
                            <SubmitButton label="Sign out everywhere" pending_label="Signing out…" pending=action.pending() kind="danger"/>
                        </div>
                    </ServerForm>
                </Dialog>
            }
        })
    }
}

#[component]
fn SessionItem(
    session: Session,
    now: DateTime<Utc>,
    end_session: ServerFormAction<EndSession>,
) -> impl IntoView {
    let device = session.device;
    erased_view! {
        <li>
            <div>
                <p><strong>{device.clone()}</strong>{session.is_current.then_some(" · This device")}</p>
                <p class="muted small">"Last active "<RelativeTime at=session.last_used_at now/>", signed in "<RelativeTime at=session.created_at now/></p>
            </div>
            {(!session.is_current).then(|| erased_view! {
                <ServerForm action=end_session class="inline">
                    <input type="hidden" name="session" value=session.id.to_string()/>
                    <button type="submit" class="button" aria-label=format!("Sign out {device}")>"Sign out"</button>
                </ServerForm>
            })}
        </li>
    }
}

/// The color scheme of this browser. Stored in a cookie, so that the server renders the first paint with it.
#[component]
fn ThemeForm() -> impl IntoView {
    let action = ServerFormAction::<SetTheme>::new();
    let current = serialize_for_hydration(use_context::<Theme>);
    let option = |theme: Option<Theme>, label: &str| {
        (theme.map_or("", Theme::code).to_owned(), label.to_owned(), theme == current)
    };
    let options =
        vec![option(None, "System"), option(Some(Theme::Light), "Light"), option(Some(Theme::Dark), "Dark")];
    erased_view! {
        <section aria-labelledby="appearance">
            <h2 id="appearance">"Appearance"</h2>
            <ServerForm action>
                <Select label="Theme" name="theme" options hint="Applies to this browser only."/>
                <div class="actions align-start">
                    <SubmitButton label="Save" kind="" pending_label="Saving…" pending=action.pending()/>
                </div>
            </ServerForm>
        </section>
    }
}
