//! Messages about invitation requests. Only they depend on the state of the address.

use crate::delivery::plain_text;
use domain::{Token, requests};
use model::requests::ConfirmPage;
use sqlx::PgPool;
use std::collections::HashMap;
use test_support::smtp::{Capabilities, SmtpServer};
use test_support::{SLUG, TestApp, until};

async fn request_invitation(app: &TestApp, email: &str) {
    let request_context = app.anonymous();
    requests::submit(&request_context.organization(SLUG).await.unwrap(), email, "Blob <b>Ross</b>", "Hello")
        .await
        .unwrap();
}

fn link<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let start = format!("https://vestibule.example/o/blobsrus/{path}/");
    text.lines().find_map(|line| line.strip_prefix(start.as_str()))
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn request_mail_depends_on_the_address_state(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.enable_requests().await;
    app.invite("invited@blobsrus.com").await;
    app.invite("expired@blobsrus.com").await;
    app.make_active("suspended@blobsrus.com").await;
    app.expire_invitation("expired@blobsrus.com").await;
    app.suspend("suspended@blobsrus.com").await;
    app.clear_outbox().await;
    for email in [
        "nobody@blobsrus.com",
        "invited@blobsrus.com",
        "expired@blobsrus.com",
        "ADA@blobsrus.com",
        "suspended@blobsrus.com",
    ] {
        request_invitation(&app, email).await;
    }
    let server = SmtpServer::start(Capabilities::default()).await;
    let worker = app.start_worker(&server);
    until("all deliveries have ended", async || app.count_due().await == 0).await;
    let mails: HashMap<String, String> =
        server.received().iter().map(|mail| (mail.to.clone(), plain_text(mail))).collect();
    assert_eq!(mails.len(), 4, "a suspended user gets no message");
    assert!(link(&mails["nobody@blobsrus.com"], "confirm-request").is_some());
    assert!(link(&mails["expired@blobsrus.com"], "confirm-request").is_some());
    assert!(link(&mails["invited@blobsrus.com"], "join").is_some());
    assert!(link(&mails["ada@blobsrus.com"], "sign-in").is_some());
    // Text that anyone could have typed is not sent to others.
    assert!(mails.values().all(|mail| !mail.contains("Ross") && !mail.contains("Hello")));
    assert_eq!(app.count("invitation_requests where status = 'unconfirmed'").await, 2);

    let token = Token::from_client(link(&mails["nobody@blobsrus.com"], "confirm-request").unwrap());
    let request_context = app.anonymous();
    let context = request_context.organization(SLUG).await.unwrap();
    let page = requests::confirm_page(&context, &token).await.unwrap();
    assert_eq!(
        page,
        ConfirmPage::Ready {
            email: "nobody@blobsrus.com".to_owned(),
            name: "Blob <b>Ross</b>".to_owned(),
            message: "Hello".to_owned(),
        }
    );
    requests::confirm(&context, &token).await.unwrap();
    assert_eq!(app.count("invitation_requests where status = 'open'").await, 1);
    worker.stop().await;
}
