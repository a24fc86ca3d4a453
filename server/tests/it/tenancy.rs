//! Every door of an organization, tried by nobody, by a member and by an admin of another organization. A door that is
//! missing from these lists fails the test.

mod links;

use crate::test_server::{ADMIN, FORM, TestServer};
use axum::http::StatusCode;
use leptos_axum::generate_route_list;
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::fmt::Write;
use uuid::Uuid;

const JSON: &str = "application/json";

/// The router can't be asked for its paths, so its source is.
const ROUTER: &str = include_str!("../../src/router.rs");

/// Every page that only an admin sees.
const ADMINS_PAGES: [&str; 10] = [
    "/o/:org/settings/audit-log",
    "/o/:org/settings/authentication",
    "/o/:org/settings/general",
    "/o/:org/settings/groups",
    "/o/:org/settings/provisioning",
    "/o/:org/settings/requests",
    "/o/:org/settings/roles",
    "/o/:org/settings/users",
    "/o/:org/settings/users/:user",
    "/o/{org}/settings/audit-log.csv",
];

/// Every page that whoever is signed in sees.
const USERS_PAGES: [&str; 1] = ["/o/:org/account"];

/// Every page that anybody sees, and every address that leads to one.
const ANYBODYS_PAGES: [&str; 16] = [
    "/",
    "/o/:org/confirm-request",
    "/o/:org/join",
    "/o/:org/login",
    "/o/:org/login/code",
    "/o/:org/request-invitation",
    "/o/:org/sign-in",
    "/o/:org/signed-out",
    "/o/:org/sso/refused",
    "/o/{org}",
    "/o/{org}/confirm-request/{token}",
    "/o/{org}/join/{token}",
    "/o/{org}/sign-in/{token}",
    "/o/{org}/sso/callback",
    "/o/{org}/sso/logout",
    "/o/{org}/sso/start",
];

/// What stands outside of organizations: server functions (listed below), health, and the mailbox, which is for whoever
/// sits at this machine.
const NOBODYS: [&str; 6] = [
    "/api/{*function}",
    "/dev/mail",
    "/dev/mail/{id}",
    "/dev/mail/{id}/html",
    "/health/live",
    "/health/ready",
];

/// Every server function that only an admin may call, with a body that an admin's call would have. What stands in
/// braces is the id of something of the organization.
const ADMINS_ALONE: [(&str, &str, &str); 30] = [
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
    ("/api/requests/dismiss", FORM, "org=blobsrus&requests[]={request}&tell=true"),
    ("/api/requests/dismiss", FORM, "org=blobsrus&email[]=asks@blobsrus.com&tell=true"),
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

/// The one whose answer is about an id in JSON.
const PROFILE: (&str, &str, &str) = ("/api/users/profile", JSON, r#"{"org":"blobsrus","user":"{user}"}"#);

/// Every server function that whoever is signed in may call, for themselves.
const USERS_ALONE: [(&str, &str, &str); 5] = [
    ("/api/account/end_session", FORM, "org=blobsrus&session={session}"),
    ("/api/account/rename", FORM, "org=blobsrus&name=Other"),
    ("/api/account/sessions", JSON, r#"{"org":"blobsrus"}"#),
    ("/api/account/theme", FORM, "org=blobsrus&theme=dark"),
    ("/api/account/sign_out_everywhere", FORM, "org=blobsrus"),
];

/// Every server function that anybody may call.
const ANYBODYS: [&str; 15] = [
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

/// One of each kind of thing in the organization, by its name in braces.
async fn things(site: &TestServer) -> Vec<(&'static str, Uuid)> {
    site.invited("invited@blobsrus.com").await;
    let organization = "(select id from organizations where slug = 'blobsrus')";
    let one = async |sql: String| -> Uuid {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&site.context.pool).await.unwrap()
    };
    let insert = |table: &str, columns: &str, values: &str| {
        one(format!(
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
                "name, token_hash, hint, scopes, created_by_name",
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
        ("{user}", one("select id from users where email = 'member@blobsrus.com'".to_owned()).await),
        ("{invited}", one("select id from users where email = 'invited@blobsrus.com'".to_owned()).await),
        (
            "{session}",
            one("select s.id from sessions s join users u on u.id = s.user_id and u.email = 'ada@blobsrus.com' limit 1"
                .to_owned())
            .await,
        ),
    ]
}

fn filled(body: &str, things: &[(&str, Uuid)]) -> String {
    things.iter().fold(body.to_owned(), |body, (name, id)| body.replace(name, &id.to_string()))
}

/// Every row of the organization, as one text to compare.
async fn rows(site: &TestServer) -> String {
    rows_of(site, "blobsrus").await
}

async fn rows_of(site: &TestServer, slug: &str) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.columns
         where table_schema = 'public' and column_name = 'organization_id' order by table_name",
    )
    .fetch_all(&site.context.pool)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        let sql = format!(
            "select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {table} t
             where organization_id = (select id from organizations where slug = $1)"
        );
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(slug)
            .fetch_one(&site.context.pool)
            .await
            .unwrap();
        writeln!(all, "{table}\n{rows}").unwrap();
    }
    let settings: String = sqlx::query_scalar("select o::text from organizations o where slug = $1")
        .bind(slug)
        .fetch_one(&site.context.pool)
        .await
        .unwrap();
    all + &settings
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn admins_functions_answer_nobody_else_and_change_nothing(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let member = site.member("member@blobsrus.com").await;
    let stranger = site.other_organization().await;
    let things = things(&site).await;
    let before = rows(&site).await;
    for (path, kind, body) in ADMINS_ALONE.into_iter().chain([PROFILE]) {
        let body = filled(body, &things);
        let answer = site.call(path, "", kind, &body).await;
        let signed_out = (StatusCode::UNAUTHORIZED, r#""signed_out""#);
        assert_eq!((answer.status, &*answer.body), signed_out, "{path}");
        let answer = site.call(path, &member, kind, &body).await;
        let not_found = (StatusCode::NOT_FOUND, r#""not_found""#);
        assert_eq!((answer.status, &*answer.body), not_found, "{path}");
        let answer = site.call(path, &stranger, kind, &body).await;
        assert_eq!((answer.status, &*answer.body), signed_out, "{path}");
        let nowhere = body.replace("blobsrus\"", "nowhere\"").replace("org=blobsrus", "org=nowhere");
        assert_eq!(site.call(path, &stranger, kind, &nowhere).await.status, StatusCode::NOT_FOUND, "{path}");
        // An admin, but of another organization than the one whose ids these are.
        let own = body.replace("blobsrus\"", "other\"").replace("org=blobsrus", "org=other");
        let answer = site.call(path, &stranger, kind, &own).await;
        assert!(!answer.body.contains("member@blobsrus.com"), "{path}: {}", answer.body);
        assert!(!answer.body.contains("Bookkeeper"), "{path}: {}", answer.body);
        assert_eq!(rows(&site).await, before, "{path} changed something");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_same_calls_are_answered_to_an_admin(pool: PgPool) {
    let site = TestServer::new(pool).await;
    site.member("member@blobsrus.com").await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    let things = things(&site).await;
    // What deletes comes last.
    let (deleting, other): (Vec<_>, Vec<_>) = ADMINS_ALONE
        .into_iter()
        .chain([PROFILE])
        .partition(|(path, ..)| path.ends_with("delete") || path.ends_with("act"));
    for (path, kind, body) in other.into_iter().chain(deleting) {
        let answer = site.call(path, &admin, kind, &filled(body, &things)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn users_functions_answer_whoever_is_signed_in_alone(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let member = site.member("member@blobsrus.com").await;
    let stranger = site.other_organization().await;
    let things = things(&site).await;
    for (path, kind, body) in USERS_ALONE {
        let body = filled(body, &things);
        assert_eq!(site.call(path, "", kind, &body).await.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(site.call(path, &stranger, kind, &body).await.status, StatusCode::UNAUTHORIZED, "{path}");
        // The session is another's.
        let wanted = if path.ends_with("end_session") { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(site.call(path, &member, kind, &body).await.status, wanted, "{path}");
    }
    assert_eq!(site.count("users where name = 'Other'").await, 1, "the member's own name alone");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn pages_show_themselves_to_those_alone_whom_they_are_for(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let member = site.member("member@blobsrus.com").await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    let stranger = site.other_organization().await;
    let things = things(&site).await;
    let user = things.iter().find(|(name, _)| *name == "{user}").unwrap().1.to_string();
    for path in ADMINS_PAGES.into_iter().chain(USERS_PAGES) {
        let at = |slug: &str| path.replace(":org", slug).replace("{org}", slug).replace(":user", &user);
        let page = at("blobsrus");
        for cookie in ["", &stranger] {
            let answer = site.get(&page, cookie).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{page}");
            assert!(answer.location().starts_with("/o/blobsrus/login?next="), "{page}");
        }
        let wanted = if USERS_PAGES.contains(&path) { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(site.get(&page, &member).await.status, wanted, "{page}");
        assert_eq!(site.get(&page, &admin).await.status, StatusCode::OK, "{page}");
        let own = site.get(&at("other"), &stranger).await;
        assert!(!own.body.contains("member@blobsrus.com"), "{page}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn no_door_is_missing_from_these_lists(pool: PgPool) {
    let _site = TestServer::new(pool).await;
    let functions: BTreeSet<&str> = ADMINS_ALONE
        .into_iter()
        .chain([PROFILE])
        .chain(USERS_ALONE)
        .map(|(path, ..)| path)
        .chain(ANYBODYS)
        .collect();
    let there: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert_eq!(there, functions);
    let listed: BTreeSet<String> = ADMINS_PAGES
        .into_iter()
        .chain(USERS_PAGES)
        .chain(ANYBODYS_PAGES)
        .chain(NOBODYS)
        .map(braced)
        .collect();
    let own = ROUTER.split("#[cfg(test)]").next().unwrap().split(".route(\"").skip(1);
    let own = own.map(|rest| rest.split('"').next().unwrap().to_owned());
    let pages = generate_route_list(app::App).into_iter().map(|page| braced(page.path()));
    let there: BTreeSet<String> = own.chain(pages).filter(|path| path != "/metrics").collect();
    assert_eq!(there, listed);
}

/// Both ways of writing a parameter as one.
fn braced(path: &str) -> String {
    let part =
        |part: &str| part.strip_prefix(':').map_or_else(|| part.to_owned(), |name| format!("{{{name}}}"));
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}
