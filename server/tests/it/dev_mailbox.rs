//! The mail that is captured where there is no mail server.

use crate::test_server::{ADMIN, TestResponse, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use domain::mail::{self, Captured, Transport};
use sqlx::PgPool;
use std::time::Duration;

/// A server whose mail is captured, with a sign-in mail in it.
async fn with_mail(pool: PgPool) -> (TestServer, Captured) {
    let captured = Captured::default();
    let site = TestServer::with_state(pool, "http://localhost:3000", |state| {
        state.dev_mailbox = Some(captured.clone());
    })
    .await;
    let from = mail::sender("Vestibule <vestibule@localhost>").unwrap();
    let transport = Transport::captured(captured.clone());
    tokio::spawn(mail::work(site.context.clone(), transport, from, std::future::pending()));
    site.post("/o/blobsrus/login", "", &format!("_action=/api/sign_in/request&org=blobsrus&email={ADMIN}"))
        .await;
    let came = async {
        while captured.list().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), came).await.unwrap();
    (site, captured)
}

async fn get(site: &TestServer, path: &str, name: &'static str, value: &str) -> TestResponse {
    let request = Request::get(path).header(header::ACCEPT, "text/html").header(name, value);
    site.send(request.body(Body::empty()).unwrap()).await
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_mail_is_shown_as_its_reader_would_see_it(pool: PgPool) {
    let (site, captured) = with_mail(pool).await;
    let mail = captured.list().remove(0);
    let list = site.get("/dev/mail", "").await;
    assert!(list.body.contains(ADMIN) && list.body.contains(&mail.subject), "{}", list.body);
    let page = site.get(&format!("/dev/mail/{}", mail.id), "").await;
    assert!(page.body.contains("<a href=\"http://localhost:3000/o/blobsrus/sign-in/"), "{}", page.body);
    let html = site.get(&format!("/dev/mail/{}/html", mail.id), "").await;
    assert!(html.body.contains("<base target=\"_top\">"));
    let policy = html.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; ") && policy.contains("sandbox "), "{policy}");
    assert_eq!(site.get("/dev/mail/nonsense", "").await.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nobody_reads_it_through_a_proxy_or_under_another_name(pool: PgPool) {
    let (site, captured) = with_mail(pool).await;
    let mail = captured.list().remove(0).id;
    for path in ["/dev/mail", &format!("/dev/mail/{mail}"), &format!("/dev/mail/{mail}/html")] {
        assert_eq!(get(&site, path, "host", "127.0.0.1:3000").await.status, StatusCode::OK);
        for (name, value) in [
            ("host", "members.example.com"),
            ("x-forwarded-for", "198.51.100.7"),
            ("forwarded", "for=198.51.100.7"),
        ] {
            let answer = get(&site, path, name, value).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path} {name}");
            assert!(!answer.body.contains(ADMIN));
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn with_a_mail_server_there_is_no_mailbox(pool: PgPool) {
    let site = TestServer::new(pool).await;
    assert_eq!(site.get("/dev/mail", "").await.status, StatusCode::NOT_FOUND);
}
