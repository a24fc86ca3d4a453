//! Which page stands at which path.

use crate::erased_view::erased_view;
use crate::form;
use crate::join::JoinPage;
use crate::layout::{HomePage, NotFoundPage};
use crate::request_invitation::{ConfirmPage, RequestInvitationPage};
#[cfg(feature = "hydrate")]
use crate::routes::fetch_open;
use crate::routes::{Pages, pages};
use crate::sign_in::{CodePage, LinkPage, LoginPage};
use crate::sso::{SignedOutPage, SsoRefusalPage, connections};
use crate::{account, audit_log, groups, requests, roles, scim, settings, users, viewer};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, FlatRoutesProps, RouteChildren, Router};
use leptos_router::hooks::use_location;

/// Stands at the document's root once WebAssembly has taken the page over.
#[cfg(feature = "hydrate")]
pub const HYDRATED: &str = "data-hydrated";

pages! {
    along {
        "/": HomePage;
        "/o/:org/login": LoginPage;
        "/o/:org/login/code": CodePage;
        "/o/:org/sign-in": LinkPage;
        "/o/:org/sso/refused": SsoRefusalPage;
        "/o/:org/signed-out": SignedOutPage;
        "/o/:org/request-invitation": RequestInvitationPage;
        "/o/:org/confirm-request": ConfirmPage;
        "/o/:org/join": JoinPage;
    }
    account {
        "/o/:org/account": account::AccountPage = account_page, fetch_account;
        "/o/:org/settings/general": settings::SettingsPage = settings_page, fetch_settings;
        "/o/:org/settings/audit-log": audit_log::AuditLogPage = audit_log_page, fetch_audit_log;
    }
    people {
        "/o/:org/settings/users": users::UsersPage = users_page, fetch_users;
        "/o/:org/settings/users/:user": users::ProfilePage = profile_page, fetch_profile;
        "/o/:org/settings/requests": requests::RequestsPage = requests_page, fetch_requests;
    }
    access {
        "/o/:org/settings/groups": groups::GroupsPage = groups_page, fetch_groups;
        "/o/:org/settings/roles": roles::RolesPage = roles_page, fetch_roles;
    }
    provisioning {
        "/o/:org/settings/provisioning": scim::ProvisioningPage = provisioning_page, fetch_provisioning;
    }
    authentication {
        "/o/:org/settings/authentication": connections::SsoConnectionsPage = authentication_page, fetch_authentication;
    }
}

/// The whole interface.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    viewer::provide_viewer();
    form::provide_submission();
    let nothing_here = viewer::is_hidden();
    erased_view! {
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <Router>
            <ForgetSubmission/>
            {if nothing_here {
                erased_view! { <NotFoundPage/> }
            } else {
                all_pages().into_any()
            }}
        </Router>
    }
}

/// The page of the path that is open. Called, and not written as a view, which would take routes one by one.
fn all_pages() -> impl IntoView {
    let fallback = || erased_view! { <NotFoundPage/> };
    let children = RouteChildren::to_children(|| Pages::new(PAGES));
    FlatRoutes(FlatRoutesProps { fallback, children, transition: false })
}

/// What was submitted belongs to the page that the server rendered: on another page it is forgotten.
#[component]
fn ForgetSubmission() -> impl IntoView {
    let path = use_location().pathname;
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            form::forget_submission();
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
        if fetch_open(PAGES).await.is_err() {
            return;
        }
        hydrate_from_async(leptos::tachys::dom::body(), App).await.forget();
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute(HYDRATED, "");
        }
    });
}
