//! What pages share that have a list and dialogs for one of its things, such as groups and roles.

use crate::forms::{self, Form};
use crate::paths::{ThingDialog, ThingView};
use crate::ui::{Close, Dialog, Problems, Submit};
use crate::viewer::use_organization;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use model::Problem;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The dialog that the URL names, as long as `done` has not become true; and the way back to the list.
pub fn use_dialog(
    list: String,
    done: impl Fn() -> bool + Copy + Send + Sync + 'static,
) -> (Memo<Option<ThingDialog>>, Callback<()>) {
    let search = use_location().search;
    let open = Memo::new(move |_| ThingView::read(&search.get()).dialog.filter(|_| !done()));
    let go = use_navigate();
    let leave = move |replace| {
        go(&list, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
    };
    Effect::new({
        let leave = leave.clone();
        move || {
            if done() && search.with_untracked(|search| search.contains("dialog=")) {
                leave(true);
            }
        }
    });
    (open, Callback::new(move |()| leave(false)))
}

/// Whether an action has just been done. Another dialog begins anew.
pub fn is_done<S>(action: ServerAction<S>) -> impl Fn() -> bool + Copy + Send + Sync + 'static
where
    S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
    S::Output: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let answer = forms::answer(action);
    let search = use_location().search;
    Effect::new(move |before: Option<bool>| {
        let open = search.with(|search| search.contains("dialog="));
        if open && before == Some(false) {
            forms::begin_anew(action);
        }
        open
    });
    move || matches!(answer.get(), Some(Ok(_)))
}

/// Asks before a thing is deleted.
#[component]
pub fn DeleteDialog<S>(
    #[prop(into)] title: String,
    words: &'static str,
    button: &'static str,
    id: Uuid,
    action: ServerAction<S>,
    #[prop(into)] href: String,
    on_close: Callback<()>,
) -> impl IntoView
where
    S: ServerFn<Error = Problem> + DeserializeOwned + Clone + Send + Sync + 'static,
    S::Output: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let problem = forms::problem(action);
    view! {
        <Dialog title on_close>
            <p>{words}</p>
            <Form action>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.to_string()/>
                <div class="actions">
                    <Close on_close href label="Cancel"/>
                    <Submit label=button pending_label="Deleting…" pending=action.pending() kind="danger"/>
                </div>
            </Form>
        </Dialog>
    }
}
