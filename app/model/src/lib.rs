//! The words that the browser and the server share: ids, addresses, states, rules and answers.
//!
//! Nothing here reads a clock, a network or a database, and all of it builds for WebAssembly. What stands here is
//! what a page may know; secrets, hashes and rows of the database have no place in it.

pub mod account;
pub mod actions;
pub mod address_list;
pub mod audit;
pub mod delivery;
pub mod email;
pub mod field;
pub mod ids;
pub mod invite;
pub mod join;
pub mod keys;
pub mod organization;
pub mod permission;
pub mod problem;
pub mod requests;
pub mod rules;
pub mod settings;
pub mod sign_in;
pub mod sso;
mod unicode;
pub mod users;
pub mod viewer;

pub use email::{AddressError, EmailAddress};
pub use ids::{
    ApiKeyId, AuditEventId, ConnectionId, DeliveryId, GroupId, InvitationId, OrganizationId, RequestId,
    RoleId, SessionId, SignInId, UserId,
};
pub use organization::{OrganizationCard, OrganizationRole};
pub use problem::{FieldProblem, Problem};
pub use users::UserStatus;
pub use viewer::Viewer;
