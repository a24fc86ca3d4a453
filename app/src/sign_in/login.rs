//! The login page: an address, and a mail with a link and a code; or a connection to somebody who knows who it is.

use super::api::RequestSignIn;
use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::PublicPage;
use crate::paths;
use crate::sso::{Continue, Or, SignInWays};
use crate::ui::{ErrorSummary, Field, SubmitButton};
use crate::viewer::{use_organization, use_viewer};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[component]
pub fn LoginPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let action = ServerFormAction::<RequestSignIn>::new();
    let asks = use_viewer().is_some_and(|viewer| viewer.organization.requests_enabled);
    let next = StoredValue::new(paths::parse_next(&use_location().search.get_untracked()));
    let ways = json_resource(move || SignInWays { org: organization.get_value() }, || 0);
    erased_view! {
        <PublicPage title="Sign in".to_owned()>
            <Suspense>
                {move || Suspend::new(async move {
                    // Without the ways there is still the one by mail.
                    let ways = ways.await.unwrap_or_default();
                    let (connections, next) = (ways.connections, next.get_value());
                    if connections.is_empty() {
                        erased_view! { <ByMail action next/> }
                    } else if ways.email_links_disabled {
                        erased_view! {
                            <Continue connections next=next.clone() kind="primary"/>
                            <Or/>
                            <ByMail action next kind="" hint="Sign-in links go to admins alone here."/>
                        }
                    } else {
                        erased_view! {
                            <ByMail action next=next.clone()/>
                            <Or/>
                            <Continue connections next/>
                        }
                    }
                })}
            </Suspense>
            {asks.then(|| erased_view! {
                <p>"Not a member yet? "<a href=paths::request_invitation(&organization.get_value())>"Request an invitation"</a></p>
            })}
            <p class="muted">"There are no passwords here. We mail you a link, and a code for when you read your mail on another device."</p>
        </PublicPage>
    }
}

#[component]
fn ByMail(
    action: ServerFormAction<RequestSignIn>,
    next: String,
    #[prop(default = "primary")] kind: &'static str,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let problem = form::problem(action);
    erased_view! {
        <ServerForm action>
            <ErrorSummary problem/>
            <input type="hidden" name="org" value=use_organization()/>
            <input type="hidden" name="next" value=next/>
            <Field
                label="Email" name="email" kind="email" inputmode="email" autocomplete="username" autofocus=true
                value={form::posted_value::<RequestSignIn>("email")} hint
                error=Signal::derive(move || problem.get().and_then(|problem| problem.field_error("email")))
            />
            <SubmitButton label="Email me a sign-in link" pending_label="Sending…" pending=action.pending() kind/>
        </ServerForm>
    }
}
