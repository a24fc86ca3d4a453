//! The dialog that adds or edits a connection.

use super::api::SaveConnection;
use crate::paths::CrudDialog;
use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{self, ServerForm, ServerFormAction};
use crate::ui::{
    CheckboxGroup, CheckboxOption, CloseLink, Dialog, ErrorSummary, Field, Select, SubmitButton, Switch,
    TextArea,
};
use crate::viewer::use_organization;
use leptos::prelude::*;
use model::OrganizationRole;
use model::permission::GroupName;
use model::sso::ConnectionRow;

#[component]
pub fn ConnectionDialog(
    row: Option<ConnectionRow>,
    groups: Vec<GroupName>,
    save: ServerFormAction<SaveConnection>,
    on_close: Callback<()>,
    href: String,
) -> impl IntoView {
    let problem = form::problem(save);
    let error_of =
        move |field| Signal::derive(move || problem.get().and_then(|problem| problem.field_error(field)));
    let was_posted = form::was_posted::<SaveConnection>();
    let value = move |field: &str, saved: String| {
        if was_posted { form::posted_value::<SaveConnection>(field) } else { saved }
    };
    let id = row.as_ref().map(|row| row.id.0);
    let saved = row.map(|row| row.connection).unwrap_or_default();
    let (title, secret_hint) = if id.is_some() {
        ("Edit connection", "Leave empty to keep the current secret.")
    } else {
        ("Add connection", "Stored encrypted. You won’t be able to see it again.")
    };
    let just_in_time = if was_posted {
        form::posted_value::<SaveConnection>("just_in_time") == "true"
    } else {
        saved.just_in_time
    };
    let role = value("default_role", saved.default_role.code().to_owned());
    let roles = OrganizationRole::ALL
        .map(|option| (option.code().to_owned(), option.label().to_owned(), option.code() == role));
    let posted_groups = form::posted_values::<SaveConnection>("groups[]");
    let checks = groups.into_iter().map(|group| {
        let code = group.id.to_string();
        let chosen =
            if was_posted { posted_groups.contains(&code) } else { saved.groups.contains(&group.id) };
        CheckboxOption { value: code, label: group.name, checked: chosen }
    });
    let checks: Vec<CheckboxOption> = checks.collect();
    let max_age = saved.max_age_minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
    erased_view! {
        <Dialog title on_close>
            <ServerForm action=save>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.map(|id| id.to_string())/>
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
                    label="Just-in-time joining" name="just_in_time" on=just_in_time
                    hint="Anyone who signs in becomes a member. When off, only invited people can join."
                />
                <Select
                    label="Default organization role" name="default_role" options=roles.to_vec()
                    hint="For people who join without an invitation. Invited people get the role in their invitation."
                />
                <CheckboxGroup legend="Default groups" name="groups" options=checks empty_message="No groups yet."/>
                <TextArea
                    label="Email domains" name="allowed_domains" rows=2
                    value=value("allowed_domains", saved.allowed_domains.join("\n")) error=error_of("allowed_domains")
                    hint="Only verified addresses at these domains can sign in. Leave empty to allow any domain."
                    node_ref=NodeRef::new() on_text=Callback::new(|_| ())
                />
                <Field
                    label="Require reauthentication after (minutes)" name="max_age_minutes" inputmode="numeric"
                    value=value("max_age_minutes", max_age) error=error_of("max_age_minutes")
                    hint="Maximum age of the session at the provider (max_age). Leave empty for no limit. Not all providers support this."
                />
                <div class="actions">
                    {id.map(|id| erased_view! { <a href=CrudDialog::Delete(id).search() data-noscroll class="button danger push-start">"Delete connection…"</a> })}
                    <CloseLink on_close href label="Cancel"/>
                    <SubmitButton label="Save connection" pending_label="Saving…" pending=save.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
