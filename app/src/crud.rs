//! Pages that list items, and create, edit and delete them in dialogs, such as groups and roles.

use crate::layout::{Loaded, OrganizationPage, Section};
use crate::paths::{CrudDialog, CrudView};
use crate::runtime::prelude::*;
use crate::ui::{CloseLink, Dialog, ErrorSummary, Icon, PageHeading, SubmitButton, icon};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The actions of a page, and the dialog that its URL names.
pub struct Crud<Save, Delete> {
    pub save: ServerFormAction<Save>,
    pub delete: ServerFormAction<Delete>,
    /// How many changes have succeeded: the list depends on it.
    pub version: Signal<usize>,
    dialog: Memo<Option<CrudDialog>>,
    list_path: StoredValue<String>,
    on_close: Callback<()>,
}

impl<Save, Delete> Clone for Crud<Save, Delete> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Save, Delete> Copy for Crud<Save, Delete> {}

/// Opens the dialog that the URL names, until its action succeeds.
pub fn use_crud<Save, Delete>(list_path: String) -> Crud<Save, Delete>
where
    Save: ServerFn + 'static,
    Delete: ServerFn + 'static,
{
    let (save, delete) = (ServerFormAction::<Save>::new(), ServerFormAction::<Delete>::new());
    let counts = (save.success_count(), delete.success_count());
    let search = use_location().search;
    let (saved, deleted) = (save.succeeded(), delete.succeeded());
    let succeeded = Memo::new(move |_| saved.get() || deleted.get());
    let requested = Memo::new(move |_| CrudView::parse(&search.get()).dialog);
    let list_path = StoredValue::new(list_path);
    let navigate = use_navigate();
    let close = move |replace| {
        let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
        navigate(&list_path.get_value(), options);
    };
    Effect::new({
        let close = close.clone();
        move |was_requested: Option<bool>| {
            let (is_requested, has_succeeded) = (requested.get().is_some(), succeeded.get());
            if is_requested && was_requested == Some(false) {
                // The dialog was just opened: clear the results of the previous one.
                save.reset();
                delete.reset();
            } else if is_requested && has_succeeded {
                close(true);
            }
            is_requested
        }
    });
    Crud {
        save,
        delete,
        version: Signal::derive(move || counts.0.get() + counts.1.get()),
        dialog: Memo::new(move |_| requested.get().filter(|_| !succeeded.get())),
        list_path,
        on_close: Callback::new(move |()| close(false)),
    }
}

/// The page: heading, list and dialogs.
#[component]
pub fn CrudPage<T, Item, Save, Delete, List, Editor, Confirmation>(
    title: &'static str,
    section: Section,
    /// The label of the link that opens an empty editor.
    new_label: &'static str,
    description: &'static str,
    crud: Crud<Save, Delete>,
    data: JsonResource<T>,
    list: List,
    find: fn(&T, Uuid) -> Option<Item>,
    /// An [`EditorDialog`] for the item, or for a new one.
    editor: Editor,
    /// A [`DeleteDialog`] for the item.
    delete: Confirmation,
    /// What to show above the list.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView
where
    T: DeserializeOwned + Send + 'static,
    Item: 'static,
    Save: 'static,
    Delete: 'static,
    List: Fn(T) -> AnyView + Copy + Send + Sync + 'static,
    Editor: Fn(T, Option<Item>) -> AnyView + Copy + Send + Sync + 'static,
    Confirmation: Fn(Item) -> AnyView + Copy + Send + Sync + 'static,
{
    erased_view! {
        <OrganizationPage title=title.to_owned() section>
            <PageHeading title>
                <a href=CrudDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}{new_label}</a>
            </PageHeading>
            <p class="muted">{description}</p>
            {children.map(|children| children())}
            <Loaded resource=data view=list/>
            <Suspense>
                {move || crud.dialog.get().zip(data.get_untracked()).and_then(|(dialog, data)| {
                    let data = data.ok()?;
                    match dialog {
                        CrudDialog::New => Some(editor(data, None)),
                        CrudDialog::Edit(id) => find(&data, id).map(|item| editor(data, Some(item))),
                        CrudDialog::Delete(id) => find(&data, id).map(delete),
                    }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

/// Edits an item, or creates one if there is no id. The children are the form's fields.
#[component]
pub fn EditorDialog<Save, Delete>(
    crud: Crud<Save, Delete>,
    title: &'static str,
    id: Option<Uuid>,
    /// The label of the link that opens the [`DeleteDialog`].
    #[prop(optional)]
    delete_label: &'static str,
    save_label: &'static str,
    #[prop(default = "Saving…")] pending_label: &'static str,
    children: Children,
) -> impl IntoView
where
    Save: ServerFn + 'static,
    Delete: 'static,
{
    let Crud { save, list_path, on_close, .. } = crud;
    erased_view! {
        <Dialog title on_close>
            <ServerForm action=save>
                <ErrorSummary problem=save.problem()/>
                <input type="hidden" name="id" value=id.map(|id| id.to_string())/>
                {children()}
                <div class="actions">
                    {id.map(|id| erased_view! { <a href=CrudDialog::Delete(id).search() data-noscroll class="button danger push-start">{delete_label}</a> })}
                    <CloseLink on_close href=list_path.get_value() label="Cancel"/>
                    <SubmitButton label=save_label pending_label pending=save.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}

/// Asks for confirmation before an item is deleted.
#[component]
pub fn DeleteDialog<Save, Delete>(
    crud: Crud<Save, Delete>,
    id: Uuid,
    #[prop(into)] title: String,
    #[prop(into)] message: String,
    button: &'static str,
    #[prop(default = "Deleting…")] pending_label: &'static str,
) -> impl IntoView
where
    Save: 'static,
    Delete: ServerFn + 'static,
{
    let Crud { delete, list_path, on_close, .. } = crud;
    erased_view! {
        <Dialog title on_close>
            <p>{message}</p>
            <ServerForm action=delete>
                <ErrorSummary problem=delete.problem()/>
                <input type="hidden" name="id" value=id.to_string()/>
                <div class="actions">
                    <CloseLink on_close href=list_path.get_value() label="Cancel"/>
                    <SubmitButton label=button pending_label pending=delete.pending() kind="danger"/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
