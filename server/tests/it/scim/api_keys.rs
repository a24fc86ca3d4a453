//! Who may come in, and what the others learn: nothing.

use super::{Directory, key, reply};
use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use domain::api_keys;
use model::api_keys::{Lifetime, Scope};
use serde_json::json;
use sqlx::PgPool;

async fn ask(site: &TestServer, method: Method, path: &str, key: Option<&str>) -> super::Reply {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, key);
    }
    reply(site, request.body(Body::empty()).unwrap()).await
}

/// Every address, with a method that it knows, and the scope that it wants.
const DOORS: [(&str, &str, Option<Scope>); 25] = [
    ("GET", "/Users", Some(Scope::UsersRead)),
    ("POST", "/Users/.search", Some(Scope::UsersRead)),
    ("GET", "/Users/{user}", Some(Scope::UsersRead)),
    ("POST", "/Users", Some(Scope::UsersWrite)),
    ("PUT", "/Users/{user}", Some(Scope::UsersWrite)),
    ("PATCH", "/Users/{user}", Some(Scope::UsersWrite)),
    ("DELETE", "/Users/{user}", Some(Scope::UsersWrite)),
    ("GET", "/Groups", Some(Scope::GroupsRead)),
    ("POST", "/Groups/.search", Some(Scope::GroupsRead)),
    ("GET", "/Groups/{group}", Some(Scope::GroupsRead)),
    ("POST", "/Groups", Some(Scope::GroupsWrite)),
    ("PUT", "/Groups/{group}", Some(Scope::GroupsWrite)),
    ("PATCH", "/Groups/{group}", Some(Scope::GroupsWrite)),
    ("DELETE", "/Groups/{group}", Some(Scope::GroupsWrite)),
    ("POST", "/.search", Some(Scope::UsersRead)),
    ("GET", "/ServiceProviderConfig", None),
    ("GET", "/ResourceTypes", None),
    ("GET", "/ResourceTypes/User", None),
    ("GET", "/Schemas", None),
    ("GET", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", None),
    ("GET", "/Me", None),
    ("DELETE", "/Me/sessions", None),
    ("POST", "/Bulk", None),
    ("GET", "", None),
    ("GET", "/nowhere/at/all", None),
];

/// The router can't be asked for its paths, so its source is.
const ROUTER: &str = include_str!("../../../src/scim.rs");

#[test]
fn no_door_is_missing() {
    let of_source = ROUTER.split(".route(").skip(1).map(|rest| rest.split('"').nth(1).unwrap());
    let shapes = |path: &str| {
        let parts: Vec<&str> = path.trim_start_matches("/o/{org}/scim/v2").split('/').collect();
        parts.iter().map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
    };
    for path in of_source {
        assert!(path.starts_with("/o/{org}/scim/v2"), "{path}");
        let wanted = shapes(path);
        let fits = |door: &str| {
            let door: Vec<String> = shapes(door).split('/').map(str::to_owned).collect();
            let wanted: Vec<&str> = wanted.split('/').collect();
            let rest = path.contains("{*");
            (door.len() == wanted.len() || rest && door.len() > wanted.len())
                && wanted.iter().zip(&door).all(|(wanted, door)| *wanted == "{}" || wanted == door)
        };
        assert!(DOORS.iter().any(|(_, door, _)| fits(door)), "{path} is not in the list");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_door_wants_a_key_of_its_own_organization(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let user = scim.user("blob@blobsrus.com").await;
    let group = scim.group("Blobs", &[&user]).await;
    let site = &scim.site;
    let cookie = site.signed_in("blobsrus", ADMIN).await;
    site.create_other_organization().await;
    let before = site.count("audit_events").await;
    let good = format!("Bearer {}", scim.key);
    for (method, path, _) in DOORS {
        let path = path.replace("{user}", &user).replace("{group}", &group);
        let method: Method = method.parse().unwrap();
        let mut refusals = Vec::new();
        for (organization, key) in [
            ("blobsrus", None),
            ("blobsrus", Some("Bearer nonsense")),
            ("blobsrus", Some("Basic dXNlcjpwYXNz")),
            // Good, but of another organization, and of one that is not there.
            ("other", Some(good.as_str())),
            ("nowhere", Some(good.as_str())),
        ] {
            let path = format!("/o/{organization}/scim/v2{path}");
            let reply = ask(site, method.clone(), &path, key).await;
            let detail = reply.refused(401, None);
            let challenge = reply.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer realm="), "{challenge}");
            let presented = key.is_some_and(|key| key.starts_with("Bearer"));
            assert_eq!(challenge.contains("invalid_token"), presented, "{challenge}");
            refusals.push(detail);
        }
        refusals.dedup();
        assert_eq!(refusals.len(), 1, "{path}: they are told apart: {refusals:?}");
        // Who is signed in as an admin is nobody here.
        let request = Request::builder()
            .method(method)
            .uri(format!("/o/blobsrus/scim/v2{path}"))
            .header(header::COOKIE, &cookie);
        assert_eq!(reply(site, request.body(Body::empty()).unwrap()).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(site.count("audit_events").await, before);
    assert_eq!(site.count("users where status = 'active'").await, 3);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_key_is_good_for_its_scopes_alone(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let user = scim.user("blob@blobsrus.com").await;
    let group = scim.group("Blobs", &[&user]).await;
    let site = &scim.site;
    for scope in Scope::ALL {
        let key = format!("Bearer {}", key(site, &[scope]).await);
        for (method, path, wanted) in DOORS {
            let Some(wanted) = wanted else { continue };
            let path = path.replace("{user}", &user).replace("{group}", &group);
            let path = format!("/o/blobsrus/scim/v2{path}");
            // What would be done is seen elsewhere.
            if wanted == scope && method != "GET" {
                continue;
            }
            let reply = ask(site, method.parse().unwrap(), &path, Some(&key)).await;
            if wanted == scope {
                assert_eq!(reply.status, StatusCode::OK, "{method} {path}");
            } else {
                reply.refused(403, None);
                let challenge = reply.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
                assert!(challenge.contains("insufficient_scope"), "{challenge}");
                assert!(challenge.contains(wanted.code()), "{challenge}");
            }
        }
    }
    // The list of both wants both.
    let users_alone = format!("Bearer {}", key(site, &[Scope::UsersRead]).await);
    ask(site, Method::POST, "/o/blobsrus/scim/v2/.search", Some(&users_alone)).await.refused(403, None);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_key_that_was_revoked_or_whose_time_is_over_opens_nothing(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let request_context = scim.site.admin().await;
    let admin = request_context.admin("blobsrus").await.unwrap();
    let new = api_keys::create(&admin, "Entra", &[Scope::UsersRead], Lifetime::Month).await.unwrap();
    let text = format!("Bearer {}", new.text);
    let path = "/o/blobsrus/scim/v2/Users";
    assert_eq!(ask(&scim.site, Method::GET, path, Some(&text)).await.status, StatusCode::OK);
    let listed = api_keys::provisioning(&admin).await.unwrap();
    let shown = listed.keys.iter().find(|one| one.id == new.id).unwrap();
    assert!(shown.last_used_at.is_some() && shown.expires_at.is_some());
    assert!(new.text.starts_with(&shown.prefix) && shown.prefix.len() < 16);
    assert_eq!(listed.base_url, "http://localhost:3000/o/blobsrus/scim/v2");
    sqlx::query("update api_keys set expires_at = now() where id = $1")
        .bind(new.id.0)
        .execute(&scim.site.context.pool)
        .await
        .unwrap();
    ask(&scim.site, Method::GET, path, Some(&text)).await.refused(401, None);
    sqlx::query("update api_keys set expires_at = null where id = $1")
        .bind(new.id.0)
        .execute(&scim.site.context.pool)
        .await
        .unwrap();
    assert_eq!(ask(&scim.site, Method::GET, path, Some(&text)).await.status, StatusCode::OK);
    api_keys::revoke(&admin, new.id).await.unwrap();
    ask(&scim.site, Method::GET, path, Some(&text)).await.refused(401, None);
    assert!(api_keys::revoke(&admin, new.id).await.is_err());
    // What is kept opens nothing, and what was done is in the log.
    let kept: String = sqlx::query_scalar("select string_agg(k::text, '') from api_keys k")
        .fetch_one(&scim.site.context.pool)
        .await
        .unwrap();
    assert!(!kept.contains(&scim.key));
    assert_eq!(scim.site.count("audit_events where action = 'api_key.created'").await, 2);
    assert_eq!(scim.site.count("audit_events where action = 'api_key.revoked'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_is_sent_is_bounded_and_of_the_right_type(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let send = async |kind: &str, body: String| {
        let request = Request::post("/o/blobsrus/scim/v2/Users")
            .header(header::AUTHORIZATION, format!("Bearer {}", scim.key))
            .header(header::CONTENT_TYPE, kind);
        reply(&scim.site, request.body(Body::from(body)).unwrap()).await
    };
    let long = json!({ "userName": "blob@blobsrus.com", "title": "x".repeat(5 << 20) }).to_string();
    send("application/scim+json", long).await.refused(413, None);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    send("application/scim+json", deep).await.refused(400, Some("invalidSyntax"));
    send("application/json; charset=utf-8", "{".to_owned()).await.refused(400, Some("invalidSyntax"));
    send("application/json", "[]".to_owned()).await.refused(400, Some("invalidSyntax"));
    send("text/plain", "{}".to_owned()).await.refused(415, None);
    let made = send("application/json", json!({ "userName": "blob@blobsrus.com" }).to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    scim.call(Method::POST, "/Users/x", None).await.refused(405, None);
    scim.get("/Users/x").await.refused(404, None);
}
