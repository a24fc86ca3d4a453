//! What a user has been given, and what that comes to.

use super::api::ChangeUser;
use super::profile::Saved;
use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::ui::{CheckboxGroup, CheckboxOption, ErrorSummary, Select, SubmitButton};
use crate::viewer::use_organization;
use leptos::prelude::*;
use model::OrganizationRole;
use model::permission::{EffectivePermission, PermissionSource};
use model::users::UserProfile;

/// The organization role, the roles and the groups, to be changed together.
#[component]
pub fn AccessForm(profile: UserProfile, change: ServerFormAction<ChangeUser>) -> impl IntoView {
    let (answer, problem) = (form::result(change), form::problem(change));
    let UserProfile { user, granted, choices, .. } = profile;
    let roles = choices.roles.into_iter().map(|role| CheckboxOption {
        checked: granted.roles.contains(&role),
        value: role.id.to_string(),
        label: role.name,
    });
    let groups = choices.groups.into_iter().map(|group| CheckboxOption {
        checked: granted.groups.contains(&group),
        value: group.id.to_string(),
        label: group.name,
    });
    let (roles, groups): (Vec<CheckboxOption>, Vec<CheckboxOption>) = (roles.collect(), groups.collect());
    let options = OrganizationRole::ALL
        .map(|role| (role.code().to_owned(), role.label().to_owned(), role == user.role))
        .to_vec();
    erased_view! {
        <section aria-labelledby="access">
            <h2 id="access">"Access"</h2>
            <ServerForm action=change>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="user" value=user.id.to_string()/>
                <Select label="Organization role" name="role" options hint="An Organization Admin can invite people and change settings."/>
                <div class="columns">
                    <CheckboxGroup legend="Roles" name="roles" options=roles empty_message="There are no roles yet."/>
                    <CheckboxGroup legend="Groups" name="groups" options=groups empty_message="There are no groups yet."/>
                </div>
                <div class="actions align-start">
                    <SubmitButton label="Save changes" pending_label="Saving…" pending=change.pending()/>
                    <Saved answer/>
                </div>
            </ServerForm>
        </section>
    }
}

/// The union of all that roles and groups bring, each with where it comes from.
#[component]
pub fn Permissions(permissions: Vec<EffectivePermission>) -> impl IntoView {
    let none = permissions.is_empty();
    let rows = permissions.into_iter().map(|one| {
        let sources = one.sources.iter().map(source).collect::<Vec<_>>().join("; ");
        erased_view! {
            <tr>
                <td data-label="Permission"><code>{one.permission.to_string()}</code></td>
                <td data-label="From">{sources}</td>
            </tr>
        }
    });
    erased_view! {
        <section aria-labelledby="permissions">
            <h2 id="permissions">"Effective permissions"</h2>
            {if none {
                erased_view! { <p class="muted">"None. Roles bring permissions, the person’s own and those of their groups."</p> }
            } else {
                erased_view! {
                    <table aria-labelledby="permissions">
                        <thead><tr><th scope="col">"Permission"</th><th scope="col">"From"</th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                }
            }}
        </section>
    }
}

fn source(source: &PermissionSource) -> String {
    match &source.group {
        None => format!("role {}", source.role.name),
        Some(group) => format!("role {} of the group {}", source.role.name, group.name),
    }
}
