//! Settings > General.

mod api;

use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{Failed, OrganizationPage, Section};
use crate::ui::{Field, Heading, Icon, Problems, Submit, Switch, TextArea, icon};
use crate::viewer::use_organization;
use api::{SaveSettings, ShowSettings};
use leptos::prelude::*;
use model::settings::Settings;

#[component]
pub fn SettingsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let save = ServerFormAction::<SaveSettings>::new();
    let settings = json_resource(move || ShowSettings { org: organization.get_value() }, || 0);
    erased_view! {
        <OrganizationPage title="General".to_owned() section=Section::General>
            <Heading title="General"/>
            <Suspense>
                {move || Suspend::new(async move {
                    match settings.await {
                        Ok(settings) => erased_view! { <Editor settings save/> },
                        Err(problem) => erased_view! { <Failed problem/> },
                    }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn Editor(settings: Settings, save: ServerFormAction<SaveSettings>) -> impl IntoView {
    let (answer, problem) = (form::answer(save), form::problem(save));
    let of = move |field| Signal::derive(move || problem.get().and_then(|problem| problem.of_field(field)));
    let again =
        form::was_posted::<SaveSettings>() && answer.get_untracked().is_some_and(|answer| answer.is_err());
    let value =
        move |field: &str, now: String| if again { form::posted_value::<SaveSettings>(field) } else { now };
    let on = move |field: &str, now: bool| {
        if again { form::posted_value::<SaveSettings>(field) == "true" } else { now }
    };
    erased_view! {
        <ServerForm action=save class="settings">
            <Problems problem/>
            <input type="hidden" name="org" value=use_organization()/>
            <Field label="Organization name" name="name" value=value("name", settings.name) error=of("name")/>
            <Switch
                label="New user invitations" name="requests_enabled" on=on("requests_enabled", settings.requests_enabled)
                hint="People outside may ask for an invitation on the login page. An admin decides about each."
            />
            <Switch
                label="Mail admins about waiting requests" name="notify_requests" on=on("notify_requests", settings.notify_requests)
                hint="Once an hour at most, while requests wait."
            />
            <Switch
                label="Dismiss stale requests" name="dismiss_stale_requests"
                on=on("dismiss_stale_requests", settings.dismiss_stale_requests)
                hint="When somebody who asked comes in by another way, the request is dismissed by itself."
            />
            <Field
                label="Days until a dismissed address may ask again" name="request_cooldown_days" inputmode="numeric"
                value=value("request_cooldown_days", settings.request_cooldown_days.to_string()) error=of("request_cooldown_days")
                hint="From 1 to 365. Before that, a request of the same address is counted and not shown."
            />
            <Field
                label="Invitation lifetime (days)" name="invitation_days" inputmode="numeric"
                value=value("invitation_days", settings.invitation_days.to_string()) error=of("invitation_days")
                hint="From 1 to 30. Invitations that are on their way keep their end."
            />
            <Field
                label="Session length (hours)" name="session_hours" inputmode="numeric"
                value=value("session_hours", settings.session_hours.to_string()) error=of("session_hours")
                hint="From 1 to 4320. Whoever is signed in stays so until their session ends."
            />
            <TextArea
                label="Allowed domains" name="allowed_domains" rows=3
                value=value("allowed_domains", settings.allowed_domains.join("\n")) error=of("allowed_domains")
                hint="Only addresses of these domains can be invited, such as blobs.example. Empty: all."
                node_ref=NodeRef::new() on_text=Callback::new(|_| ())
            />
            <div class="actions start">
                <Submit label="Save changes" pending_label="Saving…" pending=save.pending()/>
                <p role="status" class="saved">
                    {move || matches!(answer.get(), Some(Ok(_))).then(|| erased_view! { {icon(Icon::Check)}"Saved" })}
                </p>
            </div>
        </ServerForm>
    }
}
