//! Single sign-on with `OpenID Connect`: connections to providers, tries to sign in by them, and who comes out of it.
//!
//! The crate `openidconnect` builds the requests and checks what comes back; what it leaves to its user stands here:
//! who may be spoken with, how much of an answer is read, one use of each try, and the rule by which a person of the
//! provider becomes a user.

mod account_linking;
mod connections;
mod email_links;
mod exchange;
mod failures;
mod http_client;
mod login_flow;
mod logout;
mod provider;

pub use connections::{delete, list, save, test, ways};
pub use email_links::switch_email_links;
pub use failures::refused_page;
pub use login_flow::{Begun, Finished, ProviderSays, begin, finish};
pub use logout::{back_channel, signed_out};
pub use provider::Providers;

use crate::{AppContext, Error, OrganizationContext, Result};
use model::ConnectionId;
use model::sso::Addresses;

/// The addresses of ours that a provider wants to know. They begin with the configured public URL.
fn addresses(app: &AppContext, slug: &str) -> Addresses {
    let base = format!("{}/o/{slug}", app.base_url);
    Addresses {
        redirect: format!("{base}/sso/callback"),
        after_sign_out: format!("{base}/login"),
        back_channel_logout: format!("{base}/sso/logout"),
    }
}

/// A connection as signing in needs it.
struct Connection {
    id: ConnectionId,
    name: String,
    issuer: String,
    client_id: String,
    sealed_secret: Vec<u8>,
    just_in_time: bool,
    default_role: String,
    allowed_domains: Vec<String>,
    max_age_minutes: Option<i16>,
}

/// # Errors
/// Not found, when the organization has no such connection.
async fn connection(context: &OrganizationContext<'_>, id: ConnectionId) -> Result<Connection> {
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
        default_role: row.default_role,
        allowed_domains: row.allowed_domains,
        max_age_minutes: row.max_age_minutes,
    })
}
