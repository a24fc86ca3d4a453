//! Links in emails.

use crate::test_server::TestServer;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn opening_a_link_changes_nothing(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let token = server.invite("blobby@blobsrus.com").await;
    let path = format!("/o/blobsrus/join/{}", token.expose());
    for method in [Method::HEAD, Method::GET] {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        let response = server.send(request).await;
        assert_eq!((response.status, response.location()), (StatusCode::SEE_OTHER, "/o/blobsrus/join"));
        let cookie = response.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned();
        let page = server.get("/o/blobsrus/join", cookie.split(';').next().unwrap()).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("Join Blobs R Us") && page.body.contains("blobby@blobsrus.com"));
        assert!(!page.body.contains(token.expose()), "the token is not in the page");
    }
    assert_eq!(server.app.count_users("invited").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn joining_signs_the_user_in(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let token = server.invite("blobby@blobsrus.com").await;
    let link = format!("join-blobsrus={}", token.expose());
    let without_name = "_action=/api/join/join&org=blobsrus&email=blobby%40blobsrus.com&name=+";
    let response = server.post_form("/o/blobsrus/join", &link, without_name).await;
    assert_eq!(response.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(response.body.contains("This field is required."));
    let with_name = "_action=/api/join/join&org=blobsrus&email=blobby%40blobsrus.com&name=Blobby";
    let response = server.post_form("/o/blobsrus/join", &link, with_name).await;
    assert_eq!((response.status, response.location()), (StatusCode::SEE_OTHER, "/o/blobsrus"));
    let session = response.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap().to_owned();
    let account = server.get("/o/blobsrus/account", session.split(';').next().unwrap()).await;
    assert!(account.body.contains("Blobby"));
    let second = server.post_form("/o/blobsrus/join", &link, with_name).await;
    assert!(second.body.contains("You already joined") && second.headers.get(header::SET_COOKIE).is_none());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn malformed_link_shows_an_error_page(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let response = server.get("/o/blobsrus/join/%22%3B%0D%0ASet-Cookie:x=y", "").await;
    let cookies: Vec<_> = response.headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 1);
    let nowhere = server.get("/o/nowhere/join/token", "").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
    assert!(nowhere.headers.get(header::SET_COOKIE).is_none());
    assert!(cookies[0].to_str().unwrap().starts_with("join-blobsrus=Set-Cookiexy; "));
    for cookie in ["", "join-blobsrus=", "join-blobsrus=garbled"] {
        assert!(
            server.get("/o/blobsrus/join", cookie).await.body.contains("This link doesn’t work"),
            "{cookie}"
        );
    }
}
