//! The login page: an email with a sign-in link and a code, or SSO.

use super::api::RequestSignIn;
use crate::layout::PublicPage;
use crate::paths;
use crate::runtime::prelude::*;
use crate::sso::{GetSignInOptions, OrDivider, SsoButtons};
use crate::ui::{ErrorSummary, Field, SubmitButton};
use crate::viewer::{use_organization, use_viewer};

#[component]
pub fn LoginPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let action = ServerFormAction::<RequestSignIn>::new();
    let requests_enabled = use_viewer().is_some_and(|viewer| viewer.organization.requests_enabled);
    let next = StoredValue::new(paths::parse_next(&use_location().search.get_untracked()));
    let options = json_resource(move || GetSignInOptions { org: organization.get_value() }, || 0);
    erased_view! {
        <PublicPage title="Sign in".to_owned()>
            <Suspense>
                {move || Suspend::new(async move {
                    // If loading the connections fails, signing in by email still works.
                    let options = options.await.unwrap_or_default();
                    let (connections, next) = (options.connections, next.get_value());
                    if connections.is_empty() {
                        erased_view! { <EmailLinkForm action next/> }
                    } else if options.email_links_disabled {
                        erased_view! {
                            <SsoButtons connections next=next.clone() kind="primary"/>
                            <OrDivider/>
                            <EmailLinkForm action next kind="" hint="Only admins can use email links."/>
                        }
                    } else {
                        erased_view! {
                            <EmailLinkForm action next=next.clone()/>
                            <OrDivider/>
                            <SsoButtons connections next/>
                        }
                    }
                })}
            </Suspense>
            {requests_enabled.then(|| erased_view! {
                <p>"Not a member yet? "<a href=paths::request_invitation(&organization.get_value())>"Request an invitation"</a></p>
            })}
            <p class="muted">"No password needed. We’ll email you a sign-in link and a code you can use on another device."</p>
        </PublicPage>
    }
}

#[component]
fn EmailLinkForm(
    action: ServerFormAction<RequestSignIn>,
    next: String,
    #[prop(default = "primary")] kind: &'static str,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    erased_view! {
        <ServerForm action>
            <ErrorSummary problem=action.problem()/>
            <input type="hidden" name="next" value=next/>
            <Field
                label="Email" name="email" kind="email" inputmode="email" autocomplete="username" autofocus=true
                value=action.posted_value("email") hint error=action.field_error("email")
            />
            <SubmitButton label="Email me a sign-in link" pending_label="Sending…" pending=action.pending() kind/>
        </ServerForm>
    }
}
