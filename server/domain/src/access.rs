//! Authentication and authorization in one organization, as types that only this module can create. A function that takes
//! an [`Admin`] can therefore only be called for an authenticated admin.
//!
//! | type | caller |
//! |---|---|
//! | [`OrganizationContext`] | anyone; the organization exists |
//! | [`Member`] | a signed-in user |
//! | [`Admin`] | a signed-in Organization Admin |
//! | [`ApiClient`] | a client with a valid API key |
//! | [`Principal`] | an [`Admin`] or an [`ApiClient`] |
//!
//! A function that needs only the organization takes an [`OrganizationContext`]; the other types provide theirs through
//! [`InOrganization::context`].

mod actor;
mod authenticate;
mod types;

pub(crate) use actor::Actor;
pub(crate) use authenticate::{load_organization, lock_organization, parse_scopes};
pub(crate) use types::InOrganization;
pub use types::{Admin, ApiClient, Member, OrganizationContext, Principal};
