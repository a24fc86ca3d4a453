//! Users and groups as a directory sees and changes them: the identity provider of an organization, which provisions
//! them (SCIM). The rules are the same as for everybody; what a directory keeps here beyond them stands here.
//!
//! A directory sees those who have joined. Whoever is only invited it does not find, so that it creates them, which
//! takes the invitation; by the id they can be looked at and taken out.

/// Tries it again where the database ended it to free others.
macro_rules! again {
    ($attempt:expr) => {{
        let mut tries = 1;
        loop {
            match $attempt.await {
                Err(error) if tries < crate::users::MAX_ATTEMPTS && crate::Error::is_deadlock(&error) => {
                    tries += 1
                }
                done => break done,
            }
        }
    }};
}

mod etag;
mod filter;
mod groups;
mod list;
mod paging;
pub mod schema;
mod sql;
mod users;

pub use etag::IfMatch;
pub use filter::{Filter, Literal, Operator, Path, Test, Unfit};
pub use groups::{GroupForm, Members, change_group, create_group, delete_group, group, list_groups};
pub use list::list_users;
pub use paging::{ListQuery, Listing, MAX_COUNT};
pub use users::{Edited, MAX_EXTERNAL_ID, UserUpdate, create, delete, edit, person};

use chrono::{DateTime, Utc};
use model::permission::GroupName;
use model::transitions::MembershipState;
use model::{GroupId, UserId};
use serde::Serialize;
use serde_json::{Map, Value};

/// A user as a directory sees them.
#[derive(Clone, Debug, Serialize)]
pub struct ScimUser {
    pub id: UserId,
    pub email: String,
    /// Empty, where there is none.
    pub name: String,
    #[serde(skip)]
    pub state: MembershipState,
    pub active: bool,
    pub external_id: Option<String>,
    /// What is kept as it came, by the names of the schema.
    pub attributes: Map<String, Value>,
    pub groups: Vec<GroupName>,
    pub created_at: DateTime<Utc>,
    pub modified_at: DateTime<Utc>,
}

/// A group as a directory sees it.
#[derive(Clone, Debug, Serialize)]
pub struct ScimGroup {
    pub id: GroupId,
    pub name: String,
    pub external_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub modified_at: DateTime<Utc>,
    /// How many there are, and a sum over all of them: the same for the same people.
    pub members_count: i64,
    pub members_sum: i64,
    /// Where they were asked for.
    #[serde(skip)]
    pub members: Option<Vec<GroupMember>>,
}

/// Somebody in a group.
#[derive(Clone, Debug)]
pub struct GroupMember {
    pub id: UserId,
    pub shown: String,
}
