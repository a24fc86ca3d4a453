//! The form fallback: forms that are posted without WebAssembly.

use crate::test_server::{ADMIN, TestServer};
use axum::http::{StatusCode, header};
use sqlx::PgPool;

const USERS: &str = "/o/blobsrus/settings/users?dialog=invite";

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invite_form_shows_a_result_per_address(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    let form = "_action=/api/users/invite&org=blobsrus&addresses=new%40blobsrus.com%2Cnonsense%2Cada%40blobsrus.com&role=member";
    let response = server.post_form(USERS, &admin, form).await;
    assert_eq!(response.status, StatusCode::OK);
    assert!(response.body.contains("user already exists in the organization"));
    assert!(response.body.contains(">\nnonsense</textarea>"), "rejected entries stay in the field");
    assert_eq!(server.app.count_users("invited").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn rerendered_values_are_escaped(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let response = server
        .post_form(
            "/o/blobsrus/login",
            "",
            "_action=/api/sign_in/request&org=blobsrus&email=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        )
        .await;
    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.body.contains(r#"aria-invalid="true""#));
    assert!(
        response.body.contains("&quot;&gt;&lt;script&gt;alert(1)")
            || response.body.contains("&quot;><script>alert(1)&"),
        "{}",
        response.body
    );
    assert!(!response.body.contains("\"><script>alert(1)"));
    let admin = server.sign_in("blobsrus", ADMIN).await;
    let form =
        "_action=/api/users/invite&org=blobsrus&addresses=%3C/textarea%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let response = server.post_form(USERS, &admin, form).await;
    assert!(!response.body.contains("</textarea><script>"), "{}", response.body);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn cross_site_form_post_is_blocked(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    for (path, body) in [
        (USERS, "_action=/api/users/invite&org=blobsrus&addresses=new%40blobsrus.com"),
        ("/api/users/invite", "org=blobsrus&addresses=new%40blobsrus.com"),
    ] {
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let request = axum::http::Request::post(path)
                .header(header::COOKIE, &admin)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(name, value)
                .body(axum::body::Body::from(body))
                .unwrap();
            assert_eq!(server.send(request).await.status, StatusCode::FORBIDDEN, "{path} {name}");
            let request =
                axum::http::Request::post(path).header(name, value).header(header::ACCEPT, "text/html");
            let response = server.send(request.body(axum::body::Body::empty()).unwrap()).await;
            assert!(response.body.contains("<h1>Request blocked</h1>"), "{}", response.body);
        }
    }
    assert_eq!(server.app.count("users").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sign_in_form_redirects_with_a_cookie(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let form = "_action=/api/sign_in/request&org=blobsrus&email=ada%40blobsrus.com&next=/o/blobsrus/account";
    let response = server.post_form("/o/blobsrus/login", "", form).await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(response.location(), "/o/blobsrus/login/code?next=%2Fo%2Fblobsrus%2Faccount");
    let cookie = response.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax"));
    let page = server.get(response.location(), cookie.split(';').next().unwrap()).await;
    assert!(page.body.contains("ada@blobsrus.com"));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn form_post_after_sign_out_redirects_to_login(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let response = server
        .post_form(USERS, "", "_action=/api/users/invite&org=blobsrus&addresses=new%40blobsrus.com")
        .await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert!(response.location().starts_with("/o/blobsrus/login?next="));
    assert_eq!(server.app.count("users").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn form_with_unknown_action_returns_400(pool: PgPool) {
    let server = TestServer::new(pool).await;
    for form in ["_action=/dev/mail", "_action=http://evil.example/", "org=blobsrus", ""] {
        assert_eq!(
            server.post_form("/o/blobsrus/login", "", form).await.status,
            StatusCode::BAD_REQUEST,
            "{form}"
        );
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn theme_is_set_in_the_initial_html(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    let form = "_action=/api/account/theme&org=blobsrus&theme=dark";
    let response = server.post_form("/o/blobsrus/account", &admin, form).await;
    assert_eq!((response.status, response.location()), (StatusCode::SEE_OTHER, "/o/blobsrus/account"));
    let page = server.get("/o/blobsrus/account", &format!("{admin}; theme=dark")).await;
    assert!(page.body.contains(r#"<html lang="en" data-theme="dark">"#));
    let form = "_action=/api/account/theme&org=blobsrus&theme=";
    let response = server.post_form("/o/blobsrus/account", &admin, form).await;
    let cookie = response.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.starts_with("theme=; ") && cookie.contains("Max-Age=0"), "{cookie}");
}
