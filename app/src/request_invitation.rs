//! Asking for an invitation from outside, and confirming it by the link of a mail.

mod api;

use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{ErrorNotice, PublicPage};
use crate::paths;
use crate::ui::{ErrorSummary, Field, Notice, SubmitButton, TextArea, Tone};
use crate::viewer::{use_organization, use_viewer};
use api::{ConfirmRequest, OpenedRequest, RequestInvitation};
use leptos::prelude::*;
use model::requests::{CONFIRM_HOURS, ConfirmPage as Page};

#[component]
pub fn RequestInvitationPage() -> impl IntoView {
    let action = ServerFormAction::<RequestInvitation>::new();
    let (answer, problem) = (form::result(action), form::problem(action));
    let of = move |field| Signal::derive(move || problem.get().and_then(|problem| problem.of_field(field)));
    let typed = form::posted_value::<RequestInvitation>;
    let asked = Memo::new(move |_| matches!(answer.get(), Some(Ok(()))));
    let name = use_viewer().map(|viewer| viewer.organization.name).unwrap_or_default();
    erased_view! {
        <PublicPage title="Request an invitation".to_owned()>
            {move || if asked.get() {
                erased_view! {
                    <div role="status"><Notice tone=Tone::Success>
                        <p><strong>"Look into your mailbox. "</strong>
                        {format!("If this address can be invited, it gets a mail, and what to do next stands in it. Its link works for {CONFIRM_HOURS} hours.")}</p>
                    </Notice></div>
                }
            } else {
                erased_view! {
                    <p>{format!("An admin of {name} decides. First we mail you a link, to be sure that the address is yours.")}</p>
                    <ServerForm action>
                        <ErrorSummary problem/>
                        <input type="hidden" name="org" value=use_organization()/>
                        <Field
                            label="Email" name="email" kind="email" inputmode="email" autocomplete="email" autofocus=true
                            value=typed("email") error=of("email")
                        />
                        <Field label="Your name" name="name" autocomplete="name" value=typed("name") error=of("name")/>
                        <TextArea
                            label="Message" name="message" rows=3 value=typed("message") error=of("message")
                            hint="Optional. What the admins should know: who you are, and what for." node_ref=NodeRef::new()
                            on_text=Callback::new(|_| ())
                        />
                        <SubmitButton label="Request invitation" pending_label="Sending…" pending=action.pending()/>
                    </ServerForm>
                }
            }}
            <p class="muted"><a href=paths::login(&use_organization())>"Back to the login page"</a></p>
        </PublicPage>
    }
}

#[component]
pub fn ConfirmPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let action = ServerFormAction::<ConfirmRequest>::new();
    let version = action.version();
    let page = json_resource(move || OpenedRequest { org: organization.get_value() }, move || version.get());
    erased_view! {
        <Transition>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(Page::Ready { email, name, message }) => erased_view! { <Ready action email name message/> },
                    Ok(Page::Confirmed) => erased_view! { <Confirmed/> },
                    Ok(Page::Expired) => erased_view! {
                        <Over title="This link has expired" words="Nothing was sent to the admins. You can ask again, where the organization takes requests."/>
                    },
                    Ok(Page::NoSuchLink) => erased_view! {
                        <Over
                            title="There is no such link"
                            words="Mail programs sometimes cut long links. Open it again from the mail, or copy the whole of it into the address bar."
                        />
                    },
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </Transition>
    }
}

#[component]
fn Ready(
    action: ServerFormAction<ConfirmRequest>,
    email: String,
    name: String,
    message: String,
) -> impl IntoView {
    erased_view! {
        <PublicPage title="Confirm your request".to_owned()>
            <p>"You ask for an invitation for "<strong>{email}</strong>". This is what the admins will read:"</p>
            <dl class="description-list">
                <dt>"Name"</dt><dd>{name}</dd>
                {(!message.is_empty()).then(|| erased_view! { <dt>"Message"</dt><dd class="pre-line">{message}</dd> })}
            </dl>
            <p class="muted">"Did somebody else write this? Then close this page: nothing is sent without you."</p>
            <ServerForm action>
                <ErrorSummary problem=form::problem(action)/>
                <input type="hidden" name="org" value=use_organization()/>
                <SubmitButton label="Send request" pending_label="Sending…" pending=action.pending()/>
            </ServerForm>
        </PublicPage>
    }
}

#[component]
fn Confirmed() -> impl IntoView {
    let name = use_viewer().map(|viewer| viewer.organization.name).unwrap_or_default();
    erased_view! {
        <PublicPage title="Your request is confirmed".to_owned()>
            <p>{format!("The admins of {name} decide about it. When they invite you, you get a mail with the link to join.")}</p>
        </PublicPage>
    }
}

#[component]
fn Over(title: &'static str, words: &'static str) -> impl IntoView {
    let again = use_viewer().is_some_and(|viewer| viewer.organization.requests_enabled);
    let organization = use_organization();
    erased_view! {
        <PublicPage title=title.to_owned()>
            <p>{words}</p>
            <p>
                {if again {
                    erased_view! { <a href=paths::request_invitation(&organization) class="button primary">"Ask again"</a> }
                } else {
                    erased_view! { <a href=paths::login(&organization) class="button primary">"Go to the login page"</a> }
                }}
            </p>
        </PublicPage>
    }
}
