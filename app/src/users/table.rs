//! The table of users, and the way to its other pages.

use crate::paths::{self, UsersView};
use crate::ui::{DeliveryLine, Icon, Moment, StatusBadge, icon};
use crate::viewer::use_organization;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_router::components::A;
use model::users::{UserRow, UserSort};

#[component]
pub fn UsersTable(rows: Vec<UserRow>, now: DateTime<Utc>, view: UsersView) -> impl IntoView {
    if rows.is_empty() {
        return view! { <Empty view/> }.into_any();
    }
    let rows = rows.into_iter().map(|row| view! { <Row row now/> }.into_any()).collect_view();
    view! {
        <table class="users">
            <caption class="visually-hidden">"Users of the organization"</caption>
            <thead>
                <tr>
                    <SortHead label="Name" sort=UserSort::Name view=view.clone()/>
                    <SortHead label="Email" sort=UserSort::Email view=view.clone()/>
                    <SortHead label="Status" sort=UserSort::Status view=view.clone()/>
                    <SortHead label="Organization role" sort=UserSort::Role view=view.clone()/>
                    <SortHead label="Last login" sort=UserSort::LastLogin view/>
                    <th scope="col"><span class="visually-hidden">"Manage"</span></th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn SortHead(label: &'static str, sort: UserSort, view: UsersView) -> impl IntoView {
    let here = view.query.sort == sort;
    let descending = view.query.descending;
    let (direction, sign) = match (here, descending) {
        (false, _) => (None, None),
        (true, false) => (Some("ascending"), Some(Icon::Up)),
        (true, true) => (Some("descending"), Some(Icon::Down)),
    };
    let mut other = view.from_start();
    other.query.sort = sort;
    other.query.descending = here && !descending;
    view! {
        <th scope="col" aria-sort=direction>
            <a href=paths::users(&use_organization(), &other) data-noscroll="true">{label}{sign.map(icon)}</a>
        </th>
    }
}

#[component]
fn Row(row: UserRow, now: DateTime<Utc>) -> impl IntoView {
    let manage = paths::user(&use_organization(), row.id);
    let whose = format!("email-{}", row.id);
    let name = if row.name.is_empty() {
        view! { <span class="muted">"Not joined yet"</span> }.into_any()
    } else {
        row.name.into_any()
    };
    view! {
        <tr>
            <td data-label="Name" class="name">{name}</td>
            <td data-label="Email" class="email" id=whose.clone()>{row.email}</td>
            <td data-label="Status">
                <span class="stack">
                    <span class="line"><StatusBadge status=row.status expires_at=row.expires_at now/></span>
                    {row.delivery.map(|state| view! { <DeliveryLine state now/> })}
                </span>
            </td>
            <td data-label="Organization role">{row.role.label()}</td>
            <td data-label="Last login" class="nowrap">
                {match row.last_login_at {
                    Some(at) => view! { <Moment at now/> }.into_any(),
                    None => view! { <span class="muted">"Never"</span> }.into_any(),
                }}
            </td>
            <td class="row-actions">
                <A href=manage attr:class="whole-row" attr:aria-describedby=whose>"Manage"</A>
            </td>
        </tr>
    }
}

/// What would stand here, and what to do next.
#[component]
fn Empty(view: UsersView) -> impl IntoView {
    let filtered = view != UsersView { inviting: view.inviting, ..UsersView::default() };
    let words = if view.query.status == Some(model::UserStatus::Expired) && view.query.search.is_empty() {
        "No invitation has expired. One that nobody takes in its time stands here, to be sent again."
    } else if filtered {
        "Nobody fits this search."
    } else {
        "Nobody is here yet. Invite the first people: paste their addresses, and they get a mail."
    };
    view! {
        <div class="empty">
            <p>{words}</p>
            {filtered.then(|| view! { <A href=paths::users(&use_organization(), &UsersView::default()) attr:class="button">"Show all users"</A> })}
        </div>
    }
}

#[component]
pub fn Pager(previous: Option<String>, next: Option<String>, view: UsersView) -> impl IntoView {
    let link = |label: &'static str, view: UsersView| {
        view! { <a href=paths::users(&use_organization(), &view) class="button">{label}</a> }
    };
    let at = |before: Option<String>, after: Option<String>| {
        let mut view = view.from_start();
        view.query.before = before;
        view.query.after = after;
        view
    };
    (previous.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {previous.map(|place| link("Previous", at(Some(place), None)))}
                {next.map(|place| link("Next", at(None, Some(place))))}
            </nav>
        }
    })
}
