//! Requesting an invitation on the public page, and confirming the request with the emailed link.

pub(crate) mod api;

use crate::layout::{ErrorNotice, PublicPage};
use crate::paths;
use crate::runtime::prelude::*;
use crate::ui::{ErrorSummary, Field, Notice, SubmitButton, TextArea, Tone};
use crate::viewer::{use_organization, use_viewer};
use api::{ConfirmRequest, GetConfirmPage, RequestInvitation};
use model::requests::{CONFIRM_HOURS, ConfirmPage as Page};

#[component]
pub fn RequestInvitationPage() -> impl IntoView {
    let action = ServerFormAction::<RequestInvitation>::new();
    let error_of = move |field| action.field_error(field);
    let posted = move |field| action.posted_value(field);
    let succeeded = action.succeeded();
    let submitted = Memo::new(move |_| succeeded.get());
    let name = use_viewer().map(|viewer| viewer.organization.name).unwrap_or_default();
    erased_view! {
        <PublicPage title="Request an invitation".to_owned()>
            {move || if submitted.get() {
                erased_view! {
                    <div role="status"><Notice tone=Tone::Success>
                        <p><strong>"Check your email. "</strong>
                        {format!("If this address can be invited, you’ll get an email with the next step. The link in it expires in {CONFIRM_HOURS} hours.")}</p>
                    </Notice></div>
                }
            } else {
                erased_view! {
                    <p>{format!("We’ll email you a link to confirm your address. After that, an admin of {name} reviews your request.")}</p>
                    <ServerForm action>
                        <ErrorSummary problem=action.problem()/>
                        <Field
                            label="Email" name="email" kind="email" inputmode="email" autocomplete="email" autofocus=true
                            value=posted("email") error=error_of("email")
                        />
                        <Field label="Your name" name="name" autocomplete="name" value=posted("name") error=error_of("name")/>
                        <TextArea
                            label="Message" name="message" rows=3 value=posted("message") error=error_of("message")
                            hint="Optional. Tell the admins who you are and why you need access."
                        />
                        <SubmitButton label="Request invitation" pending_label="Sending…" pending=action.pending()/>
                    </ServerForm>
                }
            }}
            <p class="muted"><a href=paths::login(&use_organization())>"Back to sign-in"</a></p>
        </PublicPage>
    }
}

#[component]
pub fn ConfirmPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let action = ServerFormAction::<ConfirmRequest>::new();
    let version = action.version();
    let page = json_resource(move || GetConfirmPage { org: organization.get_value() }, move || version.get());
    erased_view! {
        <Transition>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(Page::Ready { email, name, message }) => erased_view! { <ConfirmForm action email name message/> },
                    Ok(Page::Confirmed) => erased_view! { <Confirmed/> },
                    Ok(Page::Expired) => erased_view! {
                        <UnusableLink title="This link has expired" message="Your request wasn’t sent to the admins. You can submit a new one if the organization still accepts requests."/>
                    },
                    Ok(Page::NoSuchLink) => erased_view! {
                        <UnusableLink
                            title="This link doesn’t work"
                            message="Some email apps break long links. Open it from the email again, or copy and paste the whole link into your browser."
                        />
                    },
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </Transition>
    }
}

#[component]
fn ConfirmForm(
    action: ServerFormAction<ConfirmRequest>,
    email: String,
    name: String,
    message: String,
) -> impl IntoView {
    erased_view! {
        <PublicPage title="Confirm your request".to_owned()>
            <p>"You’re requesting an invitation for "<strong>{email}</strong>". The admins will see:"</p>
            <dl class="description-list">
                <dt>"Name"</dt><dd>{name}</dd>
                {(!message.is_empty()).then(|| erased_view! { <dt>"Message"</dt><dd class="pre-line">{message}</dd> })}
            </dl>
            <p class="muted">"Didn’t request this? Close this page, and nothing will be sent."</p>
            <ServerForm action>
                <ErrorSummary problem=action.problem()/>
                <SubmitButton label="Send request" pending_label="Sending…" pending=action.pending()/>
            </ServerForm>
        </PublicPage>
    }
}

#[component]
fn Confirmed() -> impl IntoView {
    let name = use_viewer().map(|viewer| viewer.organization.name).unwrap_or_default();
    erased_view! {
        <PublicPage title="Request sent".to_owned()>
            <p>{format!("An admin of {name} will review it. If they invite you, you’ll get an email with a link to join.")}</p>
        </PublicPage>
    }
}

#[component]
fn UnusableLink(title: &'static str, message: &'static str) -> impl IntoView {
    let accepts_requests = use_viewer().is_some_and(|viewer| viewer.organization.requests_enabled);
    let organization = use_organization();
    erased_view! {
        <PublicPage title=title.to_owned()>
            <p>{message}</p>
            <p>
                {if accepts_requests {
                    erased_view! { <a href=paths::request_invitation(&organization) class="button primary">"Request again"</a> }
                } else {
                    erased_view! { <a href=paths::login(&organization) class="button primary">"Go to sign-in"</a> }
                }}
            </p>
        </PublicPage>
    }
}
