//! Joining by an invitation's link.

mod api;

use crate::erased_view::erased_view;
use crate::form::{self, FormResult, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{Failed, PublicPage};
use crate::paths;
use crate::sign_in::SignOut;
use crate::sso::{GetSignInOptions, OrDivider, SsoButtons};
use crate::ui::{Field, Notice, Problems, Submit, Tone, exact, left};
use crate::viewer::{use_organization, use_viewer};
use api::{Join, OpenedInvitation, RequestRenewal};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::join::JoinPage as Page;
use model::sso::ConnectionName;

#[component]
pub fn JoinPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let action = ServerFormAction::<Join>::new();
    let answer = form::answer(action);
    // Asked anew when joining was refused: the invitation may have ended meanwhile.
    let version = action.version();
    let ways = json_resource(move || GetSignInOptions { org: organization.get_value() }, || 0);
    let page =
        json_resource(move || OpenedInvitation { org: organization.get_value() }, move || version.get());
    erased_view! {
        <Transition>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(Page::Open { inviter, email, expires_at, now, signed_in_as: None }) => {
                        let connections = ways.await.unwrap_or_default().connections;
                        erased_view! { <Open action answer inviter email expires_at now connections/> }
                    }
                    Ok(Page::Open { email, signed_in_as: Some(open), .. }) => erased_view! { <OtherAccount email open/> },
                    Ok(Page::Expired { expired_at }) => erased_view! { <Expired expired_at/> },
                    Ok(Page::Revoked) => erased_view! { <Revoked/> },
                    Ok(Page::AlreadyJoined) => erased_view! { <AlreadyJoined/> },
                    Ok(Page::NoSuchLink) => erased_view! { <NoSuchLink/> },
                    Err(problem) => erased_view! { <Failed problem/> },
                }
            })}
        </Transition>
    }
}

fn organization_name() -> String {
    use_viewer().map(|viewer| viewer.organization.name).unwrap_or_default()
}

#[component]
fn Open(
    action: ServerFormAction<Join>,
    answer: FormResult<()>,
    inviter: String,
    email: String,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
    connections: Vec<ConnectionName>,
) -> impl IntoView {
    let problem = Signal::derive(move || answer.get().and_then(Result::err));
    let join = format!("Join {}", organization_name());
    erased_view! {
        <PublicPage title=join.clone()>
            <p><strong>{inviter}</strong>" invited you as "<strong>{email.clone()}</strong>"."</p>
            <ServerForm action>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="email" value=email/>
                <Field
                    label="Your name" name="name" autocomplete="name" autofocus=true
                    value={form::posted_value::<Join>("name")}
                    error=Signal::derive(move || problem.get().and_then(|problem| problem.of_field("name")))
                />
                <Submit label=join pending_label="Joining…" pending=action.pending()/>
            </ServerForm>
            {(!connections.is_empty()).then(|| erased_view! { <OrDivider/><SsoButtons connections join=true/> })}
            <p class="muted">"The invitation ends "{exact(expires_at)}" ("{left(expires_at, now)}")."</p>
        </PublicPage>
    }
}

#[component]
fn OtherAccount(email: String, open: String) -> impl IntoView {
    let organization = use_organization();
    erased_view! {
        <PublicPage title="Another account is open".to_owned()>
            <p>"The invitation is for "<strong>{email}</strong>", and this browser is signed in as "<strong>{open}</strong>"."</p>
            <p>"To take the invitation, sign out first. The invitation stays open."</p>
            <SignOut organization=organization.clone() label="Sign out and go on" next=paths::join(&organization)/>
            <p><a href=paths::home(&organization) rel="external">"Stay signed in and leave the invitation for later"</a></p>
        </PublicPage>
    }
}

#[component]
fn Expired(expired_at: DateTime<Utc>) -> impl IntoView {
    let action = ServerFormAction::<RequestRenewal>::new();
    let answer = form::answer(action);
    erased_view! {
        <PublicPage title="This invitation has expired".to_owned()>
            <p>"It ended "{exact(expired_at)}". Nothing is lost: once you are invited again, this link works once more."</p>
            {move || match answer.get() {
                Some(Ok(())) => erased_view! {
                    <div role="status"><Notice tone=Tone::Success>
                        <p><strong>"The admins have been asked. "</strong>"When they invite you again, you get a mail."</p>
                    </Notice></div>
                },
                other => erased_view! {
                    <ServerForm action>
                        <Problems problem=Signal::stored(other.and_then(Result::err))/>
                        <input type="hidden" name="org" value=use_organization()/>
                        <Submit label="Ask for a new invitation" pending_label="Asking…" pending=action.pending()/>
                    </ServerForm>
                },
            }}
        </PublicPage>
    }
}

#[component]
fn Revoked() -> impl IntoView {
    erased_view! {
        <PublicPage title="This invitation was revoked".to_owned()>
            <p>"An admin of "{organization_name()}" took it back. If you think that this is a mistake, ask the person who invited you. A new invitation brings a new link."</p>
        </PublicPage>
    }
}

#[component]
fn AlreadyJoined() -> impl IntoView {
    erased_view! {
        <PublicPage title="You already joined".to_owned()>
            <p>"This invitation was used. You don’t need it any more: sign in with your address."</p>
            <p><a href=paths::login(&use_organization()) class="button primary">"Go to the login page"</a></p>
        </PublicPage>
    }
}

#[component]
fn NoSuchLink() -> impl IntoView {
    erased_view! {
        <PublicPage title="This link does not work".to_owned()>
            <p>"Mail programs sometimes cut long links. Open it again from the mail, or copy the whole of it into the address bar. This page needs cookies, too."</p>
            <p>"If it still does not work, ask the person who invited you for a new invitation."</p>
        </PublicPage>
    }
}
