//! Who sees which page, and who may call which server function.

use crate::test_server::{ADMIN, TestServer};
use axum::http::StatusCode;
use sqlx::PgPool;

const USERS: &str = "/o/blobsrus/settings/users";

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nobody_is_led_to_the_login_page_and_back(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let answer = site.get("/o/blobsrus/settings/users?q=a", "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), "/o/blobsrus/login?next=%2Fo%2Fblobsrus%2Fsettings%2Fusers%3Fq%3Da");
    let login = site.get(answer.location(), "").await;
    assert!(login.body.contains(r#"value="/o/blobsrus/settings/users?q=a""#), "{}", login.body);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_admin_sees_the_users(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    let answer = site.get(USERS, &admin).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains(ADMIN));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_member_finds_nothing_where_settings_are(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let member = site.member("blobby@blobsrus.com").await;
    for path in
        [USERS, "/o/blobsrus/settings/users/0192e4a0-0000-7000-8000-000000000000", "/o/blobsrus/settings/x"]
    {
        let answer = site.get(path, &member).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.body.contains("Not found") && !answer.body.contains(ADMIN), "{path}");
    }
    assert_eq!(site.get("/o/blobsrus/account", &member).await.status, StatusCode::OK);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_admin_of_another_organization_is_nobody_here(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let stranger = site.other_organization().await;
    assert_eq!(site.get(USERS, &stranger).await.status, StatusCode::SEE_OTHER);
    // A session is good under its own organization's name alone.
    let renamed = stranger.replace("session-other", "session-blobsrus");
    assert_eq!(site.get(USERS, &renamed).await.status, StatusCode::SEE_OTHER);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_front_door_leads_each_to_their_own_page(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let member = site.member("blobby@blobsrus.com").await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    for (cookie, page) in [("", "/o/blobsrus/login"), (&member, "/o/blobsrus/account"), (&admin, USERS)] {
        assert_eq!(site.get("/o/blobsrus", cookie).await.location(), page);
    }
    assert_eq!(site.get("/o/nowhere", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/o/nowhere/login", "").await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_path_that_the_gate_reads_otherwise_than_the_pages_do_is_no_page(pool: PgPool) {
    let site = TestServer::new(pool).await;
    for path in [
        "/o/blobsrus/./settings/users",
        "/o/blobsrus/login/../settings/users",
        "/o/blobsrus/%73ettings/users",
        "/o/blobsrus//settings/users",
        "/o//blobsrus/settings/users",
        "/o/blobsrus/settings%2Fusers",
    ] {
        for cookie in ["", &site.signed_in("blobsrus", ADMIN).await] {
            let answer = site.get(path, cookie).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert!(answer.body.contains("<title>Not found</title>"), "{path}");
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_slash_at_the_end_leads_to_the_page(pool: PgPool) {
    let site = TestServer::new(pool).await;
    for (typed, page) in [
        ("/o/blobsrus/", "/o/blobsrus"),
        ("/o/blobsrus/login/?next=/o/blobsrus/account", "/o/blobsrus/login?next=/o/blobsrus/account"),
    ] {
        assert_eq!(site.get(typed, "").await.location(), page);
    }
    for outside in ["//evil.example/", "/o//", "//evil.example/o/", "/\\evil.example/"] {
        assert_eq!(site.get(outside, "").await.location(), "", "{outside}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn health_tells_of_the_database(pool: PgPool) {
    let site = TestServer::new(pool).await;
    assert_eq!(site.get("/health/live", "").await.status, StatusCode::OK);
    assert_eq!(site.get("/health/ready", "").await.status, StatusCode::OK);
    sqlx::query("delete from _sqlx_migrations").execute(&site.context.pool).await.unwrap();
    assert_eq!(site.get("/health/ready", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
