//! The second step of signing in: the page that takes the code from the email.

use super::api::{GetPendingEmail, SignInByCode};
use crate::layout::PublicPage;
use crate::paths;
use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{self, ServerForm, ServerFormAction};
use crate::runtime::json_resource::json_resource;
use crate::ui::{ErrorSummary, Field, SubmitButton};
use crate::viewer::use_organization;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[component]
pub fn CodePage() -> impl IntoView {
    let organization = use_organization();
    let pending_email = {
        let org = organization.clone();
        json_resource(move || GetPendingEmail { org: org.clone() }, || 0)
    };
    let action = ServerFormAction::<SignInByCode>::new();
    let problem = form::problem(action);
    let next = paths::parse_next(&use_location().search.get_untracked());
    let login = paths::login(&organization);
    erased_view! {
        <PublicPage title="Check your email".to_owned()>
            <Suspense>
                {move || Suspend::new(async move {
                    let email = pending_email.await.ok().flatten();
                    erased_view! {
                        <p>
                            "If " {email.map_or_else(|| "your address".into_any(), |email| erased_view! { <strong>{email}</strong> })}
                            " has an account, we’ve sent it a sign-in link and a 6-digit code. They expire in 15 minutes."
                        </p>
                    }
                })}
            </Suspense>
            <ServerForm action>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=organization/>
                <input type="hidden" name="next" value=next/>
                <Field
                    label="Code" name="code" inputmode="numeric" autocomplete="one-time-code" autofocus=true
                    value={form::posted_value::<SignInByCode>("code")}
                    error=Signal::derive(move || problem.get().and_then(|problem| problem.field_error("code")))
                />
                <SubmitButton label="Sign in" pending_label="Signing in…" pending=action.pending()/>
            </ServerForm>
            <p class="muted">"Didn’t get it? Check your spam folder or "<a href=login>"request a new email"</a>"."</p>
        </PublicPage>
    }
}
