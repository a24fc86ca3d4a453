//! The doors of single sign-on, as browsers and providers knock at them. Who comes in is tested with the rules.

use crate::test_server::{FORM, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use sqlx::PgPool;
use uuid::Uuid;

/// A connection to a provider that is not there.
async fn connected(site: &TestServer) -> Uuid {
    sqlx::query_scalar(
        "insert into sso_connections
            (organization_id, id, created_at, name, issuer, client_id, client_secret, just_in_time, default_role)
         select id, gen_random_uuid(), now(), '<b>Acme</b>', 'https://127.0.0.1:1', 'x', '', true, 'member'
         from organizations returning id",
    )
    .fetch_one(&site.context.pool)
    .await
    .unwrap()
}

fn start() -> axum::http::request::Builder {
    Request::post("/o/blobsrus/sso/start").header(header::CONTENT_TYPE, FORM)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_page_of_another_site_begins_no_sign_in(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let connection = connected(&site).await;
    let body = || Body::from(format!("connection={connection}"));
    let foreign = start().header("sec-fetch-site", "cross-site").body(body()).unwrap();
    assert_eq!(site.send(foreign).await.status, StatusCode::FORBIDDEN);
    let foreign = start().header(header::ORIGIN, "https://evil.example").body(body()).unwrap();
    assert_eq!(site.send(foreign).await.status, StatusCode::FORBIDDEN);
    let answer = site.get(&format!("/o/blobsrus/sso/start?connection={connection}"), "").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.count("sso_login_flows").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_provider_that_is_away_has_a_page_in_this_browser_alone(pool: PgPool) {
    let site = TestServer::with_base_url(pool, "https://members.example.com").await;
    let connection = connected(&site).await;
    let answer = site.post("/o/blobsrus/sso/start", "", &format!("connection={connection}")).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/o/blobsrus/sso/refused"));
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-sso-blobsrus=") && cookie.contains("; Secure"), "{cookie}");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let here = site.get("/o/blobsrus/sso/refused", cookie.split(';').next().unwrap()).await;
    assert_eq!(here.status, StatusCode::BAD_GATEWAY);
    assert!(here.body.contains("&lt;b&gt;Acme&lt;/b&gt;"), "{}", here.body);
    // Neither in the page nor in its title, which Leptos leaves as it is.
    assert!(!here.body.contains("<b>Acme"), "{}", here.body);
    let elsewhere = site.get("/o/blobsrus/sso/refused", "").await;
    assert_eq!(elsewhere.status, StatusCode::GONE);
    assert!(elsewhere.body.contains("This sign-in is over") && !elsewhere.body.contains("Acme"));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn whatever_comes_back_from_nowhere_leads_to_a_page(pool: PgPool) {
    let site = TestServer::new(pool).await;
    connected(&site).await;
    for query in ["", "?state=x&code=y", "?error=access_denied&state=x", "?state=%00%ff&code=%0d%0a"] {
        let answer = site.get(&format!("/o/blobsrus/sso/callback{query}"), "").await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, "/o/blobsrus/sso/refused"),
            "{query}"
        );
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
    }
    assert_eq!(site.get("/o/nowhere/sso/callback?state=x&code=y", "").await.status, StatusCode::NOT_FOUND);
    let nowhere = site.post("/o/nowhere/sso/start", "", &format!("connection={}", Uuid::nil())).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    let none = site.post("/o/blobsrus/sso/start", "", &format!("connection={}", Uuid::nil())).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert_eq!(site.post("/o/blobsrus/sso/start", "", "").await.status, StatusCode::BAD_REQUEST);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_provider_may_call_from_anywhere_and_is_believed_by_its_signature_alone(pool: PgPool) {
    let site = TestServer::new(pool).await;
    connected(&site).await;
    let call = Request::post("/o/blobsrus/sso/logout")
        .header(header::CONTENT_TYPE, FORM)
        .header(header::ORIGIN, "https://idp.example")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from("logout_token=a.b.c"))
        .unwrap();
    let answer = site.send(call).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::BAD_REQUEST, r#"{"error":"invalid_request"}"#));
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
}
