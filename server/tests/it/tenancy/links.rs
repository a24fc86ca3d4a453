//! Links that arrive by mail, tried where they do not belong.

use super::{JSON, rows, rows_of};
use crate::test_server::{ADMIN, FORM, TestServer};
use axum::http::{StatusCode, header};
use domain::{Token, sign_in};
use model::{OrganizationId, RequestId};
use sqlx::PgPool;
use uuid::Uuid;

/// Those about a link that pages ask, and no form.
const ASKED_BY_PAGES: [&str; 3] = ["/api/ask/confirm_page", "/api/join/page", "/api/sign_in/link"];

/// What a genuine link of our organization opens, by the cookie that keeps it: its token, and the function that it is for.
async fn links(site: &TestServer) -> Vec<(&'static str, Token, &'static str)> {
    let [open, expired] =
        [site.invited("open@blobsrus.com").await, site.invited("expired@blobsrus.com").await];
    sqlx::query("update invitations set expires_at = now() - interval '1 day' where email like 'expired@%'")
        .execute(&site.context.pool)
        .await
        .unwrap();
    let (organization, request): (Uuid, Uuid) = sqlx::query_as(
        "insert into invitation_requests
            (organization_id, id, created_at, email, email_normalized, name, status, confirm_expires_at)
         select id, gen_random_uuid(), now(), 'asks@blobsrus.com', 'asks@blobsrus.com', 'Asker', 'unconfirmed',
            now() + interval '1 day'
         from organizations where slug = 'blobsrus' returning organization_id, id",
    )
    .fetch_one(&site.context.pool)
    .await
    .unwrap();
    let asked = site.context.keys.request_token(OrganizationId(organization), RequestId(request)).unwrap();
    let request_context = site.request_context();
    let sign_in =
        sign_in::create_operator_link(&request_context.organization("blobsrus").await.unwrap(), ADMIN)
            .await
            .unwrap();
    vec![
        ("confirm-request", asked.clone(), "/api/ask/confirm_page"),
        ("confirm-request", asked, "/api/ask/confirm"),
        ("join", expired, "/api/join/request_renewal"),
        ("join", open.clone(), "/api/join/page"),
        ("join", open, "/api/join/join"),
        ("sign-in", sign_in.clone(), "/api/sign_in/link"),
        ("sign-in", sign_in, "/api/sign_in/by_link"),
    ]
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_link_opens_nothing_in_another_organization(pool: PgPool) {
    let site = TestServer::new(pool).await;
    site.other_organization().await;
    sqlx::query("update organizations set requests_enabled = true")
        .execute(&site.context.pool)
        .await
        .unwrap();
    let links = links(&site).await;
    let call = async |slug: &str, link: &str, token: &str, function: &str| {
        let cookie = format!("{link}-{slug}={token}");
        if ASKED_BY_PAGES.contains(&function) {
            site.call(function, &cookie, JSON, &format!(r#"{{"org":"{slug}"}}"#)).await
        } else {
            let body = format!("org={slug}&email=open%40blobsrus.com&name=Blobby");
            site.call(function, &cookie, FORM, &body).await
        }
    };
    let before = (rows(&site).await, rows_of(&site, "other").await);
    for (link, token, function) in &links {
        let answer = call("other", link, token.expose(), function).await;
        let garbled = call("other", link, "garbled", function).await;
        assert_eq!((answer.status, &answer.body), (garbled.status, &garbled.body), "{function}");
        assert!(answer.headers.get(header::SET_COOKIE).is_none(), "{function}");
        let after = (rows(&site).await, rows_of(&site, "other").await);
        assert_eq!(after, before, "{function} changed something");
    }
    // Each of them is genuine: where it belongs, it opens.
    for (link, token, function) in &links {
        let (before, garbled) = (rows(&site).await, call("blobsrus", link, "garbled", function).await);
        let answer = call("blobsrus", link, token.expose(), function).await;
        assert_eq!(answer.status, StatusCode::OK, "{function}: {}", answer.body);
        let told = answer.body != garbled.body;
        assert!(told || rows(&site).await != before, "{function}: {}", answer.body);
    }
}
