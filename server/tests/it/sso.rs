//! The HTTP endpoints of single sign-on. The rules are tested in `domain`.

use crate::test_server::{FORM, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use sqlx::PgPool;
use uuid::Uuid;

/// Inserts a connection to an unreachable provider.
async fn insert_connection(site: &TestServer) -> Uuid {
    sqlx::query_scalar(
        "insert into sso_connections
            (organization_id, id, created_at, name, issuer, client_id, client_secret, just_in_time, default_role)
         select id, gen_random_uuid(), now(), '<b>Acme</b>', 'https://127.0.0.1:1', 'x', '', true, 'member'
         from organizations returning id",
    )
    .fetch_one(&site.app.context.pool)
    .await
    .unwrap()
}

fn start_request() -> axum::http::request::Builder {
    Request::post("/o/blobsrus/sso/start").header(header::CONTENT_TYPE, FORM)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn cross_site_request_cannot_start_a_login_flow(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let connection = insert_connection(&site).await;
    let body = || Body::from(format!("connection={connection}"));
    let cross_site = start_request().header("sec-fetch-site", "cross-site").body(body()).unwrap();
    assert_eq!(site.send(cross_site).await.status, StatusCode::FORBIDDEN);
    let cross_site = start_request().header(header::ORIGIN, "https://evil.example").body(body()).unwrap();
    assert_eq!(site.send(cross_site).await.status, StatusCode::FORBIDDEN);
    let response = site.get(&format!("/o/blobsrus/sso/start?connection={connection}"), "").await;
    assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.app.count("sso_login_flows").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn refusal_page_is_shown_only_in_its_own_browser(pool: PgPool) {
    let site = TestServer::with_base_url(pool, "https://members.example.com").await;
    let connection = insert_connection(&site).await;
    let response = site.post_form("/o/blobsrus/sso/start", "", &format!("connection={connection}")).await;
    assert_eq!((response.status, response.location()), (StatusCode::SEE_OTHER, "/o/blobsrus/sso/refused"));
    let cookie = response.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-sso-flow-blobsrus=") && cookie.contains("; Secure"), "{cookie}");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let own_browser = site.get("/o/blobsrus/sso/refused", cookie.split(';').next().unwrap()).await;
    assert_eq!(own_browser.status, StatusCode::BAD_GATEWAY);
    assert!(own_browser.body.contains("&lt;b&gt;Acme&lt;/b&gt;"), "{}", own_browser.body);
    // Also not in the title, which Leptos does not escape.
    assert!(!own_browser.body.contains("<b>Acme"), "{}", own_browser.body);
    let other_browser = site.get("/o/blobsrus/sso/refused", "").await;
    assert_eq!(other_browser.status, StatusCode::GONE);
    assert!(
        other_browser.body.contains("This sign-in attempt has expired")
            && !other_browser.body.contains("Acme")
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn callback_without_flow_shows_error_page(pool: PgPool) {
    let site = TestServer::new(pool).await;
    insert_connection(&site).await;
    for query in ["", "?state=x&code=y", "?error=access_denied&state=x", "?state=%00%ff&code=%0d%0a"] {
        let response = site.get(&format!("/o/blobsrus/sso/callback{query}"), "").await;
        assert_eq!(
            (response.status, response.location()),
            (StatusCode::SEE_OTHER, "/o/blobsrus/sso/refused"),
            "{query}"
        );
        assert!(response.headers.get(header::SET_COOKIE).is_none());
    }
    assert_eq!(site.get("/o/nowhere/sso/callback?state=x&code=y", "").await.status, StatusCode::NOT_FOUND);
    let unknown_organization =
        site.post_form("/o/nowhere/sso/start", "", &format!("connection={}", Uuid::nil())).await;
    assert_eq!(unknown_organization.status, StatusCode::NOT_FOUND);
    let unknown_connection =
        site.post_form("/o/blobsrus/sso/start", "", &format!("connection={}", Uuid::nil())).await;
    assert_eq!(unknown_connection.status, StatusCode::NOT_FOUND);
    assert_eq!(site.post_form("/o/blobsrus/sso/start", "", "").await.status, StatusCode::BAD_REQUEST);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn back_channel_logout_is_allowed_cross_site(pool: PgPool) {
    let site = TestServer::new(pool).await;
    insert_connection(&site).await;
    let request = Request::post("/o/blobsrus/sso/logout")
        .header(header::CONTENT_TYPE, FORM)
        .header(header::ORIGIN, "https://idp.example")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from("logout_token=a.b.c"))
        .unwrap();
    let response = site.send(request).await;
    assert_eq!(
        (response.status, &*response.body),
        (StatusCode::BAD_REQUEST, r#"{"error":"invalid_request"}"#)
    );
    assert_eq!(response.headers[header::CACHE_CONTROL], "no-store");
}
