//! Who asked for an invitation hears of it in the mailbox, and nowhere else.

use crate::delivery::text;
use crate::smtp::{Offers, SmtpServer};
use crate::test_app::{SLUG, TestApp, until};
use domain::{RequestContext, Source, Token, requests};
use model::requests::ConfirmPage;
use sqlx::PgPool;
use std::collections::HashMap;

fn nobody(app: &TestApp) -> RequestContext {
    RequestContext::new(app.context.clone(), HashMap::new(), Source::default(), "request")
}

async fn ask(app: &TestApp, email: &str) {
    let request_context = nobody(app);
    requests::submit(&request_context.organization(SLUG).await.unwrap(), email, "Blob <b>Ross</b>", "Hello")
        .await
        .unwrap();
}

fn link<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let start = format!("https://vestibule.example/o/blobsrus/{path}/");
    text.lines().find_map(|line| line.strip_prefix(start.as_str()))
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn each_address_gets_the_mail_that_is_meant_for_it(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.run("update organizations set requests_enabled = true").await;
    app.invite("invited@blobsrus.com").await;
    app.invite("expired@blobsrus.com").await;
    app.invite("suspended@blobsrus.com").await;
    app.run("update invitations set expires_at = created_at where email = 'expired@blobsrus.com'").await;
    app.run(
        "update users set status = 'suspended', joined_at = now(), joined_by = 'invitation'
             where email = 'suspended@blobsrus.com'",
    )
    .await;
    app.run("delete from deliveries").await;
    for email in [
        "nobody@blobsrus.com",
        "invited@blobsrus.com",
        "expired@blobsrus.com",
        "ADA@blobsrus.com",
        "suspended@blobsrus.com",
    ] {
        ask(&app, email).await;
    }
    let server = SmtpServer::start(Offers::default()).await;
    let worker = app.start(&server);
    until("all are answered", async || app.count("deliveries where due_at is not null").await == 0).await;
    let mails: HashMap<String, String> =
        server.received().iter().map(|mail| (mail.to.clone(), text(mail))).collect();
    assert_eq!(mails.len(), 4, "who is suspended hears nothing");
    assert!(link(&mails["nobody@blobsrus.com"], "confirm-request").is_some());
    assert!(link(&mails["expired@blobsrus.com"], "confirm-request").is_some());
    assert!(link(&mails["invited@blobsrus.com"], "join").is_some());
    assert!(link(&mails["ada@blobsrus.com"], "sign-in").is_some());
    // What anybody may type goes to nobody's mailbox.
    assert!(mails.values().all(|mail| !mail.contains("Ross") && !mail.contains("Hello")));
    assert_eq!(app.count("invitation_requests where status = 'unconfirmed'").await, 2);

    let token = Token::from_client(link(&mails["nobody@blobsrus.com"], "confirm-request").unwrap());
    let request_context = nobody(&app);
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
