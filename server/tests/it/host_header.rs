//! Links start with `BASE_URL`, whatever the `Host` header and its relatives contain.

use crate::test_server::{ADMIN, FORM, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use domain::mail::{self, MemoryMailbox, Transport};
use sqlx::PgPool;
use std::time::Duration;

const BASE: &str = "https://members.example.com";
const EVIL: &str = "evil.example";

/// Posts a form with every header in which an attacker could put a host.
async fn post(server: &TestServer, path: &str, cookie: &str, body: &str) -> (StatusCode, String) {
    let request = Request::post(path)
        .header(header::HOST, EVIL)
        .header("x-forwarded-host", EVIL)
        .header("x-forwarded-proto", "http")
        .header("x-forwarded-server", EVIL)
        .header("x-original-host", EVIL)
        .header(header::FORWARDED, format!("host={EVIL};proto=http"))
        .header(header::ORIGIN, format!("https://{EVIL}"))
        .header(header::REFERER, format!("https://{EVIL}/o/blobsrus/login"))
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, FORM);
    let response = server.send(request.body(Body::from(body.to_owned())).unwrap()).await;
    assert!(!response.body.contains(EVIL), "{path}: {}", response.body);
    for (name, value) in &response.headers {
        assert!(!value.to_str().unwrap().contains(EVIL), "{path}: {name}: {value:?}");
    }
    (response.status, response.location().to_owned())
}

/// Waits until `count` messages are captured.
async fn wait_for_mails(mailbox: &MemoryMailbox, count: usize) -> Vec<mail::CapturedMail> {
    let arrival = async {
        while mailbox.list().len() < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), arrival).await.unwrap();
    mailbox.list()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn hostile_host_appears_in_no_link_or_redirect(pool: PgPool) {
    let mailbox = MemoryMailbox::default();
    let server = TestServer::with_state(pool, BASE, |state| state.dev_mailbox = Some(mailbox.clone())).await;
    server.app.enable_requests().await;
    let from = mail::parse_sender("Vestibule <vestibule@members.example.com>").unwrap();
    let transport = Transport::memory(mailbox.clone());
    tokio::spawn(mail::run_worker(server.app.context.clone(), transport, from, std::future::pending()));
    let admin = format!("__Host-{}", server.sign_in("blobsrus", ADMIN).await);

    let login = format!("_action=/api/sign_in/request&org=blobsrus&email={ADMIN}");
    let redirect = post(&server, "/o/blobsrus/login", "", &login).await;
    assert_eq!(redirect, (StatusCode::SEE_OTHER, "/o/blobsrus/login/code".to_owned()));
    let request = "_action=/api/ask/request&org=blobsrus&email=asks%40blobsrus.com&name=Asker";
    assert_eq!(post(&server, "/o/blobsrus/request-invitation", "", request).await.0, StatusCode::OK);
    let invite = "_action=/api/users/invite&org=blobsrus&addresses=blobby%40blobsrus.com&role=member";
    assert_eq!(
        post(&server, "/o/blobsrus/settings/users?dialog=invite", &admin, invite).await.0,
        StatusCode::OK
    );
    // Rejected requests must not contain it either.
    let invalid = "_action=/api/ask/request&org=blobsrus&email=nonsense";
    assert_eq!(
        post(&server, "/o/blobsrus/request-invitation", "", invalid).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    post(&server, "/o/blobsrus/settings/users", "", invite).await;
    post(&server, "/api/users/invite", "", invite).await;

    let mut kinds = Vec::new();
    for mail in wait_for_mails(&mailbox, 3).await {
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains(EVIL), "{part}");
            for link in part.split("://").skip(1) {
                assert!(link.starts_with("members.example.com/o/blobsrus/"), "{part}");
            }
        }
        let link = mail.text.lines().find(|line| line.trim().starts_with("http")).unwrap();
        kinds.push(link.trim().trim_start_matches(BASE).split('/').nth(3).unwrap().to_owned());
    }
    kinds.sort();
    assert_eq!(kinds, ["confirm-request", "join", "sign-in"]);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn cross_site_post_is_blocked_for_any_host(pool: PgPool) {
    let server = TestServer::with_base_url(pool, BASE).await;
    let admin = format!("__Host-{}", server.sign_in("blobsrus", ADMIN).await);
    let invite = "_action=/api/users/invite&org=blobsrus&addresses=blobby%40blobsrus.com&role=admin";
    let request = Request::post("/o/blobsrus/settings/users")
        .header(header::HOST, "members.example.com")
        .header("x-forwarded-host", EVIL)
        .header(header::ORIGIN, format!("https://{EVIL}"))
        .header(header::COOKIE, admin)
        .header(header::CONTENT_TYPE, FORM);
    let response = server.send(request.body(Body::from(invite)).unwrap()).await;
    assert_eq!(response.status, StatusCode::FORBIDDEN);
    assert_eq!(server.app.count("users where email = 'blobby@blobsrus.com'").await, 0);
}
