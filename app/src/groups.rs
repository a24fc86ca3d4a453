//! Groups: people together, and what all of them may do.

mod api;

use crate::crud::{DeleteDialog, use_dialog};
use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{Failed, OrganizationPage, Section};
use crate::paths::{self, CrudDialog};
use crate::ui::{
    Check, Checks, Close, Dialog, Empty, Field, Heading, Icon, Problems, StaleWhileLoading, Submit, TextArea,
    icon,
};
use crate::viewer::use_organization;
use api::{DeleteGroup, ListGroups, SaveGroup};
use leptos::prelude::*;
use model::permission::{Group, RoleName};

#[component]
pub fn GroupsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (save, delete) = (ServerFormAction::<SaveGroup>::new(), ServerFormAction::<DeleteGroup>::new());
    let changes = (form::successes(save), form::successes(delete));
    let groups = json_resource(
        move || ListGroups { org: organization.get_value() },
        move || changes.0.get() + changes.1.get(),
    );
    let (dialog, on_close) = use_dialog(paths::groups(&organization.get_value()), save, delete);
    erased_view! {
        <OrganizationPage title="Groups".to_owned() section=Section::Groups>
            <Heading title="Groups">
                <a href=CrudDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}"New group"</a>
            </Heading>
            <p class="muted">"Everybody in a group has the group’s roles. Put people in on their profile, or select them in the list of users; the number of people leads to them."</p>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match groups.await {
                        Ok((groups, _)) => erased_view! { <Table groups/> },
                        Err(problem) => erased_view! { <Failed problem/> },
                    }
                })}
            </StaleWhileLoading>
            <Suspense>
                {move || dialog.get().zip(groups.get_untracked()).map(|(dialog, loaded)| {
                    let (groups, roles) = loaded.unwrap_or_default();
                    erased_view! { <Dialogs dialog groups roles save delete on_close/> }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn Table(groups: Vec<Group>) -> impl IntoView {
    if groups.is_empty() {
        return erased_view! {
            <Empty words="No groups yet. Make one for people who do the same, such as “Bookkeeping”, and give it roles."/>
        };
    }
    let rows = groups.into_iter().map(|group| {
        let edit = CrudDialog::Edit(group.id.0).search();
        let people = paths::group_users(&use_organization(), group.id);
        let called = format!("{} in {}", group.members, group.name);
        let roles = group.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ");
        erased_view! {
            <tr>
                <td data-label="Name" class="name" id=format!("group-{}", group.id)>{group.name}</td>
                <td data-label="Description" class=if group.description.is_empty() { "is-empty" } else { "wide pre-line" }>{group.description.clone()}</td>
                <td data-label="Roles">{roles}</td>
                <td data-label="People"><a href=people class="count" aria-label=called>{group.members}</a></td>
                <td class="row-actions"><a href=edit data-noscroll class="stretched-link" aria-describedby=format!("group-{}", group.id)>"Edit"</a></td>
            </tr>
        }
    });
    erased_view! {
        <table>
            <caption class="visually-hidden">"Groups of the organization"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Description"</th><th scope="col">"Roles"</th><th scope="col">"People"</th>
                <th scope="col"><span class="visually-hidden">"Edit"</span></th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

#[component]
fn Dialogs(
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
            erased_view! {
                <DeleteDialog
                    title=format!("Delete the group {}?", group.name) button="Delete group" id action=delete on_close href
                    words="Its people stay in the organization, without the roles that the group gave them. It can’t be undone."
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
    let of = move |field| Signal::derive(move || problem.get().and_then(|problem| problem.of_field(field)));
    let again = form::was_posted::<SaveGroup>();
    let typed = form::posted_values::<SaveGroup>("roles[]");
    let id = group.as_ref().map(|group| group.id.0);
    let title = if id.is_some() { "Edit group" } else { "New group" };
    let (name, description, had) =
        group.map(|group| (group.name, group.description, group.roles)).unwrap_or_default();
    let name = if again { form::posted_value::<SaveGroup>("name") } else { name };
    let description = if again { form::posted_value::<SaveGroup>("description") } else { description };
    let checks = roles.into_iter().map(|role| {
        let value = role.id.to_string();
        let chosen = if again { typed.contains(&value) } else { had.contains(&role) };
        Check { value, label: role.name, chosen }
    });
    let checks: Vec<Check> = checks.collect();
    erased_view! {
        <Dialog title on_close>
            <ServerForm action=save>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.map(|id| id.to_string())/>
                <Field label="Name" name="name" value=name autofocus=true error=of("name")/>
                <TextArea
                    label="Description" name="description" value=description rows=2
                    error=of("description") node_ref=NodeRef::new() on_text=Callback::new(|_| ())
                />
                <Checks legend="Roles" name="roles" checks nothing="There are no roles yet."/>
                <div class="actions">
                    {id.map(|id| erased_view! { <a href=CrudDialog::Delete(id).search() data-noscroll class="button danger push-start">"Delete group…"</a> })}
                    <Close on_close href label="Cancel"/>
                    <Submit label="Save group" pending_label="Saving…" pending=save.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
