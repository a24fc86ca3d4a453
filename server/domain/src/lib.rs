//! The rules of Vestibule, with their SQL, their mail and their jobs. Pages, server functions, protocols and the
//! command line all stand on this crate; it knows none of them.
//!
//! A rule is a function `verb(access, …)`. Permission, change, audit row and mail happen inside it, in one
//! transaction.

mod access;
pub mod account;
mod admission;
pub mod api_keys;
mod audit;
pub mod audit_log;
mod clock;
pub mod demo;
mod error;
pub mod grants;
pub mod groups;
pub mod invitations;
pub mod mail;
pub mod organizations;
mod rate_limit;
mod request_context;
pub mod requests;
mod retention;
pub mod roles;
pub mod scim;
mod secret;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod sso;
pub mod users;

pub use access::{Admin, ApiClient, Member, OrganizationContext, Principal};
pub use clock::Clock;
pub use error::{Error, Result};
pub use request_context::{RequestContext, Source};
pub use secret::{Keyring, KeyringError, Token};

use sqlx::PgPool;
use std::sync::Arc;

/// The schema, from nothing to today.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// What the rules stand on; cheap to clone.
#[derive(Clone)]
pub struct AppContext {
    pub pool: PgPool,
    pub clock: Clock,
    pub keys: Arc<Keyring>,
    /// The origin that every link begins with, without a slash at its end. Never taken from a request.
    pub base_url: Arc<str>,
    /// Rung when mail was queued, so that this process's worker need not wait for its next look.
    pub mail_ready: Arc<tokio::sync::Notify>,
    /// The metadata and keys of the identity providers that this process used recently.
    pub sso: Arc<sso::ProviderCache>,
}
