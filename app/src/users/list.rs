//! The Users page: search, filters, order and place stand in the URL.

use super::api::{Act, Invite, ListUsers};
use super::dialogs::{Actions, Dialogs, Outcome};
use super::selection::{Chosen, ChosenBar};
use super::table::UsersTable;
use super::tabs::{PeopleTab, PeopleTabs};
use crate::erased_view::erased_view;
use crate::form::{self, ServerFormAction};
use crate::json_resource::{JsonResource, json_resource};
use crate::layout::{Failed, OrganizationPage, Section};
use crate::paths::{self, UsersDialog, UsersView};
use crate::ui::{Heading, Icon, Pager, StaleWhileLoading, icon};
use crate::viewer::use_organization;
use chrono::{DateTime, TimeDelta, Utc};
use leptos::html::Form;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use model::delivery::DeliveryState;
use model::users::{UserSort, UsersPage as Page, UsersQuery};
use model::{OrganizationRole, UserStatus};
use std::time::Duration;

/// How soon the page looks again while mail is on its way, in seconds.
const LOOK_AGAIN_SECONDS: u64 = 2;

#[component]
pub fn UsersPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let search = use_location().search;
    let view = Memo::new(move |_| UsersView::read(&search.get()));
    let rows = Memo::new(move |_| view.get().query);
    let actions = Actions::new();
    let changes = actions.successes();
    let page = json_resource(
        move || ListUsers { org: organization.get_value(), query: rows.get() },
        move || changes.get(),
    );
    let chosen = Chosen(RwSignal::default());
    look_again_while_mail_is_on_its_way(page);
    chosen.only_who_is_shown(page);
    let filters = NodeRef::<Form>::new();
    fill_anew(filters, page, rows);
    erased_view! {
        <OrganizationPage title="Users".to_owned() section=Section::Users>
            <Heading title="Users"><InviteButton view action=actions.invite/></Heading>
            <Outcome view actions/>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match page.await {
                        Ok(page) => erased_view! { <Listed page view=view.try_get_untracked().unwrap_or_default() filters chosen act=actions.act/> },
                        Err(problem) => erased_view! { <Failed problem/> },
                    }
                })}
            </StaleWhileLoading>
            <Dialogs view page actions chosen/>
        </OrganizationPage>
    }
}

/// Opens the dialog. A form, so that it works before WebAssembly; its address holds all that the page's holds.
#[component]
fn InviteButton(view: Memo<UsersView>, action: ServerFormAction<Invite>) -> impl IntoView {
    let go = use_navigate();
    let open = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        form::reset(action);
        let path = paths::users(
            &use_organization(),
            &UsersView { dialog: Some(UsersDialog::Invite(String::new())), ..view.get_untracked() },
        );
        go(&path, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    erased_view! {
        <form method="get" on:submit=open>
            {move || hidden(&view.get())}
            <button type="submit" name="dialog" value="invite" class="button primary">{icon(Icon::Plus)}"Invite"</button>
        </form>
    }
}

/// The view's parameters as fields of a form, so that it goes on from where the person is.
fn hidden(view: &UsersView) -> impl IntoView + use<> {
    paths::users_fields(view)
        .into_iter()
        .map(|(name, value)| erased_view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}

/// The tabs, the search and the rows.
#[component]
fn Listed(
    page: Page,
    view: UsersView,
    filters: NodeRef<Form>,
    chosen: Chosen,
    act: ServerFormAction<Act>,
) -> impl IntoView {
    let organization = use_organization();
    let expired = view.query.status == Some(UserStatus::Expired);
    let here = if expired { PeopleTab::Expired } else { PeopleTab::Users };
    let all_again = UsersView { dialog: Some(UsersDialog::InviteAllAgain), ..view.clone() };
    let all_again = (expired && !page.rows.is_empty()).then(|| paths::users(&organization, &all_again));
    let rows_there = !page.rows.is_empty();
    let at = |before: Option<String>, after: Option<String>| {
        (before.is_some() || after.is_some()).then(|| {
            let mut view = view.from_start();
            view.query.before = before;
            view.query.after = after;
            paths::users(&organization, &view)
        })
    };
    erased_view! {
        <PeopleTabs counts=page.counts view=view.clone() here/>
        <div role="tabpanel" id="panel" aria-labelledby=here.id()>
            {page.group.map(|group| erased_view! { <OfGroup name=group.name/> })}
            <Filters view=view.clone() expired form=filters/>
            {rows_there.then(|| erased_view! {
                <div class="table-toolbar">
                    <ChosenBar view=view.clone() chosen/>
                    {all_again.map(|href| erased_view! { <a href=href data-noscroll class="button">"Re-invite all…"</a> })}
                </div>
            })}
            <UsersTable rows=page.rows now=page.now view=view.clone() chosen act/>
            <Pager previous=at(page.previous, None) next=at(None, page.next)/>
        </div>
    }
}

/// Says that the list is of a group, and leads to the list of all.
#[component]
fn OfGroup(name: String) -> impl IntoView {
    let all = paths::users(&use_organization(), &UsersView::default());
    erased_view! {
        <p class="row group-filter">
            <span>"People in the group "<strong>{name}</strong></span>
            <a href=all class="button">"Show all users"</a>
        </p>
    }
}

/// Search and filters: a form that leads to another URL of the same page.
#[component]
fn Filters(view: UsersView, expired: bool, form: NodeRef<Form>) -> impl IntoView {
    let go = use_navigate();
    let query = view.query;
    let organization = use_organization();
    let follow = move |event: leptos::ev::SubmitEvent| {
        use wasm_bindgen::JsCast;
        let form = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        let Some(data) = form.and_then(|form| web_sys::FormData::new_with_form(&form).ok()) else {
            return;
        };
        event.prevent_default();
        let get = |name: &str| data.get(name).as_string().unwrap_or_default();
        let query = UsersQuery {
            search: get("q").trim().to_owned(),
            status: get("status").parse().ok(),
            role: get("role").parse().ok(),
            group: get("group").parse().ok(),
            sort: get("sort").parse().unwrap_or_default(),
            descending: get("order") == "desc",
            ..UsersQuery::default()
        };
        let view = UsersView { query, dialog: None };
        go(
            &paths::users(&organization, &view),
            NavigateOptions { scroll: false, ..NavigateOptions::default() },
        );
    };
    let statuses = [UserStatus::Active, UserStatus::Invited, UserStatus::Suspended];
    let status = query.status;
    let role = query.role;
    erased_view! {
        <form method="get" class="filters" role="search" node_ref=form on:submit=follow>
            <div class="field grow">
                <label for="q">"Search users"</label>
                <input type="search" id="q" name="q" value=query.search placeholder="Name or address" autocomplete="off"/>
            </div>
            {if expired {
                erased_view! { <input type="hidden" name="status" value=UserStatus::Expired.code()/> }
            } else {
                erased_view! {
                    <div class="field">
                        <label for="status">"Status"</label>
                        <select id="status" name="status">
                            <option value="">"Any"</option>
                            {statuses.map(|one| erased_view! { <option value=one.code() selected=status == Some(one)>{one.label()}</option> }).collect_view()}
                        </select>
                    </div>
                }
            }}
            <div class="field">
                <label for="filter-role">"Role"</label>
                <select id="filter-role" name="role">
                    <option value="">"Any"</option>
                    {OrganizationRole::ALL.map(|one| erased_view! { <option value=one.code() selected=role == Some(one)>{one.label()}</option> }).collect_view()}
                </select>
            </div>
            {query.group.map(|group| erased_view! { <input type="hidden" name="group" value=group.to_string()/> })}
            {(query.sort != UserSort::default()).then(|| erased_view! { <input type="hidden" name="sort" value=query.sort.code()/> })}
            {query.descending.then(|| erased_view! { <input type="hidden" name="order" value="desc"/> })}
            <button type="submit" class="button">{icon(Icon::Search)}"Search"</button>
        </form>
    }
}

/// What was changed by hand stays in a field, whatever the page says of it: when the page shows other rows, such as
/// after the back button, its filters are filled anew.
fn fill_anew(filters: NodeRef<Form>, page: JsonResource<Page>, rows: Memo<UsersQuery>) {
    Effect::new(move |before: Option<UsersQuery>| {
        page.track();
        let now = rows.get_untracked();
        if before.is_some_and(|before| before != now) {
            // By then the page says what is to be filled in.
            request_animation_frame(move || {
                if let Some(Some(form)) = filters.try_get_untracked() {
                    form.reset();
                }
            });
        }
        now
    });
}

/// Whether a mail will be somewhere else before long.
fn moves_soon(state: Option<&DeliveryState>, now: DateTime<Utc>) -> bool {
    match state {
        Some(DeliveryState::Queued) => true,
        Some(DeliveryState::Retrying { next_attempt_at, .. }) => {
            *next_attempt_at - now < TimeDelta::minutes(1)
        }
        _ => false,
    }
}

/// The list tells where each mail is: while one is under way, it looks again.
fn look_again_while_mail_is_on_its_way(page: JsonResource<Page>) {
    Effect::new(move || {
        let moving = |page: Page| page.rows.iter().any(|row| moves_soon(row.delivery.as_ref(), page.now));
        if page.get().and_then(Result::ok).is_some_and(moving) {
            set_timeout(move || page.refetch(), Duration::from_secs(LOOK_AGAIN_SECONDS));
        }
    });
}
