//! Which page stands at which path.

use crate::account::AccountPage;
use crate::ask::{AskPage, ConfirmPage};
use crate::audit_log::AuditLogPage;
use crate::authentication::AuthenticationPage;
use crate::forms;
use crate::general::GeneralPage;
use crate::groups::GroupsPage;
use crate::join::JoinPage;
use crate::pages::{HomePage, NotFoundPage};
use crate::provisioning::ProvisioningPage;
use crate::requests::RequestsPage;
use crate::roles::RolesPage;
use crate::sign_in::{CodePage, LinkPage, LoginPage};
use crate::sso::{RefusedPage, SignedOutPage};
use crate::users::{ProfilePage, UsersPage};
use crate::viewer;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{SsrMode, path};

/// The whole interface.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    viewer::provide_viewer();
    forms::provide_submission();
    // Pages are rendered whole: right status, right title, nothing that needs a script to appear.
    let mode = SsrMode::Async;
    let nothing_here = viewer::is_not_here();
    view! {
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <Router>
            <ForgetSubmission/>
            {if nothing_here {
                view! { <NotFoundPage/> }.into_any()
            } else {
                view! {
                    <Routes fallback=|| view! { <NotFoundPage/> }>
                        <Route path=path!("/") view=HomePage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/login") view=LoginPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/login/code") view=CodePage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/sign-in") view=LinkPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/sso/refused") view=RefusedPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/signed-out") view=SignedOutPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/request-invitation") view=AskPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/confirm-request") view=ConfirmPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/join") view=JoinPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/account") view=AccountPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/users") view=UsersPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/users/:user") view=ProfilePage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/requests") view=RequestsPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/groups") view=GroupsPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/roles") view=RolesPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/general") view=GeneralPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/authentication") view=AuthenticationPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/provisioning") view=ProvisioningPage ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/audit-log") view=AuditLogPage ssr=mode.clone()/>
                    </Routes>
                }.into_any()
            }}
        </Router>
    }
}

/// What was submitted belongs to the page that the server rendered: on another page it is forgotten.
#[component]
fn ForgetSubmission() -> impl IntoView {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            forms::forget_submission();
        }
        now
    });
}

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
pub fn start() {
    // A server function that leads elsewhere signs somebody in or out: the whole page is loaded anew.
    let _ = server_fn::redirect::set_redirect_hook(|location| {
        let _ = window().location().set_href(location);
    });
    hydrate_body(App);
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}
