//! The Users page. Search, filters, sort order and position are part of the URL.

use super::api::{ApplyAction, Invite, ListUsers};
use super::dialogs::{ActionNotices, Dialogs, UsersActions};
use super::selection::{BulkActionBar, Selection};
use super::table::UsersTable;
use super::tabs::{UsersTab, UsersTabs};
use crate::layout::{Loaded, OrganizationPage, Section};
use crate::paths::{self, UsersDialog, UsersView};
use crate::runtime::prelude::*;
use crate::ui::{Icon, PageHeading, Pager, icon};
use crate::viewer::use_organization;
use chrono::{DateTime, TimeDelta, Utc};
use model::delivery::DeliveryState;
use model::users::{UserSort, UsersPage as Page, UsersQuery};
use model::{OrganizationRole, UserStatus};
use std::time::Duration;

/// How often the list is refreshed while an email is about to change its delivery state.
const REFRESH_INTERVAL: Duration = Duration::from_secs(2);

#[component]
pub fn UsersPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let search = use_location().search;
    let view = Memo::new(move |_| UsersView::parse(&search.get()));
    let query = Memo::new(move |_| view.get().query);
    let actions = UsersActions::new();
    let changes = actions.successes();
    let page = json_resource(
        move || ListUsers { org: organization.get_value(), query: query.get() },
        move || changes.get(),
    );
    let selection = Selection(RwSignal::default());
    refresh_while_mail_is_pending(page);
    selection.retain_visible(page);
    let filters = NodeRef::<html::Form>::new();
    reset_filters_on_navigation(filters, page, query);
    erased_view! {
        <OrganizationPage title="Users".to_owned() section=Section::Users>
            <PageHeading title="Users"><InviteButton view action=actions.invite/></PageHeading>
            <ActionNotices view actions/>
            <Loaded resource=page view=move |page| erased_view! {
                <UsersList page view=view.try_get_untracked().unwrap_or_default() filters selection apply=actions.apply/>
            }/>
            <Dialogs view page actions selection/>
        </OrganizationPage>
    }
}

/// Opens the invite dialog. A form, so that it works before WebAssembly has loaded; its fields keep the current view.
#[component]
fn InviteButton(view: Memo<UsersView>, action: ServerFormAction<Invite>) -> impl IntoView {
    let navigate = use_navigate();
    let open = move |event: ev::SubmitEvent| {
        event.prevent_default();
        action.reset();
        let path = paths::users(
            &use_organization(),
            &UsersView { dialog: Some(UsersDialog::Invite(String::new())), ..view.get_untracked() },
        );
        navigate(&path, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    erased_view! {
        <form method="get" on:submit=open>
            {move || hidden_fields(&view.get())}
            <button type="submit" name="dialog" value="invite" class="button primary">{icon(Icon::Plus)}"Invite"</button>
        </form>
    }
}

/// The parameters of the view as hidden fields, so that submitting the form keeps the view.
fn hidden_fields(view: &UsersView) -> impl IntoView + use<> {
    paths::users_params(view)
        .into_iter()
        .map(|(name, value)| erased_view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}

/// The tabs, the filters and the table.
#[component]
fn UsersList(
    page: Page,
    view: UsersView,
    filters: NodeRef<html::Form>,
    selection: Selection,
    apply: ServerFormAction<ApplyAction>,
) -> impl IntoView {
    let organization = use_organization();
    let expired = view.query.status == Some(UserStatus::Expired);
    let current = if expired { UsersTab::Expired } else { UsersTab::Users };
    let has_rows = !page.rows.is_empty();
    let resend_all = UsersView { dialog: Some(UsersDialog::ResendAllExpired), ..view.clone() };
    let resend_all = (expired && has_rows).then(|| paths::users(&organization, &resend_all));
    let page_href = |before: Option<String>, after: Option<String>| {
        (before.is_some() || after.is_some()).then(|| {
            let mut view = view.from_start();
            view.query.before = before;
            view.query.after = after;
            paths::users(&organization, &view)
        })
    };
    erased_view! {
        <UsersTabs counts=page.counts view=view.clone() current/>
        <div role="tabpanel" id="panel" aria-labelledby=current.id()>
            {page.group.map(|group| erased_view! { <GroupFilter name=group.name/> })}
            <Filters view=view.clone() expired form=filters/>
            {has_rows.then(|| erased_view! {
                <div class="table-toolbar">
                    <BulkActionBar view=view.clone() selection/>
                    {resend_all.map(|href| erased_view! { <a href=href data-noscroll class="button">"Resend all…"</a> })}
                </div>
            })}
            <UsersTable rows=page.rows now=page.now view=view.clone() selection apply/>
            <Pager previous=page_href(page.previous, None) next=page_href(None, page.next)/>
        </div>
    }
}

/// Names the group whose members are listed, with a link to all users.
#[component]
fn GroupFilter(name: String) -> impl IntoView {
    let all = paths::users(&use_organization(), &UsersView::default());
    erased_view! {
        <p class="row group-filter">
            <span>"Members of "<strong>{name}</strong></span>
            <a href=all class="button">"Show all users"</a>
        </p>
    }
}

/// Search and filters: a GET form that leads to another URL of the same page.
#[component]
fn Filters(view: UsersView, expired: bool, form: NodeRef<html::Form>) -> impl IntoView {
    let navigate = use_navigate();
    let query = view.query;
    let organization = use_organization();
    let apply = move |event: ev::SubmitEvent| {
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
        navigate(
            &paths::users(&organization, &view),
            NavigateOptions { scroll: false, ..NavigateOptions::default() },
        );
    };
    let statuses = [UserStatus::Active, UserStatus::Invited, UserStatus::Suspended];
    let status = query.status;
    let role = query.role;
    erased_view! {
        <form method="get" class="filters" role="search" node_ref=form on:submit=apply>
            <div class="field flex-grow">
                <label for="q">"Search users"</label>
                <input type="search" id="q" name="q" value=query.search placeholder="Name or email" autocomplete="off"/>
            </div>
            {if expired {
                erased_view! { <input type="hidden" name="status" value=UserStatus::Expired.code()/> }
            } else {
                erased_view! {
                    <div class="field">
                        <label for="status">"Status"</label>
                        <select id="status" name="status">
                            <option value="">"Any"</option>
                            {statuses.map(|option| erased_view! { <option value=option.code() selected=status == Some(option)>{option.label()}</option> }).collect_view()}
                        </select>
                    </div>
                }
            }}
            <div class="field">
                <label for="filter-role">"Role"</label>
                <select id="filter-role" name="role">
                    <option value="">"Any"</option>
                    {OrganizationRole::ALL.iter().map(|option| erased_view! { <option value=option.code() selected=role == Some(*option)>{option.label()}</option> }).collect_view()}
                </select>
            </div>
            {query.group.map(|group| erased_view! { <input type="hidden" name="group" value=group.to_string()/> })}
            {(query.sort != UserSort::default()).then(|| erased_view! { <input type="hidden" name="sort" value=query.sort.code()/> })}
            {query.descending.then(|| erased_view! { <input type="hidden" name="order" value="desc"/> })}
            <button type="submit" class="button">{icon(Icon::Search)}"Search"</button>
        </form>
    }
}

/// Resets the filters to the values in the HTML when the page shows another query, for example after the back button.
/// Without this, a field that the admin edited would ignore its new `value` attribute.
fn reset_filters_on_navigation(
    filters: NodeRef<html::Form>,
    page: JsonResource<Page>,
    query: Memo<UsersQuery>,
) {
    Effect::new(move |before: Option<UsersQuery>| {
        page.track();
        let current = query.get_untracked();
        if before.is_some_and(|before| before != current) {
            // By the next frame the new values are in the HTML.
            request_animation_frame(move || {
                if let Some(Some(form)) = filters.try_get_untracked() {
                    form.reset();
                }
            });
        }
        current
    });
}

/// Whether the delivery state of an email is about to change.
fn changes_soon(state: Option<&DeliveryState>, now: DateTime<Utc>) -> bool {
    match state {
        Some(DeliveryState::Queued) => true,
        Some(DeliveryState::Retrying { next_attempt_at, .. }) => {
            *next_attempt_at - now < TimeDelta::minutes(1)
        }
        _ => false,
    }
}

/// Refetches the list while the delivery state of a listed email is about to change.
fn refresh_while_mail_is_pending(page: JsonResource<Page>) {
    Effect::new(move || {
        let is_pending =
            |page: Page| page.rows.iter().any(|row| changes_soon(row.delivery.as_ref(), page.now));
        if page.get().and_then(Result::ok).is_some_and(is_pending) {
            set_timeout(move || page.refetch(), REFRESH_INTERVAL);
        }
    });
}
