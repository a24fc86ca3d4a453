//! Settings > General.

mod api;

use crate::forms::{self, Form, FormAction};
use crate::loaded::load;
use crate::pages::{Failed, OrganizationPage, Section};
use crate::ui::{Field, Heading, Icon, Problems, Submit, Switch, TextArea, icon};
use crate::view::view;
use crate::viewer::use_organization;
use api::{SaveSettings, ShowSettings};
use leptos::prelude::*;
use model::settings::Settings;

#[component]
pub fn GeneralPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let save = FormAction::<SaveSettings>::new();
    let settings = load(move || ShowSettings { org: organization.get_value() }, || 0);
    view! {
        <OrganizationPage title="General".to_owned() section=Section::General>
            <Heading title="General"/>
            <Suspense>
                {move || Suspend::new(async move {
                    match settings.await {
                        Ok(settings) => view! { <Editor settings save/> },
                        Err(problem) => view! { <Failed problem/> },
                    }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn Editor(settings: Settings, save: FormAction<SaveSettings>) -> impl IntoView {
    let (answer, problem) = (forms::answer(save), forms::problem(save));
    let of = move |field| Signal::derive(move || problem.get().and_then(|problem| problem.of_field(field)));
    let again =
        forms::was_posted::<SaveSettings>() && answer.get_untracked().is_some_and(|answer| answer.is_err());
    let value = move |field: &str, now: String| if again { forms::typed::<SaveSettings>(field) } else { now };
    let on =
        move |field: &str, now: bool| if again { forms::typed::<SaveSettings>(field) == "true" } else { now };
    view! {
        <Form action=save class="settings">
            <Problems problem/>
            <input type="hidden" name="org" value=use_organization()/>
            <Field label="Organization name" name="name" value=value("name", settings.name) error=of("name")/>
            <Switch
                label="New user invitations" name="requests_open" on=on("requests_open", settings.requests_open)
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
                label="Days until a dismissed address may ask again" name="request_again_days" inputmode="numeric"
                value=value("request_again_days", settings.request_again_days.to_string()) error=of("request_again_days")
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
                    {move || matches!(answer.get(), Some(Ok(_))).then(|| view! { {icon(Icon::Check)}"Saved" })}
                </p>
            </div>
        </Form>
    }
}
