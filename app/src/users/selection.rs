//! What can be done to several users at once: the boxes in the list, and the dialog for those that were chosen.

use super::api::{Act, ChangeGroup, InviteAllAgain};
use super::messages::{self, done_words, refused_words};
use crate::erased_view::erased_view;
use crate::form::{self, FormResult, ServerForm, ServerFormAction};
use crate::json_resource::JsonResource;
use crate::paths::{self, UsersDialog, UsersView};
use crate::ui::{CloseLink, Dialog, ErrorSummary, Notice, Select, SubmitButton, Tone};
use crate::viewer::use_organization;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use model::actions::{ActionResult, UserAction};
use model::permission::{GroupChange, GroupName};
use model::users::{UserRow, UsersPage as Page};
use model::{GroupId, UserId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The form that the boxes of the rows belong to, wherever they stand.
pub const FORM: &str = "choose";

/// Which users are chosen. Bound to the user and not to the row, since rows move when the list looks again.
#[derive(Clone, Copy)]
pub struct Chosen(pub RwSignal<BTreeSet<UserId>>);

impl Chosen {
    /// Whoever is not on the page any more is not chosen any more: nothing is done to people whom nobody sees.
    pub fn only_who_is_shown(self, page: JsonResource<Page>) {
        Effect::new(move || {
            if let Some(Ok(page)) = page.get()
                && let shown = page.rows.iter().map(|row| row.id).collect::<BTreeSet<_>>()
                && self.0.with_untracked(|chosen| !chosen.is_subset(&shown))
            {
                self.0.update(|chosen| chosen.retain(|user| shown.contains(user)));
            }
        });
    }
}

/// One row's box.
#[component]
pub fn ChooseBox(user: UserId, name: String, chosen: Chosen) -> impl IntoView {
    let change = move |event: leptos::ev::Event| {
        let on = event_target_checked(&event);
        chosen.0.update(|chosen| {
            if on {
                chosen.insert(user)
            } else {
                chosen.remove(&user)
            };
        });
    };
    erased_view! {
        <input
            type="checkbox" form=FORM name="user" value=user.to_string() aria-label=format!("Select {name}")
            prop:checked=move || chosen.0.with(|chosen| chosen.contains(&user)) on:change=change
        />
    }
}

/// The box in the table's head, for all rows at once. Without WebAssembly it could do nothing, so it is not there.
#[component]
pub fn ChooseAll(users: Vec<UserId>, chosen: Chosen) -> impl IntoView {
    let scripted = RwSignal::new(false);
    Effect::new(move || scripted.set(true));
    // Owned, and no signal: when another page has arrived, the boxes of this one are asked once more before they go.
    let users: Arc<[UserId]> = users.into();
    move || {
        scripted.get().then(|| {
            let (shown, change) = (users.clone(), users.clone());
            let all = move || chosen.0.with(|chosen| shown.iter().all(|user| chosen.contains(user)));
            let change = move |event: leptos::ev::Event| {
                let on = event_target_checked(&event);
                chosen.0.update(|chosen| if on { chosen.extend(change.iter()) } else { chosen.clear() });
            };
            erased_view! { <input type="checkbox" aria-label="Select all on this page" prop:checked=all on:change=change/> }
        })
    }
}

/// Opens the dialog for the chosen. Before WebAssembly a form whose boxes are in the rows.
#[component]
pub fn ChosenBar(view: UsersView, chosen: Chosen) -> impl IntoView {
    let go = use_navigate();
    let organization = use_organization();
    let fields = paths::users_params(&view);
    let open = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let users: Vec<UserId> = chosen.0.with_untracked(|chosen| chosen.iter().copied().collect());
        if !users.is_empty() {
            let view = UsersView { dialog: Some(UsersDialog::Selected(users)), ..view.clone() };
            go(
                &paths::users(&organization, &view),
                NavigateOptions { scroll: false, ..NavigateOptions::default() },
            );
        }
    };
    let words = move || match chosen.0.with(BTreeSet::len) {
        0 => "Select people to change several at once.".to_owned(),
        1 => "1 person selected".to_owned(),
        many => format!("{many} people selected"),
    };
    erased_view! {
        <form method="get" id=FORM class="bulk-actions" on:submit=open>
            {fields.into_iter().map(|(name, value)| erased_view! { <input type="hidden" name=name value=value/> }).collect_view()}
            <p role="status">{words}</p>
            <button type="submit" name="dialog" value="chosen" class="button">"Change selected…"</button>
        </form>
    }
}

/// The dialog: who was chosen, and a button for each thing that can be done to them. It acts on those whom it names, and
/// on nobody else, whoever stands in the URL.
#[component]
pub fn ChosenDialog(
    users: Vec<UserId>,
    rows: Vec<UserRow>,
    groups: Vec<GroupName>,
    /// The group that the list is of, if it is of one.
    group: Option<GroupId>,
    act: ServerFormAction<Act>,
    grouping: ServerFormAction<ChangeGroup>,
    on_close: Callback<()>,
    href: String,
) -> impl IntoView {
    let (users, names): (Vec<UserId>, Vec<String>) =
        rows.into_iter().filter(|row| users.contains(&row.id)).map(|row| (row.id, row.email)).unzip();
    if names.is_empty() {
        return erased_view! {
            <Dialog title="Nobody is selected" on_close>
                <p>"Tick the boxes beside the people first."</p>
                <div class="actions"><CloseLink on_close href label="Back to the list"/></div>
            </Dialog>
        };
    }
    let title = if names.len() == 1 {
        "Change 1 person".to_owned()
    } else {
        format!("Change {} people", names.len())
    };
    let problem = form::problem(act);
    let users = StoredValue::new(users);
    let part = move |words: &'static str, buttons: Vec<(UserAction, &'static str, &'static str)>| {
        let buttons = buttons.into_iter().map(|(action, label, kind)| {
            erased_view! { <button type="submit" name="action" value=action.code() class=format!("button {kind}")>{label}</button> }
        });
        erased_view! { <div class="action-group"><p>{words}</p><div class="row">{buttons.collect_view()}</div></div> }
    };
    erased_view! {
        <Dialog title on_close>
            <p class="selected-users">{messages::names(&names)}</p>
            <ServerForm action=act class="action-groups">
                <ErrorSummary problem/>
                <Those users/>
                {part("Invitations that nobody has taken yet: a new mail, and all their days again.", vec![(UserAction::Resend, "Resend invitations", "")])}
                {part("Organization role", vec![(UserAction::MakeMember, "Make Organization Member", ""), (UserAction::MakeAdmin, "Make Organization Admin", "")])}
                {part("Suspended people are signed out at once and can’t sign in. Reactivating brings them back as they were.", vec![(UserAction::Suspend, "Suspend", "danger"), (UserAction::Reactivate, "Reactivate", "")])}
                {part("Revoking takes invitations and memberships away, with all roles and groups. It can’t be undone; inviting again starts anew.", vec![(UserAction::RevokeMembership, "Revoke", "danger")])}
            </ServerForm>
            <Grouping users groups group action=grouping/>
            <div class="actions"><CloseLink on_close href/></div>
        </Dialog>
    }
}

/// The chosen, as fields of a form.
#[component]
fn Those(users: StoredValue<Vec<UserId>>) -> impl IntoView {
    let fields = users
        .get_value()
        .into_iter()
        .map(|user| erased_view! { <input type="hidden" name="users[]" value=user.to_string()/> });
    erased_view! {
        <input type="hidden" name="org" value=use_organization()/>
        {fields.collect_view()}
    }
}

/// Into a group, or out of it.
#[component]
fn Grouping(
    users: StoredValue<Vec<UserId>>,
    groups: Vec<GroupName>,
    group: Option<GroupId>,
    action: ServerFormAction<ChangeGroup>,
) -> impl IntoView {
    let problem = form::problem(action);
    let options: Vec<_> =
        groups.into_iter().map(|one| (one.id.to_string(), one.name, group == Some(one.id))).collect();
    (!options.is_empty()).then(|| {
        erased_view! {
            <ServerForm action class="action-groups">
                <ErrorSummary problem/>
                <Those users/>
                <div class="row align-end">
                    <Select label="Group" name="group" options/>
                    <button type="submit" name="change" value=GroupChange::Add.code() class="button">"Add to group"</button>
                    <button type="submit" name="change" value=GroupChange::Remove.code() class="button">"Remove from group"</button>
                </div>
            </ServerForm>
        }
    })
}

/// Asks before every expired invitation is sent again.
#[component]
pub fn InviteAllAgainDialog(
    action: ServerFormAction<InviteAllAgain>,
    on_close: Callback<()>,
    href: String,
) -> impl IntoView {
    let problem = form::problem(action);
    erased_view! {
        <Dialog title="Re-invite everybody whose invitation has expired?" on_close>
            <p>"Each gets a new mail, and all their days again. Links that they got before work again, too."</p>
            <ServerForm action>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <div class="actions">
                    <CloseLink on_close href label="Cancel"/>
                    <SubmitButton label="Re-invite all" pending_label="Sending…" pending=action.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}

/// What came of an action, between the heading and the list.
#[component]
pub fn ActNotice(answer: FormResult<ActionResult>) -> impl IntoView {
    erased_view! {
        <div role="status">
            {move || {
                let answer = answer.get()?.ok()?;
                let tone = if answer.refused.is_empty() { Tone::Success } else { Tone::Warning };
                Some(erased_view! {
                    <Notice tone>
                        {done_words(&answer).map(|words| erased_view! { <p>{words}</p> })}
                        {refused_words(&answer).into_iter().map(|words| erased_view! { <p>{words}</p> }).collect_view()}
                    </Notice>
                })
            }}
        </div>
    }
}
