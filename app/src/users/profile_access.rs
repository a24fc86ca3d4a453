//! The access of a user: role, roles and groups, and the permissions that result from them.

use super::api::ChangeUser;
use crate::runtime::prelude::*;
use crate::ui::{CheckboxGroup, CheckboxOption, ErrorSummary, SavedStatus, Select, SubmitButton};
use model::OrganizationRole;
use model::permission::{EffectivePermission, PermissionSource};
use model::users::UserProfile;

/// The form for the organization role, the roles and the groups, which are saved together.
#[component]
pub fn AccessForm(profile: UserProfile, change: ServerFormAction<ChangeUser>) -> impl IntoView {
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
        .iter()
        .map(|role| (role.code().to_owned(), role.label().to_owned(), *role == user.role))
        .collect();
    erased_view! {
        <section aria-labelledby="access">
            <h2 id="access">"Access"</h2>
            <ServerForm action=change>
                <ErrorSummary problem=change.problem()/>
                <input type="hidden" name="user" value=user.id.to_string()/>
                <Select label="Organization role" name="role" options hint="Admins can manage users and all settings."/>
                <div class="columns">
                    <CheckboxGroup legend="Roles" name="roles" options=roles empty_message="No roles yet."/>
                    <CheckboxGroup legend="Groups" name="groups" options=groups empty_message="No groups yet."/>
                </div>
                <div class="actions align-start">
                    <SubmitButton label="Save changes" pending_label="Saving…" pending=change.pending()/>
                    <SavedStatus saved=change.succeeded()/>
                </div>
            </ServerForm>
        </section>
    }
}

/// All permissions of the user, each with the roles and groups it comes from.
#[component]
pub fn EffectivePermissions(permissions: Vec<EffectivePermission>) -> impl IntoView {
    let is_empty = permissions.is_empty();
    let rows = permissions.into_iter().map(|EffectivePermission { permission, sources }| {
        let sources = sources.iter().map(describe_source).collect::<Vec<_>>().join(", ");
        erased_view! {
            <tr>
                <td data-label="Permission"><code>{permission.to_string()}</code></td>
                <td data-label="Source">{sources}</td>
            </tr>
        }
    });
    erased_view! {
        <section aria-labelledby="permissions">
            <h2 id="permissions">"Effective permissions"</h2>
            {if is_empty {
                erased_view! { <p class="muted">"No permissions. Users get permissions from their roles and from their groups’ roles."</p> }
            } else {
                erased_view! {
                    <table aria-labelledby="permissions">
                        <thead><tr><th scope="col">"Permission"</th><th scope="col">"Source"</th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                }
            }}
        </section>
    }
}

fn describe_source(source: &PermissionSource) -> String {
    match &source.group {
        None => format!("{} role", source.role.name),
        Some(group) => format!("{} role (via {})", source.role.name, group.name),
    }
}
