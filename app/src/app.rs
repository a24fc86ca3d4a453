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
        "/" for Anyone: HomePage;
        "/o/:org/login" for Anyone: LoginPage;
        "/o/:org/login/code" for Anyone: CodePage;
        "/o/:org/sign-in" for Anyone: LinkPage;
        "/o/:org/sso/refused" for Anyone: SsoRefusalPage;
        "/o/:org/signed-out" for Anyone: SignedOutPage;
        "/o/:org/request-invitation" for AnyoneIfRequestsEnabled: RequestInvitationPage;
        "/o/:org/confirm-request" for Anyone: ConfirmPage;
        "/o/:org/join" for Anyone: JoinPage;
    }
    account {
        "/o/:org/account" for User: account::AccountPage = account_page, preload_account;
        "/o/:org/settings/general" for Admin: settings::SettingsPage = settings_page, preload_settings;
        "/o/:org/settings/audit-log" for Admin: audit_log::AuditLogPage = audit_log_page, preload_audit_log;
    }
    users {
        "/o/:org/settings/users" for Admin: users::UsersPage = users_page, preload_users;
        "/o/:org/settings/users/:user" for Admin: users::ProfilePage = profile_page, preload_profile;
        "/o/:org/settings/requests" for Admin: requests::RequestsPage = requests_page, preload_requests;
    }
    access {
        "/o/:org/settings/groups" for Admin: groups::GroupsPage = groups_page, preload_groups;
        "/o/:org/settings/roles" for Admin: roles::RolesPage = roles_page, preload_roles;
    }
    scim {
        "/o/:org/settings/provisioning" for Admin: scim::ProvisioningPage = provisioning_page, preload_provisioning;
    }
    sso {
        "/o/:org/settings/authentication" for Admin: connections::SsoConnectionsPage = authentication_page, preload_authentication;
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
