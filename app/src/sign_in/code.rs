//! The second step of signing in: the page that takes the code from the email.

use super::api::{GetPendingEmail, SignInByCode};
use crate::layout::PublicPage;
use crate::paths;
use crate::runtime::prelude::*;
use crate::ui::{ErrorSummary, Field, SubmitButton};
use crate::viewer::use_organization;

#[component]
pub fn CodePage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let pending_email = json_resource(move || GetPendingEmail { org: organization.get_value() }, || 0);
    let action = ServerFormAction::<SignInByCode>::new();
    let next = paths::parse_next(&use_location().search.get_untracked());
    let login = paths::login(&organization.get_value());
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
                <ErrorSummary problem=action.problem()/>
                <input type="hidden" name="next" value=next/>
                <Field
                    label="Code" name="code" inputmode="numeric" autocomplete="one-time-code" autofocus=true
                    value=action.posted_value("code") error=action.field_error("code")
                />
                <SubmitButton label="Sign in" pending_label="Signing in…" pending=action.pending()/>
            </ServerForm>
            <p class="muted">"Didn’t get it? Check your spam folder or "<a href=login>"request a new email"</a>"."</p>
        </PublicPage>
    }
}
