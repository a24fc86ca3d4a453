//! The login page: an address, and a mail with a link and a code.

use super::api::RequestSignIn;
use crate::forms::{self, Form};
use crate::pages::PublicPage;
use crate::paths;
use crate::ui::{Field, Problems, Submit};
use crate::viewer::{use_organization, use_viewer};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[component]
pub fn LoginPage() -> impl IntoView {
    let action = ServerAction::<RequestSignIn>::new();
    let problem = forms::problem(action);
    let asks = use_viewer().is_some_and(|viewer| viewer.organization.requests_open);
    let next = paths::next(&use_location().search.get_untracked());
    view! {
        <PublicPage title="Sign in".to_owned()>
            <Form action>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="next" value=next/>
                <Field
                    label="Email" name="email" kind="email" inputmode="email" autocomplete="username" autofocus=true
                    value={forms::typed::<RequestSignIn>("email")}
                    error=Signal::derive(move || problem.get().and_then(|problem| problem.of_field("email")))
                />
                <Submit label="Email me a sign-in link" pending_label="Sending…" pending=action.pending()/>
            </Form>
            {asks.then(|| view! {
                <p>"Not a member yet? "<a href=paths::request_invitation(&use_organization())>"Request an invitation"</a></p>
            })}
            <p class="muted">"There are no passwords here. We mail you a link, and a code for when you read your mail on another device."</p>
        </PublicPage>
    }
}
