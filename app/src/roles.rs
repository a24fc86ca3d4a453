//! Custom roles: named sets of permissions.

pub(crate) mod api;

use crate::crud::{Crud, CrudPage, DeleteDialog, EditorDialog, use_crud};
use crate::layout::Section;
use crate::paths::{self, CrudDialog};
use crate::runtime::prelude::*;
use crate::ui::{EmptyState, Field, Table, TextArea};
use crate::viewer::use_organization;
use api::{DeleteRole, ListRoles, SaveRole};
use model::permission::{Permission, Role};
use model::text;

#[component]
pub fn RolesPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let crud = use_crud(paths::roles(&organization.get_value()));
    let roles =
        json_resource(move || ListRoles { org: organization.get_value() }, move || crud.version.get());
    erased_view! {
        <CrudPage
            title="Roles" section=Section::Roles new_label="New role" crud data=roles
            description="A role is a set of permissions. Assign roles to users directly or through groups."
            list=|roles| erased_view! { <RoleTable roles/> }
            find=|roles, id| roles.iter().find(|role| role.id.0 == id).cloned()
            editor=move |_, role| erased_view! { <Editor crud role/> }
            delete=move |role| erased_view! { <Confirmation crud role/> }
        />
    }
}

#[component]
fn RoleTable(roles: Vec<Role>) -> impl IntoView {
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
        <Table caption="Roles" columns=&["Name", "Permissions", "Users", "Groups"] actions="Edit">{rows.collect_view()}</Table>
    }
}

#[component]
fn Editor(crud: Crud<SaveRole, DeleteRole>, role: Option<Role>) -> impl IntoView {
    let save = crud.save;
    let id = role.as_ref().map(|role| role.id.0);
    let title = if id.is_some() { "Edit role" } else { "New role" };
    let (name, permissions) = role.map(|role| (role.name, role.permissions)).unwrap_or_default();
    let permissions = permissions.iter().map(Permission::as_str).collect::<Vec<_>>().join("\n");
    erased_view! {
        <EditorDialog crud title id save_label="Save role" delete_label="Delete role…">
            <Field label="Name" name="name" value=save.field_value("name", name) autofocus=true error=save.field_error("name")/>
            <TextArea
                label="Permissions" name="permissions" value=save.field_value("permissions", permissions) rows=6
                hint="One permission per line, in the form resource:action. Use resource:* for every action."
                error=save.field_error("permissions")
            />
        </EditorDialog>
    }
}

#[component]
fn Confirmation(crud: Crud<SaveRole, DeleteRole>, role: Role) -> impl IntoView {
    let count = |count: i64, singular, plural| {
        text::count(usize::try_from(count).unwrap_or_default(), singular, plural)
    };
    let (users, groups) = (count(role.users, "user", "users"), count(role.groups, "group", "groups"));
    erased_view! {
        <DeleteDialog
            crud id=role.id.0 title=format!("Delete “{}”?", role.name) button="Delete role"
            message=format!("{users} and {groups} lose this role and its permissions immediately. This can’t be undone.")
        />
    }
}
