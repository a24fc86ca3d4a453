//! The tabs of the Users section: users, expired invitations and invitation requests.

use crate::paths::{self, UsersView};
use crate::runtime::prelude::*;
use crate::ui::{Tab, Tabs};
use crate::viewer::use_organization;
use model::UserStatus;
use model::requests::RequestsQuery;
use model::users::UserCounts;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsersTab {
    Users,
    Expired,
    Requests,
}

impl UsersTab {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Users => "tab-users",
            Self::Expired => "tab-expired",
            Self::Requests => "tab-requests",
        }
    }
}

#[component]
pub fn UsersTabs(
    counts: UserCounts,
    /// The search and sort order that the links to the lists of users keep.
    view: UsersView,
    current: UsersTab,
) -> impl IntoView {
    let organization = use_organization();
    let list_href = |status| {
        let mut view = view.from_start();
        view.query.status = status;
        paths::users(&organization, &view)
    };
    let tab = |tab: UsersTab, label, count, href| Tab {
        id: tab.id(),
        label,
        count: Some(count),
        href,
        is_selected: tab == current,
    };
    let tabs = vec![
        tab(UsersTab::Users, "Users", counts.users, list_href(None)),
        tab(UsersTab::Expired, "Expired invitations", counts.expired, list_href(Some(UserStatus::Expired))),
        tab(
            UsersTab::Requests,
            "Invitation requests",
            counts.requests,
            paths::requests(&organization, &RequestsQuery::default()),
        ),
    ];
    erased_view! { <Tabs label="Users" tabs/> }
}
