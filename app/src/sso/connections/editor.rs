//! The dialog that adds or edits a connection.

use super::api::{DeleteConnection, SaveConnection};
use crate::crud::{Crud, EditorDialog};
use crate::runtime::prelude::*;
use crate::ui::{CheckboxGroup, CheckboxOption, Field, Select, Switch, TextArea};
use model::OrganizationRole;
use model::permission::GroupName;
use model::sso::ConnectionRow;

#[component]
pub fn ConnectionDialog(
    crud: Crud<SaveConnection, DeleteConnection>,
    row: Option<ConnectionRow>,
    groups: Vec<GroupName>,
) -> impl IntoView {
    let save = crud.save;
    let error_of = move |field| save.field_error(field);
    let value = move |field, stored| save.field_value(field, stored);
    let id = row.as_ref().map(|row| row.id.0);
    let saved = row.map(|row| row.connection).unwrap_or_default();
    let (title, secret_hint) = if id.is_some() {
        ("Edit connection", "Leave empty to keep the current secret.")
    } else {
        ("Add connection", "Stored encrypted. You won’t be able to see it again.")
    };
    let role = value("default_role", saved.default_role.code().to_owned());
    let roles = OrganizationRole::ALL
        .iter()
        .map(|option| (option.code().to_owned(), option.label().to_owned(), option.code() == role))
        .collect();
    let checks = groups.into_iter().map(|group| {
        let code = group.id.to_string();
        let checked = save.is_checked("groups", &code, saved.groups.contains(&group.id));
        CheckboxOption { value: code, label: group.name, checked }
    });
    let checks: Vec<CheckboxOption> = checks.collect();
    let max_age = saved.max_age_minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
    erased_view! {
        <EditorDialog crud title id save_label="Save connection" delete_label="Delete connection…">
            <Field
                label="Display name" name="name" value=value("name", saved.name) autofocus=true error=error_of("name")
                hint="Shown on the sign-in page as “Continue with …”."
            />
            <Field
                label="Issuer URL" name="issuer" inputmode="url" value=value("issuer", saved.issuer) error=error_of("issuer")
                hint="Exactly as your provider shows it, for example https://login.example.com/realms/staff"
            />
            <Field label="Client ID" name="client_id" value=value("client_id", saved.client_id) error=error_of("client_id")/>
            <Field label="Client secret" name="client_secret" kind="password" error=error_of("client_secret") hint=secret_hint/>
            <Switch
                label="Just-in-time joining" name="just_in_time" on=save.is_on("just_in_time", saved.just_in_time)
                hint="Anyone who signs in becomes a member. When off, only invited people can join."
            />
            <Select
                label="Default organization role" name="default_role" options=roles
                hint="For people who join without an invitation. Invited people get the role in their invitation."
            />
            <CheckboxGroup legend="Default groups" name="groups" options=checks empty_message="No groups yet."/>
            <TextArea
                label="Email domains" name="allowed_domains" rows=2
                value=value("allowed_domains", saved.allowed_domains.join("\n")) error=error_of("allowed_domains")
                hint="Only verified addresses at these domains can sign in. Leave empty to allow any domain."
            />
            <Field
                label="Require reauthentication after (minutes)" name="max_age_minutes" inputmode="numeric"
                value=value("max_age_minutes", max_age) error=error_of("max_age_minutes")
                hint="Maximum age of the session at the provider (max_age). Leave empty for no limit. Not all providers support this."
            />
        </EditorDialog>
    }
}
