//! The dev mailbox, which shows captured email where no mail server is configured.

use crate::test_server::{ADMIN, TestResponse, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use domain::mail::{self, MemoryMailbox, Transport};
use sqlx::PgPool;
use std::time::Duration;

/// Starts a server whose dev mailbox contains one sign-in message.
async fn server_with_mail(pool: PgPool) -> (TestServer, MemoryMailbox) {
    let mailbox = MemoryMailbox::default();
    let server = TestServer::with_state(pool, "http://localhost:3000", |state| {
        state.dev_mailbox = Some(mailbox.clone());
    })
    .await;
    let from = mail::parse_sender("Vestibule <vestibule@localhost>").unwrap();
    let transport = Transport::memory(mailbox.clone());
    tokio::spawn(mail::run_worker(server.app.context.clone(), transport, from, std::future::pending()));
    let form = format!("_action=/api/sign_in/request&org=blobsrus&email={ADMIN}");
    server.post_form("/o/blobsrus/login", "", &form).await;
    let arrival = async {
        while mailbox.list().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), arrival).await.unwrap();
    (server, mailbox)
}

async fn get_with_header(server: &TestServer, path: &str, name: &'static str, value: &str) -> TestResponse {
    let request = Request::get(path).header(header::ACCEPT, "text/html").header(name, value);
    server.send(request.body(Body::empty()).unwrap()).await
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn captured_email_is_listed_and_shown(pool: PgPool) {
    let (server, mailbox) = server_with_mail(pool).await;
    let mail = mailbox.list().remove(0);
    let list = server.get("/dev/mail", "").await;
    assert!(list.body.contains(ADMIN) && list.body.contains(&mail.subject), "{}", list.body);
    let page = server.get(&format!("/dev/mail/{}", mail.id), "").await;
    assert!(page.body.contains("<a href=\"http://localhost:3000/o/blobsrus/sign-in/"), "{}", page.body);
    let (_, text) = page.body.split_once("<pre class=\"email-text\">").unwrap();
    assert!(text.starts_with(mail.text.split_whitespace().next().unwrap()), "{text}");
    let html = server.get(&format!("/dev/mail/{}/html", mail.id), "").await;
    assert!(html.body.contains("<base target=\"_top\">"));
    let policy = html.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; ") && policy.contains("sandbox "), "{policy}");
    assert_eq!(server.get("/dev/mail/nonsense", "").await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn dev_mailbox_is_hidden_from_other_machines(pool: PgPool) {
    let (server, mailbox) = server_with_mail(pool).await;
    let id = mailbox.list().remove(0).id;
    for path in ["/dev/mail", &format!("/dev/mail/{id}"), &format!("/dev/mail/{id}/html")] {
        let response = get_with_header(&server, path, "host", "127.0.0.1:3000").await;
        assert_eq!(response.status, StatusCode::OK);
        for (name, value) in [
            ("host", "members.example.com"),
            ("x-forwarded-for", "198.51.100.7"),
            ("forwarded", "for=198.51.100.7"),
        ] {
            let response = get_with_header(&server, path, name, value).await;
            assert_eq!(response.status, StatusCode::NOT_FOUND, "{path} {name}");
            assert!(!response.body.contains(ADMIN));
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn dev_mailbox_does_not_exist_with_a_mail_server(pool: PgPool) {
    let server = TestServer::new(pool).await;
    assert_eq!(server.get("/dev/mail", "").await.status, StatusCode::NOT_FOUND);
}
