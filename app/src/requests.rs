//! The tab "Invitation requests": who asks to be invited, and what an admin does about it.

mod api;

use crate::forms::{self, Form};
use crate::pages::{Failed, OrganizationPage, Section};
use crate::paths::{self, UsersDialog, UsersView};
use crate::ui::{Empty, Heading, Moment, Notice, Renewed, Submit, Tone};
use crate::users::{PeopleTab, PeopleTabs};
use crate::viewer::use_organization;
use api::{Dismiss, list_requests};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::requests::{RequestRow, RequestsPage as Page};

#[component]
pub fn RequestsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let dismiss = ServerAction::<Dismiss>::new();
    let dismissed = forms::answer(dismiss);
    let changes = forms::successes(dismiss);
    let page =
        Resource::new_blocking(move || changes.get(), move |_| list_requests(organization.get_value()));
    view! {
        <OrganizationPage title="Invitation requests".to_owned() section=Section::Users>
            <Heading title="Users"/>
            <div role="status">
                {move || dismissed.get().and_then(Result::ok).map(|count| view! {
                    <Notice tone=Tone::Success>
                        <p>{if count == 0 { "It was answered already." } else { "Dismissed. Nobody was told." }}</p>
                    </Notice>
                })}
            </div>
            <Renewed>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => view! { <Listed page dismiss/> }.into_any(),
                        Err(problem) => view! { <Failed problem/> }.into_any(),
                    }
                })}
            </Renewed>
        </OrganizationPage>
    }
}

#[component]
fn Listed(page: Page, dismiss: ServerAction<Dismiss>) -> impl IntoView {
    let Page { rows, counts, now } = page;
    let here = PeopleTab::Requests;
    view! {
        <PeopleTabs counts view=UsersView::default() here/>
        <div role="tabpanel" id="panel" aria-labelledby=here.id()>
            {if rows.is_empty() {
                view! { <Empty words="Nobody waits for an invitation. Who opens an invitation that has expired can ask for a new one; it stands here then."/> }.into_any()
            } else {
                let rows = rows.into_iter().map(|row| view! { <Row row now dismiss/> }).collect_view();
                view! {
                    <table>
                        <caption class="visually-hidden">"People who ask for an invitation"</caption>
                        <thead><tr>
                            <th scope="col">"Email"</th><th scope="col">"Name"</th><th scope="col">"Message"</th><th scope="col">"Asked"</th>
                            <th scope="col"><span class="visually-hidden">"Answer"</span></th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                }.into_any()
            }}
        </div>
    }
}

#[component]
fn Row(row: RequestRow, now: DateTime<Utc>, dismiss: ServerAction<Dismiss>) -> impl IntoView {
    let organization = use_organization();
    let invite = UsersView { dialog: Some(UsersDialog::Invite(row.email.clone())), ..UsersView::default() };
    let whose = format!("request-{}", row.id);
    view! {
        <tr>
            <td data-label="Email" class="email" id=whose.clone()>{row.email}</td>
            <td data-label="Name" class=if row.name.is_empty() { "blank" } else { "" }>{row.name.clone()}</td>
            <td data-label="Message" class=if row.message.is_empty() { "blank" } else { "wide" }>{row.message.clone()}</td>
            <td data-label="Asked" class="nowrap"><Moment at=row.asked_at now/></td>
            <td class="row-actions">
                <span class="line">
                    <a href=paths::users(&organization, &invite) class="button" aria-describedby=whose>"Approve"</a>
                    <Form action=dismiss class="inline">
                        <input type="hidden" name="org" value=organization.clone()/>
                        <input type="hidden" name="requests[]" value=row.id.to_string()/>
                        <Submit label="Dismiss" pending_label="Dismissing…" pending=dismiss.pending() kind=""/>
                    </Form>
                </span>
            </td>
        </tr>
    }
}
