//! Tenant isolation: every endpoint of an organization, called signed out, by a member and by an admin of another
//! organization. An endpoint that is missing from these lists fails `every_route_is_covered`.

mod links;

use crate::test_server::{ADMIN, FORM, TestServer, site_root};
use app::runtime::routes::PageAccess;
use axum::http::StatusCode;
use domain::mail::MemoryMailbox;
use server::route::{Access, Route};
use server::routes::routes;
use server::state::AppState;
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::fmt::Write;
use uuid::Uuid;

const JSON: &str = "application/json";

/// Pages for admins.
const ADMIN_PAGES: [&str; 10] = [
    "/o/{org}/settings/audit-log",
    "/o/{org}/settings/authentication",
    "/o/{org}/settings/general",
    "/o/{org}/settings/groups",
    "/o/{org}/settings/provisioning",
    "/o/{org}/settings/requests",
    "/o/{org}/settings/roles",
    "/o/{org}/settings/users",
    "/o/{org}/settings/users/{user}",
    "/o/{org}/settings/audit-log.csv",
];

/// Pages for signed-in users.
const USER_PAGES: [&str; 1] = ["/o/{org}/account"];

/// Public pages, and routes that redirect to one.
const PUBLIC_PAGES: [&str; 14] = [
    "/",
    "/o/{org}",
    "/o/{org}/confirm-request",
    "/o/{org}/confirm-request/{token}",
    "/o/{org}/join",
    "/o/{org}/join/{token}",
    "/o/{org}/login",
    "/o/{org}/login/code",
    "/o/{org}/sign-in",
    "/o/{org}/sign-in/{token}",
    "/o/{org}/signed-out",
    "/o/{org}/sso/callback",
    "/o/{org}/sso/refused",
    "/o/{org}/sso/start",
];

/// Routes that show nothing of an organization by themselves: the server functions are listed below, and the routes for API
/// clients in `scim::api_keys`.
const OTHER_ROUTES: [(Access, &str); 12] = [
    (Access::Page(PageAccess::AnyoneIfRequestsEnabled), "/o/{org}/request-invitation"),
    (Access::IdentityProvider, "/o/{org}/sso/logout"),
    (Access::ServerFunction, "/api/{*function}"),
    (Access::Loopback, "/dev/mail"),
    (Access::Loopback, "/dev/mail/{id}"),
    (Access::Loopback, "/dev/mail/{id}/html"),
    (Access::HealthCheck, "/health/live"),
    (Access::HealthCheck, "/health/ready"),
    (Access::Asset, "/pkg/{*file}"),
    (Access::Asset, "/style.css"),
    (Access::Asset, "/favicon.svg"),
    (Access::Asset, "/robots.txt"),
];

/// Server functions for admins, each with a valid body. Names in braces are replaced by the ids of `Resources`.
const ADMIN_ENDPOINTS: [(&str, &str, &str); 30] = [
    ("/api/audit_log/list", JSON, r#"{"org":"blobsrus","query":{}}"#),
    ("/api/authentication/delete", FORM, "org=blobsrus&id={connection}"),
    ("/api/authentication/email_links", FORM, "org=blobsrus"),
    (
        "/api/authentication/save",
        FORM,
        "org=blobsrus&id={connection}&name=Other&issuer=https://idp.example&client_id=x&default_role=admin&groups[]={group}",
    ),
    ("/api/authentication/get", JSON, r#"{"org":"blobsrus"}"#),
    ("/api/authentication/test", FORM, "org=blobsrus&id={connection}"),
    ("/api/groups/delete", FORM, "org=blobsrus&id={group}"),
    ("/api/groups/list", JSON, r#"{"org":"blobsrus"}"#),
    ("/api/groups/save", FORM, "org=blobsrus&id={group}&name=Other&roles[]={role}"),
    ("/api/requests/dismiss", FORM, "org=blobsrus&requests[]={request}&notify=true"),
    ("/api/requests/dismiss", FORM, "org=blobsrus&email[]=asks@blobsrus.com&notify=true"),
    ("/api/keys/create", FORM, "org=blobsrus&name=Other&scopes[]=users:read&lifetime="),
    ("/api/keys/list", JSON, r#"{"org":"blobsrus"}"#),
    ("/api/keys/revoke", FORM, "org=blobsrus&id={key}"),
    ("/api/requests/dismiss_stale", FORM, "org=blobsrus"),
    ("/api/requests/list", JSON, r#"{"org":"blobsrus","query":{}}"#),
    ("/api/roles/delete", FORM, "org=blobsrus&id={role}"),
    ("/api/roles/list", JSON, r#"{"org":"blobsrus"}"#),
    ("/api/roles/save", FORM, "org=blobsrus&id={role}&name=Other&permissions=a:b"),
    (
        "/api/settings/save",
        FORM,
        "org=blobsrus&name=Other&invitation_days=3&session_hours=3&request_cooldown_days=3",
    ),
    ("/api/settings/show", JSON, r#"{"org":"blobsrus"}"#),
    ("/api/users/act", FORM, "org=blobsrus&action=revoke_membership&users[]={user}"),
    ("/api/users/change", FORM, "org=blobsrus&user={user}&role=admin&roles[]={role}&groups[]={group}"),
    ("/api/users/change_group", FORM, "org=blobsrus&group={group}&change=add&users[]={user}"),
    ("/api/users/classify", JSON, r#"{"org":"blobsrus","addresses":"ada@blobsrus.com"}"#),
    ("/api/users/copy_link", FORM, "org=blobsrus&user={invited}"),
    ("/api/users/grants", JSON, r#"{"org":"blobsrus"}"#),
    ("/api/users/invite", FORM, "org=blobsrus&addresses=x@blobsrus.com&role=admin&roles[]={role}"),
    ("/api/users/invite_all_again", FORM, "org=blobsrus"),
    ("/api/users/list", JSON, r#"{"org":"blobsrus","query":{}}"#),
];

/// A server function for admins whose body contains an id in JSON.
const PROFILE_ENDPOINT: (&str, &str, &str) =
    ("/api/users/profile", JSON, r#"{"org":"blobsrus","user":"{user}"}"#);

/// Server functions for signed-in users, about themselves.
const USER_ENDPOINTS: [(&str, &str, &str); 5] = [
    ("/api/account/end_session", FORM, "org=blobsrus&session={session}"),
    ("/api/account/rename", FORM, "org=blobsrus&name=Other"),
    ("/api/account/sessions", JSON, r#"{"org":"blobsrus"}"#),
    ("/api/account/theme", FORM, "org=blobsrus&theme=dark"),
    ("/api/account/sign_out_everywhere", FORM, "org=blobsrus"),
];

/// Public server functions.
const PUBLIC_ENDPOINTS: [&str; 15] = [
    "/api/ask/confirm",
    "/api/ask/confirm_page",
    "/api/ask/request",
    "/api/join/request_renewal",
    "/api/join/join",
    "/api/join/page",
    "/api/sign_in/pending",
    "/api/sign_in/by_code",
    "/api/sign_in/by_link",
    "/api/sign_in/link",
    "/api/sign_in/request",
    "/api/sign_in/sign_out",
    "/api/sso/refusal",
    "/api/sso/provider_logout",
    "/api/sso/options",
];

/// The ids of one resource of each kind, by the placeholder that stands for it.
type Resources = Vec<(&'static str, Uuid)>;

async fn create_resources(server: &TestServer) -> Resources {
    server.invite("invited@blobsrus.com").await;
    let organization = "(select id from organizations where slug = 'blobsrus')";
    let fetch_id = async |sql: String| -> Uuid {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&server.app.context.pool).await.unwrap()
    };
    let insert = |table: &str, columns: &str, values: &str| {
        fetch_id(format!(
            "insert into {table} (organization_id, id, created_at, {columns})
             values ({organization}, gen_random_uuid(), now(), {values}) returning id"
        ))
    };
    vec![
        ("{role}", insert("roles", "name, permissions", "'Bookkeeper', '{invoice:read}'").await),
        ("{group}", insert("groups", "name", "'Money'").await),
        (
            "{key}",
            insert(
                "api_keys",
                "name, token_hash, prefix, scopes, created_by_name",
                "'Okta', 'hash', 'vestibule_', '{users:read}', 'Ada'",
            )
            .await,
        ),
        (
            "{request}",
            insert(
                "invitation_requests",
                "email, email_normalized, status, proof",
                "'asks@blobsrus.com', 'asks@blobsrus.com', 'open', 'expired_link'",
            )
            .await,
        ),
        (
            "{connection}",
            insert(
                "sso_connections",
                "name, issuer, client_id, client_secret, just_in_time, default_role",
                "'Acme', 'https://idp.example', 'bookkeeper', '', true, 'member'",
            )
            .await,
        ),
        ("{user}", fetch_id("select id from users where email = 'member@blobsrus.com'".to_owned()).await),
        ("{invited}", fetch_id("select id from users where email = 'invited@blobsrus.com'".to_owned()).await),
        (
            "{session}",
            fetch_id("select s.id from sessions s join users u on u.id = s.user_id and u.email = 'ada@blobsrus.com' limit 1"
                .to_owned())
            .await,
        ),
    ]
}

fn fill_ids(body: &str, resources: &[(&str, Uuid)]) -> String {
    resources.iter().fold(body.to_owned(), |body, (name, id)| body.replace(name, &id.to_string()))
}

/// Every row of the organization "blobsrus", as text to compare.
async fn rows(server: &TestServer) -> String {
    rows_of(server, "blobsrus").await
}

async fn rows_of(server: &TestServer, slug: &str) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns
         where table_schema = 'public' and column_name = 'organization_id' order by table_name",
    )
    .fetch_all(&server.app.context.pool)
    .await
    .unwrap();
    let mut dump = String::new();
    for table in tables {
        let sql = format!(
            "select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {table} t
             where organization_id = (select id from organizations where slug = $1)"
        );
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(slug)
            .fetch_one(&server.app.context.pool)
            .await
            .unwrap();
        writeln!(dump, "{table}\n{rows}").unwrap();
    }
    let settings: String = sqlx::query_scalar("select o::text from organizations o where slug = $1")
        .bind(slug)
        .fetch_one(&server.app.context.pool)
        .await
        .unwrap();
    dump + &settings
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn admin_endpoints_reject_everyone_else(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let member = server.add_member("member@blobsrus.com").await;
    let other_admin = server.create_other_organization().await;
    let resources = create_resources(&server).await;
    let before = rows(&server).await;
    for (path, content_type, body) in ADMIN_ENDPOINTS.into_iter().chain([PROFILE_ENDPOINT]) {
        let body = fill_ids(body, &resources);
        let response = server.call_function(path, "", content_type, &body).await;
        let signed_out = (StatusCode::UNAUTHORIZED, r#""signed_out""#);
        assert_eq!((response.status, &*response.body), signed_out, "{path}");
        let response = server.call_function(path, &member, content_type, &body).await;
        let not_found = (StatusCode::NOT_FOUND, r#""not_found""#);
        assert_eq!((response.status, &*response.body), not_found, "{path}");
        let response = server.call_function(path, &other_admin, content_type, &body).await;
        assert_eq!((response.status, &*response.body), signed_out, "{path}");
        let unknown_org = body.replace("blobsrus\"", "nowhere\"").replace("org=blobsrus", "org=nowhere");
        assert_eq!(
            server.call_function(path, &other_admin, content_type, &unknown_org).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
        // Called for their own organization, with ids of ours.
        let own_org = body.replace("blobsrus\"", "other\"").replace("org=blobsrus", "org=other");
        let response = server.call_function(path, &other_admin, content_type, &own_org).await;
        assert!(!response.body.contains("member@blobsrus.com"), "{path}: {}", response.body);
        assert!(!response.body.contains("Bookkeeper"), "{path}: {}", response.body);
        assert_eq!(rows(&server).await, before, "{path} changed something");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn admin_endpoints_accept_an_admin(pool: PgPool) {
    let server = TestServer::new(pool).await;
    server.add_member("member@blobsrus.com").await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    let resources = create_resources(&server).await;
    // Endpoints that delete come last.
    let (deleting, other): (Vec<_>, Vec<_>) = ADMIN_ENDPOINTS
        .into_iter()
        .chain([PROFILE_ENDPOINT])
        .partition(|(path, ..)| path.ends_with("delete") || path.ends_with("act"));
    for (path, content_type, body) in other.into_iter().chain(deleting) {
        let response = server.call_function(path, &admin, content_type, &fill_ids(body, &resources)).await;
        assert_eq!(response.status, StatusCode::OK, "{path}: {}", response.body);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn user_endpoints_require_a_session(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let member = server.add_member("member@blobsrus.com").await;
    let other_admin = server.create_other_organization().await;
    let resources = create_resources(&server).await;
    for (path, content_type, body) in USER_ENDPOINTS {
        let body = fill_ids(body, &resources);
        assert_eq!(
            server.call_function(path, "", content_type, &body).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        assert_eq!(
            server.call_function(path, &other_admin, content_type, &body).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        // `{session}` belongs to another user.
        let expected = if path.ends_with("end_session") { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(server.call_function(path, &member, content_type, &body).await.status, expected, "{path}");
    }
    assert_eq!(server.app.count("users where name = 'Other'").await, 1, "only the member's own name");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn pages_require_their_role(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let member = server.add_member("member@blobsrus.com").await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    let other_admin = server.create_other_organization().await;
    let resources = create_resources(&server).await;
    let user = resources.iter().find(|(name, _)| *name == "{user}").unwrap().1.to_string();
    for path in ADMIN_PAGES.into_iter().chain(USER_PAGES) {
        let at = |slug: &str| path.replace("{org}", slug).replace("{user}", &user);
        let page = at("blobsrus");
        for cookie in ["", &other_admin] {
            let response = server.get(&page, cookie).await;
            assert_eq!(response.status, StatusCode::SEE_OTHER, "{page}");
            assert!(response.location().starts_with("/o/blobsrus/login?next="), "{page}");
        }
        let expected = if USER_PAGES.contains(&path) { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(server.get(&page, &member).await.status, expected, "{page}");
        assert_eq!(server.get(&page, &admin).await.status, StatusCode::OK, "{page}");
        let own = server.get(&at("other"), &other_admin).await;
        assert!(!own.body.contains("member@blobsrus.com"), "{page}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_route_is_covered(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let listed_functions: BTreeSet<&str> = ADMIN_ENDPOINTS
        .into_iter()
        .chain([PROFILE_ENDPOINT])
        .chain(USER_ENDPOINTS)
        .map(|(path, ..)| path)
        .chain(PUBLIC_ENDPOINTS)
        .collect();
    let registered_functions: BTreeSet<&str> =
        server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert_eq!(registered_functions, listed_functions);
    let pages = |access, paths: &[&'static str]| {
        paths.iter().map(|path| (Access::Page(access), *path)).collect::<Vec<_>>()
    };
    let listed_routes: BTreeSet<(Access, &str)> = pages(PageAccess::Admin, &ADMIN_PAGES)
        .into_iter()
        .chain(pages(PageAccess::User, &USER_PAGES))
        .chain(pages(PageAccess::Anyone, &PUBLIC_PAGES))
        .chain(OTHER_ROUTES)
        .collect();
    let mut routes = route_table(&server);
    routes.retain(|route| route.access != Access::ApiClient);
    let registered_routes: BTreeSet<(Access, &str)> =
        routes.iter().map(|route| (route.access, &*route.path)).collect();
    assert_eq!(registered_routes, listed_routes);
    // Only pages have a second method, for forms.
    assert_eq!(routes.len(), registered_routes.len() + app::ROUTES.len());
}

/// All routes of the server, those of the dev mailbox included.
pub fn route_table(server: &TestServer) -> Vec<Route> {
    let mailbox = Some(MemoryMailbox::default());
    routes(&AppState::new(server.app.context.clone(), site_root(), mailbox, Vec::new()))
}
