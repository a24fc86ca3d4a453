//! The table of users.

use super::api::ApplyAction;
use super::selection::{SelectAllCheckbox, SelectCheckbox, Selection};
use crate::paths::{self, UsersView};
use crate::runtime::prelude::*;
use crate::ui::{DeliveryStatus, EmptyState, RelativeTime, SortOrder, SortableHeader, StatusBadge};
use crate::viewer::use_organization;
use chrono::{DateTime, Utc};
use model::actions::UserAction;
use model::users::{UserRow, UserSort, UsersQuery};
use model::{UserId, UserStatus};

#[component]
pub fn UsersTable(
    rows: Vec<UserRow>,
    now: DateTime<Utc>,
    view: UsersView,
    selection: Selection,
    apply: ServerFormAction<ApplyAction>,
) -> impl IntoView {
    if rows.is_empty() {
        return erased_view! { <UsersEmptyState view/> };
    }
    let users: Vec<UserId> = rows.iter().map(|row| row.id).collect();
    let rows = rows.into_iter().map(|row| erased_view! { <Row row now selection apply/> }).collect_view();
    let columns = [
        ("Name", UserSort::Name),
        ("Email", UserSort::Email),
        ("Status", UserSort::Status),
        ("Organization role", UserSort::Role),
        ("Last login", UserSort::LastLogin),
    ];
    let headers = columns.map(|(label, sort)| {
        let (order, href) = sort_link(&view, sort);
        erased_view! { <SortableHeader label order href/> }
    });
    erased_view! {
        <table class="users">
            <caption class="visually-hidden">"Users"</caption>
            <thead>
                <tr>
                    <th scope="col" class="select-cell"><span class="visually-hidden">"Select"</span><SelectAllCheckbox users selection/></th>
                    {headers.collect_view()}
                    <th scope="col"><span class="visually-hidden">"Manage"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// How the list is sorted by a column, and the link that sorts by it or reverses the order.
fn sort_link(view: &UsersView, sort: UserSort) -> (Option<SortOrder>, String) {
    let descending = view.query.descending;
    let order = (view.query.sort == sort).then_some(if descending {
        SortOrder::Descending
    } else {
        SortOrder::Ascending
    });
    let mut target = view.from_start();
    target.query.sort = sort;
    target.query.descending = order == Some(SortOrder::Ascending);
    (order, paths::users(&use_organization(), &target))
}

#[component]
fn Row(
    row: UserRow,
    now: DateTime<Utc>,
    selection: Selection,
    apply: ServerFormAction<ApplyAction>,
) -> impl IntoView {
    let expired = row.status == UserStatus::Expired;
    let display_name = if row.name.is_empty() { row.email.clone() } else { row.name.clone() };
    let manage = paths::user(&use_organization(), row.id);
    let email_id = format!("email-{}", row.id);
    let name = if row.name.is_empty() {
        let joined = matches!(row.status, UserStatus::Active | UserStatus::Suspended);
        let placeholder = if joined { "No name yet" } else { "Not joined yet" };
        erased_view! { <span class="muted">{placeholder}</span> }
    } else {
        row.name.into_any()
    };
    erased_view! {
        <tr>
            <td class="select-cell"><SelectCheckbox user=row.id name=display_name.clone() selection/></td>
            <td data-label="Name" class="name">{name}</td>
            <td data-label="Email" class="email" id=email_id.clone()>{row.email}</td>
            <td data-label="Status">
                <span class="stack">
                    <span class="row"><StatusBadge status=row.status expires_at=row.expires_at now/></span>
                    {row.joined_by.filter(|joined_by| joined_by.is_external()).map(|joined_by| erased_view! { <span class="muted small">"Joined "{joined_by.label()}</span> })}
                    {row.delivery.map(|state| erased_view! { <DeliveryStatus state now/> })}
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
                {expired.then(|| erased_view! { <ResendButton user=row.id name=display_name apply/> })}
                <a href=manage class="stretched-link" aria-describedby=email_id>"Manage"</a>
            </td>
        </tr>
    }
}

/// Resends an expired invitation in one click.
#[component]
fn ResendButton(user: UserId, name: String, apply: ServerFormAction<ApplyAction>) -> impl IntoView {
    erased_view! {
        <ServerForm action=apply class="inline">
            <input type="hidden" name="users[]" value=user.to_string()/>
            <button type="submit" name="action" value=UserAction::Resend.code() class="button" aria-label=format!("Resend {name}")>"Resend"</button>
        </ServerForm>
    }
}

/// Explains why the list is empty and what to do next.
#[component]
fn UsersEmptyState(view: UsersView) -> impl IntoView {
    let whole_group = UsersView {
        query: UsersQuery { group: view.query.group, ..UsersQuery::default() },
        dialog: view.dialog.clone(),
    };
    let filtered = view != UsersView { dialog: view.dialog.clone(), ..UsersView::default() };
    let message = if view.query.status == Some(UserStatus::Expired) && view.query.search.is_empty() {
        "No expired invitations. Invitations that aren’t accepted in time show up here, so you can resend them."
    } else if view.query.group.is_some() && view == whole_group {
        "This group has no members yet. Add users from their profile, or select them in the user list."
    } else if filtered {
        "No users match your search."
    } else {
        "No users yet. Paste some email addresses to invite your first members."
    };
    let all_users = paths::users(&use_organization(), &UsersView::default());
    erased_view! {
        <EmptyState message=message>
            {filtered.then(|| erased_view! { <a href=all_users class="button">"Show all users"</a> })}
        </EmptyState>
    }
}
