//! Which page stands at which path.

use crate::ask::{AskPage, ConfirmPage};
use crate::forms;
use crate::join::JoinPage;
use crate::lazy::lazy_pages;
use crate::pages::{HomePage, NotFoundPage};
use crate::sign_in::{CodePage, LinkPage, LoginPage};
use crate::sso::{RefusedPage, SignedOutPage};
use crate::viewer;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::{Lazy, SsrMode, path};

/// Stands at the document's root once WebAssembly has taken the page over.
#[cfg(feature = "hydrate")]
pub const HYDRATED: &str = "data-hydrated";

lazy_pages! {
    account { Account, account_page, fetch_account = crate::account::AccountPage; }
    users {
        Users, users_page, fetch_users = crate::users::UsersPage;
        Profile, profile_page, fetch_profile = crate::users::ProfilePage;
    }
    requests { Requests, requests_page, fetch_requests = crate::requests::RequestsPage; }
    groups { Groups, groups_page, fetch_groups = crate::groups::GroupsPage; }
    roles { Roles, roles_page, fetch_roles = crate::roles::RolesPage; }
    general { General, general_page, fetch_general = crate::general::GeneralPage; }
    authentication { Authentication, authentication_page, fetch_authentication = crate::authentication::AuthenticationPage; }
    provisioning { Provisioning, provisioning_page, fetch_provisioning = crate::provisioning::ProvisioningPage; }
    audit_log { AuditLog, audit_log_page, fetch_audit_log = crate::audit_log::AuditLogPage; }
}

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
                        <Route path=path!("/o/:org/account") view={Lazy::<Account>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/users") view={Lazy::<Users>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/users/:user") view={Lazy::<Profile>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/requests") view={Lazy::<Requests>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/groups") view={Lazy::<Groups>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/roles") view={Lazy::<Roles>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/general") view={Lazy::<General>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/authentication") view={Lazy::<Authentication>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/provisioning") view={Lazy::<Provisioning>::new()} ssr=mode.clone()/>
                        <Route path=path!("/o/:org/settings/audit-log") view={Lazy::<AuditLog>::new()} ssr=mode.clone()/>
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
    wasm_bindgen_futures::spawn_local(async {
        hydrate_from_async(leptos::tachys::dom::body(), App).await.forget();
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute(HYDRATED, "");
        }
    });
}
