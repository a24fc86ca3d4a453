//! The page behind a sign-in link. Opening it changes nothing, because mail scanners open links; only the form signs in.

use super::api::{GetSignInLink, SignInByLink};
use crate::layout::{ErrorNotice, PublicPage};
use crate::paths;
use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{self, ServerForm, ServerFormAction};
use crate::runtime::json_resource::json_resource;
use crate::ui::{ErrorSummary, SubmitButton};
use crate::viewer::use_organization;
use leptos::prelude::*;
use model::sign_in::SignInLinkStatus;

#[component]
pub fn LinkPage() -> impl IntoView {
    let organization = use_organization();
    let status = {
        let org = organization.clone();
        json_resource(move || GetSignInLink { org: org.clone() }, || 0)
    };
    let action = ServerFormAction::<SignInByLink>::new();
    erased_view! {
        <Suspense>
            {move || {
                let organization = organization.clone();
                Suspend::new(async move {
                    match status.await {
                        Ok(SignInLinkStatus::Valid { email }) => erased_view! { <ConfirmSignIn action organization email/> },
                        Ok(SignInLinkStatus::Invalid) => erased_view! { <InvalidLink organization/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })
            }}
        </Suspense>
    }
}

#[component]
fn ConfirmSignIn(
    action: ServerFormAction<SignInByLink>,
    organization: String,
    email: String,
) -> impl IntoView {
    let answer = form::result(action);
    erased_view! {
        <PublicPage title="Sign in".to_owned()>
            <p>"Sign in as "<strong>{email}</strong>"."</p>
            <ServerForm action>
                <ErrorSummary problem=Signal::derive(move || answer.get().and_then(Result::err))/>
                <input type="hidden" name="org" value=organization/>
                <SubmitButton label="Sign in" pending_label="Signing in…" pending=action.pending()/>
            </ServerForm>
        </PublicPage>
    }
}

#[component]
fn InvalidLink(organization: String) -> impl IntoView {
    erased_view! {
        <PublicPage title="This sign-in link has expired or was already used".to_owned()>
            <p>"A sign-in link works once, for 15 minutes. Request a new one on the sign-in page."</p>
            <p><a href=paths::login(&organization) class="button primary">"Go to sign-in"</a></p>
        </PublicPage>
    }
}
