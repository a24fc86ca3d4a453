//! The words that the browser and the server share: ids, addresses, states, rules and answers.
//!
//! Nothing here reads a clock, a network or a database, and all of it builds for WebAssembly. What stands here is
//! what a page may know; secrets, hashes and rows of the database have no place in it.

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
pub use problem::{FieldProblem, Problem};
pub use users::UserStatus;
pub use viewer::Viewer;
