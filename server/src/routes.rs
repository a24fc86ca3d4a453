//! The route table: every URL the server responds to, and who may call it. The router is built from it and serves nothing
//! else, and `tests/it/tenancy.rs` requires a case for every line.

use crate::route::{Access, GET, POST, Route};
use crate::scim;
use crate::state::AppState;
use crate::web::{assets, dev_mailbox, export, form_fallback, health, links, page_access, pages, sso};
use app::runtime::cookies::EmailLink;
use app::runtime::routes::PageAccess;

/// All routes of the public address.
pub fn routes(state: &AppState) -> Vec<Route> {
    use Access::{HealthCheck, IdentityProvider, Loopback, Page, ServerFunction};
    use PageAccess::{Admin, Anyone};
    let open = |link| move |state, cookies, path, request| links::open(link, state, cookies, path, request);
    let mut routes = vec![
        Route::any("/api/{*function}", ServerFunction, pages::server_function),
        Route::on(GET, "/o/{org}", Page(Anyone), page_access::home),
        Route::on(GET, "/o/{org}/settings/audit-log.csv", Page(Admin), export::audit_log),
        Route::on(GET, "/o/{org}/join/{token}", Page(Anyone), open(EmailLink::Join)),
        Route::on(GET, "/o/{org}/sign-in/{token}", Page(Anyone), open(EmailLink::SignIn)),
        Route::on(GET, "/o/{org}/confirm-request/{token}", Page(Anyone), open(EmailLink::ConfirmRequest)),
        Route::on(POST, "/o/{org}/sso/start", Page(Anyone), sso::start),
        Route::on(GET, "/o/{org}/sso/callback", Page(Anyone), sso::callback),
        Route::on(POST, "/o/{org}/sso/logout", IdentityProvider, sso::logout),
        Route::on(GET, "/health/live", HealthCheck, async || "live"),
        Route::on(GET, "/health/ready", HealthCheck, health::ready),
    ];
    for page in app::ROUTES {
        let (path, access) = (page.path.to_axum(), Page(page.access));
        routes.push(Route::on(GET, path.clone(), access, pages::render));
        // Forms post to the URL of their own page.
        routes.push(Route::on(POST, path, access, form_fallback::submit));
    }
    if state.dev_mailbox.is_some() {
        routes.extend([
            Route::on(GET, "/dev/mail", Loopback, dev_mailbox::list),
            Route::on(GET, "/dev/mail/{id}", Loopback, dev_mailbox::show),
            Route::on(GET, "/dev/mail/{id}/html", Loopback, dev_mailbox::show_html),
        ]);
    }
    routes.extend(scim::routes());
    routes.extend(assets::routes(state));
    routes
}
