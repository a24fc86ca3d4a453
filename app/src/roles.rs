//! Custom roles: names for sets of permissions.

mod api;

use crate::crud::{DeleteDialog, use_dialog};
use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{Failed, OrganizationPage, Section};
use crate::paths::{self, CrudDialog};
use crate::ui::{
    Close, Dialog, Empty, Field, Heading, Icon, Problems, StaleWhileLoading, Submit, TextArea, icon,
};
use crate::viewer::use_organization;
use api::{DeleteRole, ListRoles, SaveRole};
use leptos::prelude::*;
use model::permission::{Permission, Role};

#[component]
pub fn RolesPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (save, delete) = (ServerFormAction::<SaveRole>::new(), ServerFormAction::<DeleteRole>::new());
    let changes = (form::successes(save), form::successes(delete));
    let roles = json_resource(
        move || ListRoles { org: organization.get_value() },
        move || changes.0.get() + changes.1.get(),
    );
    let (dialog, on_close) = use_dialog(paths::roles(&organization.get_value()), save, delete);
    erased_view! {
        <OrganizationPage title="Roles".to_owned() section=Section::Roles>
            <Heading title="Roles">
                <a href=CrudDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}"New role"</a>
            </Heading>
            <p class="muted">"A role is a set of permissions. People have roles of their own, and those of their groups."</p>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match roles.await {
                        Ok(roles) => erased_view! { <Table roles/> },
                        Err(problem) => erased_view! { <Failed problem/> },
                    }
                })}
            </StaleWhileLoading>
            <Suspense>
                {move || dialog.get().zip(roles.get_untracked()).map(|(dialog, roles)| {
                    erased_view! { <Dialogs dialog roles=roles.unwrap_or_default() save delete on_close/> }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn Table(roles: Vec<Role>) -> impl IntoView {
    if roles.is_empty() {
        return erased_view! {
            <Empty words="No roles yet. Make one, such as “Bookkeeper” with invoice:read and invoice:pay, and give it to people or groups."/>
        };
    }
    let rows = roles.into_iter().map(|role| {
        let edit = CrudDialog::Edit(role.id.0).search();
        let permissions: Vec<_> =
            role.permissions.iter().map(|one| erased_view! { <code>{one.to_string()}</code>" " }).collect();
        erased_view! {
            <tr>
                <td data-label="Name" class="name" id=format!("role-{}", role.id)>{role.name}</td>
                <td data-label="Permissions" class="code-list">{permissions}</td>
                <td data-label="People">{role.users}</td>
                <td data-label="Groups">{role.groups}</td>
                <td class="row-actions"><a href=edit data-noscroll class="stretched-link" aria-describedby=format!("role-{}", role.id)>"Edit"</a></td>
            </tr>
        }
    });
    erased_view! {
        <table>
            <caption class="visually-hidden">"Roles of the organization"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Permissions"</th><th scope="col">"People"</th><th scope="col">"Groups"</th>
                <th scope="col"><span class="visually-hidden">"Edit"</span></th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Dialogs(
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
            erased_view! {
                <DeleteDialog
                    title=format!("Delete the role {}?", role.name) button="Delete role" id action=delete on_close href
                    words="Everybody who has it, and every group, loses it and its permissions at once. It can’t be undone."
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
    let of = move |field| Signal::derive(move || problem.get().and_then(|problem| problem.of_field(field)));
    let again = form::was_posted::<SaveRole>();
    let id = role.as_ref().map(|role| role.id.0);
    let title = if id.is_some() { "Edit role" } else { "New role" };
    let (name, permissions) = role
        .map(|role| {
            let lines: Vec<&str> = role.permissions.iter().map(Permission::as_str).collect();
            (role.name.clone(), lines.join("\n"))
        })
        .unwrap_or_default();
    let name = if again { form::posted_value::<SaveRole>("name") } else { name };
    let permissions = if again { form::posted_value::<SaveRole>("permissions") } else { permissions };
    erased_view! {
        <Dialog title on_close>
            <ServerForm action=save>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.map(|id| id.to_string())/>
                <Field label="Name" name="name" value=name autofocus=true error=of("name")/>
                <TextArea
                    label="Permissions" name="permissions" value=permissions rows=6
                    hint="One a line, as resource:action. With * as the action, it is every action on the resource."
                    error=of("permissions") node_ref=NodeRef::new() on_text=Callback::new(|_| ())
                />
                <div class="actions">
                    {id.map(|id| erased_view! { <a href=CrudDialog::Delete(id).search() data-noscroll class="button danger push-start">"Delete role…"</a> })}
                    <Close on_close href label="Cancel"/>
                    <Submit label="Save role" pending_label="Saving…" pending=save.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
