//! The tabs over everything about people: those who are here, those who did not come, and those who ask.

use crate::erased_view::erased_view;
use crate::paths::{self, UsersView};
use crate::ui::{Tab, Tabs};
use crate::viewer::use_organization;
use leptos::prelude::*;
use model::UserStatus;
use model::requests::RequestsQuery;
use model::users::UserCounts;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeopleTab {
    Users,
    Expired,
    Requests,
}

impl PeopleTab {
    pub const fn id(self) -> &'static str {
        match self {
            Self::Users => "tab-users",
            Self::Expired => "tab-expired",
            Self::Requests => "tab-requests",
        }
    }
}

/// `view`: which order and search the lists of users keep.
#[component]
pub fn PeopleTabs(counts: UserCounts, view: UsersView, here: PeopleTab) -> impl IntoView {
    let organization = use_organization();
    let list = |status| {
        let mut view = view.from_start();
        view.query.status = status;
        paths::users(&organization, &view)
    };
    let tab = |tab: PeopleTab, label, count, href| Tab {
        id: tab.id(),
        label,
        count: Some(count),
        href,
        is_selected: tab == here,
    };
    let tabs = vec![
        tab(PeopleTab::Users, "Users", counts.users, list(None)),
        tab(PeopleTab::Expired, "Expired invitations", counts.expired, list(Some(UserStatus::Expired))),
        tab(
            PeopleTab::Requests,
            "Invitation requests",
            counts.requests,
            paths::requests(&organization, &RequestsQuery::default()),
        ),
    ];
    erased_view! { <Tabs label="Users" tabs/> }
}
