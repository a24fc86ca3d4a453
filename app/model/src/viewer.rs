//! Who looks at a page.

use crate::{OrganizationRole, OrganizationSummary, UserId};
use serde::{Deserialize, Serialize};

/// The organization of a page, and who is signed in to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    pub organization: OrganizationSummary,
    pub user: Option<ViewerUser>,
}

/// The person who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewerUser {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: OrganizationRole,
}

impl ViewerUser {
    /// The name, or the address while there is none.
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.email } else { &self.name }
    }
}
