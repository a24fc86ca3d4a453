//! The tab "Invitation requests", where admins approve or dismiss open requests.

pub(crate) mod api;

use crate::layout::{Loaded, OrganizationPage, Section};
use crate::paths::{self, UsersDialog, UsersView};
use crate::runtime::prelude::*;
use crate::ui::{EmptyState, Icon, Notice, PageHeading, Pager, RelativeTime, SubmitButton, Tone, icon};
use crate::users::{UsersTab, UsersTabs};
use crate::viewer::use_organization;
use api::{Dismiss, DismissStale, ListRequests};
use chrono::{DateTime, Utc};
use model::requests::{RequestRow, RequestsPage as Page, RequestsQuery};
use model::text::{self, format_number};
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlFormElement};

#[component]
pub fn RequestsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let dismiss = ServerFormAction::<Dismiss>::new();
    let dismiss_stale = ServerFormAction::<DismissStale>::new();
    let (dismissed, dismissed_stale) = (dismiss.result(), dismiss_stale.result());
    let search = use_location().search;
    let query = Memo::new(move |_| paths::parse_requests(&search.get()));
    let changes = (dismiss.success_count(), dismiss_stale.success_count());
    let page = json_resource(
        move || ListRequests { org: organization.get_value(), query: query.get() },
        move || changes.0.get() + changes.1.get(),
    );
    erased_view! {
        <OrganizationPage title="Invitation requests".to_owned() section=Section::Users>
            <PageHeading title="Users"/>
            <div role="status">
                {move || dismissed.get().and_then(Result::ok).map(|count| erased_view! {
                    <Notice tone=Tone::Success>
                        <p>{match count {
                            0 => "No requests dismissed. Select at least one open request.".to_owned(),
                            count => format!("Dismissed {}.", text::count(count, "request", "requests")),
                        }}</p>
                    </Notice>
                })}
                {move || dismissed_stale.get().and_then(Result::ok).map(|count| erased_view! {
                    <Notice tone=Tone::Success>
                        <p>{format!("Dismissed {}.", text::count(count, "stale request", "stale requests"))}</p>
                    </Notice>
                })}
            </div>
            <Loaded resource=page view=move |page| erased_view! { <RequestsList page dismiss dismiss_stale/> }/>
        </OrganizationPage>
    }
}

#[component]
fn RequestsList(
    page: Page,
    dismiss: ServerFormAction<Dismiss>,
    dismiss_stale: ServerFormAction<DismissStale>,
) -> impl IntoView {
    let Page { rows, previous, next, any_stale, counts, now } = page;
    let current = UsersTab::Requests;
    let organization = use_organization();
    let page_href = |query| paths::requests(&organization, &query);
    let previous = previous.map(|row| page_href(RequestsQuery { before: Some(row), after: None }));
    let next = next.map(|row| page_href(RequestsQuery { after: Some(row), before: None }));
    erased_view! {
        <UsersTabs counts view=UsersView::default() current/>
        <div role="tabpanel" id="panel" aria-labelledby=current.id()>
            {if rows.is_empty() {
                erased_view! { <EmptyState message="No open requests. People can request an invitation on the sign-in page (if “New user invitations” is on) or from an expired invitation link."/> }
            } else {
                let rows = rows.into_iter().map(|row| erased_view! { <Row row now dismiss/> }).collect_view();
                erased_view! {
                    {any_stale.then(|| erased_view! {
                        <div class="table-toolbar">
                            <p class="muted small">"Some requests are from people who are already members."</p>
                            <ServerForm action=dismiss_stale class="inline">
                                <SubmitButton label="Dismiss all stale" pending_label="Dismissing…" pending=dismiss_stale.pending() kind=""/>
                            </ServerForm>
                        </div>
                    })}
                    <BulkActions dismiss/>
                    <table>
                        <caption class="visually-hidden">"Invitation requests"</caption>
                        <thead><tr>
                            <th scope="col"><span class="visually-hidden">"Select"</span></th>
                            <th scope="col">"Email"</th><th scope="col">"Name"</th><th scope="col">"Message"</th><th scope="col">"Requested"</th>
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                    <Pager previous next/>
                }
            }}
        </div>
    }
}

/// The id of the form that the checkboxes in the rows belong to.
const FORM_ID: &str = "bulk-actions";

/// Approves or dismisses the checked requests. Without WebAssembly, "Approve selected…" submits the form as a GET to the
/// invite dialog with the addresses.
#[component]
fn BulkActions(dismiss: ServerFormAction<Dismiss>) -> impl IntoView {
    let organization = use_organization();
    let users = paths::users(&organization, &UsersView::default());
    let navigate = use_navigate();
    let approve = {
        let organization = organization.clone();
        move |event: ev::MouseEvent| {
            event.prevent_default();
            let addresses = checked_addresses();
            if !addresses.is_empty() {
                let dialog = Some(UsersDialog::Invite(addresses.join(", ")));
                navigate(
                    &paths::users(&organization, &UsersView { dialog, ..UsersView::default() }),
                    NavigateOptions::default(),
                );
            }
        }
    };
    erased_view! {
        <ServerForm action=dismiss class="bulk-actions" id=FORM_ID>
            <button type="submit" class="button" formmethod="get" formaction=users name="dialog" value="invite" on:click=approve>
                "Approve selected…"
            </button>
            <SubmitButton label="Dismiss selected" pending_label="Dismissing…" pending=dismiss.pending() kind=""/>
            <label class="check"><input type="checkbox" name="notify" value="true"/><span>"Notify by email"</span></label>
        </ServerForm>
    }
}

/// The addresses of the checked rows, read from the DOM.
fn checked_addresses() -> Vec<String> {
    let form = document().get_element_by_id(FORM_ID).and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
    let Some(data) = form.and_then(|form| FormData::new_with_form(&form).ok()) else { return Vec::new() };
    data.get_all("email[]").iter().filter_map(|value| value.as_string()).collect()
}

#[component]
fn Row(row: RequestRow, now: DateTime<Utc>, dismiss: ServerFormAction<Dismiss>) -> impl IntoView {
    let organization = use_organization();
    let invite = UsersView { dialog: Some(UsersDialog::Invite(row.email.clone())), ..UsersView::default() };
    let email_id = format!("request-{}", row.id);
    erased_view! {
        <tr>
            <td class="select-cell">
                <input type="checkbox" form=FORM_ID name="email[]" value=row.email.clone() aria-label=format!("Select {}", row.email)/>
            </td>
            <td data-label="Email" class="email unlabeled">
                <span class="stack">
                    <span id=email_id.clone()>{row.email}</span>
                    {row.member.map(|member| erased_view! {
                        <span class="row">
                            <span class="badge stale">{icon(Icon::Check)}"Already a member"</span>
                            <a class="small" href=paths::user(&organization, member.user)>{member.by.label()}</a>
                            <span class="small muted"><RelativeTime at=member.at now/></span>
                        </span>
                    })}
                </span>
            </td>
            <td data-label="Name" class=if row.name.is_empty() { "is-empty" } else { "" }>{row.name.clone()}</td>
            <td data-label="Message" class=if row.message.is_empty() { "is-empty" } else { "pre-line" }>{row.message.clone()}</td>
            <td data-label="Requested" class="nowrap">
                <RelativeTime at=row.requested_at now/>
                {repeat_note(row.repeat_count)}
            </td>
            <td class="row-actions">
                <span class="row">
                    <a href=paths::users(&organization, &invite) class="button" aria-describedby=email_id.clone()>"Approve"</a>
                    <ServerForm action=dismiss class="inline">
                        <input type="hidden" name="requests[]" value=row.id.to_string()/>
                        <label class="check"><input type="checkbox" name="notify" value="true" aria-describedby=email_id/><span>"Notify by email"</span></label>
                        <SubmitButton label="Dismiss" pending_label="Dismissing…" pending=dismiss.pending() kind=""/>
                    </ServerForm>
                </span>
            </td>
        </tr>
    }
}

/// How often the address has requested in all, if more than once.
fn repeat_note(repeats: i32) -> Option<String> {
    let total = usize::try_from(repeats).ok()?.checked_add(1)?;
    match total {
        1 => None,
        2 => Some(" · requested twice".to_owned()),
        total => Some(format!(" · requested {} times", format_number(total))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeat_note_counts_the_first_request() {
        assert_eq!(repeat_note(0), None);
        assert_eq!(repeat_note(1).unwrap(), " · requested twice");
        assert_eq!(repeat_note(2).unwrap(), " · requested 3 times");
    }
}
