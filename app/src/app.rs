//! The root component and its routes.

use crate::join::JoinPage;
use crate::layout::{HomePage, NotFoundPage};
use crate::request_invitation::{ConfirmPage, RequestInvitationPage};
use crate::runtime::erased_view::erased_view;
use crate::runtime::form;
#[cfg(feature = "hydrate")]
use crate::runtime::routes::preload_current_page;
use crate::runtime::routes::{Routes, lazy_routes};
use crate::sign_in::{CodePage, LinkPage, LoginPage};
use crate::sso::{SignedOutPage, SsoRefusalPage, connections};
use crate::{account, audit_log, groups, requests, roles, scim, settings, users, viewer};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, FlatRoutesProps, RouteChildren, Router};
use leptos_router::hooks::use_location;

/// The attribute of the root element that marks the page as hydrated.
#[cfg(feature = "hydrate")]
pub const HYDRATED_ATTRIBUTE: &str = "data-hydrated";

lazy_routes! {
    main {
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
        "/o/:org/account": account::AccountPage = account_page, preload_account;
        "/o/:org/settings/general": settings::SettingsPage = settings_page, preload_settings;
        "/o/:org/settings/audit-log": audit_log::AuditLogPage = audit_log_page, preload_audit_log;
    }
    users {
        "/o/:org/settings/users": users::UsersPage = users_page, preload_users;
        "/o/:org/settings/users/:user": users::ProfilePage = profile_page, preload_profile;
        "/o/:org/settings/requests": requests::RequestsPage = requests_page, preload_requests;
    }
    access {
        "/o/:org/settings/groups": groups::GroupsPage = groups_page, preload_groups;
        "/o/:org/settings/roles": roles::RolesPage = roles_page, preload_roles;
    }
    scim {
        "/o/:org/settings/provisioning": scim::ProvisioningPage = provisioning_page, preload_provisioning;
    }
    sso {
        "/o/:org/settings/authentication": connections::SsoConnectionsPage = authentication_page, preload_authentication;
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    viewer::provide_viewer();
    form::provide_submission();
    let is_hidden = viewer::is_hidden();
    erased_view! {
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <Router>
            <ClearSubmissionOnNavigation/>
            {if is_hidden {
                erased_view! { <NotFoundPage/> }
            } else {
                current_page().into_any()
            }}
        </Router>
    }
}

/// The page at the current path. Built by hand: in a view, `FlatRoutes` takes each route as a child of its own type.
fn current_page() -> impl IntoView {
    let fallback = || erased_view! { <NotFoundPage/> };
    let children = RouteChildren::to_children(|| Routes::new(ROUTES));
    FlatRoutes(FlatRoutesProps { fallback, children, transition: false })
}

/// A form submission belongs to the page that the server rendered, so client-side navigation drops it.
#[component]
fn ClearSubmissionOnNavigation() -> impl IntoView {
    let path = use_location().pathname;
    Effect::new(move |previous: Option<String>| {
        let current = path.get();
        if previous.is_some_and(|previous| previous != current) {
            form::clear_submission();
        }
        current
    });
}

/// Hydrates the page that the server rendered.
#[cfg(feature = "hydrate")]
pub fn start() {
    // A redirect by a server function means that somebody signed in or out, so the whole page is loaded again.
    let _ = server_fn::redirect::set_redirect_hook(|location| {
        let _ = window().location().set_href(location);
    });
    wasm_bindgen_futures::spawn_local(async {
        if preload_current_page(ROUTES).await.is_err() {
            return;
        }
        hydrate_from_async(leptos::tachys::dom::body(), App).await.forget();
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute(HYDRATED_ATTRIBUTE, "");
        }
    });
}
