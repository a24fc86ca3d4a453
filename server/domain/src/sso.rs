//! Single sign-on with OpenID Connect: connections to identity providers, login flows, account linking and logout.
//!
//! The `openidconnect` crate builds the requests and verifies the responses. This module adds what the crate leaves to
//! its callers: which URLs may be requested and how much of a response is read, single use of a login flow, and the
//! rules that link an external account to a user.

mod account_linking;
mod connections;
mod email_links;
mod exchange;
mod failures;
mod http_client;
mod login_flow;
mod logout;
mod provider;

pub use connections::{delete_connection, save_connection, settings, sign_in_options, test_connection};
pub use email_links::set_email_links_disabled;
pub use failures::last_refusal;
pub use login_flow::{AuthorizationRedirect, CallbackOutcome, CallbackParams, handle_callback, start};
pub use logout::{back_channel_logout, provider_logout};
pub use provider::ProviderCache;

use crate::column::parse_column;
use crate::{AppContext, Error, InOrganization, OrganizationContext, Result};
use model::sso::ClientUris;
use model::{ConnectionId, OrganizationRole};

/// The URIs of this organization that an admin registers at the provider, based on the configured public URL.
fn client_uris(app: &AppContext, slug: &str) -> ClientUris {
    let base = format!("{}/o/{slug}", app.base_url);
    ClientUris {
        redirect_uri: format!("{base}/sso/callback"),
        post_logout_redirect_uri: format!("{base}/login"),
        backchannel_logout_uri: format!("{base}/sso/logout"),
    }
}

/// A connection with everything that a login flow needs.
struct Connection {
    id: ConnectionId,
    name: String,
    issuer: String,
    client_id: String,
    sealed_secret: Vec<u8>,
    just_in_time: bool,
    default_role: OrganizationRole,
    allowed_domains: Vec<String>,
    max_age_minutes: Option<i16>,
}

/// # Errors
/// Not found, when the organization has no such connection.
async fn load_connection(context: &OrganizationContext<'_>, id: ConnectionId) -> Result<Connection> {
    let row = sqlx::query!(
        "select name, issuer, client_id, client_secret, just_in_time, default_role, allowed_domains, max_age_minutes
         from sso_connections where organization_id = $1 and id = $2",
        context.organization_id(),
        id.0
    )
    .fetch_optional(&context.app().pool)
    .await?
    .ok_or_else(Error::not_found)?;
    Ok(Connection {
        id,
        name: row.name,
        issuer: row.issuer,
        client_id: row.client_id,
        sealed_secret: row.client_secret,
        just_in_time: row.just_in_time,
        default_role: parse_column(&row.default_role, "sso_connections", "default_role", id)?,
        allowed_domains: row.allowed_domains,
        max_age_minutes: row.max_age_minutes,
    })
}
