//! Which page stands at which path.

use crate::ask::{AskPage, ConfirmPage};
use crate::forms;
use crate::join::JoinPage;
use crate::lazy::pages;
use crate::pages::{HomePage, NotFoundPage};
use crate::sign_in::{CodePage, LinkPage, LoginPage};
use crate::sso::{RefusedPage, SignedOutPage};
use crate::{
    account, audit_log, authentication, general, groups, provisioning, requests, roles, users, viewer,
};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::SsrMode;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::use_location;

/// Stands at the document's root once WebAssembly has taken the page over.
#[cfg(feature = "hydrate")]
pub const HYDRATED: &str = "data-hydrated";

pages! {
    along {
        HOME "/": HomePage;
        LOGIN "/o/:org/login": LoginPage;
        CODE "/o/:org/login/code": CodePage;
        LINK "/o/:org/sign-in": LinkPage;
        REFUSED "/o/:org/sso/refused": RefusedPage;
        SIGNED_OUT "/o/:org/signed-out": SignedOutPage;
        ASK "/o/:org/request-invitation": AskPage;
        CONFIRM "/o/:org/confirm-request": ConfirmPage;
        JOIN "/o/:org/join": JoinPage;
    }
    account {
        ACCOUNT "/o/:org/account": account::AccountPage = account_page, fetch_account;
    }
    people {
        USERS "/o/:org/settings/users": users::UsersPage = users_page, fetch_users;
        PROFILE "/o/:org/settings/users/:user": users::ProfilePage = profile_page, fetch_profile;
        REQUESTS "/o/:org/settings/requests": requests::RequestsPage = requests_page, fetch_requests;
    }
    access {
        GROUPS "/o/:org/settings/groups": groups::GroupsPage = groups_page, fetch_groups;
        ROLES "/o/:org/settings/roles": roles::RolesPage = roles_page, fetch_roles;
    }
    settings {
        GENERAL "/o/:org/settings/general": general::GeneralPage = general_page, fetch_general;
        AUDIT_LOG "/o/:org/settings/audit-log": audit_log::AuditLogPage = audit_log_page, fetch_audit_log;
    }
    integrations {
        AUTHENTICATION "/o/:org/settings/authentication": authentication::AuthenticationPage = authentication_page, fetch_authentication;
        PROVISIONING "/o/:org/settings/provisioning": provisioning::ProvisioningPage = provisioning_page, fetch_provisioning;
    }
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
                        <Route path=HOME.path view=HOME ssr=mode.clone()/>
                        <Route path=LOGIN.path view=LOGIN ssr=mode.clone()/>
                        <Route path=CODE.path view=CODE ssr=mode.clone()/>
                        <Route path=LINK.path view=LINK ssr=mode.clone()/>
                        <Route path=REFUSED.path view=REFUSED ssr=mode.clone()/>
                        <Route path=SIGNED_OUT.path view=SIGNED_OUT ssr=mode.clone()/>
                        <Route path=ASK.path view=ASK ssr=mode.clone()/>
                        <Route path=CONFIRM.path view=CONFIRM ssr=mode.clone()/>
                        <Route path=JOIN.path view=JOIN ssr=mode.clone()/>
                        <Route path=ACCOUNT.path view=ACCOUNT ssr=mode.clone()/>
                        <Route path=USERS.path view=USERS ssr=mode.clone()/>
                        <Route path=PROFILE.path view=PROFILE ssr=mode.clone()/>
                        <Route path=REQUESTS.path view=REQUESTS ssr=mode.clone()/>
                        <Route path=GROUPS.path view=GROUPS ssr=mode.clone()/>
                        <Route path=ROLES.path view=ROLES ssr=mode.clone()/>
                        <Route path=GENERAL.path view=GENERAL ssr=mode.clone()/>
                        <Route path=AUDIT_LOG.path view=AUDIT_LOG ssr=mode.clone()/>
                        <Route path=AUTHENTICATION.path view=AUTHENTICATION ssr=mode.clone()/>
                        <Route path=PROVISIONING.path view=PROVISIONING ssr=mode.clone()/>
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
        if crate::lazy::fetch_open(PAGES).await.is_err() {
            return;
        }
        hydrate_from_async(leptos::tachys::dom::body(), App).await.forget();
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute(HYDRATED, "");
        }
    });
}
