//! Links begin with the configured address, whatever a request says of where it came to or from.

use crate::test_server::{ADMIN, FORM, TestServer};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use domain::mail::{self, MemoryMailbox, Transport};
use sqlx::PgPool;
use std::time::Duration;

const BASE: &str = "https://members.example.com";
const EVIL: &str = "evil.example";

/// Posts a form in the name of an attacker, who may write any header that a browser, a proxy or a program can.
async fn post(site: &TestServer, path: &str, cookie: &str, body: &str) -> (StatusCode, String) {
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
    let answer = site.send(request.body(Body::from(body.to_owned())).unwrap()).await;
    assert!(!answer.body.contains(EVIL), "{path}: {}", answer.body);
    for (name, value) in &answer.headers {
        assert!(!value.to_str().unwrap().contains(EVIL), "{path}: {name}: {value:?}");
    }
    (answer.status, answer.location().to_owned())
}

/// Waits for so many mails.
async fn mails(captured: &MemoryMailbox, count: usize) -> Vec<mail::CapturedMail> {
    let came = async {
        while captured.list().len() < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), came).await.unwrap();
    captured.list()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_hostile_host_or_origin_is_in_no_link_and_no_redirect(pool: PgPool) {
    let captured = MemoryMailbox::default();
    let site = TestServer::with(pool, BASE, |state| state.dev_mailbox = Some(captured.clone())).await;
    sqlx::query("update organizations set requests_enabled = true")
        .execute(&site.context.pool)
        .await
        .unwrap();
    let from = mail::parse_sender("Vestibule <vestibule@members.example.com>").unwrap();
    let transport = Transport::memory(captured.clone());
    tokio::spawn(mail::run_worker(site.context.clone(), transport, from, std::future::pending()));
    let admin = format!("__Host-{}", site.signed_in("blobsrus", ADMIN).await);

    let login = format!("_action=/api/sign_in/request&org=blobsrus&email={ADMIN}");
    let asked = post(&site, "/o/blobsrus/login", "", &login).await;
    assert_eq!(asked, (StatusCode::SEE_OTHER, "/o/blobsrus/login/code".to_owned()));
    let ask = "_action=/api/ask/request&org=blobsrus&email=asks%40blobsrus.com&name=Asker";
    assert_eq!(post(&site, "/o/blobsrus/request-invitation", "", ask).await.0, StatusCode::OK);
    let invite = "_action=/api/users/invite&org=blobsrus&addresses=blobby%40blobsrus.com&role=member";
    assert_eq!(
        post(&site, "/o/blobsrus/settings/users?dialog=invite", &admin, invite).await.0,
        StatusCode::OK
    );
    // What is refused leads nowhere else, either.
    let wrong = "_action=/api/ask/request&org=blobsrus&email=nonsense";
    assert_eq!(
        post(&site, "/o/blobsrus/request-invitation", "", wrong).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    post(&site, "/o/blobsrus/settings/users", "", invite).await;
    post(&site, "/api/users/invite", "", invite).await;

    let mut words = Vec::new();
    for mail in mails(&captured, 3).await {
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains(EVIL), "{part}");
            for link in part.split("://").skip(1) {
                assert!(link.starts_with("members.example.com/o/blobsrus/"), "{part}");
            }
        }
        let link = mail.text.lines().find(|line| line.trim().starts_with("http")).unwrap();
        words.push(link.trim().trim_start_matches(BASE).split('/').nth(3).unwrap().to_owned());
    }
    words.sort();
    assert_eq!(words, ["confirm-request", "join", "sign-in"]);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_form_of_another_site_is_refused_whatever_host_it_names(pool: PgPool) {
    let site = TestServer::at(pool, BASE).await;
    let admin = format!("__Host-{}", site.signed_in("blobsrus", ADMIN).await);
    let invite = "_action=/api/users/invite&org=blobsrus&addresses=blobby%40blobsrus.com&role=admin";
    let request = Request::post("/o/blobsrus/settings/users")
        .header(header::HOST, "members.example.com")
        .header("x-forwarded-host", EVIL)
        .header(header::ORIGIN, format!("https://{EVIL}"))
        .header(header::COOKIE, admin)
        .header(header::CONTENT_TYPE, FORM);
    let answer = site.send(request.body(Body::from(invite)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(site.count("users where email = 'blobby@blobsrus.com'").await, 0);
}
