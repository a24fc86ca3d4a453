//! The files of the site.

use crate::test_server::{ADMIN, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use sqlx::PgPool;

const STYLE: &str = "/pkg/vestibule.css";

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_was_compressed_beforehand_is_served_so(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let request = Request::get(STYLE).header(header::ACCEPT_ENCODING, "gzip, br");
    let answer = site.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "brotli"));
    assert_eq!(answer.headers[header::CONTENT_ENCODING], "br");
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/css");
    assert_eq!(answer.headers[header::VARY], "accept-encoding");
    assert_eq!(site.get(STYLE, "").await.body, "plain");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_browser_keeps_a_file_and_asks_whether_it_still_holds(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let answer = site.get(STYLE, "").await;
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
    let date = answer.headers[header::LAST_MODIFIED].clone();
    let request = Request::get(STYLE).header(header::IF_MODIFIED_SINCE, date);
    let again = site.send(request.body(Body::empty()).unwrap()).await;
    // Were it no-store here, the browser would throw away what it has (RFC 9111, section 3.2).
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers[header::CACHE_CONTROL], "no-cache");
    assert!(!again.headers.contains_key(header::CONTENT_SECURITY_POLICY));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nothing_outside_the_folder_is_served(pool: PgPool) {
    let site = TestServer::new(pool).await;
    for path in
        ["/pkg/missing.js", "/pkg/../robots.txt", "/pkg/..%2frobots.txt", "/pkg/%2e%2e/robots.txt", "/pkg/"]
    {
        let answer = site.get(path, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store", "{path}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_file_whose_name_tells_what_is_in_it_is_kept_for_ever(pool: PgPool) {
    let site = TestServer::with(pool, "http://localhost:3000", |state| state.hashed = true).await;
    let answer = site.get(STYLE, "").await;
    assert_eq!(answer.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    // A page says what its parts may do; each part says only that it is what it says.
    assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert!(!answer.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    // Pages that the interface does not render find the same file under a name that stays.
    let plain = site.get("/style.css", "").await;
    assert_eq!(
        (plain.body, &plain.headers[header::CACHE_CONTROL]),
        (answer.body, &"no-cache".parse().unwrap())
    );
    assert!(plain.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    let gone = site.get("/pkg/vestibule.old.css", "").await;
    assert_eq!(gone.headers[header::CACHE_CONTROL], "no-store");
    assert!(gone.headers.contains_key(header::CONTENT_SECURITY_POLICY));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nothing_stands_between_a_visitor_and_the_first_paint(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let context = site.get("/o/blobsrus/login", "").await.body;
    assert!(context.contains("requestIdleCallback") && !context.contains("preload"), "{context}");
    // With the style, 20 kB go over the wire until then: `bin/test weight` holds that to 12.
    assert!(context.len() < 8_000, "{} bytes: {context}", context.len());
    let cookie = site.signed_in("blobsrus", ADMIN).await;
    let admin = site.get("/o/blobsrus/settings/users", &cookie).await.body;
    assert!(
        admin.contains("href=\"/pkg/vestibule.wasm\" as=\"fetch\"") && !admin.contains("requestIdleCallback"),
        "{admin}"
    );
}
