//! The dialog for one connection.

use super::api::SaveConnection;
use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::paths::CrudDialog;
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
pub fn Editor(
    row: Option<ConnectionRow>,
    groups: Vec<GroupName>,
    save: ServerFormAction<SaveConnection>,
    on_close: Callback<()>,
    href: String,
) -> impl IntoView {
    let problem = form::problem(save);
    let of =
        move |field| Signal::derive(move || problem.get().and_then(|problem| problem.field_error(field)));
    let again = form::was_posted::<SaveConnection>();
    let value =
        move |field: &str, now: String| if again { form::posted_value::<SaveConnection>(field) } else { now };
    let id = row.as_ref().map(|row| row.id.0);
    let now = row.map(|row| row.connection).unwrap_or_default();
    let (title, secret_hint) = if id.is_some() {
        ("Edit connection", "Leave it empty to keep the one there is. It is never shown again.")
    } else {
        ("Add connection", "It is kept encrypted, and never shown again.")
    };
    let joining =
        if again { form::posted_value::<SaveConnection>("just_in_time") == "true" } else { now.just_in_time };
    let role = value("default_role", now.default_role.code().to_owned());
    let roles =
        OrganizationRole::ALL.map(|one| (one.code().to_owned(), one.label().to_owned(), one.code() == role));
    let typed = form::posted_values::<SaveConnection>("groups[]");
    let checks = groups.into_iter().map(|group| {
        let code = group.id.to_string();
        let chosen = if again { typed.contains(&code) } else { now.groups.contains(&group.id) };
        CheckboxOption { value: code, label: group.name, checked: chosen }
    });
    let checks: Vec<CheckboxOption> = checks.collect();
    let max_age = now.max_age_minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
    erased_view! {
        <Dialog title on_close>
            <ServerForm action=save>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="id" value=id.map(|id| id.to_string())/>
                <Field
                    label="Display name" name="name" value=value("name", now.name) autofocus=true error=of("name")
                    hint="It stands on the login page, behind “Continue with”."
                />
                <Field
                    label="Issuer URL" name="issuer" inputmode="url" value=value("issuer", now.issuer) error=of("issuer")
                    hint="Exactly as the provider has it, such as https://login.example.com/realms/staff"
                />
                <Field label="Client ID" name="client_id" value=value("client_id", now.client_id) error=of("client_id")/>
                <Field label="Client secret" name="client_secret" kind="password" error=of("client_secret") hint=secret_hint/>
                <Switch
                    label="Just-in-time joining" name="just_in_time" on=joining
                    hint="Whoever signs in becomes a member, invited or not. Off: only who is invited."
                />
                <Select
                    label="Default organization role" name="default_role" options=roles.to_vec()
                    hint="For whoever joins without an invitation. Who is invited gets what was offered."
                />
                <CheckboxGroup legend="Default groups" name="groups" options=checks empty_message="There are no groups yet."/>
                <TextArea
                    label="Allowed email domains" name="allowed_domains" rows=2
                    value=value("allowed_domains", now.allowed_domains.join("\n")) error=of("allowed_domains")
                    hint="Only people with a verified address of these domains come in by it. Empty: all."
                    node_ref=NodeRef::new() on_text=Callback::new(|_| ())
                />
                <Field
                    label="Sign in anew after (minutes)" name="max_age_minutes" inputmode="numeric"
                    value=value("max_age_minutes", max_age) error=of("max_age_minutes")
                    hint="How old the provider’s own sign-in may be at most. Empty: as old as it likes. Some providers can’t do this."
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
