//! The page of an invitation link, where the invitee joins.

pub(crate) mod api;

use crate::layout::{ErrorNotice, PublicPage};
use crate::paths;
use crate::runtime::prelude::*;
use crate::sign_out::SignOut;
use crate::sso::{GetSignInOptions, OrDivider, SsoButtons};
use crate::ui::{ErrorSummary, Field, Notice, SubmitButton, Tone, format_utc, time_left};
use crate::viewer::{use_organization, use_viewer};
use api::{GetJoinPage, Join, RequestRenewal};
use chrono::{DateTime, Utc};
use model::join::JoinPage as Page;
use model::sso::ConnectionName;

#[component]
pub fn JoinPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let action = ServerFormAction::<Join>::new();
    // Reloaded after each attempt to join, since the invitation may have expired or been revoked in the meantime.
    let version = action.version();
    let sign_in_options = json_resource(move || GetSignInOptions { org: organization.get_value() }, || 0);
    let page = json_resource(move || GetJoinPage { org: organization.get_value() }, move || version.get());
    erased_view! {
        <Transition>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(Page::Open { inviter, email, expires_at, now, signed_in_as: None }) => {
                        let connections = sign_in_options.await.unwrap_or_default().connections;
                        erased_view! { <InvitationForm action inviter email expires_at now connections/> }
                    }
                    Ok(Page::Open { email, signed_in_as: Some(current), .. }) => erased_view! { <DifferentAccount email current/> },
                    Ok(Page::Expired { expired_at }) => erased_view! { <ExpiredInvitation expired_at/> },
                    Ok(Page::Revoked) => erased_view! { <RevokedInvitation/> },
                    Ok(Page::AlreadyJoined) => erased_view! { <AlreadyJoined/> },
                    Ok(Page::NoSuchLink) => erased_view! { <InvalidLink/> },
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </Transition>
    }
}

fn organization_name() -> String {
    use_viewer().map(|viewer| viewer.organization.name).unwrap_or_default()
}

#[component]
fn InvitationForm(
    action: ServerFormAction<Join>,
    inviter: String,
    email: String,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
    connections: Vec<ConnectionName>,
) -> impl IntoView {
    let join = format!("Join {}", organization_name());
    erased_view! {
        <PublicPage title=join.clone()>
            <p><strong>{inviter}</strong>" invited you to join as "<strong>{email.clone()}</strong>"."</p>
            <ServerForm action>
                <ErrorSummary problem=action.problem()/>
                <input type="hidden" name="email" value=email/>
                <Field
                    label="Your name" name="name" autocomplete="name" autofocus=true
                    value=action.posted_value("name") error=action.field_error("name")
                />
                <SubmitButton label=join pending_label="Joining…" pending=action.pending()/>
            </ServerForm>
            {(!connections.is_empty()).then(|| erased_view! { <OrDivider/><SsoButtons connections join=true/> })}
            <p class="muted">"This invitation expires on "{format_utc(expires_at)}" ("{time_left(expires_at, now)}")."</p>
        </PublicPage>
    }
}

#[component]
fn DifferentAccount(email: String, current: String) -> impl IntoView {
    let organization = use_organization();
    erased_view! {
        <PublicPage title="You’re signed in with a different account".to_owned()>
            <p>"This invitation is for "<strong>{email}</strong>", but you’re signed in as "<strong>{current}</strong>"."</p>
            <p>"Sign out to accept it. The invitation stays valid."</p>
            <SignOut label="Sign out and continue" next=paths::join(&organization)/>
            <p><a href=paths::home(&organization) rel="external">"Not now"</a></p>
        </PublicPage>
    }
}

#[component]
fn ExpiredInvitation(expired_at: DateTime<Utc>) -> impl IntoView {
    let action = ServerFormAction::<RequestRenewal>::new();
    let answer = action.result();
    erased_view! {
        <PublicPage title="This invitation has expired".to_owned()>
            <p>"It expired on "{format_utc(expired_at)}". If you’re invited again, this link will work again."</p>
            {move || match answer.get() {
                Some(Ok(())) => erased_view! {
                    <div role="status"><Notice tone=Tone::Success>
                        <p><strong>"Request sent. "</strong>"If an admin invites you again, you’ll get an email."</p>
                    </Notice></div>
                },
                other => erased_view! {
                    <ServerForm action>
                        <ErrorSummary problem=Signal::stored(other.and_then(Result::err))/>
                        <SubmitButton label="Ask for a new invitation" pending_label="Sending…" pending=action.pending()/>
                    </ServerForm>
                },
            }}
        </PublicPage>
    }
}

#[component]
fn RevokedInvitation() -> impl IntoView {
    erased_view! {
        <PublicPage title="This invitation was revoked".to_owned()>
            <p>"An admin of "{organization_name()}" revoked this invitation. If you think that’s a mistake, contact the person who invited you."</p>
        </PublicPage>
    }
}

#[component]
fn AlreadyJoined() -> impl IntoView {
    erased_view! {
        <PublicPage title="You already joined".to_owned()>
            <p>"This invitation has already been used. Sign in with your email address."</p>
            <p><a href=paths::login(&use_organization()) class="button primary">"Go to sign-in"</a></p>
        </PublicPage>
    }
}

#[component]
fn InvalidLink() -> impl IntoView {
    erased_view! {
        <PublicPage title="This link doesn’t work".to_owned()>
            <p>"Some email apps break long links. Open it from the email again, or copy and paste the whole link into your browser. Make sure cookies are enabled."</p>
            <p>"Still not working? Ask the person who invited you to send a new invitation."</p>
        </PublicPage>
    }
}
