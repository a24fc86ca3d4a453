//! The business rules of Vestibule with their SQL, emails and background jobs. Pages, server functions, protocol handlers
//! and the command line build on this crate; it doesn't depend on any of them.
//!
//! A rule is a function whose first argument proves who is calling: an [`OrganizationContext`] (anyone), [`Member`],
//! [`Admin`], [`ApiClient`] or [`Principal`], which only [`RequestContext`] can create. The rule makes its change, records
//! its audit event and queues its emails in one transaction.

mod access;
pub mod account;
mod admission;
pub mod api_keys;
mod audit;
pub mod audit_log;
mod clock;
mod column;
pub mod demo;
mod error;
pub mod grants;
pub mod groups;
pub mod invitations;
mod links;
pub mod mail;
mod membership;
pub mod organizations;
mod rate_limit;
mod request_context;
pub mod requests;
mod retention;
mod retry;
pub mod roles;
pub mod scim;
mod secret;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod sso;
mod statistics;
pub mod users;

pub(crate) use access::InOrganization;
pub use access::{Admin, ApiClient, Member, OrganizationContext, Principal};
pub use clock::Clock;
pub use error::{DatabaseInconsistency, Error, Result};
pub use request_context::{RequestContext, Source};
pub use secret::{Keyring, KeyringError, Token};

use sqlx::PgPool;
use std::sync::Arc;

/// All migrations of the database schema.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Shared state of the application; cheap to clone.
#[derive(Clone)]
pub struct AppContext {
    pub pool: PgPool,
    pub clock: Clock,
    pub keys: Arc<Keyring>,
    /// The origin of all links, without a trailing slash. Configured, never taken from a request.
    pub base_url: Arc<str>,
    /// Notified when mail is queued, so that this process's worker doesn't wait for its next poll.
    pub mail_ready: Arc<tokio::sync::Notify>,
    /// Cached metadata and keys of identity providers.
    pub sso: Arc<sso::ProviderCache>,
}

impl AppContext {
    /// The application over this database, on the system clock.
    pub fn new(pool: PgPool, keys: impl Into<Arc<Keyring>>, base_url: impl Into<Arc<str>>) -> Self {
        Self {
            pool,
            clock: Clock::system(),
            keys: keys.into(),
            base_url: base_url.into(),
            mail_ready: Arc::default(),
            sso: Arc::default(),
        }
    }

    /// The same application on another clock.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}
