//! Single sign-on: the sign-in buttons, the error pages of refused sign-ins, and the page after signing out.

pub(crate) mod api;
pub mod connections;

pub use api::GetSignInOptions;

use crate::layout::{ErrorNotice, PublicPage};
use crate::paths;
use crate::runtime::prelude::*;
use crate::viewer::{use_organization, use_viewer};
use api::{GetLastRefusal, GetProviderLogout};
use model::ConnectionId;
use model::sso::{ConnectionName, SsoRefusal, SsoRefusalDetails};

/// A "Continue with {connection}" button for each connection. Each is a plain form: the response is a redirect to the
/// provider, which the browser has to follow itself.
#[component]
pub fn SsoButtons(
    connections: Vec<ConnectionName>,
    #[prop(optional, into)] next: String,
    /// Whether the login flow accepts the invitation that is open in this browser.
    #[prop(optional)]
    join: bool,
    #[prop(default = "")] kind: &'static str,
) -> impl IntoView {
    let organization = use_organization();
    let buttons = connections.into_iter().map(|connection| {
        erased_view! {
            <form method="post" action=paths::sso_start(&organization)>
                <input type="hidden" name="connection" value=connection.id.to_string()/>
                <input type="hidden" name="next" value=next.clone()/>
                {join.then(|| erased_view! { <input type="hidden" name="join" value="true"/> })}
                <button type="submit" class=format!("button {kind}")>{format!("Continue with {}", connection.name)}</button>
            </form>
        }
    });
    erased_view! { <div class="sso-options">{buttons.collect_view()}</div> }
}

/// The "or" between two sign-in options.
#[component]
pub fn OrDivider() -> impl IntoView {
    erased_view! { <p class="divider">"or"</p> }
}

/// The error page of the last refused SSO sign-in in this browser.
#[component]
pub fn SsoRefusalPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let details = json_resource(move || GetLastRefusal { org: organization.get_value() }, || 0);
    erased_view! {
        <Suspense>
            {move || Suspend::new(async move {
                match details.await {
                    Ok(details) => erased_view! { <RefusalMessage details/> },
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </Suspense>
    }
}

#[component]
fn RefusalMessage(details: SsoRefusalDetails) -> impl IntoView {
    set_status(status(&details.refusal));
    let SsoRefusalDetails { refusal, connection } = details;
    let provider = connection
        .as_ref()
        .map_or_else(|| "your identity provider".to_owned(), |connection| connection.name.clone());
    let retry: Vec<ConnectionName> = connection.into_iter().collect();
    match refusal {
        SsoRefusal::FlowExpired => erased_view! {
            <PublicPage title="This sign-in attempt has expired".to_owned()>
                <p>"It was already used, took longer than 10 minutes, or was started in another browser. Please try again."</p>
                <LoginLink primary=true/>
            </PublicPage>
        },
        SsoRefusal::ProviderUnreachable => erased_view! {
            <PublicPage title=format!("{provider} can’t be reached")>
                <p>"You’re not signed in. Try again in a few minutes. If the problem persists, contact an admin."</p>
                <SsoButtons connections=retry kind="primary"/>
                <LoginLink/>
            </PublicPage>
        },
        SsoRefusal::Misconfigured => erased_view! {
            <PublicPage title=format!("{provider} isn’t set up correctly")>
                <p>{format!("{provider} rejected our client ID or secret. Ask an admin to check the connection’s settings.")}</p>
                <LoginLink primary=true/>
            </PublicPage>
        },
        SsoRefusal::Canceled => erased_view! {
            <PublicPage title="Sign-in canceled".to_owned()>
                <p>{format!("You canceled signing in with {provider}.")}</p>
                <SsoButtons connections=retry kind="primary"/>
                <LoginLink/>
            </PublicPage>
        },
        SsoRefusal::ProviderError => erased_view! {
            <PublicPage title=format!("{provider} couldn’t sign you in")>
                <p>"It returned an error. Try again. If the problem persists, contact an admin."</p>
                <SsoButtons connections=retry kind="primary"/>
                <LoginLink/>
            </PublicPage>
        },
        SsoRefusal::VerificationFailed => erased_view! {
            <PublicPage title="We couldn’t verify this sign-in".to_owned()>
                <p>{format!("The response from {provider} didn’t pass our security checks, so you weren’t signed in. An admin can find details in the audit log.")}</p>
                <SsoButtons connections=retry kind="primary"/>
                <LoginLink/>
            </PublicPage>
        },
        SsoRefusal::EmailNotVerified => erased_view! {
            <PublicPage title="Verify your email address first".to_owned()>
                <p>{format!("{provider} hasn’t verified your email address. Verify it there, then try again.")}</p>
                <SsoButtons connections=retry kind="primary"/>
                <LoginLink/>
            </PublicPage>
        },
        SsoRefusal::DomainNotAllowed { email } => erased_view! {
            <PublicPage title="This email domain isn’t allowed".to_owned()>
                <p><strong>{email}</strong>{format!(" can’t sign in with {provider} because addresses at this domain aren’t allowed. Try a different account.")}</p>
                <SsoButtons connections=retry kind="primary"/>
                <LoginLink/>
            </PublicPage>
        },
        SsoRefusal::NotInvited { email } => erased_view! { <NotInvited email/> },
        SsoRefusal::Suspended { email } => erased_view! {
            <PublicPage title="Your account is suspended".to_owned()>
                <p><strong>{email}</strong>" can’t sign in until an admin reactivates the account."</p>
            </PublicPage>
        },
        SsoRefusal::LinkedToAnotherIdentity { email } => erased_view! {
            <PublicPage title="This address belongs to another account".to_owned()>
                <p><strong>{email}</strong>{format!(" already belongs to a member who signs in with a different {provider} account.")}</p>
                <p>"If that’s you, sign in with that account. If the address was reassigned to you, ask an admin to remove the previous member."</p>
                <LoginLink primary=true/>
            </PublicPage>
        },
        SsoRefusal::InvitationMismatch { invited, signed_in_as } => {
            erased_view! { <InvitationMismatch invited signed_in_as provider retry/> }
        }
    }
}

/// The HTTP status of the page (RFC 9110, section 15).
fn status(refusal: &SsoRefusal) -> u16 {
    match refusal {
        SsoRefusal::FlowExpired => 410,
        SsoRefusal::ProviderUnreachable | SsoRefusal::Misconfigured => 502,
        SsoRefusal::InvitationMismatch { .. } => 409,
        _ => 403,
    }
}

#[component]
fn NotInvited(email: String) -> impl IntoView {
    let organization = use_organization();
    let summary = use_viewer().map(|viewer| viewer.organization);
    let name = summary.as_ref().map(|summary| summary.name.clone()).unwrap_or_default();
    let requests_enabled = summary.is_some_and(|summary| summary.requests_enabled);
    erased_view! {
        <PublicPage title="You’re not a member yet".to_owned()>
            <p><strong>{email}</strong>{format!(" doesn’t have a valid invitation to {name}.")}</p>
            {if requests_enabled {
                erased_view! {
                    <p>"You can request one."</p>
                    <p><a href=paths::request_invitation(&organization) class="button primary">"Request an invitation"</a></p>
                }
            } else {
                erased_view! { <p>"Ask an admin of the organization to invite you."</p> }
            }}
            <LoginLink/>
        </PublicPage>
    }
}

#[component]
fn InvitationMismatch(
    invited: String,
    signed_in_as: String,
    provider: String,
    retry: Vec<ConnectionName>,
) -> impl IntoView {
    let organization = use_organization();
    erased_view! {
        <PublicPage title="This invitation is for another address".to_owned()>
            <dl class="description-list">
                <dt>"Invited"</dt>
                <dd>{invited.clone()}</dd>
                <dt>"You signed in as"</dt>
                <dd>{signed_in_as.clone()}</dd>
            </dl>
            <p>"You haven’t joined yet. The invitation is still valid."</p>
            <p><a href=paths::join(&organization) class="button primary" rel="external">"Back to the invitation"</a></p>
            <p class="muted">{format!("Join as {invited} without {provider}, or sign in to {provider} with that address.")}</p>
            <OrDivider/>
            <p class="muted">{format!("Already joined as {signed_in_as}?")}</p>
            <SsoButtons connections=retry/>
        </PublicPage>
    }
}

#[component]
fn LoginLink(#[prop(optional)] primary: bool) -> impl IntoView {
    let class = if primary { "button primary" } else { "" };
    erased_view! { <p><a href=paths::login(&use_organization()) class=class>"Go to sign-in"</a></p> }
}

/// The page after signing out of a session that was started by SSO. It offers to sign out at the provider as well.
#[component]
pub fn SignedOutPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let search = use_location().search.get_untracked();
    let connection: Option<ConnectionId> = paths::parse_signed_out(&search);
    let logout = json_resource_if(
        move || connection.map(|connection| GetProviderLogout { org: organization.get_value(), connection }),
        || 0,
    );
    erased_view! {
        <PublicPage title="You’re signed out".to_owned()>
            <Suspense>
                {move || Suspend::new(async move {
                    logout.await.ok().flatten().flatten().map(|logout| erased_view! {
                        <p>{format!("You may still be signed in at {}. Anyone using this browser could sign in again without a password.", logout.connection)}</p>
                        <p><a href=logout.url class="button" rel="external">{format!("Also sign out of {}", logout.connection)}</a></p>
                    })
                })}
            </Suspense>
            <LoginLink primary=true/>
        </PublicPage>
    }
}
