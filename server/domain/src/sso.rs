//! Single sign-on with `OpenID Connect`: connections to providers, tries to sign in by them, and who comes out of it.
//!
//! The crate `openidconnect` builds the requests and checks what comes back; what it leaves to its user stands here:
//! who may be spoken with, how much of an answer is read, one use of each try, and the rule by which a person of the
//! provider becomes a user.

mod attempts;
mod connections;
mod email_links;
mod entering;
mod exchange;
mod logout;
mod provider;
mod refusals;
mod web;

pub use attempts::{Begun, Finished, ProviderSays, begin, finish};
pub use connections::{delete, list, save, test, ways};
pub use email_links::switch_email_links;
pub use logout::{back_channel, signed_out};
pub use provider::Providers;
pub use refusals::refused_page;

use crate::{Domain, Error, Result, Visitor};
use model::ConnectionId;
use model::sso::Addresses;

/// The addresses of ours that a provider wants to know. They begin with the configured public URL.
fn addresses(domain: &Domain, slug: &str) -> Addresses {
    let base = format!("{}/o/{slug}", domain.base_url);
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
async fn connection(visitor: &Visitor<'_>, id: ConnectionId) -> Result<Connection> {
    let row = sqlx::query!(
        "select name, issuer, client_id, client_secret, just_in_time, default_role, allowed_domains, max_age_minutes
         from sso_connections where organization_id = $1 and id = $2",
        visitor.organization(),
        id.0
    )
    .fetch_optional(&visitor.domain().pool)
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
