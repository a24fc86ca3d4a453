//! The tab "Invitation requests": who asks to be invited, and what an admin does about it.

mod api;

use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::paths::{self, UsersDialog, UsersView};
use crate::ui::{
    EmptyState, Icon, Notice, PageHeading, Pager, RelativeTime, StaleWhileLoading, SubmitButton, Tone, icon,
};
use crate::users::{PeopleTab, PeopleTabs};
use crate::viewer::use_organization;
use api::{Dismiss, DismissStale, ListRequests};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos::web_sys::{FormData, HtmlFormElement};
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use model::requests::{RequestRow, RequestsPage as Page, RequestsQuery};
use wasm_bindgen::JsCast;

#[component]
pub fn RequestsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let dismiss = ServerFormAction::<Dismiss>::new();
    let stale = ServerFormAction::<DismissStale>::new();
    let (dismissed, swept) = (form::result(dismiss), form::result(stale));
    let search = use_location().search;
    let query = Memo::new(move |_| paths::parse_requests(&search.get()));
    let changes = (form::success_count(dismiss), form::success_count(stale));
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
                            0 => "Nothing was dismissed: nobody was selected, or it was answered already.".to_owned(),
                            1 => "1 request dismissed.".to_owned(),
                            many => format!("{many} requests dismissed."),
                        }}</p>
                    </Notice>
                })}
                {move || swept.get().and_then(Result::ok).map(|count| erased_view! {
                    <Notice tone=Tone::Success><p>{format!("Stale requests dismissed: {count}.")}</p></Notice>
                })}
            </div>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => erased_view! { <Listed page dismiss stale/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })}
            </StaleWhileLoading>
        </OrganizationPage>
    }
}

#[component]
fn Listed(
    page: Page,
    dismiss: ServerFormAction<Dismiss>,
    stale: ServerFormAction<DismissStale>,
) -> impl IntoView {
    let Page { rows, previous, next, any_stale, counts, now } = page;
    let here = PeopleTab::Requests;
    let organization = use_organization();
    let beyond = |query| paths::requests(&organization, &query);
    let previous = previous.map(|row| beyond(RequestsQuery { before: Some(row), after: None }));
    let next = next.map(|row| beyond(RequestsQuery { after: Some(row), before: None }));
    erased_view! {
        <PeopleTabs counts view=UsersView::default() here/>
        <div role="tabpanel" id="panel" aria-labelledby=here.id()>
            {if rows.is_empty() {
                erased_view! { <EmptyState message="Nobody waits for an invitation. People ask on the login page, where the settings allow it, or by the link of an invitation that has expired."/> }
            } else {
                let rows = rows.into_iter().map(|row| erased_view! { <Row row now dismiss/> }).collect_view();
                erased_view! {
                    {any_stale.then(|| erased_view! {
                        <div class="table-toolbar">
                            <p class="muted small">"Stale: the address belongs to a member by now."</p>
                            <ServerForm action=stale class="inline">
                                <input type="hidden" name="org" value=use_organization()/>
                                <SubmitButton label="Dismiss all stale" pending_label="Dismissing…" pending=stale.pending() kind=""/>
                            </ServerForm>
                        </div>
                    })}
                    <Several dismiss/>
                    <table>
                        <caption class="visually-hidden">"People who ask for an invitation"</caption>
                        <thead><tr>
                            <th scope="col"><span class="visually-hidden">"Select"</span></th>
                            <th scope="col">"Email"</th><th scope="col">"Name"</th><th scope="col">"Message"</th><th scope="col">"Asked"</th>
                            <th scope="col"><span class="visually-hidden">"Answer"</span></th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                    <Pager previous next/>
                }
            }}
        </div>
    }
}

/// The form that the boxes of the rows belong to.
const FORM: &str = "choose-requests";

/// What can be done with all whose boxes are ticked. Without WebAssembly "Approve selected" is a form of its own kind: it
/// leads to the invite dialog with the addresses.
#[component]
fn Several(dismiss: ServerFormAction<Dismiss>) -> impl IntoView {
    let organization = use_organization();
    let users = paths::users(&organization, &UsersView::default());
    let go = use_navigate();
    let approve = {
        let organization = organization.clone();
        move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            let addresses = ticked();
            if !addresses.is_empty() {
                let dialog = Some(UsersDialog::Invite(addresses.join(", ")));
                go(
                    &paths::users(&organization, &UsersView { dialog, ..UsersView::default() }),
                    NavigateOptions::default(),
                );
            }
        }
    };
    erased_view! {
        <ServerForm action=dismiss class="bulk-actions" id=FORM>
            <input type="hidden" name="org" value=organization/>
            <button type="submit" class="button" formmethod="get" formaction=users name="dialog" value="invite" on:click=approve>
                "Approve selected…"
            </button>
            <SubmitButton label="Dismiss selected" pending_label="Dismissing…" pending=dismiss.pending() kind=""/>
            <label class="check"><input type="checkbox" name="tell" value="true"/><span>"Tell them"</span></label>
        </ServerForm>
    }
}

/// The addresses whose boxes are ticked, as the page has them.
fn ticked() -> Vec<String> {
    let form = document().get_element_by_id(FORM).and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
    let Some(data) = form.and_then(|form| FormData::new_with_form(&form).ok()) else { return Vec::new() };
    data.get_all("email[]").iter().filter_map(|value| value.as_string()).collect()
}

#[component]
fn Row(row: RequestRow, now: DateTime<Utc>, dismiss: ServerFormAction<Dismiss>) -> impl IntoView {
    let organization = use_organization();
    let invite = UsersView { dialog: Some(UsersDialog::Invite(row.email.clone())), ..UsersView::default() };
    let whose = format!("request-{}", row.id);
    erased_view! {
        <tr>
            <td class="select-cell">
                <input type="checkbox" form=FORM name="email[]" value=row.email.clone() aria-label=format!("Select {}", row.email)/>
            </td>
            <td data-label="Email" class="email unlabeled">
                <span class="stack">
                    <span id=whose.clone()>{row.email}</span>
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
            <td data-label="Asked" class="nowrap">
                <Moment at=row.requested_at now/>
                {(row.repeat_count > 0).then(|| format!(" (and {} times more)", row.repeat_count))}
            </td>
            <td class="row-actions">
                <span class="row">
                    <a href=paths::users(&organization, &invite) class="button" aria-describedby=whose.clone()>"Approve"</a>
                    <ServerForm action=dismiss class="inline">
                        <input type="hidden" name="org" value=organization.clone()/>
                        <input type="hidden" name="requests[]" value=row.id.to_string()/>
                        <label class="check"><input type="checkbox" name="tell" value="true" aria-describedby=whose/><span>"Tell them"</span></label>
                        <SubmitButton label="Dismiss" pending_label="Dismissing…" pending=dismiss.pending() kind=""/>
                    </ServerForm>
                </span>
            </td>
        </tr>
    }
}
