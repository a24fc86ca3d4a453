//! Page access: who may see which page, and how paths are matched.

use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};
use sqlx::PgPool;

const USERS: &str = "/o/blobsrus/settings/users";

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn signed_out_user_is_redirected_to_login_and_back(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let response = server.get("/o/blobsrus/settings/users?q=a", "").await;
    assert_eq!(response.status, StatusCode::SEE_OTHER);
    assert_eq!(response.location(), "/o/blobsrus/login?next=%2Fo%2Fblobsrus%2Fsettings%2Fusers%3Fq%3Da");
    let login = server.get(response.location(), "").await;
    assert!(login.body.contains(r#"value="/o/blobsrus/settings/users?q=a""#), "{}", login.body);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn admin_sees_the_users_page(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    let response = server.get(USERS, &admin).await;
    assert_eq!(response.status, StatusCode::OK);
    assert!(response.body.contains(ADMIN));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn settings_are_not_found_for_members(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let member = server.add_member("blobby@blobsrus.com").await;
    for path in
        [USERS, "/o/blobsrus/settings/users/0192e4a0-0000-7000-8000-000000000000", "/o/blobsrus/settings/x"]
    {
        let response = server.get(path, &member).await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
        assert!(response.body.contains("Page not found") && !response.body.contains(ADMIN), "{path}");
    }
    assert_eq!(server.get("/o/blobsrus/account", &member).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn session_of_another_organization_is_ignored(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let other_admin = server.create_other_organization().await;
    assert_eq!(server.get(USERS, &other_admin).await.status, StatusCode::SEE_OTHER);
    // Also under the cookie name of this organization.
    let renamed = other_admin.replace("session-other", "session-blobsrus");
    assert_eq!(server.get(USERS, &renamed).await.status, StatusCode::SEE_OTHER);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn session_is_found_among_foreign_cookies(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    let with_foreign =
        [b"a=\"1; 2\"; b=gr\xc3\xbc\xc3\x9fe;".as_slice(), admin.as_bytes(), b"; c=\xff"].concat();
    for cookies in [vec![with_foreign], vec![b"a=\xff; b".to_vec(), admin.into_bytes()]] {
        let mut request =
            Request::get(USERS).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
        for cookie in cookies {
            request.headers_mut().append(header::COOKIE, HeaderValue::from_bytes(&cookie).unwrap());
        }
        assert_eq!(server.send(request).await.status, StatusCode::OK);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn root_redirects_by_role(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let member = server.add_member("blobby@blobsrus.com").await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    for (cookie, page) in [("", "/o/blobsrus/login"), (&member, "/o/blobsrus/account"), (&admin, USERS)] {
        assert_eq!(server.get("/o/blobsrus", cookie).await.location(), page);
    }
    assert_eq!(server.get("/o/nowhere", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/o/nowhere/login", "").await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unknown_paths_are_not_found(pool: PgPool) {
    let server = TestServer::new(pool).await;
    for path in [
        "/o/blobsrus/./settings/users",
        "/o/blobsrus/login/../settings/users",
        "/o/blobsrus/%73ettings/users",
        "/o/blobsrus//settings/users",
        "/o//blobsrus/settings/users",
        "/o/blobsrus/settings%2Fusers",
        "/o/blobsrus/settings/unknown",
    ] {
        for cookie in ["", &server.sign_in("blobsrus", ADMIN).await] {
            let response = server.get(path, cookie).await;
            assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
            assert!(response.body.contains("<title>Page not found</title>"), "{path}");
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn trailing_slash_redirects_to_the_page(pool: PgPool) {
    let server = TestServer::new(pool).await;
    for (typed, page) in [
        ("/o/blobsrus/", "/o/blobsrus"),
        ("/o/blobsrus/login/?next=/o/blobsrus/account", "/o/blobsrus/login?next=/o/blobsrus/account"),
    ] {
        assert_eq!(server.get(typed, "").await.location(), page);
    }
    for outside in ["//evil.example/", "/o//", "//evil.example/o/", "/\\evil.example/"] {
        assert_eq!(server.get(outside, "").await.location(), "", "{outside}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn readiness_depends_on_migrations(pool: PgPool) {
    let server = TestServer::new(pool).await;
    assert_eq!(server.get("/health/live", "").await.status, StatusCode::OK);
    assert_eq!(server.get("/health/ready", "").await.status, StatusCode::OK);
    sqlx::query("delete from _sqlx_migrations").execute(&server.app.context.pool).await.unwrap();
    assert_eq!(server.get("/health/ready", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
