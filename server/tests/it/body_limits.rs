//! Limits of request bodies, and bodies that can't be parsed.

use crate::test_server::{ADMIN, FORM, TestServer};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use sqlx::PgPool;

const USERS: &str = "/o/blobsrus/settings/users?dialog=invite";
const LOGIN: &str = "/o/blobsrus/login";

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn ten_thousand_long_addresses_are_accepted(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    let label = "y".repeat(60);
    let long_domain = format!("{label}.{label}.{label}.example");
    let list: Vec<String> = (0..10_000).map(|n| format!("{n:050}%40{long_domain}")).collect();
    let list = list.join("%2C");
    assert!(list.len() > 2 * 1024 * 1024, "exceeds axum's default limit");
    let form = format!("org=blobsrus&addresses={list}&role=member");
    let response = server.call_function("/api/users/invite", &admin, FORM, &form).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(server.app.count_users("invited").await, 10_000);
    let response = server.post_form(USERS, &admin, &format!("_action=/api/users/invite&{form}")).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(server.app.count("users").await, 10_001);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn anonymous_form_body_is_limited(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let form = "_action=/api/sign_in/request&org=blobsrus&email=";
    for body in [format!("{form}{}", "x".repeat(100_000)), format!("{form}{}", "&a".repeat(2_000))] {
        let response = server.post_form(LOGIN, "", &body).await;
        assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(
            response.body.len() < 10_000 && response.body.contains("<h1>Too large</h1>"),
            "{}",
            response.body
        );
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn oversized_body_returns_413_as_html_or_json(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let send = async |path: &str, accept: &str| {
        let request = Request::post(path).header("accept", accept).header("content-length", "9000000");
        server.send(request.body(Body::empty()).unwrap()).await
    };
    let page = send(LOGIN, "text/html").await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("<h1>Too large</h1>"), "{}", page.body);
    let function = send("/api/users/invite", "application/json").await;
    assert_eq!((function.status, &*function.body), (page.status, r#""too_large""#));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invalid_arguments_return_400(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    for (path, body) in [
        ("/api/users/invite", "org=blobsrus&addresses=a%40b.example&role=banana"),
        ("/api/users/invite", "addresses=a%40b.example"),
        ("/api/users/list", "org=blobsrus"),
    ] {
        assert_eq!(
            server.call_function(path, &admin, FORM, body).await.status,
            StatusCode::BAD_REQUEST,
            "{path} {body}"
        );
        let response = server.post_form(USERS, &admin, &format!("_action={path}&{body}")).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST, "{path} {body}");
    }
    assert_eq!(server.app.count("users").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn server_functions_accept_only_post(pool: PgPool) {
    let server = TestServer::new(pool).await;
    for (path, method) in server_fn::axum::server_fn_paths() {
        assert_eq!(method, Method::POST, "{path} would run when a link is opened");
        let request = Request::get(path).header("accept", "application/json");
        let response = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((response.status, &*response.body), (StatusCode::NOT_FOUND, r#""not_found""#), "{path}");
    }
    let html = Request::post("/api/sign_in/request").header("accept", "text/html");
    let response = server.send(html.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status, StatusCode::NOT_FOUND, "forms post to their page");
}
