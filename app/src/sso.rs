//! Signing in by a provider, as people meet it: the buttons, and the pages where it does not end in the organization.

mod api;
pub mod connections;

pub use api::SignInWays;

use crate::erased_view::erased_view;
use crate::json_resource::{json_resource, json_resource_if};
use crate::layout::{ErrorNotice, PublicPage};
use crate::paths;
use crate::viewer::{use_organization, use_viewer};
use api::{RefusedSignIn, SignedOutOf};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use model::ConnectionId;
use model::sso::{ConnectionName, RefusedPage as Page, SsoRefusal};

/// A button for each connection. Each is a plain form, which the browser itself takes to the provider.
#[component]
pub fn Continue(
    connections: Vec<ConnectionName>,
    #[prop(optional, into)] next: String,
    /// Whether the invitation that is open in this browser goes along.
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

/// What parts one way in from another.
#[component]
pub fn Or() -> impl IntoView {
    erased_view! { <p class="divider">"or"</p> }
}

#[component]
pub fn RefusedPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let page = json_resource(move || RefusedSignIn { org: organization.get_value() }, || 0);
    erased_view! {
        <Suspense>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => erased_view! { <Refused page/> },
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </Suspense>
    }
}

#[component]
fn Refused(page: Page) -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(crate::server::sso_refusal_status(&page.refusal));
    }
    let Page { refusal, connection } = page;
    let at = connection.as_ref().map_or_else(|| "the provider".to_owned(), |one| one.name.clone());
    let again: Vec<ConnectionName> = connection.into_iter().collect();
    match refusal {
        SsoRefusal::Over => erased_view! {
            <PublicPage title="This sign-in is over".to_owned()>
                <p>"It was used, is older than 10 minutes, or was begun in another browser. Nothing was changed: begin again, it takes a moment."</p>
                <ToLogin primary=true/>
            </PublicPage>
        },
        SsoRefusal::ProviderAway => erased_view! {
            <PublicPage title=format!("{at} can’t be reached")>
                <p>"Nobody was signed in, and nothing was changed. Try again in a few minutes. If it goes on, tell an admin of the organization."</p>
                <Continue connections=again kind="primary"/>
                <ToLogin/>
            </PublicPage>
        },
        SsoRefusal::Misconfigured => erased_view! {
            <PublicPage title="This way in does not work now".to_owned()>
                <p>{format!("{at} does not know us, or not by this name and secret. Nobody was signed in. Tell an admin of the organization: the connection’s client ID and secret need another look.")}</p>
                <ToLogin primary=true/>
            </PublicPage>
        },
        SsoRefusal::Cancelled => erased_view! {
            <PublicPage title="You did not sign in".to_owned()>
                <p>{format!("{at} says that you stopped. Nothing was changed.")}</p>
                <Continue connections=again kind="primary"/>
                <ToLogin/>
            </PublicPage>
        },
        SsoRefusal::ProviderRefused => erased_view! {
            <PublicPage title=format!("{at} did not sign you in")>
                <p>"It sent you back without saying who you are. Try again. If it goes on, tell an admin of the organization."</p>
                <Continue connections=again kind="primary"/>
                <ToLogin/>
            </PublicPage>
        },
        SsoRefusal::NotGenuine => erased_view! {
            <PublicPage title="This answer can’t be trusted".to_owned()>
                <p>{format!("We could not make sure that it comes from {at} and is meant for you, so nobody was signed in. An admin finds it in the audit log.")}</p>
                <Continue connections=again kind="primary"/>
                <ToLogin/>
            </PublicPage>
        },
        SsoRefusal::Unverified => erased_view! {
            <PublicPage title="Your address is not verified".to_owned()>
                <p>{format!("{at} has not checked that your email address is yours. Verify it there, then come back.")}</p>
                <Continue connections=again kind="primary"/>
                <ToLogin/>
            </PublicPage>
        },
        SsoRefusal::DomainNotAllowed { email } => erased_view! {
            <PublicPage title="Your address can’t come in here".to_owned()>
                <p><strong>{email}</strong>{format!(" is of a domain that may not sign in by {at}. If you have another account there, use that one.")}</p>
                <Continue connections=again kind="primary"/>
                <ToLogin/>
            </PublicPage>
        },
        SsoRefusal::Stranger { email } => erased_view! { <Stranger email/> },
        SsoRefusal::Suspended { email } => erased_view! {
            <PublicPage title="Your account is suspended".to_owned()>
                <p><strong>{email}</strong>" can’t sign in until an admin of the organization reactivates it."</p>
            </PublicPage>
        },
        SsoRefusal::OtherPerson { email } => erased_view! {
            <PublicPage title="This address belongs to another account".to_owned()>
                <p><strong>{email}</strong>{format!(" is the address of somebody here who signs in by another account of {at}.")}</p>
                <p>"If that is you, sign in with that account. If you have got the address from somebody, ask an admin of the organization: they can take out the member who had it."</p>
                <ToLogin primary=true/>
            </PublicPage>
        },
        SsoRefusal::Mismatch { invited, came } => erased_view! { <Mismatch invited came at again/> },
    }
}

#[component]
fn Stranger(email: String) -> impl IntoView {
    let organization = use_organization();
    let card = use_viewer().map(|viewer| viewer.organization);
    let name = card.as_ref().map(|card| card.name.clone()).unwrap_or_default();
    let asks = card.is_some_and(|card| card.requests_enabled);
    erased_view! {
        <PublicPage title="You are not a member yet".to_owned()>
            <p><strong>{email}</strong>{format!(" is not invited to {name}, or the invitation has expired.")}</p>
            {if asks {
                erased_view! {
                    <p>"You can ask: an admin decides."</p>
                    <p><a href=paths::request_invitation(&organization) class="button primary">"Request an invitation"</a></p>
                }
            } else {
                erased_view! { <p>"Ask an admin of the organization to invite you."</p> }
            }}
            <ToLogin/>
        </PublicPage>
    }
}

#[component]
fn Mismatch(invited: String, came: String, at: String, again: Vec<ConnectionName>) -> impl IntoView {
    let organization = use_organization();
    erased_view! {
        <PublicPage title="This invitation is for another address".to_owned()>
            <dl class="description-list">
                <dt>"Invited"</dt>
                <dd>{invited.clone()}</dd>
                <dt>"You came as"</dt>
                <dd>{came.clone()}</dd>
            </dl>
            <p>"Nobody has joined, and the invitation is still open."</p>
            <p><a href=paths::join(&organization) class="button primary" rel="external">"Back to the invitation"</a></p>
            <p class="muted">{format!("There you can join as {invited} without {at}, or sign in there with the account of that address.")}</p>
            <Or/>
            <p class="muted">{format!("If you are {came} and have another account here:")}</p>
            <Continue connections=again/>
        </PublicPage>
    }
}

#[component]
fn ToLogin(#[prop(optional)] primary: bool) -> impl IntoView {
    let class = if primary { "button primary" } else { "" };
    erased_view! { <p><a href=paths::login(&use_organization()) class=class>"Go to the login page"</a></p> }
}

/// After signing out of a session that began at a provider: there, somebody may still be signed in.
#[component]
pub fn SignedOutPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let search = use_location().search.get_untracked();
    let connection: Option<ConnectionId> = paths::parse_signed_out(&search);
    let page = json_resource_if(
        move || connection.map(|connection| SignedOutOf { org: organization.get_value(), connection }),
        || 0,
    );
    erased_view! {
        <PublicPage title="You are signed out".to_owned()>
            <Suspense>
                {move || Suspend::new(async move {
                    page.await.ok().flatten().flatten().map(|page| erased_view! {
                        <p>{format!("Here, that is. At {} you may still be signed in: whoever uses this browser could come back without a question.", page.connection)}</p>
                        <p><a href=page.url class="button" rel="external">{format!("Sign out of {} too", page.connection)}</a></p>
                    })
                })}
            </Suspense>
            <ToLogin primary=true/>
        </PublicPage>
    }
}
