//! Users and groups as a SCIM client (an organization's identity provider) sees and changes them (RFC 7643, RFC 7644).
//!
//! The same membership rules apply as everywhere else; this module adds the meaning of the attributes, filters as SQL,
//! paging, versions (`ETag`) and the attributes that are stored only for SCIM clients. The protocol is the crate `scim`, HTTP
//! is the server crate's responsibility.
//!
//! Lists contain only users who have joined. An invited user is left out, so that the client creates them, which
//! accepts the invitation; they can still be read, deactivated and deleted by id.

mod columns;
mod etag;
mod groups;
mod list;
mod paging;
#[cfg(test)]
mod seeds;
mod sql;
mod users;

pub use groups::{create_group, delete_group, get_group, list_groups, update_group};
pub use list::list_users;
pub use paging::ListPage;
pub use users::{UpdateOutcome, UserUpdate, create_user, delete_user, get_user, update_user};

use chrono::{DateTime, Utc};
use model::permission::GroupName;
use model::transitions::MembershipState;
use model::{GroupId, UserId};
use serde::Serialize;
use serde_json::{Map, Value};

/// New values for a group.
pub type GroupUpdate = scim::GroupUpdate<UserId>;

/// Changes to the members of a group.
pub type MemberChanges = scim::MemberChanges<UserId>;

/// A SCIM `User` resource (RFC 7643, section 4.1).
///
/// Its version is a hash over the serialized fields.
#[derive(Clone, Debug, Serialize)]
pub struct ScimUser {
    pub id: UserId,
    pub email: String,
    /// Empty if the user has no name.
    pub name: String,
    #[serde(skip)]
    pub state: MembershipState,
    pub active: bool,
    pub external_id: Option<String>,
    /// Attributes stored as the client sent them, by their names in the schema.
    pub attributes: Map<String, Value>,
    pub groups: Vec<GroupName>,
    pub created_at: DateTime<Utc>,
    pub modified_at: DateTime<Utc>,
}

/// A SCIM `Group` resource (RFC 7643, section 4.2).
///
/// Its version is a hash over the serialized fields.
#[derive(Clone, Debug, Serialize)]
pub struct ScimGroup {
    pub id: GroupId,
    pub name: String,
    pub external_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub modified_at: DateTime<Utc>,
    pub member_count: i64,
    /// A checksum over the members' ids, independent of their order. It makes the version change with the members
    /// without loading them.
    pub members_checksum: i64,
    /// `None` unless requested.
    #[serde(skip)]
    pub members: Option<Vec<GroupMember>>,
}

/// A value of a group's `members` attribute.
#[derive(Clone, Debug)]
pub struct GroupMember {
    pub id: UserId,
    /// The user's name, or their email address if they have none.
    pub display: String,
}
