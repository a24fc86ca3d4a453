//! The headers that keep a page and its cookies to itself.

use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::http::{Request, header};
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_page_runs_only_the_scripts_of_its_own_nonce(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let answer = site.get("/o/blobsrus/login", "").await;
    let policy = answer.headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    let scripts = answer.body.matches("<script").count();
    assert!(scripts > 0);
    assert_eq!(answer.body.matches(&format!("nonce=\"{nonce}\"")).count(), scripts);
    assert!(!answer.body.contains(" style="), "the policy forbids styles in the page");
    let again = site.get("/o/blobsrus/login", "").await;
    assert!(!again.body.contains(nonce), "a nonce is used once");
    assert_eq!(answer.headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
    assert_eq!(answer.headers.get(header::REFERRER_POLICY).unwrap(), "same-origin");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn on_https_the_session_belongs_to_this_host_alone(pool: PgPool) {
    let site = TestServer::at(pool, "https://members.example.com").await;
    let link = site.signed_in("blobsrus", ADMIN).await;
    let cookie = format!("__Host-{link}");
    let answer =
        site.post("/o/blobsrus/account", &cookie, "_action=/api/sign_in/sign_out&org=blobsrus").await;
    let set = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert_eq!(set, "__Host-session-blobsrus=; Path=/; Max-Age=0; HttpOnly; SameTestServer=Lax; Secure");
    assert!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    // Without the prefix a neighbour of the same domain could have set it.
    assert_eq!(site.get("/o/blobsrus/account", &link).await.status, axum::http::StatusCode::SEE_OTHER);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn on_https_an_opened_link_belongs_to_this_host_alone_too(pool: PgPool) {
    let site = TestServer::at(pool, "https://members.example.com").await;
    let token = site.invited("blobby@blobsrus.com").await;
    let opened = site.get(&format!("/o/blobsrus/join/{}", token.expose()), "").await;
    let cookie = opened.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
    assert!(cookie.starts_with("__Host-join-blobsrus="), "{cookie}");
    assert!(site.get("/o/blobsrus/join", cookie).await.body.contains("blobby@blobsrus.com"));
    // A neighbour could have set it to an invitation of its own.
    let plain = site.get("/o/blobsrus/join", cookie.trim_start_matches("__Host-")).await;
    assert!(plain.body.contains("This link doesn’t work"));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_another_site_asks_for_is_not_compressed(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let ask = |path: &str, from: &[&str]| {
        let request = Request::get(path).header(header::ACCEPT_ENCODING, "gzip, br");
        let request = from.iter().fold(request, |request, from| request.header("sec-fetch-site", *from));
        site.send(request.body(Body::empty()).unwrap())
    };
    for (path, from, compressed) in [
        ("/o/blobsrus/login", &["none"][..], true),
        ("/o/blobsrus/login", &["same-origin"], true),
        ("/o/blobsrus/login", &["same-site"], false),
        ("/o/blobsrus/login", &["cross-site"], false),
        ("/o/blobsrus/login", &["cross-site", "none"], false),
        ("/o/blobsrus/login", &[], false),
        // Other than pages and what server functions answer.
        ("/robots.txt", &["none"], false),
    ] {
        let answer = ask(path, from).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers.contains_key(header::CONTENT_ENCODING), compressed, "{path} {from:?}");
        assert_eq!(answer.body.contains("<!DOCTYPE html>"), !compressed && path != "/robots.txt");
    }
}
