//! The page behind a sign-in link. Opening it changes nothing, because mail scanners open links; only the form signs in.

use super::api::{GetSignInLink, SignInByLink};
use crate::layout::{ErrorNotice, PublicPage};
use crate::paths;
use crate::runtime::prelude::*;
use crate::ui::{ErrorSummary, SubmitButton};
use crate::viewer::use_organization;
use model::sign_in::SignInLinkStatus;

#[component]
pub fn LinkPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let status = json_resource(move || GetSignInLink { org: organization.get_value() }, || 0);
    let action = ServerFormAction::<SignInByLink>::new();
    erased_view! {
        <Suspense>
            {move || Suspend::new(async move {
                match status.await {
                    Ok(SignInLinkStatus::Valid { email }) => erased_view! { <ConfirmSignIn action email/> },
                    Ok(SignInLinkStatus::Invalid) => erased_view! { <InvalidLink/> },
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </Suspense>
    }
}

#[component]
fn ConfirmSignIn(action: ServerFormAction<SignInByLink>, email: String) -> impl IntoView {
    erased_view! {
        <PublicPage title="Sign in".to_owned()>
            <p>"Sign in as "<strong>{email}</strong>"."</p>
            <ServerForm action>
                <ErrorSummary problem=action.problem()/>
                <SubmitButton label="Sign in" pending_label="Signing in…" pending=action.pending()/>
            </ServerForm>
        </PublicPage>
    }
}

#[component]
fn InvalidLink() -> impl IntoView {
    erased_view! {
        <PublicPage title="This sign-in link has expired or was already used".to_owned()>
            <p>"A sign-in link works once, for 15 minutes. Request a new one on the sign-in page."</p>
            <p><a href=paths::login(&use_organization()) class="button primary">"Go to sign-in"</a></p>
        </PublicPage>
    }
}
