//! The dialogs of the Users page, and the notices with their results. The URL says which dialog is open.

use super::address_list::{Phase, summarize};
use super::api::{ApplyAction, ChangeGroup, Invite, ListGrants, ResendAllExpired};
use super::invite::{InviteDialog, is_fully_invited};
use super::messages::{group_change_message, join_names};
use super::selection::{ActionNotice, BulkActionDialog, ResendAllExpiredDialog, Selection};
use crate::paths::{self, UsersDialog, UsersView};
use crate::runtime::prelude::*;
use crate::ui::{Notice, Tone};
use crate::viewer::use_organization;
use model::Problem;
use model::invitations::InviteResult;
use model::permission::Grants;
use model::text::format_number;
use model::users::UsersPage as Page;
use serde::de::DeserializeOwned;

/// The actions of the Users page.
#[derive(Clone, Copy)]
pub struct UsersActions {
    pub invite: ServerFormAction<Invite>,
    pub apply: ServerFormAction<ApplyAction>,
    pub change_group: ServerFormAction<ChangeGroup>,
    pub resend_all: ServerFormAction<ResendAllExpired>,
}

impl UsersActions {
    pub fn new() -> Self {
        Self {
            invite: ServerFormAction::new(),
            apply: ServerFormAction::new(),
            change_group: ServerFormAction::new(),
            resend_all: ServerFormAction::new(),
        }
    }

    /// How many actions have changed the list.
    pub fn successes(self) -> Memo<usize> {
        let (invite, apply) = (self.invite.success_count(), self.apply.success_count());
        let (change_group, resend_all) = (self.change_group.success_count(), self.resend_all.success_count());
        Memo::new(move |_| invite.get() + apply.get() + change_group.get() + resend_all.get())
    }

    /// Clears the results of the previous dialog.
    pub fn reset(self) {
        self.invite.reset();
        self.apply.reset();
        self.change_group.reset();
        self.resend_all.reset();
    }

    /// For each kind of dialog, whether it is completed.
    fn is_completed(self) -> impl Fn(&UsersDialog) -> bool + Copy + Send + Sync + 'static {
        let (invite, apply) = (self.invite.result(), self.apply.result());
        let (change_group, resend_all) = (self.change_group.result(), self.resend_all.result());
        let completed = Memo::new(move |_| {
            let bulk = matches!(apply.get(), Some(Ok(_))) || matches!(change_group.get(), Some(Ok(_)));
            (is_fully_invited(invite.get().as_ref()), bulk, matches!(resend_all.get(), Some(Ok(_))))
        });
        move |dialog| match (dialog, completed.get()) {
            (UsersDialog::Invite(_), (completed, ..))
            | (UsersDialog::Selected(_), (_, completed, _))
            | (UsersDialog::ResendAllExpired, (.., completed)) => completed,
        }
    }
}

/// The dialog that the URL names. It closes when it is completed, and the page shows the result.
#[component]
pub fn Dialogs(
    view: Memo<UsersView>,
    page: JsonResource<Page>,
    actions: UsersActions,
    selection: Selection,
) -> impl IntoView {
    let is_completed = actions.is_completed();
    let navigate = use_navigate();
    let leave = move |replace| {
        navigate(
            &without_dialog(view),
            NavigateOptions { replace, scroll: false, ..NavigateOptions::default() },
        );
    };
    Effect::new({
        let leave = leave.clone();
        move |was_open: Option<bool>| {
            let dialog = view.get().dialog;
            let completed = dialog.as_ref().is_some_and(is_completed);
            if dialog.is_some() && was_open == Some(false) {
                // It has just opened, so the results are those of the previous dialog.
                actions.reset();
            } else if completed {
                selection.0.update(std::collections::BTreeSet::clear);
                leave(true);
            }
            dialog.is_some()
        }
    });
    let on_close = Callback::new(move |()| leave(false));
    let dialog = Memo::new(move |_| view.get().dialog.filter(|dialog| !is_completed(dialog)));
    // Fetched when the first dialog that offers roles or groups opens.
    let organization = StoredValue::new(use_organization());
    let needs_grants = Memo::new(move |before: Option<&bool>| {
        before == Some(&true)
            || matches!(dialog.get(), Some(UsersDialog::Invite(_) | UsersDialog::Selected(_)))
    });
    let grants = json_resource_if(
        move || needs_grants.get().then(|| ListGrants { org: organization.get_value() }),
        || 0,
    );
    let loaded = |grants: Option<Result<Option<Grants>, Problem>>| grants.and_then(Result::ok).flatten();
    let loaded_grants = move || loaded(grants.get_untracked()).or_else(|| loaded(grants.get()));
    // A dialog is rendered only once all its data has arrived: parts of it inside a `Suspense` of their own would outlive
    // its signals.
    erased_view! {
        <Suspense>
            {move || dialog.get().and_then(|dialog| {
                let href = without_dialog(view);
                Some(match dialog {
                    UsersDialog::Invite(addresses) => {
                        erased_view! { <InviteDialog action=actions.invite apply=actions.apply addresses grants=loaded_grants()? on_close/> }
                    }
                    UsersDialog::ResendAllExpired => {
                        erased_view! { <ResendAllExpiredDialog action=actions.resend_all on_close href/> }
                    }
                    UsersDialog::Selected(users) => {
                        let rows = page.get_untracked()?.map(|page| page.rows).unwrap_or_default();
                        let (apply, change_group) = (actions.apply, actions.change_group);
                        let (groups, group) = (loaded_grants()?.groups, view.get_untracked().query.group);
                        erased_view! { <BulkActionDialog users rows groups group apply change_group on_close href/> }
                    }
                })
            })}
        </Suspense>
    }
}

fn without_dialog(view: Memo<UsersView>) -> String {
    paths::users(&use_organization(), &UsersView { dialog: None, ..view.get_untracked() })
}

/// The results of the dialogs, shown above the list.
#[component]
pub fn ActionNotices(view: Memo<UsersView>, actions: UsersActions) -> impl IntoView {
    let applied = actions.apply.result();
    // While the invite dialog is open it shows the result itself.
    let is_inviting = Memo::new(move |_| matches!(view.get().dialog, Some(UsersDialog::Invite(_))));
    erased_view! {
        <InvitedNotice answer=actions.invite.result()/>
        <ActionNotice answer=applied.only_while(move || !is_inviting.get())/>
        <SuccessNotice answer=actions.change_group.result() message=group_change_message/>
        <SuccessNotice answer=actions.resend_all.result() message=sent_message/>
    }
}

/// The invited addresses, once the dialog has closed.
#[component]
fn InvitedNotice(answer: FormResult<InviteResult>) -> impl IntoView {
    erased_view! {
        <div role="status">
            {move || answer.get().filter(|answer| is_fully_invited(Some(answer))).and_then(Result::ok).map(|result| {
                let invited: Vec<String> = result.addresses.iter().map(|address| address.text.clone()).collect();
                let (summary, names) = (summarize(&result.addresses, Phase::Result), join_names(&invited));
                erased_view! {
                    <Notice tone=Tone::Success>
                        <p><strong>{summary}</strong>": "{names}". Each row in the list shows its delivery status."</p>
                    </Notice>
                }
            })}
        </div>
    }
}

/// The message about a successful action.
#[component]
fn SuccessNotice<T>(answer: FormResult<T>, message: fn(T) -> String) -> impl IntoView
where
    T: DeserializeOwned + 'static,
{
    erased_view! {
        <div role="status">
            {move || answer.get().and_then(Result::ok).map(message).map(|message| erased_view! {
                <Notice tone=Tone::Success><p>{message}</p></Notice>
            })}
        </div>
    }
}

fn sent_message(sent: usize) -> String {
    match sent {
        0 => "There were no expired invitations left to resend.".to_owned(),
        1 => "1 new invitation is on its way.".to_owned(),
        many => format!("{} new invitations are on their way.", format_number(many)),
    }
}
