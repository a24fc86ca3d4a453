//! The types that browser and server share: ids, email addresses, membership states and transitions, form fields, page
//! data and errors, with the texts that people read.
//!
//! The crate builds for WebAssembly and does no I/O: no clock, no network, no database. It holds only what a page may
//! know. Secrets, hashes and database rows belong to `domain`.

pub mod account;
pub mod actions;
pub mod address_list;
pub mod api_keys;
pub mod audit_log;
pub mod delivery;
pub mod email;
pub mod field;
pub mod ids;
pub mod invitations;
pub mod join;
pub mod organization;
pub mod permission;
pub mod problem;
pub mod requests;
pub mod settings;
pub mod sign_in;
pub mod sso;
pub mod text;
pub mod transitions;
mod unicode;
pub mod users;
pub mod viewer;

pub use email::{AddressError, EmailAddress};
pub use ids::{
    ApiKeyId, AuditEventId, ConnectionId, DeliveryId, GroupId, InvitationId, OrganizationId, RequestId,
    RoleId, SessionId, SignInId, UserId,
};
pub use organization::{OrganizationRole, OrganizationSummary};
pub use problem::{FieldErrors, FieldProblem, Problem};
pub use users::UserStatus;
pub use viewer::Viewer;
