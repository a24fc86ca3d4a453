//! The table of users, and the way to its other pages.

use super::api::Act;
use super::selection::{ChooseAll, ChooseBox, Chosen};
use crate::erased_view::erased_view;
use crate::form::{ServerForm, ServerFormAction};
use crate::paths::{self, UsersView};
use crate::ui::{DeliveryStatus, EmptyState, RelativeTime, SortOrder, SortableHeader, StatusBadge};
use crate::viewer::use_organization;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::actions::UserAction;
use model::users::{UserRow, UserSort, UsersQuery};
use model::{UserId, UserStatus};

#[component]
pub fn UsersTable(
    rows: Vec<UserRow>,
    now: DateTime<Utc>,
    view: UsersView,
    chosen: Chosen,
    act: ServerFormAction<Act>,
) -> impl IntoView {
    if rows.is_empty() {
        return erased_view! { <Nobody view/> };
    }
    let users: Vec<UserId> = rows.iter().map(|row| row.id).collect();
    let rows = rows.into_iter().map(|row| erased_view! { <Row row now chosen act/> }).collect_view();
    let heads = [
        ("Name", UserSort::Name),
        ("Email", UserSort::Email),
        ("Status", UserSort::Status),
        ("Organization role", UserSort::Role),
        ("Last login", UserSort::LastLogin),
    ];
    let heads = heads.map(|(label, sort)| {
        let (order, href) = sorted(&view, sort);
        erased_view! { <SortableHeader label order href/> }
    });
    erased_view! {
        <table class="users">
            <caption class="visually-hidden">"Users of the organization"</caption>
            <thead>
                <tr>
                    <th scope="col" class="select-cell"><span class="visually-hidden">"Select"</span><ChooseAll users chosen/></th>
                    {heads.collect_view()}
                    <th scope="col"><span class="visually-hidden">"Manage"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// Where the head of a column leads: the list sorted by it, or the other way round where it is already.
fn sorted(view: &UsersView, sort: UserSort) -> (Option<SortOrder>, String) {
    let descending = view.query.descending;
    let order = (view.query.sort == sort).then_some(if descending {
        SortOrder::Descending
    } else {
        SortOrder::Ascending
    });
    let mut other = view.from_start();
    other.query.sort = sort;
    other.query.descending = order == Some(SortOrder::Ascending);
    (order, paths::users(&use_organization(), &other))
}

#[component]
fn Row(row: UserRow, now: DateTime<Utc>, chosen: Chosen, act: ServerFormAction<Act>) -> impl IntoView {
    let expired = row.status == UserStatus::Expired;
    let called = if row.name.is_empty() { row.email.clone() } else { row.name.clone() };
    let manage = paths::user(&use_organization(), row.id);
    let whose = format!("email-{}", row.id);
    let name = if row.name.is_empty() {
        let joined = matches!(row.status, UserStatus::Active | UserStatus::Suspended);
        let why = if joined { "No name yet" } else { "Not joined yet" };
        erased_view! { <span class="muted">{why}</span> }
    } else {
        row.name.into_any()
    };
    erased_view! {
        <tr>
            <td class="select-cell"><ChooseBox user=row.id name=called.clone() chosen/></td>
            <td data-label="Name" class="name">{name}</td>
            <td data-label="Email" class="email" id=whose.clone()>{row.email}</td>
            <td data-label="Status">
                <span class="stack">
                    <span class="row"><StatusBadge status=row.status expires_at=row.expires_at now/></span>
                    {row.joined_by.filter(|way| way.is_external()).map(|way| erased_view! { <span class="muted small">"joined "{way.label()}</span> })}
                    {row.delivery.map(|state| erased_view! { <DeliveryLine state now/> })}
                </span>
            </td>
            <td data-label="Organization role">{row.role.label()}</td>
            <td data-label="Last login" class="nowrap">
                {match row.last_login_at {
                    Some(at) => erased_view! { <RelativeTime at now/> },
                    None => erased_view! { <span class="muted">"Never"</span> },
                }}
            </td>
            <td class="row-actions">
                {expired.then(|| erased_view! { <InviteAgain user=row.id name=called act/> })}
                <a href=manage class="stretched-link" aria-describedby=whose>"Manage"</a>
            </td>
        </tr>
    }
}

/// One click: a new mail, and all days again.
#[component]
fn InviteAgain(user: UserId, name: String, act: ServerFormAction<Act>) -> impl IntoView {
    erased_view! {
        <ServerForm action=act class="inline">
            <input type="hidden" name="org" value=use_organization()/>
            <input type="hidden" name="users[]" value=user.to_string()/>
            <button type="submit" name="action" value=UserAction::Resend.code() class="button" aria-label=format!("Re-invite {name}")>"Re-invite"</button>
        </ServerForm>
    }
}

/// What would stand here, and what to do next.
#[component]
fn Nobody(view: UsersView) -> impl IntoView {
    let of_group = UsersView {
        query: UsersQuery { group: view.query.group, ..UsersQuery::default() },
        dialog: view.dialog.clone(),
    };
    let filtered = view != UsersView { dialog: view.dialog.clone(), ..UsersView::default() };
    let words = if view.query.status == Some(UserStatus::Expired) && view.query.search.is_empty() {
        "No invitation has expired. One that nobody takes in its time stands here, to be sent again."
    } else if view.query.group.is_some() && view == of_group {
        "Nobody is in this group. Put people in on their profile, or select them in the list of all users."
    } else if filtered {
        "Nobody fits this search."
    } else {
        "Nobody is here yet. Invite the first people: paste their addresses, and they get a mail."
    };
    let all = paths::users(&use_organization(), &UsersView::default());
    erased_view! {
        <EmptyState message=words>
            {filtered.then(|| erased_view! { <a href=all class="button">"Show all users"</a> })}
        </EmptyState>
    }
}
