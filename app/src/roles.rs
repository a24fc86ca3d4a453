//! Custom roles: named sets of permissions.

mod api;

use crate::crud::{DeleteDialog, use_dialog};
use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::paths::{self, CrudDialog};
use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{self, ServerForm, ServerFormAction};
use crate::runtime::json_resource::json_resource;
use crate::runtime::stale_while_loading::StaleWhileLoading;
use crate::ui::{
    CloseLink, Dialog, EmptyState, ErrorSummary, Field, Icon, PageHeading, SubmitButton, TextArea, icon,
};
use crate::viewer::use_organization;
use api::{DeleteRole, ListRoles, SaveRole};
use leptos::prelude::*;
use model::permission::{Permission, Role};
use model::text;

#[component]
pub fn RolesPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (save, delete) = (ServerFormAction::<SaveRole>::new(), ServerFormAction::<DeleteRole>::new());
    let versions = (form::success_count(save), form::success_count(delete));
    let roles = json_resource(
        move || ListRoles { org: organization.get_value() },
        move || versions.0.get() + versions.1.get(),
    );
    let (dialog, on_close) = use_dialog(paths::roles(&organization.get_value()), save, delete);
    erased_view! {
        <OrganizationPage title="Roles".to_owned() section=Section::Roles>
            <PageHeading title="Roles">
                <a href=CrudDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}"New role"</a>
            </PageHeading>
            <p class="muted">"A role is a set of permissions. Assign roles to users directly or through groups."</p>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match roles.await {
                        Ok(roles) => erased_view! { <Table roles/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })}
            </StaleWhileLoading>
            <Suspense>
                {move || dialog.get().zip(roles.get_untracked()).map(|(dialog, roles)| {
                    erased_view! { <CrudDialogs dialog roles=roles.unwrap_or_default() save delete on_close/> }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn Table(roles: Vec<Role>) -> impl IntoView {
    if roles.is_empty() {
        return erased_view! {
            <EmptyState message="No roles yet. Create one, such as “Bookkeeper” with invoice:read and invoice:pay, then assign it to users or groups."/>
        };
    }
    let rows = roles.into_iter().map(|role| {
        let edit = CrudDialog::Edit(role.id.0).search();
        let permissions: Vec<_> =
            role.permissions.iter().map(|permission| erased_view! { <code>{permission.to_string()}</code>" " }).collect();
        erased_view! {
            <tr>
                <td data-label="Name" class="name" id=format!("role-{}", role.id)>{role.name}</td>
                <td data-label="Permissions" class="code-list">{permissions}</td>
                <td data-label="Users">{role.users}</td>
                <td data-label="Groups">{role.groups}</td>
                <td class="row-actions"><a href=edit data-noscroll class="stretched-link" aria-describedby=format!("role-{}", role.id)>"Edit"</a></td>
            </tr>
        }
    });
    erased_view! {
        <table>
            <caption class="visually-hidden">"Roles"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Permissions"</th><th scope="col">"Users"</th><th scope="col">"Groups"</th>
                <th scope="col"><span class="visually-hidden">"Edit"</span></th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

#[component]
fn CrudDialogs(
    dialog: CrudDialog,
    roles: Vec<Role>,
    save: ServerFormAction<SaveRole>,
    delete: ServerFormAction<DeleteRole>,
    on_close: Callback<()>,
) -> impl IntoView {
    let href = paths::roles(&use_organization());
    let find = |id| roles.iter().find(|role| role.id.0 == id).cloned();
    match dialog {
        CrudDialog::New => Some(erased_view! { <Editor role=None save on_close href/> }),
        CrudDialog::Edit(id) => {
            find(id).map(|role| erased_view! { <Editor role=Some(role) save on_close href/> })
        }
        CrudDialog::Delete(id) => find(id).map(|role| {
            let count = |count: i64, singular, plural| {
                text::count(usize::try_from(count).unwrap_or_default(), singular, plural)
            };
            let (users, groups) =
                (count(role.users, "user", "users"), count(role.groups, "group", "groups"));
            erased_view! {
                <DeleteDialog
                    title=format!("Delete “{}”?", role.name) button="Delete role" id action=delete on_close href
                    message=format!("{users} and {groups} lose this role and its permissions immediately. This can’t be undone.")
                />
            }
        }),
    }
}

#[component]
fn Editor(
    role: Option<Role>,
    save: ServerFormAction<SaveRole>,
    on_close: Callback<()>,
    href: String,
) -> impl IntoView {
    let problem = form::problem(save);
    let error =
        move |field| Signal::derive(move || problem.get().and_then(|problem| problem.field_error(field)));
    let was_posted = form::was_posted::<SaveRole>();
    let id = role.as_ref().map(|role| role.id.0);
    let title = if id.is_some() { "Edit role" } else { "New role" };
    let (name, permissions) = role
        .map(|role| {
            let lines: Vec<&str> = role.permissions.iter().map(Permission::as_str).collect();
            (role.name.clone(), lines.join("\n"))
        })
        .unwrap_or_default();
    let name = if was_posted { form::posted_value::<SaveRole>("name") } else { name };
    let permissions = if was_posted { form::posted_value::<SaveRole>("permissions") } else { permissions };
    erased_view! {
        <Dialog title on_close>
            <ServerForm action=save>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.map(|id| id.to_string())/>
                <Field label="Name" name="name" value=name autofocus=true error=error("name")/>
                <TextArea
                    label="Permissions" name="permissions" value=permissions rows=6
                    hint="One permission per line, in the form resource:action. Use resource:* for every action."
                    error=error("permissions") node_ref=NodeRef::new() on_text=Callback::new(|_| ())
                />
                <div class="actions">
                    {id.map(|id| erased_view! { <a href=CrudDialog::Delete(id).search() data-noscroll class="button danger push-start">"Delete role…"</a> })}
                    <CloseLink on_close href label="Cancel"/>
                    <SubmitButton label="Save role" pending_label="Saving…" pending=save.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
