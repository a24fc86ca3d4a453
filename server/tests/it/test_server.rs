//! `TestServer`: the router with one organization on a test database, and helpers to send requests to it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use domain::{Token, sign_in};
use server::router::router;
use server::state::AppState;
use sqlx::PgPool;
use std::path::{Path, PathBuf};
use test_support::{TestApp, create_organization};
use tower::ServiceExt;

pub use test_support::ADMIN;
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A site root with a stylesheet, its precompressed version, and a file outside of `pkg`.
pub fn site_root() -> PathBuf {
    let site = Path::new(env!("CARGO_TARGET_TMPDIR")).join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    for (name, content) in
        [("pkg/vestibule.css", "plain"), ("pkg/vestibule.css.br", "brotli"), ("robots.txt", "robots")]
    {
        let path = site.join(name);
        if !path.exists() {
            std::fs::write(path, content).unwrap();
        }
    }
    site
}

pub struct TestServer {
    pub app: TestApp,
    router: Router,
}

pub struct TestResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl TestResponse {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}

impl TestServer {
    /// A server with the organization "blobsrus" and this public origin.
    pub async fn with_base_url(pool: PgPool, base_url: &str) -> Self {
        Self::with_state(pool, base_url, |_| ()).await
    }

    /// The same, with a modified state.
    pub async fn with_state(pool: PgPool, base_url: &str, configure: impl FnOnce(&mut AppState)) -> Self {
        let context = test_support::context(pool, base_url);
        let mut state = AppState::new(context.clone(), site_root(), None, Vec::new());
        configure(&mut state);
        Self { app: TestApp::with_context(context).await, router: router(state) }
    }

    pub async fn new(pool: PgPool) -> Self {
        Self::with_base_url(pool, "http://localhost:3000").await
    }

    /// Signs a user in and returns the session cookie.
    pub async fn sign_in(&self, slug: &str, email: &str) -> String {
        let request_context = self.app.anonymous();
        let context = request_context.organization(slug).await.unwrap();
        let link = sign_in::create_operator_link(&context, email).await.unwrap();
        let session = sign_in::redeem_link(&context, &link).await.unwrap();
        format!("session-{slug}={}", session.token.expose())
    }

    /// Invites an address and returns the token of its link.
    pub async fn invite(&self, email: &str) -> Token {
        self.app.invite(email).await;
        self.app.token(email).await
    }

    /// Adds a member through an invitation and returns their session cookie.
    pub async fn add_member(&self, email: &str) -> String {
        self.app.make_active(email).await;
        self.sign_in("blobsrus", email).await
    }

    /// Creates the organization "other" and returns the session cookie of its admin.
    pub async fn create_other_organization(&self) -> String {
        create_organization(&self.app.context, "other", "eve@other.example").await;
        self.sign_in("other", "eve@other.example").await
    }

    pub async fn get(&self, path: &str, cookie: &str) -> TestResponse {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    /// Posts a form to its page, as a browser without WebAssembly does.
    pub async fn post_form(&self, path: &str, cookie: &str, body: &str) -> TestResponse {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::CONTENT_TYPE, FORM)
            .header("sec-fetch-site", "same-origin");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// Calls a server function, as the client in the browser does.
    pub async fn call_function(
        &self,
        path: &str,
        cookie: &str,
        content_type: &str,
        body: &str,
    ) -> TestResponse {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, content_type);
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn send(&self, mut request: Request<Body>) -> TestResponse {
        request.headers_mut().entry(header::HOST).or_insert("localhost:3000".parse().unwrap());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        TestResponse {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}
