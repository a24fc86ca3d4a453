//! Settings > General.

pub(crate) mod api;

use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::runtime::prelude::*;
use crate::ui::{ErrorSummary, Field, PageHeading, SavedStatus, SubmitButton, Switch, TextArea};
use crate::viewer::use_organization;
use api::{GetSettings, SaveSettings};
use model::settings::Settings;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let save = ServerFormAction::<SaveSettings>::new();
    let settings = json_resource(move || GetSettings { org: organization.get_value() }, || 0);
    erased_view! {
        <OrganizationPage title="General".to_owned() section=Section::General>
            <PageHeading title="General"/>
            <Suspense>
                {move || Suspend::new(async move {
                    match settings.await {
                        Ok(settings) => erased_view! { <Editor settings save/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn Editor(settings: Settings, save: ServerFormAction<SaveSettings>) -> impl IntoView {
    let problem = save.problem();
    let error = move |field| save.field_error(field);
    // Saved settings are shown as they were normalized.
    let was_rejected = problem.get_untracked().is_some();
    let value = move |field: &str, stored: String| {
        if was_rejected { save.field_value(field, stored) } else { stored }
    };
    let on = move |field: &str, stored: bool| if was_rejected { save.is_on(field, stored) } else { stored };
    erased_view! {
        <ServerForm action=save>
            <ErrorSummary problem/>
            <Field label="Organization name" name="name" value=value("name", settings.name) error=error("name")/>
            <Switch
                label="New user invitations" name="requests_enabled" on=on("requests_enabled", settings.requests_enabled)
                hint="Anyone can request an invitation from the sign-in page. An admin approves or dismisses each request."
            />
            <Switch
                label="Email admins about open requests" name="notify_requests" on=on("notify_requests", settings.notify_requests)
                hint="At most once an hour while there are open requests."
            />
            <Switch
                label="Dismiss stale requests automatically" name="dismiss_stale_requests"
                on=on("dismiss_stale_requests", settings.dismiss_stale_requests)
                hint="When someone with an open request joins another way (SSO, SCIM or an invitation), their request is dismissed."
            />
            <Field
                label="Wait after a dismissal (days)" name="request_cooldown_days" inputmode="numeric"
                value=value("request_cooldown_days", settings.request_cooldown_days.to_string()) error=error("request_cooldown_days")
                hint="1–365. During this time, new requests from the same address are counted but not shown."
            />
            <Field
                label="Invitation lifetime (days)" name="invitation_days" inputmode="numeric"
                value=value("invitation_days", settings.invitation_days.to_string()) error=error("invitation_days")
                hint="1–30. Applies to new invitations; pending ones keep their expiry date."
            />
            <Field
                label="Session length (hours)" name="session_hours" inputmode="numeric"
                value=value("session_hours", settings.session_hours.to_string()) error=error("session_hours")
                hint="1–4,320. Applies to new sign-ins; current sessions are unaffected."
            />
            <TextArea
                label="Allowed domains" name="allowed_domains" rows=3
                value=value("allowed_domains", settings.allowed_domains.join("\n")) error=error("allowed_domains")
                hint="Only addresses at these domains can be invited, for example blobs.example. Leave empty to allow any domain."
            />
            <div class="actions align-start">
                <SubmitButton label="Save changes" pending_label="Saving…" pending=save.pending()/>
                <SavedStatus saved=save.succeeded()/>
            </div>
        </ServerForm>
    }
}
