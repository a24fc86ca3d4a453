//! Security headers, cookie attributes, and compression.

use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::http::{Request, header};
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn csp_nonce_matches_every_script_and_is_unique(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let response = server.get("/o/blobsrus/login", "").await;
    let policy = response.headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    let scripts = response.body.matches("<script").count();
    assert!(scripts > 0);
    assert_eq!(response.body.matches(&format!("nonce=\"{nonce}\"")).count(), scripts);
    assert!(!response.body.contains(" style="), "the policy forbids inline styles");
    let second = server.get("/o/blobsrus/login", "").await;
    assert!(!second.body.contains(nonce), "each response has its own nonce");
    assert_eq!(response.headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
    assert_eq!(response.headers.get(header::REFERRER_POLICY).unwrap(), "same-origin");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn https_session_cookie_has_the_host_prefix(pool: PgPool) {
    let server = TestServer::with_base_url(pool, "https://members.example.com").await;
    let session = server.sign_in("blobsrus", ADMIN).await;
    let cookie = format!("__Host-{session}");
    let response =
        server.post_form("/o/blobsrus/account", &cookie, "_action=/api/sign_in/sign_out&org=blobsrus").await;
    let set_cookie = response.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert_eq!(set_cookie, "__Host-session-blobsrus=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");
    assert!(response.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    // Without the prefix, a sibling subdomain could have set the cookie.
    assert_eq!(server.get("/o/blobsrus/account", &session).await.status, axum::http::StatusCode::SEE_OTHER);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn https_link_cookie_has_the_host_prefix(pool: PgPool) {
    let server = TestServer::with_base_url(pool, "https://members.example.com").await;
    let token = server.invite("blobby@blobsrus.com").await;
    let opened = server.get(&format!("/o/blobsrus/join/{}", token.expose()), "").await;
    let cookie = opened.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    assert!(cookie.starts_with("__Host-join-blobsrus="), "{cookie}");
    assert!(server.get("/o/blobsrus/join", cookie).await.body.contains("blobby@blobsrus.com"));
    // A sibling subdomain could have set it to an invitation of its own.
    let unprefixed = server.get("/o/blobsrus/join", cookie.trim_start_matches("__Host-")).await;
    assert!(unprefixed.body.contains("This link doesn’t work"));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn cross_site_requests_are_not_compressed(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let get = |path: &str, fetch_site: &[&str]| {
        let request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip, br");
        let request =
            fetch_site.iter().fold(request, |request, value| request.header("sec-fetch-site", *value));
        server.send(request.body(Body::empty()).unwrap())
    };
    for (path, fetch_site, compressed) in [
        ("/o/blobsrus/login", &["none"][..], true),
        ("/o/blobsrus/login", &["same-origin"], true),
        ("/o/blobsrus/login", &["same-site"], false),
        ("/o/blobsrus/login", &["cross-site"], false),
        ("/o/blobsrus/login", &["cross-site", "none"], false),
        ("/o/blobsrus/login", &[], false),
        // Neither HTML nor JSON.
        ("/robots.txt", &["none"], false),
    ] {
        let response = get(path, fetch_site).await;
        assert_eq!(response.status, 200);
        assert_eq!(
            response.headers.contains_key(header::CONTENT_ENCODING),
            compressed,
            "{path} {fetch_site:?}"
        );
        assert_eq!(response.body.contains("<!DOCTYPE html>"), !compressed && path != "/robots.txt");
    }
}
