//! The page that a sign-in link opens. Opening it signs nobody in: mail scanners open links.

use super::api::{SignInByLink, SignInLink};
use crate::forms::{self, Form, FormAction};
use crate::loaded::load;
use crate::pages::{Failed, PublicPage};
use crate::paths;
use crate::ui::{Problems, Submit};
use crate::view::view;
use crate::viewer::use_organization;
use leptos::prelude::*;
use model::sign_in::SignInPage;

#[component]
pub fn LinkPage() -> impl IntoView {
    let organization = use_organization();
    let page = {
        let org = organization.clone();
        load(move || SignInLink { org: org.clone() }, || 0)
    };
    let action = FormAction::<SignInByLink>::new();
    view! {
        <Suspense>
            {move || {
                let organization = organization.clone();
                Suspend::new(async move {
                    match page.await {
                        Ok(SignInPage::Ready { email }) => view! { <Ready action organization email/> },
                        Ok(SignInPage::Unusable) => view! { <Unusable organization/> },
                        Err(problem) => view! { <Failed problem/> },
                    }
                })
            }}
        </Suspense>
    }
}

#[component]
fn Ready(action: FormAction<SignInByLink>, organization: String, email: String) -> impl IntoView {
    let answer = forms::answer(action);
    view! {
        <PublicPage title="Sign in".to_owned()>
            <p>"You are about to sign in as "<strong>{email}</strong>"."</p>
            <Form action>
                <Problems problem=Signal::derive(move || answer.get().and_then(Result::err))/>
                <input type="hidden" name="org" value=organization/>
                <Submit label="Sign in" pending_label="Signing in…" pending=action.pending()/>
            </Form>
        </PublicPage>
    }
}

#[component]
fn Unusable(organization: String) -> impl IntoView {
    view! {
        <PublicPage title="This sign-in link does not work any more".to_owned()>
            <p>"A sign-in link works once, and for a short time. Ask for a new one: it takes a moment."</p>
            <p><a href=paths::login(&organization) class="button primary">"Go to the login page"</a></p>
        </PublicPage>
    }
}
