//! Tenant isolation of links in emails: the tokens of one organization, used in another.

use super::{JSON, rows, rows_of};
use crate::test_server::{ADMIN, FORM, TestServer};
use axum::http::{StatusCode, header};
use domain::{Token, sign_in};
use model::{OrganizationId, RequestId};
use sqlx::PgPool;
use uuid::Uuid;

/// The functions among those below that pages call with JSON; the others are called by forms.
const PAGE_FUNCTIONS: [&str; 3] = ["/api/ask/confirm_page", "/api/join/page", "/api/sign_in/link"];

/// Valid links of our organization: the cookie that holds the token, the token, and a function that uses it.
async fn valid_links(server: &TestServer) -> Vec<(&'static str, Token, &'static str)> {
    let [open, expired] =
        [server.invite("open@blobsrus.com").await, server.invite("expired@blobsrus.com").await];
    server.app.expire_invitation("expired@blobsrus.com").await;
    let (organization, request): (Uuid, Uuid) = sqlx::query_as(
        "insert into invitation_requests
            (organization_id, id, created_at, email, email_normalized, name, status, confirm_expires_at)
         select id, gen_random_uuid(), now(), 'asks@blobsrus.com', 'asks@blobsrus.com', 'Asker', 'unconfirmed',
            now() + interval '1 day'
         from organizations where slug = 'blobsrus' returning organization_id, id",
    )
    .fetch_one(&server.app.context.pool)
    .await
    .unwrap();
    let request_token =
        server.app.context.keys.request_token(OrganizationId(organization), RequestId(request)).unwrap();
    let request_context = server.app.anonymous();
    let sign_in =
        sign_in::create_operator_link(&request_context.organization("blobsrus").await.unwrap(), ADMIN)
            .await
            .unwrap();
    vec![
        ("confirm-request", request_token.clone(), "/api/ask/confirm_page"),
        ("confirm-request", request_token, "/api/ask/confirm"),
        ("join", expired, "/api/join/request_renewal"),
        ("join", open.clone(), "/api/join/page"),
        ("join", open, "/api/join/join"),
        ("sign-in", sign_in.clone(), "/api/sign_in/link"),
        ("sign-in", sign_in, "/api/sign_in/by_link"),
    ]
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn link_is_invalid_in_another_organization(pool: PgPool) {
    let server = TestServer::new(pool).await;
    server.create_other_organization().await;
    server.app.enable_requests().await;
    let links = valid_links(&server).await;
    let call = async |slug: &str, link: &str, token: &str, function: &str| {
        let cookie = format!("{link}-{slug}={token}");
        if PAGE_FUNCTIONS.contains(&function) {
            server.call_function(function, &cookie, JSON, &format!(r#"{{"org":"{slug}"}}"#)).await
        } else {
            let body = format!("org={slug}&email=open%40blobsrus.com&name=Blobby");
            server.call_function(function, &cookie, FORM, &body).await
        }
    };
    let before = (rows(&server).await, rows_of(&server, "other").await);
    for (link, token, function) in &links {
        let response = call("other", link, token.expose(), function).await;
        let malformed = call("other", link, "malformed", function).await;
        assert_eq!((response.status, &response.body), (malformed.status, &malformed.body), "{function}");
        assert!(response.headers.get(header::SET_COOKIE).is_none(), "{function}");
        let after = (rows(&server).await, rows_of(&server, "other").await);
        assert_eq!(after, before, "{function} changed something");
    }
    // In their own organization, they are valid.
    for (link, token, function) in &links {
        let (before, malformed) = (rows(&server).await, call("blobsrus", link, "malformed", function).await);
        let response = call("blobsrus", link, token.expose(), function).await;
        assert_eq!(response.status, StatusCode::OK, "{function}: {}", response.body);
        let has_own_response = response.body != malformed.body;
        assert!(has_own_response || rows(&server).await != before, "{function}: {}", response.body);
    }
}
