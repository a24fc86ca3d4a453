//! What pages share that have a list and dialogs for one of its things, such as groups and roles.

use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::paths::{CrudDialog, CrudView};
use crate::ui::{Close, Dialog, Problems, Submit};
use crate::viewer::use_organization;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use uuid::Uuid;

/// The dialog that the URL names, until what it was opened for is done; and the way back to the list.
pub fn use_dialog<Save, Delete>(
    list: String,
    save: ServerFormAction<Save>,
    delete: ServerFormAction<Delete>,
) -> (Memo<Option<CrudDialog>>, Callback<()>)
where
    Save: ServerFn + 'static,
    Delete: ServerFn + 'static,
{
    let search = use_location().search;
    let (saved, deleted) = (form::done(save), form::done(delete));
    let done = Memo::new(move |_| saved.get() || deleted.get());
    let asked = Memo::new(move |_| CrudView::read(&search.get()).dialog);
    let open = Memo::new(move |_| asked.get().filter(|_| !done.get()));
    let go = use_navigate();
    let leave = move |replace| {
        go(&list, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
    };
    Effect::new({
        let leave = leave.clone();
        move |before: Option<bool>| {
            let (is_open, is_done) = (asked.get().is_some(), done.get());
            if is_open && before == Some(false) {
                // It was opened just now, and knows of nothing that was done before.
                form::reset(save);
                form::reset(delete);
            } else if is_open && is_done {
                leave(true);
            }
            is_open
        }
    });
    (open, Callback::new(move |()| leave(false)))
}

/// Asks before a thing is deleted.
#[component]
pub fn DeleteDialog<S>(
    #[prop(into)] title: String,
    words: &'static str,
    button: &'static str,
    #[prop(default = "Deleting…")] pending: &'static str,
    id: Uuid,
    action: ServerFormAction<S>,
    #[prop(into)] href: String,
    on_close: Callback<()>,
) -> impl IntoView
where
    S: ServerFn + 'static,
{
    let problem = form::problem(action);
    erased_view! {
        <Dialog title on_close>
            <p>{words}</p>
            <ServerForm action>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.to_string()/>
                <div class="actions">
                    <Close on_close href label="Cancel"/>
                    <Submit label=button pending_label=pending pending=action.pending() kind="danger"/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
