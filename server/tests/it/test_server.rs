//! `TestServer`: the router with one organization on a test database, and helpers to send requests to it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use domain::{AppContext, Keyring, RequestContext, Source, Token, invitations, organizations, sign_in};
use model::{InvitationId, OrganizationId, OrganizationRole};
use server::router::router;
use server::state::AppState;
use sqlx::PgPool;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tower::ServiceExt;
use uuid::Uuid;

pub const ADMIN: &str = "ada@blobsrus.com";
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
    pub app: AppContext,
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
        let app =
            AppContext::new(pool, Keyring::parse("a key for tests that is long enough").unwrap(), base_url);
        let mut state = AppState::new(app.clone(), site_root(), None, Vec::new());
        configure(&mut state);
        let server = Self { app, router: router(state) };
        organizations::create(&server.request_context(), "blobsrus", "Blobs R Us", ADMIN).await.unwrap();
        server
    }

    pub async fn new(pool: PgPool) -> Self {
        Self::with_base_url(pool, "http://localhost:3000").await
    }

    pub fn request_context(&self) -> RequestContext {
        RequestContext::new(self.app.clone(), HashMap::new(), Source::default(), "test")
    }

    /// Signs a user in and returns the session cookie.
    pub async fn sign_in(&self, slug: &str, email: &str) -> String {
        let request_context = self.request_context();
        let context = request_context.organization(slug).await.unwrap();
        let link = sign_in::create_operator_link(&context, email).await.unwrap();
        let session = sign_in::redeem_link(&context, &link).await.unwrap();
        format!("session-{slug}={}", session.token.expose())
    }

    /// The request context of the signed-in admin, for calling `domain` directly.
    pub async fn admin_context(&self) -> RequestContext {
        let cookie = self.sign_in("blobsrus", ADMIN).await;
        let token = Token::from_client(cookie.split_once('=').unwrap().1);
        let sessions = HashMap::from([("blobsrus".to_owned(), token)]);
        RequestContext::new(self.app.clone(), sessions, Source::default(), "test")
    }

    /// Invites an address and returns the token of its link.
    pub async fn invite(&self, email: &str) -> Token {
        let request_context = self.admin_context().await;
        let admin = request_context.admin("blobsrus").await.unwrap();
        invitations::invite(&admin, email, &OrganizationRole::Member.into()).await.unwrap();
        let (organization, invitation): (Uuid, Uuid) =
            sqlx::query_as("select organization_id, id from invitations where email = $1")
                .bind(email)
                .fetch_one(&self.app.pool)
                .await
                .unwrap();
        self.app.keys.invitation_token(OrganizationId(organization), InvitationId(invitation)).unwrap()
    }

    /// Adds a member through an invitation and returns their session cookie.
    pub async fn add_member(&self, email: &str) -> String {
        let token = self.invite(email).await;
        let request_context = self.request_context();
        let session = invitations::join(
            &request_context.organization("blobsrus").await.unwrap(),
            &token,
            email,
            "Blobby",
        )
        .await
        .unwrap();
        format!("session-blobsrus={}", session.token.expose())
    }

    /// Creates the organization "other" and returns the session cookie of its admin.
    pub async fn create_other_organization(&self) -> String {
        organizations::create(&self.request_context(), "other", "Others", "eve@other.example").await.unwrap();
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

    /// Counts the rows of a table, optionally with a `where` clause.
    pub async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&self.app.pool)
            .await
            .unwrap()
    }

    pub async fn count_users(&self) -> i64 {
        self.count("users").await
    }

    pub async fn count_invited_users(&self) -> i64 {
        self.count("users where status = 'invited'").await
    }

    /// Turns on invitation requests in every organization.
    pub async fn enable_requests(&self) {
        sqlx::query("update organizations set requests_enabled = true")
            .execute(&self.app.pool)
            .await
            .unwrap();
    }
}
