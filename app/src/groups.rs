//! Groups: users with a common set of roles.

mod api;

use crate::crud::{DeleteDialog, use_dialog};
use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::paths::{self, CrudDialog};
use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{self, ServerForm, ServerFormAction};
use crate::runtime::json_resource::json_resource;
use crate::runtime::stale_while_loading::StaleWhileLoading;
use crate::ui::{
    CheckboxGroup, CheckboxOption, CloseLink, Dialog, EmptyState, ErrorSummary, Field, Icon, PageHeading,
    SubmitButton, TextArea, icon,
};
use crate::viewer::use_organization;
use api::{DeleteGroup, ListGroups, SaveGroup};
use leptos::prelude::*;
use model::permission::{Group, RoleName};
use model::text;

#[component]
pub fn GroupsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (save, delete) = (ServerFormAction::<SaveGroup>::new(), ServerFormAction::<DeleteGroup>::new());
    let versions = (form::success_count(save), form::success_count(delete));
    let groups = json_resource(
        move || ListGroups { org: organization.get_value() },
        move || versions.0.get() + versions.1.get(),
    );
    let (dialog, on_close) = use_dialog(paths::groups(&organization.get_value()), save, delete);
    erased_view! {
        <OrganizationPage title="Groups".to_owned() section=Section::Groups>
            <PageHeading title="Groups">
                <a href=CrudDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}"New group"</a>
            </PageHeading>
            <p class="muted">"Members of a group get all of its roles. Add people from their profile or from the user list."</p>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match groups.await {
                        Ok((groups, _)) => erased_view! { <Table groups/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })}
            </StaleWhileLoading>
            <Suspense>
                {move || dialog.get().zip(groups.get_untracked()).map(|(dialog, loaded)| {
                    let (groups, roles) = loaded.unwrap_or_default();
                    erased_view! { <CrudDialogs dialog groups roles save delete on_close/> }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn Table(groups: Vec<Group>) -> impl IntoView {
    if groups.is_empty() {
        return erased_view! {
            <EmptyState message="No groups yet. Create one for people with the same job, such as “Accounting”, and give it roles."/>
        };
    }
    let rows = groups.into_iter().map(|group| {
        let edit = CrudDialog::Edit(group.id.0).search();
        let members = paths::group_users(&use_organization(), group.id);
        let members_label = format!("{} of {}", text::count(usize::try_from(group.members).unwrap_or_default(), "member", "members"), group.name);
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
        <table>
            <caption class="visually-hidden">"Groups"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Description"</th><th scope="col">"Roles"</th><th scope="col">"Members"</th>
                <th scope="col"><span class="visually-hidden">"Edit"</span></th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

#[component]
fn CrudDialogs(
    dialog: CrudDialog,
    groups: Vec<Group>,
    roles: Vec<RoleName>,
    save: ServerFormAction<SaveGroup>,
    delete: ServerFormAction<DeleteGroup>,
    on_close: Callback<()>,
) -> impl IntoView {
    let href = paths::groups(&use_organization());
    let find = |id| groups.iter().find(|group| group.id.0 == id).cloned();
    match dialog {
        CrudDialog::New => Some(erased_view! { <Editor group=None roles save on_close href/> }),
        CrudDialog::Edit(id) => {
            find(id).map(|group| erased_view! { <Editor group=Some(group) roles save on_close href/> })
        }
        CrudDialog::Delete(id) => find(id).map(|group| {
            let members = match group.members {
                0 => "This group has no members.".to_owned(),
                1 => "Its only member stays in the organization but loses the roles from this group.".to_owned(),
                count => {
                    let members = text::count(usize::try_from(count).unwrap_or_default(), "member", "members");
                    format!("Its {members} stay in the organization but lose the roles from this group.")
                }
            };
            erased_view! {
                <DeleteDialog
                    title=format!("Delete “{}”?", group.name) button="Delete group" id action=delete on_close href
                    message=format!("{members} This can’t be undone.")
                />
            }
        }),
    }
}

#[component]
fn Editor(
    group: Option<Group>,
    roles: Vec<RoleName>,
    save: ServerFormAction<SaveGroup>,
    on_close: Callback<()>,
    href: String,
) -> impl IntoView {
    let problem = form::problem(save);
    let error =
        move |field| Signal::derive(move || problem.get().and_then(|problem| problem.field_error(field)));
    let was_posted = form::was_posted::<SaveGroup>();
    let posted_roles = form::posted_values::<SaveGroup>("roles[]");
    let id = group.as_ref().map(|group| group.id.0);
    let title = if id.is_some() { "Edit group" } else { "New group" };
    let (name, description, current_roles) =
        group.map(|group| (group.name, group.description, group.roles)).unwrap_or_default();
    let name = if was_posted { form::posted_value::<SaveGroup>("name") } else { name };
    let description = if was_posted { form::posted_value::<SaveGroup>("description") } else { description };
    let options = roles.into_iter().map(|role| {
        let value = role.id.to_string();
        let checked = if was_posted { posted_roles.contains(&value) } else { current_roles.contains(&role) };
        CheckboxOption { value, label: role.name, checked }
    });
    let options: Vec<CheckboxOption> = options.collect();
    erased_view! {
        <Dialog title on_close>
            <ServerForm action=save>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.map(|id| id.to_string())/>
                <Field label="Name" name="name" value=name autofocus=true error=error("name")/>
                <TextArea
                    label="Description" name="description" value=description rows=2
                    error=error("description") node_ref=NodeRef::new() on_text=Callback::new(|_| ())
                />
                <CheckboxGroup legend="Roles" name="roles" options empty_message="No roles yet."/>
                <div class="actions">
                    {id.map(|id| erased_view! { <a href=CrudDialog::Delete(id).search() data-noscroll class="button danger push-start">"Delete group…"</a> })}
                    <CloseLink on_close href label="Cancel"/>
                    <SubmitButton label="Save group" pending_label="Saving…" pending=save.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
