//! How much is taken, and what can't be read.

use crate::test_server::{ADMIN, FORM, TestServer};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use sqlx::PgPool;

const USERS: &str = "/o/blobsrus/settings/users?dialog=invite";
const LOGIN: &str = "/o/blobsrus/login";

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn ten_thousand_addresses_are_taken_however_long_they_are(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    let label = "y".repeat(60);
    let long_domain = format!("{label}.{label}.{label}.example");
    let list: Vec<String> = (0..10_000).map(|n| format!("{n:050}%40{long_domain}")).collect();
    let list = list.join("%2C");
    assert!(list.len() > 2 * 1024 * 1024, "more than axum takes by itself");
    let form = format!("org=blobsrus&addresses={list}&role=member");
    let answer = site.call("/api/users/invite", &admin, FORM, &form).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(site.count("users where status = 'invited'").await, 10_000);
    let answer = site.post(USERS, &admin, &format!("_action=/api/users/invite&{form}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(site.count("users").await, 10_001);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_stranger_can_not_make_us_read_and_show_a_lot(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let ask = "_action=/api/sign_in/request&org=blobsrus&email=";
    for body in [format!("{ask}{}", "x".repeat(100_000)), format!("{ask}{}", "&a".repeat(2_000))] {
        let answer = site.post(LOGIN, "", &body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(
            answer.body.len() < 10_000 && answer.body.contains("more than we can take"),
            "{}",
            answer.body
        );
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn more_than_anybody_may_send_is_told_so_in_words_or_in_json(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let send = async |path: &str, accept: &str| {
        let request = Request::post(path).header("accept", accept).header("content-length", "9000000");
        site.send(request.body(Body::empty()).unwrap()).await
    };
    let page = send(LOGIN, "text/html").await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page.body.contains("<h1>That is more than we can take</h1>"), "{}", page.body);
    let function = send("/api/users/invite", "application/json").await;
    assert_eq!((function.status, &*function.body), (page.status, r#""too_large""#));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn arguments_that_can_not_be_read_are_not_our_error(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    for (path, body) in [
        ("/api/users/invite", "org=blobsrus&addresses=a%40b.example&role=banana"),
        ("/api/users/invite", "addresses=a%40b.example"),
        ("/api/users/list", "org=blobsrus"),
    ] {
        assert_eq!(
            site.call(path, &admin, FORM, body).await.status,
            StatusCode::BAD_REQUEST,
            "{path} {body}"
        );
        let answer = site.post(USERS, &admin, &format!("_action={path}&{body}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body}");
    }
    assert_eq!(site.count("users").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn server_functions_are_posted_to_and_nothing_else(pool: PgPool) {
    let site = TestServer::new(pool).await;
    for (path, method) in server_fn::axum::server_fn_paths() {
        assert_eq!(method, Method::POST, "{path} would run when a link is followed");
        let request = Request::get(path).header("accept", "application/json");
        let answer = site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::NOT_FOUND, r#""not_found""#), "{path}");
    }
    let html = Request::post("/api/sign_in/request").header("accept", "text/html");
    let answer = site.send(html.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "a form posts to its page");
}
