//! The audit log: who did what to whom, when and from where.

mod api;

use crate::erased_view::erased_view;
use crate::json_resource::json_resource;
use crate::layout::{Failed, OrganizationPage, Section};
use crate::paths;
use crate::ui::{Empty, Heading, Icon, Moment, StaleWhileLoading, icon};
use crate::viewer::use_organization;
use api::ListEvents;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use model::audit_log::{ACTIONS, AuditEvent, AuditPage as Page, AuditQuery};

#[component]
pub fn AuditLogPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let search = use_location().search;
    let query = Memo::new(move |_| paths::read_audit(&search.get()));
    let page = json_resource(move || ListEvents { org: organization.get_value(), query: query.get() }, || 0);
    erased_view! {
        <OrganizationPage title="Audit log".to_owned() section=Section::AuditLog>
            <Heading title="Audit log">
                <a href=move || paths::audit_export(&organization.get_value(), &query.get()) rel="external" download class="button">"Export as CSV"</a>
            </Heading>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => erased_view! { <Listed page query=query.try_get_untracked().unwrap_or_default()/> },
                        Err(problem) => erased_view! { <Failed problem/> },
                    }
                })}
            </StaleWhileLoading>
        </OrganizationPage>
    }
}

#[component]
fn Listed(page: Page, query: AuditQuery) -> impl IntoView {
    let organization = use_organization();
    let older = page
        .next
        .map(|before| paths::audit_log(&organization, &AuditQuery { before: Some(before), ..query.clone() }));
    let newest =
        query.before.map(|_| paths::audit_log(&organization, &AuditQuery { before: None, ..query.clone() }));
    let now = page.now;
    let none = page.rows.is_empty();
    erased_view! {
        <Filters query/>
        {if none {
            erased_view! { <Empty words="Nothing in the log fits."/> }
        } else {
            let rows = page.rows.into_iter().map(|event| erased_view! { <Row event now/> }).collect_view();
            erased_view! {
                <table class="log">
                    <caption class="visually-hidden">"Audit log, newest first"</caption>
                    <thead><tr>
                        <th scope="col">"When"</th><th scope="col">"Who"</th><th scope="col">"What"</th><th scope="col">"To whom"</th><th scope="col">"From"</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            }
        }}
        <nav class="pager" aria-label="Pages">
            {newest.map(|href| erased_view! { <a href=href class="button">"Newest"</a> })}
            {older.map(|href| erased_view! { <a href=href class="button">"Older"</a> })}
        </nav>
    }
}

#[component]
fn Row(event: AuditEvent, now: DateTime<Utc>) -> impl IntoView {
    let organization = use_organization();
    let words = event.label().to_owned();
    let target = event.target.unwrap_or_default();
    let details = event.details;
    let nobody = target.is_empty();
    let target = match event.target_id {
        Some(user) => erased_view! { <a href=paths::user(&organization, user)>{target}</a> },
        None => target.into_any(),
    };
    erased_view! {
        <tr>
            <td data-label="When" class="nowrap"><Moment at=event.at now/></td>
            <td data-label="Who">{event.actor}</td>
            <td data-label="What">{words}{(!details.is_empty()).then(|| erased_view! { <span class="muted small details">{details}</span> })}</td>
            <td data-label="To whom" class=if event.target_id.is_none() && nobody { "is-empty" } else { "email" }>{target}</td>
            <td data-label="From" class="nowrap muted">{event.source}</td>
        </tr>
    }
}

/// A plain form: its fields are the URL.
#[component]
fn Filters(query: AuditQuery) -> impl IntoView {
    let action = query.action.clone();
    let options = ACTIONS.map(|(code, words)| {
        erased_view! { <option value=code selected=action == code>{words}</option> }
    });
    erased_view! {
        <form method="get" class="filters" role="search">
            <div class="field grow">
                <label for="who">"Who"</label>
                <input type="search" id="who" name="who" value=query.who.clone() placeholder="Name or address" autocomplete="off"/>
            </div>
            <div class="field">
                <label for="action">"What"</label>
                <select id="action" name="action"><option value="">"Anything"</option>{options.collect_view()}</select>
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
