//! Authentication and authorization: every endpoint needs a key of the organization with the right scope.

use super::{Reply, ScimClient, create_key, send};
use crate::tenancy::route_table;
use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use axum::routing::MethodFilter;
use chrono::{DateTime, Utc};
use domain::api_keys;
use model::ApiKeyId;
use model::api_keys::{Lifetime, Scope};
use serde_json::json;
use server::route::{Access, Route};
use sqlx::PgPool;

async fn call(server: &TestServer, method: Method, path: &str, authorization: Option<&str>) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    send(server, request.body(Body::empty()).unwrap()).await
}

/// Every route, with a method that it supports and the scope that it requires.
const ENDPOINTS: [(&str, &str, Option<Scope>); 25] = [
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

/// Whether the route serves this endpoint.
fn serves(route: &Route, method: &str, endpoint: &str) -> bool {
    let method = MethodFilter::try_from(method.parse::<Method>().unwrap()).unwrap();
    let pattern: Vec<&str> = route.path.strip_prefix("/o/{org}/scim/v2").unwrap().split('/').collect();
    let path: Vec<&str> = endpoint.split('/').collect();
    let has_wildcard = pattern.last().unwrap().starts_with("{*");
    route.method.is_none_or(|served| served == method)
        && (path.len() == pattern.len() || has_wildcard && path.len() > pattern.len())
        && pattern.iter().zip(path).all(|(pattern, part)| pattern.starts_with('{') || *pattern == part)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_scim_route_is_covered(pool: PgPool) {
    let routes = route_table(&TestServer::new(pool).await);
    for route in routes.iter().filter(|route| route.access == Access::ApiClient) {
        let is_listed = ENDPOINTS.iter().any(|(method, endpoint, _)| serves(route, method, endpoint));
        assert!(is_listed, "{:?} {} is missing from ENDPOINTS", route.method, route.path);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_endpoint_requires_a_key_of_the_organization(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let user = scim.create_user("blob@blobsrus.com").await;
    let group = scim.create_group("Blobs", &[&user]).await;
    let server = &scim.server;
    let cookie = server.sign_in("blobsrus", ADMIN).await;
    server.create_other_organization().await;
    let before = server.app.count("audit_events").await;
    let valid = format!("Bearer {}", scim.key);
    for (method, path, _) in ENDPOINTS {
        let path = path.replace("{user}", &user).replace("{group}", &group);
        let method: Method = method.parse().unwrap();
        let mut details = Vec::new();
        for (organization, authorization) in [
            ("blobsrus", None),
            ("blobsrus", Some("Bearer nonsense")),
            ("blobsrus", Some("Basic dXNlcjpwYXNz")),
            // A valid key, but of another organization; and an unknown organization.
            ("other", Some(valid.as_str())),
            ("nowhere", Some(valid.as_str())),
        ] {
            let path = format!("/o/{organization}/scim/v2{path}");
            let reply = call(server, method.clone(), &path, authorization).await;
            let detail = reply.error(401, None);
            let challenge = reply.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer realm="), "{challenge}");
            let has_token = authorization.is_some_and(|value| value.starts_with("Bearer"));
            assert_eq!(challenge.contains("invalid_token"), has_token, "{challenge}");
            details.push(detail);
        }
        details.dedup();
        assert_eq!(details.len(), 1, "{path}: responses differ: {details:?}");
        // The session of an admin doesn't authenticate.
        let request = Request::builder()
            .method(method)
            .uri(format!("/o/blobsrus/scim/v2{path}"))
            .header(header::COOKIE, &cookie);
        assert_eq!(send(server, request.body(Body::empty()).unwrap()).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(server.app.count("audit_events").await, before);
    assert_eq!(server.app.count_users("active").await, 3);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn key_is_limited_to_its_scopes(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let user = scim.create_user("blob@blobsrus.com").await;
    let group = scim.create_group("Blobs", &[&user]).await;
    let server = &scim.server;
    for &scope in Scope::ALL {
        let key = format!("Bearer {}", create_key(server, &[scope]).await);
        for (method, path, required) in ENDPOINTS {
            let Some(required) = required else { continue };
            let path = path.replace("{user}", &user).replace("{group}", &group);
            let path = format!("/o/blobsrus/scim/v2{path}");
            // Permitted writes are tested elsewhere.
            if required == scope && method != "GET" {
                continue;
            }
            let reply = call(server, method.parse().unwrap(), &path, Some(&key)).await;
            if required == scope {
                assert_eq!(reply.status, StatusCode::OK, "{method} {path}");
            } else {
                reply.error(403, None);
                let challenge = reply.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
                assert!(challenge.contains("insufficient_scope"), "{challenge}");
                assert!(challenge.contains(required.code()), "{challenge}");
            }
        }
    }
    // Searching users and groups requires both scopes.
    let users_only = format!("Bearer {}", create_key(server, &[Scope::UsersRead]).await);
    call(server, Method::POST, "/o/blobsrus/scim/v2/.search", Some(&users_only)).await.error(403, None);
}

async fn set_expiry(scim: &ScimClient, key: ApiKeyId, expires_at: Option<DateTime<Utc>>) {
    sqlx::query("update api_keys set expires_at = $2 where id = $1")
        .bind(key.0)
        .bind(expires_at)
        .execute(&scim.server.app.context.pool)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn expired_and_revoked_keys_are_rejected(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let admin = scim.server.app.admin.admin("blobsrus").await.unwrap();
    let new = api_keys::create(&admin, "Entra", &[Scope::UsersRead], Lifetime::Month).await.unwrap();
    let authorization = format!("Bearer {}", new.token);
    let path = "/o/blobsrus/scim/v2/Users";
    assert_eq!(call(&scim.server, Method::GET, path, Some(&authorization)).await.status, StatusCode::OK);
    let listed = api_keys::provisioning(&admin).await.unwrap();
    let key = listed.keys.iter().find(|key| key.id == new.id).unwrap();
    assert!(key.last_used_at.is_some() && key.expires_at.is_some());
    assert!(new.token.starts_with(&key.prefix) && key.prefix.len() < 16);
    assert_eq!(listed.base_url, "http://localhost:3000/o/blobsrus/scim/v2");
    set_expiry(&scim, new.id, Some(scim.server.app.context.clock.now())).await;
    call(&scim.server, Method::GET, path, Some(&authorization)).await.error(401, None);
    set_expiry(&scim, new.id, None).await;
    assert_eq!(call(&scim.server, Method::GET, path, Some(&authorization)).await.status, StatusCode::OK);
    api_keys::revoke(&admin, new.id).await.unwrap();
    call(&scim.server, Method::GET, path, Some(&authorization)).await.error(401, None);
    assert!(api_keys::revoke(&admin, new.id).await.is_err());
    // The database holds only a hash, and the audit log both events.
    let stored: String = sqlx::query_scalar("select string_agg(k::text, '') from api_keys k")
        .fetch_one(&scim.server.app.context.pool)
        .await
        .unwrap();
    assert!(!stored.contains(&scim.key));
    assert_eq!(scim.count_events("api_key.created").await, 2);
    assert_eq!(scim.count_events("api_key.revoked").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invalid_bodies_are_rejected(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let post = async |content_type: &str, body: String| {
        let request = Request::post("/o/blobsrus/scim/v2/Users")
            .header(header::AUTHORIZATION, format!("Bearer {}", scim.key))
            .header(header::CONTENT_TYPE, content_type);
        send(&scim.server, request.body(Body::from(body)).unwrap()).await
    };
    let long = json!({ "userName": "blob@blobsrus.com", "title": "x".repeat(5 << 20) }).to_string();
    post("application/scim+json", long).await.error(413, None);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    post("application/scim+json", deep).await.error(400, Some("invalidSyntax"));
    post("application/json; charset=utf-8", "{".to_owned()).await.error(400, Some("invalidSyntax"));
    post("application/json", "[]".to_owned()).await.error(400, Some("invalidSyntax"));
    post("text/plain", "{}".to_owned()).await.error(415, None);
    let created = post("application/json", json!({ "userName": "blob@blobsrus.com" }).to_string()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    scim.call(Method::POST, "/Users/x", None).await.error(405, None);
    scim.get("/Users/x").await.error(404, None);
}
