//! The audit log: who did what to whom, when and from where.

pub(crate) mod api;

use crate::layout::{Loaded, OrganizationPage, Section};
use crate::paths;
use crate::runtime::prelude::*;
use crate::ui::{EmptyState, Icon, PageHeading, RelativeTime, Table, icon};
use crate::viewer::use_organization;
use api::ListEvents;
use chrono::{DateTime, Utc};
use model::audit_log::{AuditAction, AuditEvent, AuditPage as Page, AuditQuery};

#[component]
pub fn AuditLogPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let search = use_location().search;
    let query = Memo::new(move |_| paths::parse_audit(&search.get()));
    let page = json_resource(move || ListEvents { org: organization.get_value(), query: query.get() }, || 0);
    erased_view! {
        <OrganizationPage title="Audit log".to_owned() section=Section::AuditLog>
            <PageHeading title="Audit log">
                <a href=move || paths::audit_export(&organization.get_value(), &query.get()) rel="external" download class="button">"Export as CSV"</a>
            </PageHeading>
            <Loaded resource=page view=move |page| erased_view! { <EventList page query=query.try_get_untracked().unwrap_or_default()/> }/>
        </OrganizationPage>
    }
}

#[component]
fn EventList(page: Page, query: AuditQuery) -> impl IntoView {
    let organization = use_organization();
    let older_page = page
        .next
        .map(|before| paths::audit_log(&organization, &AuditQuery { before: Some(before), ..query.clone() }));
    let first_page =
        query.before.map(|_| paths::audit_log(&organization, &AuditQuery { before: None, ..query.clone() }));
    let now = page.now;
    let is_empty = page.rows.is_empty();
    erased_view! {
        <Filters query/>
        {if is_empty {
            erased_view! { <EmptyState message="No events match these filters."/> }
        } else {
            let rows = page.rows.into_iter().map(|event| erased_view! { <EventRow event now/> }).collect_view();
            erased_view! {
                <Table caption="Audit log, newest first" columns=&["Time", "Actor", "Event", "Target", "IP address"]>{rows}</Table>
            }
        }}
        <nav class="pager" aria-label="Pages">
            {first_page.map(|href| erased_view! { <a href=href class="button">"First page"</a> })}
            {older_page.map(|href| erased_view! { <a href=href class="button">"Older"</a> })}
        </nav>
    }
}

#[component]
fn EventRow(event: AuditEvent, now: DateTime<Utc>) -> impl IntoView {
    let organization = use_organization();
    let description = event.label().to_owned();
    let target = event.target.unwrap_or_default();
    let details = event.details;
    let has_target = !target.is_empty();
    let target = match event.target_id {
        Some(user) => erased_view! { <a href=paths::user(&organization, user)>{target}</a> },
        None => target.into_any(),
    };
    erased_view! {
        <tr>
            <td data-label="Time" class="nowrap"><RelativeTime at=event.at now/></td>
            <td data-label="Actor">{event.actor}</td>
            <td data-label="Event">{description}{(!details.is_empty()).then(|| erased_view! { <span class="muted small details">{details}</span> })}</td>
            <td data-label="Target" class=if event.target_id.is_none() && !has_target { "is-empty" } else { "email" }>{target}</td>
            <td data-label="IP address" class="nowrap muted">{event.source}</td>
        </tr>
    }
}

/// A GET form, so that the filters are in the URL.
#[component]
fn Filters(query: AuditQuery) -> impl IntoView {
    let selected = query.action.clone();
    let options = AuditAction::ALL.iter().map(|action| {
        erased_view! { <option value=action.code() selected=selected == action.code()>{action.label()}</option> }
    });
    erased_view! {
        <form method="get" class="filters" role="search">
            <div class="field flex-grow">
                <label for="who">"Actor or target"</label>
                <input type="search" id="who" name="who" value=query.who.clone() placeholder="Name or email" autocomplete="off"/>
            </div>
            <div class="field">
                <label for="action">"Event"</label>
                <select id="action" name="action"><option value="">"All events"</option>{options.collect_view()}</select>
            </div>
            <div class="field">
                <label for="from">"From (UTC)"</label>
                <input type="date" id="from" name="from" value=query.from/>
            </div>
            <div class="field">
                <label for="to">"To (UTC)"</label>
                <input type="date" id="to" name="to" value=query.to/>
            </div>
            <button type="submit" class="button">{icon(Icon::Search)}"Filter"</button>
        </form>
    }
}
