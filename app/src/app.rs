//! The root component and its routes.

use crate::join::JoinPage;
use crate::layout::{HomePage, NotFoundPage};
use crate::request_invitation::{ConfirmPage, RequestInvitationPage};
use crate::runtime::prelude::*;
use crate::sign_in::{CodePage, LinkPage, LoginPage};
use crate::sso::{SignedOutPage, SsoRefusalPage, connections};
use crate::{account, audit_log, groups, requests, roles, scim, settings, users, viewer};

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
    form::provide_forms(viewer::use_organization());
    let is_hidden = viewer::is_hidden();
    erased_view! {
        <a class="skip-link" href="#main" rel="external">"Skip to content"</a>
        <Router>
            <ClearSubmissionOnNavigation/>
            {if is_hidden { not_found() } else { current_page(ROUTES, not_found) }}
        </Router>
    }
}

fn not_found() -> AnyView {
    erased_view! { <NotFoundPage/> }
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
