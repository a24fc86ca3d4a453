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
                Err(error) if tries < crate::users::ATTEMPTS_MOST && crate::Error::is_deadlock(&error) => {
                    tries += 1
                }
                done => break done,
            }
        }
    }};
}

mod filter;
mod groups;
mod list;
mod paging;
mod people;
pub mod schema;
mod sql;
mod version;

pub use filter::{Filter, Literal, Operator, Path, Test, Unfit};
pub use groups::{GroupForm, Members, change_group, create_group, delete_group, group, list_groups};
pub use list::list_people;
pub use paging::{COUNT_MOST, Listing, Question};
pub use people::{EXTERNAL_ID_MOST, Edited, PersonForm, create, delete, edit, person};
pub use version::Expected;

use chrono::{DateTime, Utc};
use model::permission::GroupName;
use model::rules::AddressState;
use model::{GroupId, UserId};
use serde::Serialize;
use serde_json::{Map, Value};

/// A user as a directory sees them.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    /// Empty, where there is none.
    pub name: String,
    #[serde(skip)]
    pub state: AddressState,
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
pub struct Team {
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
    pub members: Option<Vec<Mate>>,
}

/// Somebody in a group.
#[derive(Clone, Debug)]
pub struct Mate {
    pub id: UserId,
    pub shown: String,
}
