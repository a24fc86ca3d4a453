//! Bulk actions: selecting users in the list, and the dialog with the actions for the selected ones.

use super::api::{ApplyAction, ChangeGroup, ResendAllExpired};
use super::messages::{join_names, refusal_messages, success_message};
use crate::paths::{self, UsersDialog, UsersView};
use crate::runtime::prelude::*;
use crate::ui::{CloseLink, Dialog, ErrorSummary, Notice, Select, SubmitButton, Tone};
use crate::viewer::use_organization;
use model::actions::{ActionResult, UserAction};
use model::permission::{GroupChange, GroupName};
use model::text::{self, format_number};
use model::users::{UserRow, UsersPage as Page};
use model::{GroupId, UserId};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The id of the form that the checkboxes in the rows belong to.
const FORM_ID: &str = "bulk-actions";

/// The selected users. Kept by user id rather than by row, since a refresh can move the rows.
#[derive(Clone, Copy)]
pub struct Selection(pub RwSignal<BTreeSet<UserId>>);

impl Selection {
    /// Deselects users that leave the page, so that no action applies to a user that the admin doesn't see.
    pub fn retain_visible(self, page: JsonResource<Page>) {
        Effect::new(move || {
            if let Some(Ok(page)) = page.get()
                && let visible = page.rows.iter().map(|row| row.id).collect::<BTreeSet<_>>()
                && self.0.with_untracked(|selected| !selected.is_subset(&visible))
            {
                self.0.update(|selected| selected.retain(|user| visible.contains(user)));
            }
        });
    }
}

/// The checkbox of one row.
#[component]
pub fn SelectCheckbox(user: UserId, name: String, selection: Selection) -> impl IntoView {
    let change = move |event: ev::Event| {
        let checked = event_target_checked(&event);
        selection.0.update(|selected| {
            if checked {
                selected.insert(user)
            } else {
                selected.remove(&user)
            };
        });
    };
    erased_view! {
        <input
            type="checkbox" form=FORM_ID name="user" value=user.to_string() aria-label=format!("Select {name}")
            prop:checked=move || selection.0.with(|selected| selected.contains(&user)) on:change=change
        />
    }
}

/// The checkbox in the table header that selects all rows. It is only rendered in the browser, since it needs a script.
#[component]
pub fn SelectAllCheckbox(users: Vec<UserId>, selection: Selection) -> impl IntoView {
    let is_browser = RwSignal::new(false);
    Effect::new(move || is_browser.set(true));
    // Owned rather than a signal: these closures run once more after the next page has replaced this one.
    let users: Arc<[UserId]> = users.into();
    move || {
        is_browser.get().then(|| {
            let (visible, change) = (users.clone(), users.clone());
            let all_selected =
                move || selection.0.with(|selected| visible.iter().all(|user| selected.contains(user)));
            let change = move |event: ev::Event| {
                let checked = event_target_checked(&event);
                selection.0.update(|selected| {
                    if checked { selected.extend(change.iter()) } else { selected.clear() }
                });
            };
            erased_view! { <input type="checkbox" aria-label="Select all on this page" prop:checked=all_selected on:change=change/> }
        })
    }
}

/// Opens the dialog for the selected users. A GET form, so that it works before WebAssembly has loaded.
#[component]
pub fn BulkActionBar(view: UsersView, selection: Selection) -> impl IntoView {
    let navigate = use_navigate();
    let organization = use_organization();
    let fields = paths::users_params(&view);
    let open = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let users: Vec<UserId> = selection.0.with_untracked(|selected| selected.iter().copied().collect());
        if !users.is_empty() {
            let view = UsersView { dialog: Some(UsersDialog::Selected(users)), ..view.clone() };
            navigate(
                &paths::users(&organization, &view),
                NavigateOptions { scroll: false, ..NavigateOptions::default() },
            );
        }
    };
    let status = move || match selection.0.with(BTreeSet::len) {
        0 => "Select users to edit several at once.".to_owned(),
        count => format!("{} selected", format_number(count)),
    };
    erased_view! {
        <form method="get" id=FORM_ID class="bulk-actions" on:submit=open>
            {fields.into_iter().map(|(name, value)| erased_view! { <input type="hidden" name=name value=value/> }).collect_view()}
            <p role="status">{status}</p>
            <button type="submit" name="dialog" value="chosen" class="button">"Edit selected…"</button>
        </form>
    }
}

/// Lists the selected users and offers every bulk action. It only applies to the users it lists, even if the URL
/// contains other ids.
#[component]
pub fn BulkActionDialog(
    users: Vec<UserId>,
    rows: Vec<UserRow>,
    groups: Vec<GroupName>,
    /// The group whose members are listed, which is preselected.
    group: Option<GroupId>,
    apply: ServerFormAction<ApplyAction>,
    change_group: ServerFormAction<ChangeGroup>,
    on_close: Callback<()>,
    href: String,
) -> impl IntoView {
    let (users, names): (Vec<UserId>, Vec<String>) =
        rows.into_iter().filter(|row| users.contains(&row.id)).map(|row| (row.id, row.email)).unzip();
    if names.is_empty() {
        return erased_view! {
            <Dialog title="No users selected" on_close>
                <p>"Select one or more users in the list first."</p>
                <div class="actions"><CloseLink on_close href label="Back to the list"/></div>
            </Dialog>
        };
    }
    let title = format!("Edit {}", text::count(names.len(), "user", "users"));
    let problem = apply.problem();
    let users = StoredValue::new(users);
    let section = move |description: &'static str, buttons: Vec<(UserAction, &'static str, &'static str)>| {
        let buttons = buttons.into_iter().map(|(action, label, kind)| {
            erased_view! { <button type="submit" name="action" value=action.code() class=format!("button {kind}")>{label}</button> }
        });
        erased_view! { <div class="action-group"><p>{description}</p><div class="row">{buttons.collect_view()}</div></div> }
    };
    erased_view! {
        <Dialog title on_close>
            <p class="selected-users">{join_names(&names)}</p>
            <ServerForm action=apply class="action-groups">
                <ErrorSummary problem/>
                <SelectedUserIds users/>
                {section(
                    "Resend pending invitations. Each person gets a new email, and the time to accept starts over.",
                    vec![(UserAction::Resend, "Resend invitations", "")],
                )}
                {section(
                    "Organization role",
                    vec![
                        (UserAction::MakeMember, "Change role to Member", ""),
                        (UserAction::MakeAdmin, "Change role to Admin", ""),
                    ],
                )}
                {section(
                    "Suspended users are signed out immediately and can’t sign in. Reactivating restores their access, including roles and groups.",
                    vec![(UserAction::Suspend, "Suspend", "danger"), (UserAction::Reactivate, "Reactivate", "")],
                )}
                {section(
                    "Removing users ends their membership or revokes their invitation, and discards their roles and groups. This can’t be undone. You can invite them again, but they start from scratch.",
                    vec![(UserAction::RevokeMembership, "Remove from organization", "danger")],
                )}
            </ServerForm>
            <GroupChangeForm users groups group action=change_group/>
            <div class="actions"><CloseLink on_close href/></div>
        </Dialog>
    }
}

/// The selected users as hidden fields.
#[component]
fn SelectedUserIds(users: StoredValue<Vec<UserId>>) -> impl IntoView {
    let users = users.get_value().into_iter();
    users
        .map(|user| erased_view! { <input type="hidden" name="users[]" value=user.to_string()/> })
        .collect_view()
}

/// Adds the selected users to a group or removes them from it.
#[component]
fn GroupChangeForm(
    users: StoredValue<Vec<UserId>>,
    groups: Vec<GroupName>,
    group: Option<GroupId>,
    action: ServerFormAction<ChangeGroup>,
) -> impl IntoView {
    let problem = action.problem();
    let options: Vec<_> = groups
        .into_iter()
        .map(|option| (option.id.to_string(), option.name, group == Some(option.id)))
        .collect();
    (!options.is_empty()).then(|| {
        erased_view! {
            <ServerForm action class="action-groups">
                <ErrorSummary problem/>
                <SelectedUserIds users/>
                <div class="row align-end">
                    <Select label="Group" name="group" options/>
                    <button type="submit" name="change" value=GroupChange::Add.code() class="button">"Add to group"</button>
                    <button type="submit" name="change" value=GroupChange::Remove.code() class="button">"Remove from group"</button>
                </div>
            </ServerForm>
        }
    })
}

/// Asks for confirmation before every expired invitation is resent.
#[component]
pub fn ResendAllExpiredDialog(
    action: ServerFormAction<ResendAllExpired>,
    on_close: Callback<()>,
    href: String,
) -> impl IntoView {
    let problem = action.problem();
    erased_view! {
        <Dialog title="Resend all expired invitations?" on_close>
            <p>"Everyone gets a new email, and the time to accept starts over. Links in earlier emails will work again as well."</p>
            <ServerForm action>
                <ErrorSummary problem/>
                <div class="actions">
                    <CloseLink on_close href label="Cancel"/>
                    <SubmitButton label="Resend all" pending_label="Sending…" pending=action.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}

/// The result of an action on users: a warning if any of them was refused.
#[component]
pub fn ActionNotice(answer: FormResult<ActionResult>) -> impl IntoView {
    erased_view! {
        <div role="status">
            {move || {
                let result = answer.get()?.ok()?;
                let tone = if result.refused.is_empty() { Tone::Success } else { Tone::Warning };
                Some(erased_view! {
                    <Notice tone>
                        {success_message(&result).map(|message| erased_view! { <p>{message}</p> })}
                        {refusal_messages(&result).into_iter().map(|message| erased_view! { <p>{message}</p> }).collect_view()}
                    </Notice>
                })
            }}
        </div>
    }
}
