//! Static assets: compression, caching, and what must not be served.

use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use sqlx::PgPool;

const STYLE: &str = "/pkg/vestibule.css";

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn precompressed_asset_is_served(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let request = Request::get(STYLE).header(header::ACCEPT_ENCODING, "gzip, br");
    let response = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((response.status, &*response.body), (StatusCode::OK, "brotli"));
    assert_eq!(response.headers[header::CONTENT_ENCODING], "br");
    assert_eq!(response.headers[header::CONTENT_TYPE], "text/css");
    assert_eq!(response.headers[header::VARY], "accept-encoding");
    assert_eq!(server.get(STYLE, "").await.body, "plain");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unhashed_asset_is_revalidated(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let response = server.get(STYLE, "").await;
    assert_eq!(response.headers[header::CACHE_CONTROL], "no-cache");
    let date = response.headers[header::LAST_MODIFIED].clone();
    let request = Request::get(STYLE).header(header::IF_MODIFIED_SINCE, date);
    let revalidated = server.send(request.body(Body::empty()).unwrap()).await;
    // With `no-store`, the browser would discard its cached copy (RFC 9111, section 3.2).
    assert_eq!(revalidated.status, StatusCode::NOT_MODIFIED);
    assert_eq!(revalidated.headers[header::CACHE_CONTROL], "no-cache");
    assert!(!revalidated.headers.contains_key(header::CONTENT_SECURITY_POLICY));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn files_outside_pkg_are_not_served(pool: PgPool) {
    let server = TestServer::new(pool).await;
    for path in
        ["/pkg/missing.js", "/pkg/../robots.txt", "/pkg/..%2frobots.txt", "/pkg/%2e%2e/robots.txt", "/pkg/"]
    {
        let response = server.get(path, "").await;
        assert_eq!(response.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(response.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn hashed_asset_is_immutable(pool: PgPool) {
    let server =
        TestServer::with_state(pool, "http://localhost:3000", |state| state.hashed_assets = true).await;
    let response = server.get(STYLE, "").await;
    assert_eq!(response.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    // The page's own policy applies to its subresources.
    assert_eq!(response.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert!(!response.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    // Pages that are not rendered by Leptos load the same file under a fixed name.
    let fixed_name = server.get("/style.css", "").await;
    assert_eq!(
        (fixed_name.body, &fixed_name.headers[header::CACHE_CONTROL]),
        (response.body, &"no-cache".parse().unwrap())
    );
    assert!(fixed_name.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    let missing = server.get("/pkg/vestibule.old.css", "").await;
    assert_eq!(missing.headers[header::CACHE_CONTROL], "no-store");
    assert!(missing.headers.contains_key(header::CONTENT_SECURITY_POLICY));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn public_page_has_no_render_blocking_scripts(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let login = server.get("/o/blobsrus/login", "").await.body;
    assert!(login.contains("requestIdleCallback") && !login.contains("preload"), "{login}");
    // With the stylesheet, which `bin/test weight` limits to 12 kB, the first paint takes at most 20 kB.
    assert!(login.len() < 8_000, "{} bytes: {login}", login.len());
    let cookie = server.sign_in("blobsrus", ADMIN).await;
    let admin = server.get("/o/blobsrus/settings/users", &cookie).await.body;
    assert!(
        admin.contains("href=\"/pkg/vestibule.wasm\" as=\"fetch\"") && !admin.contains("requestIdleCallback"),
        "{admin}"
    );
}
