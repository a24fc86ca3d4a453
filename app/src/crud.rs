//! Shared by pages that list items and create, edit and delete them in dialogs, such as groups and roles.

use crate::paths::{CrudDialog, CrudView};
use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{self, ServerForm, ServerFormAction};
use crate::ui::{CloseLink, Dialog, ErrorSummary, SubmitButton};
use crate::viewer::use_organization;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use uuid::Uuid;

/// The dialog that the URL names, open until its action succeeds, and a callback that closes it.
pub fn use_dialog<Save, Delete>(
    list_path: String,
    save: ServerFormAction<Save>,
    delete: ServerFormAction<Delete>,
) -> (Memo<Option<CrudDialog>>, Callback<()>)
where
    Save: ServerFn + 'static,
    Delete: ServerFn + 'static,
{
    let search = use_location().search;
    let (saved, deleted) = (form::succeeded(save), form::succeeded(delete));
    let succeeded = Memo::new(move |_| saved.get() || deleted.get());
    let requested = Memo::new(move |_| CrudView::parse(&search.get()).dialog);
    let open = Memo::new(move |_| requested.get().filter(|_| !succeeded.get()));
    let navigate = use_navigate();
    let close = move |replace| {
        navigate(&list_path, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
    };
    Effect::new({
        let close = close.clone();
        move |was_requested: Option<bool>| {
            let (is_requested, has_succeeded) = (requested.get().is_some(), succeeded.get());
            if is_requested && was_requested == Some(false) {
                // The dialog was just opened: clear the results of the previous one.
                form::reset(save);
                form::reset(delete);
            } else if is_requested && has_succeeded {
                close(true);
            }
            is_requested
        }
    });
    (open, Callback::new(move |()| close(false)))
}

/// Asks for confirmation before an item is deleted.
#[component]
pub fn DeleteDialog<S>(
    #[prop(into)] title: String,
    #[prop(into)] message: String,
    button: &'static str,
    #[prop(default = "Deleting…")] pending_label: &'static str,
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
            <p>{message}</p>
            <ServerForm action>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.to_string()/>
                <div class="actions">
                    <CloseLink on_close href label="Cancel"/>
                    <SubmitButton label=button pending_label pending=action.pending() kind="danger"/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
