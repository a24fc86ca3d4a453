//! The viewer of a page: the organization, and the signed-in user if there is one.

use crate::{OrganizationRole, OrganizationSummary, UserId};
use serde::{Deserialize, Serialize};

/// The organization of a page, and the user who is signed in to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    pub organization: OrganizationSummary,
    pub user: Option<ViewerUser>,
}

/// The signed-in user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewerUser {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: OrganizationRole,
}

impl ViewerUser {
    /// The name, or the email address if the name is empty.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { &self.email } else { &self.name }
    }
}
