//! Groups: users with a common set of roles.

pub(crate) mod api;

use crate::crud::{Crud, CrudPage, DeleteDialog, EditorDialog, use_crud};
use crate::layout::Section;
use crate::paths::{self, CrudDialog};
use crate::runtime::prelude::*;
use crate::ui::{CheckboxGroup, CheckboxOption, EmptyState, Field, Table, TextArea};
use crate::viewer::use_organization;
use api::{DeleteGroup, ListGroups, SaveGroup};
use model::permission::{Group, RoleName};
use model::text;

#[component]
pub fn GroupsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let crud = use_crud(paths::groups(&organization.get_value()));
    let groups =
        json_resource(move || ListGroups { org: organization.get_value() }, move || crud.version.get());
    erased_view! {
        <CrudPage
            title="Groups" section=Section::Groups new_label="New group" crud data=groups
            description="Members of a group get all of its roles. Add people from their profile or from the user list."
            list=|(groups, _)| erased_view! { <GroupTable groups/> }
            find=|(groups, _), id| groups.iter().find(|group| group.id.0 == id).cloned()
            editor=move |(_, roles), group| erased_view! { <Editor crud group roles/> }
            delete=move |group| erased_view! { <Confirmation crud group/> }
        />
    }
}

#[component]
fn GroupTable(groups: Vec<Group>) -> impl IntoView {
    if groups.is_empty() {
        return erased_view! {
            <EmptyState message="No groups yet. Create one for people with the same job, such as “Accounting”, and give it roles."/>
        };
    }
    let rows = groups.into_iter().map(|group| {
        let edit = CrudDialog::Edit(group.id.0).search();
        let members = paths::group_users(&use_organization(), group.id);
        let members_label = format!("{} of {}", member_count(&group), group.name);
        let roles = group.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ");
        erased_view! {
            <tr>
                <td data-label="Name" class="name" id=format!("group-{}", group.id)>{group.name}</td>
                <td data-label="Description" class=if group.description.is_empty() { "is-empty" } else { "pre-line" }>{group.description.clone()}</td>
                <td data-label="Roles">{roles}</td>
                <td data-label="Members"><a href=members class="count" aria-label=members_label>{group.members}</a></td>
                <td class="row-actions"><a href=edit data-noscroll class="stretched-link" aria-describedby=format!("group-{}", group.id)>"Edit"</a></td>
            </tr>
        }
    });
    erased_view! {
        <Table caption="Groups" columns=&["Name", "Description", "Roles", "Members"] actions="Edit">{rows.collect_view()}</Table>
    }
}

fn member_count(group: &Group) -> String {
    text::count(usize::try_from(group.members).unwrap_or_default(), "member", "members")
}

#[component]
fn Editor(crud: Crud<SaveGroup, DeleteGroup>, group: Option<Group>, roles: Vec<RoleName>) -> impl IntoView {
    let save = crud.save;
    let id = group.as_ref().map(|group| group.id.0);
    let title = if id.is_some() { "Edit group" } else { "New group" };
    let (name, description, current_roles) =
        group.map(|group| (group.name, group.description, group.roles)).unwrap_or_default();
    let options = roles.into_iter().map(|role| {
        let value = role.id.to_string();
        let checked = save.is_checked("roles", &value, current_roles.contains(&role));
        CheckboxOption { value, label: role.name, checked }
    });
    let options: Vec<CheckboxOption> = options.collect();
    erased_view! {
        <EditorDialog crud title id save_label="Save group" delete_label="Delete group…">
            <Field label="Name" name="name" value=save.field_value("name", name) autofocus=true error=save.field_error("name")/>
            <TextArea
                label="Description" name="description" value=save.field_value("description", description) rows=2
                error=save.field_error("description")
            />
            <CheckboxGroup legend="Roles" name="roles" options empty_message="No roles yet."/>
        </EditorDialog>
    }
}

#[component]
fn Confirmation(crud: Crud<SaveGroup, DeleteGroup>, group: Group) -> impl IntoView {
    let members = match group.members {
        0 => "This group has no members.".to_owned(),
        1 => "Its only member stays in the organization but loses the roles from this group.".to_owned(),
        _ => format!(
            "Its {} stay in the organization but lose the roles from this group.",
            member_count(&group)
        ),
    };
    erased_view! {
        <DeleteDialog
            crud id=group.id.0 title=format!("Delete “{}”?", group.name) button="Delete group"
            message=format!("{members} This can’t be undone.")
        />
    }
}
