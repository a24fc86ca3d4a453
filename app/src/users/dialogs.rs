//! The dialogs of the Users page: which is open stands in the URL, and what came of them on the page.

use super::address_list::{Tense, totals};
use super::api::{Act, ChangeGroup, Invite, InviteAllAgain, ListGrants};
use super::invite::{InviteDialog, is_settled};
use super::messages::{grouped_words, names};
use super::selection::{ActNotice, Chosen, ChosenDialog, InviteAllAgainDialog};
use crate::erased_view::erased_view;
use crate::form::{self, FormResult, ServerFormAction};
use crate::json_resource::{JsonResource, json_resource_if};
use crate::paths::{self, UsersDialog, UsersView};
use crate::ui::{Notice, Tone};
use crate::viewer::use_organization;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use model::Problem;
use model::invitations::InviteResult;
use model::permission::Grants;
use model::users::UsersPage as Page;
use serde::de::DeserializeOwned;

/// What can be done on the page.
#[derive(Clone, Copy)]
pub struct Actions {
    pub invite: ServerFormAction<Invite>,
    pub act: ServerFormAction<Act>,
    pub grouping: ServerFormAction<ChangeGroup>,
    pub all: ServerFormAction<InviteAllAgain>,
}

impl Actions {
    pub fn new() -> Self {
        Self {
            invite: ServerFormAction::new(),
            act: ServerFormAction::new(),
            grouping: ServerFormAction::new(),
            all: ServerFormAction::new(),
        }
    }

    /// How often something was done that the list shows.
    pub fn successes(self) -> Memo<usize> {
        let (invite, act) = (form::success_count(self.invite), form::success_count(self.act));
        let (grouping, all) = (form::success_count(self.grouping), form::success_count(self.all));
        Memo::new(move |_| invite.get() + act.get() + grouping.get() + all.get())
    }

    /// Forgets what came of the last dialog, for one that begins anew.
    pub fn reset(self) {
        form::reset(self.invite);
        form::reset(self.act);
        form::reset(self.grouping);
        form::reset(self.all);
    }

    /// For each kind of dialog, whether all that it was opened for has been done.
    fn settled(self) -> impl Fn(&UsersDialog) -> bool + Copy + Send + Sync + 'static {
        let (invited, acted) = (form::result(self.invite), form::result(self.act));
        let (grouped, sent) = (form::result(self.grouping), form::result(self.all));
        let done = Memo::new(move |_| {
            let chosen = matches!(acted.get(), Some(Ok(_))) || matches!(grouped.get(), Some(Ok(_)));
            (is_settled(invited.get().as_ref()), chosen, matches!(sent.get(), Some(Ok(_))))
        });
        move |dialog| match (dialog, done.get()) {
            (UsersDialog::Invite(_), (settled, ..))
            | (UsersDialog::Selected(_), (_, settled, _))
            | (UsersDialog::ResendAllExpired, (.., settled)) => settled,
        }
    }
}

/// The dialog that the URL names, until it is settled: then it closes, and the page tells.
#[component]
pub fn Dialogs(
    view: Memo<UsersView>,
    page: JsonResource<Page>,
    actions: Actions,
    chosen: Chosen,
) -> impl IntoView {
    let settled = actions.settled();
    let go = use_navigate();
    let leave = move |replace| {
        go(&without_dialog(view), NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
    };
    Effect::new({
        let leave = leave.clone();
        move |before: Option<bool>| {
            let dialog = view.get().dialog;
            let done = dialog.as_ref().is_some_and(settled);
            if dialog.is_some() && before == Some(false) {
                // It was opened just now, and knows of nothing that was done before.
                actions.reset();
            } else if done {
                chosen.0.update(std::collections::BTreeSet::clear);
                leave(true);
            }
            dialog.is_some()
        }
    });
    let on_close = Callback::new(move |()| leave(false));
    let dialog = Memo::new(move |_| view.get().dialog.filter(|dialog| !settled(dialog)));
    // Asked for when the first dialog opens that offers them.
    let organization = StoredValue::new(use_organization());
    let wanted = Memo::new(move |before: Option<&bool>| {
        before == Some(&true)
            || matches!(dialog.get(), Some(UsersDialog::Invite(_) | UsersDialog::Selected(_)))
    });
    let grants =
        json_resource_if(move || wanted.get().then(|| ListGrants { org: organization.get_value() }), || 0);
    let grants_of = |grants: Option<Result<Option<Grants>, Problem>>| grants.and_then(Result::ok).flatten();
    let granted = move || grants_of(grants.get_untracked()).or_else(|| grants_of(grants.get()));
    // All that a dialog shows is there before the dialog is: within a `Suspense` of its own, parts of it would outlive
    // its signals.
    erased_view! {
        <Suspense>
            {move || dialog.get().and_then(|dialog| {
                let href = without_dialog(view);
                Some(match dialog {
                    UsersDialog::Invite(addresses) => {
                        erased_view! { <InviteDialog action=actions.invite act=actions.act addresses grants=granted()? on_close/> }
                    }
                    UsersDialog::ResendAllExpired => {
                        erased_view! { <InviteAllAgainDialog action=actions.all on_close href/> }
                    }
                    UsersDialog::Selected(users) => {
                        let rows = page.get_untracked()?.map(|page| page.rows).unwrap_or_default();
                        let (act, grouping, groups) = (actions.act, actions.grouping, granted()?.groups);
                        let group = view.get_untracked().query.group;
                        erased_view! { <ChosenDialog users rows groups group act grouping on_close href/> }
                    }
                })
            })}
        </Suspense>
    }
}

fn without_dialog(view: Memo<UsersView>) -> String {
    paths::users(&use_organization(), &UsersView { dialog: None, ..view.get_untracked() })
}

/// What came of the dialogs, on the page.
#[component]
pub fn Outcome(view: Memo<UsersView>, actions: Actions) -> impl IntoView {
    let acted = form::result(actions.act);
    // The invite dialog tells by itself, as long as it is open.
    let inviting = Memo::new(move |_| matches!(view.get().dialog, Some(UsersDialog::Invite(_))));
    erased_view! {
        <Invited answer=form::result(actions.invite)/>
        <ActNotice answer=acted.only_while(move || !inviting.get())/>
        <Told answer=form::result(actions.grouping) words=grouped_words/>
        <Told answer=form::result(actions.all) words=sent_words/>
    }
}

/// Says on the page who was invited, once the dialog has closed.
#[component]
fn Invited(answer: FormResult<InviteResult>) -> impl IntoView {
    erased_view! {
        <div role="status">
            {move || answer.get().filter(|answer| is_settled(Some(answer))).and_then(Result::ok).map(|answer| {
                let list: Vec<String> = answer.addresses.iter().map(|address| address.text.clone()).collect();
                let (totals, names) = (totals(&answer.addresses, Tense::After), names(&list));
                erased_view! {
                    <Notice tone=Tone::Success>
                        <p><strong>{totals}</strong>": "{names}". Each row below tells where their mail is."</p>
                    </Notice>
                }
            })}
        </div>
    }
}

/// Says on the page what a dialog did, in one sentence or two.
#[component]
fn Told<T>(answer: FormResult<T>, words: fn(T) -> String) -> impl IntoView
where
    T: DeserializeOwned + 'static,
{
    erased_view! {
        <div role="status">
            {move || answer.get().and_then(Result::ok).map(words).map(|words| erased_view! {
                <Notice tone=Tone::Success><p>{words}</p></Notice>
            })}
        </div>
    }
}

fn sent_words(sent: usize) -> String {
    match sent {
        0 => "No invitation has expired any more.".to_owned(),
        1 => "1 new invitation is on its way.".to_owned(),
        many => format!("{many} new invitations are on their way."),
    }
}
