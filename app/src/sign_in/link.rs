//! The page that a sign-in link opens. Opening it signs nobody in: mail scanners open links.

use super::api::{SignInByLink, SignInLink};
use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{ErrorNotice, PublicPage};
use crate::paths;
use crate::ui::{ErrorSummary, SubmitButton};
use crate::viewer::use_organization;
use leptos::prelude::*;
use model::sign_in::SignInPage;

#[component]
pub fn LinkPage() -> impl IntoView {
    let organization = use_organization();
    let page = {
        let org = organization.clone();
        json_resource(move || SignInLink { org: org.clone() }, || 0)
    };
    let action = ServerFormAction::<SignInByLink>::new();
    erased_view! {
        <Suspense>
            {move || {
                let organization = organization.clone();
                Suspend::new(async move {
                    match page.await {
                        Ok(SignInPage::Ready { email }) => erased_view! { <Ready action organization email/> },
                        Ok(SignInPage::Unusable) => erased_view! { <Unusable organization/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })
            }}
        </Suspense>
    }
}

#[component]
fn Ready(action: ServerFormAction<SignInByLink>, organization: String, email: String) -> impl IntoView {
    let answer = form::result(action);
    erased_view! {
        <PublicPage title="Sign in".to_owned()>
            <p>"You are about to sign in as "<strong>{email}</strong>"."</p>
            <ServerForm action>
                <ErrorSummary problem=Signal::derive(move || answer.get().and_then(Result::err))/>
                <input type="hidden" name="org" value=organization/>
                <SubmitButton label="Sign in" pending_label="Signing in…" pending=action.pending()/>
            </ServerForm>
        </PublicPage>
    }
}

#[component]
fn Unusable(organization: String) -> impl IntoView {
    erased_view! {
        <PublicPage title="This sign-in link does not work any more".to_owned()>
            <p>"A sign-in link works once, and for a short time. Ask for a new one: it takes a moment."</p>
            <p><a href=paths::login(&organization) class="button primary">"Go to the login page"</a></p>
        </PublicPage>
    }
}
