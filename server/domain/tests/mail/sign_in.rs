//! Sign-in mails: their secrets, and their way past everything else.

use crate::delivery::text;
use crate::smtp::{Manner, Offers, SmtpServer};
use crate::test_app::{SLUG, TestApp, until};
use chrono::TimeDelta;
use domain::sign_in::{PendingSignIn, redeem_code, redeem_link, request};
use domain::{RequestContext, Source, Token};
use sqlx::PgPool;
use std::collections::HashMap;

const ADA: &str = "ada@blobsrus.com";

fn nobody(app: &TestApp) -> RequestContext {
    RequestContext::new(app.context.clone(), HashMap::new(), Source::default(), "request")
}

async fn ask(app: &TestApp, email: &str) -> PendingSignIn {
    request(&nobody(app).organization(SLUG).await.unwrap(), email).await.unwrap()
}

fn token(text: &str) -> Token {
    let link =
        text.lines().find(|line| line.starts_with("https://vestibule.example/o/blobsrus/sign-in/")).unwrap();
    Token::from_client(link.rsplit('/').next().unwrap())
}

fn code(text: &str) -> &str {
    text.lines().find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit())).unwrap()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_link_and_the_code_of_the_mail_sign_in(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers::default()).await;
    let worker = app.start(&server);
    let first = ask(&app, " ADA@Blobsrus.com").await;
    until("a mail", async || server.count() == 1).await;
    let second = ask(&app, ADA).await;
    until("another mail", async || server.count() == 2).await;
    let received = server.received();
    // To the address of the user, not to what was typed.
    assert!(received.iter().all(|mail| mail.to == ADA));
    let texts = [text(&received[0]), text(&received[1])];
    let request_context = nobody(&app);
    let context = request_context.organization(SLUG).await.unwrap();
    assert!(redeem_link(&context, &token(&texts[0])).await.is_ok());
    assert!(redeem_link(&context, &token(&texts[0])).await.is_err(), "once");
    assert!(redeem_code(&context, &first, code(&texts[0])).await.is_err(), "once");
    assert!(redeem_code(&context, &second, code(&texts[1])).await.is_ok());
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nobody_but_an_active_user_gets_a_sign_in_mail(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("invited@blobsrus.com").await;
    app.run("delete from deliveries").await;
    for email in ["nobody@blobsrus.com", "invited@blobsrus.com"] {
        ask(&app, email).await;
    }
    let server = SmtpServer::start(Offers::default()).await;
    let worker = app.start(&server);
    app.wait_for_all(2, "cancelled").await;
    ask(&app, ADA).await;
    app.wait_for(ADA, "accepted").await;
    assert_eq!(server.count(), 1);
    assert_eq!(app.count("sign_ins where link_hash is not null").await, 1);
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_sign_in_mail_is_given_up_at_its_end(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers::default()).await;
    server.about(ADA, Manner::Answer("451 4.7.1 come back later", 99));
    let worker = app.start(&server);
    ask(&app, ADA).await;
    let row = app.wait_for(ADA, "retrying").await;
    assert_eq!(row.reply, "451 4.7.1 come back later");
    until("it is given up", async || {
        app.pass(TimeDelta::seconds(20));
        app.delivery(ADA).await.state != "retrying"
    })
    .await;
    let row = app.delivery(ADA).await;
    assert!(["failed", "cancelled"].contains(&row.state.as_str()), "{row:?}");
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn each_making_of_a_sign_in_mail_is_a_message_of_its_own_and_the_newest_counts(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers::default()).await;
    server.about(ADA, Manner::HangUpAfterMail);
    let worker = app.start(&server);
    ask(&app, ADA).await;
    app.wait_for(ADA, "retrying").await;
    app.pass(TimeDelta::seconds(7));
    app.wait_for(ADA, "accepted").await;
    let received = server.received();
    assert_ne!(received[0].message_id(), received[1].message_id());
    let request_context = nobody(&app);
    let context = request_context.organization(SLUG).await.unwrap();
    assert!(redeem_link(&context, &token(&text(&received[0]))).await.is_err());
    assert!(redeem_link(&context, &token(&text(&received[1]))).await.is_ok());
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_sign_in_mail_overtakes_a_crowd_of_invitations(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_many(1_000).await;
    let server = SmtpServer::start(Offers::default()).await;
    server.pause(true);
    let worker = app.start(&server);
    until("eight are on their way", async || server.connected_ever() == 8).await;
    ask(&app, ADA).await;
    until("it is in hand", async || {
        app.count(&format!("deliveries where kind = 'sign_in' and due_at > '{}'", app.now())).await == 1
    })
    .await;
    server.pause(false);
    app.wait_for(ADA, "accepted").await;
    let place = server.received().iter().position(|mail| mail.to == ADA).unwrap();
    assert!(place <= 24, "it was only number {place}");
    worker.stop().await;
}
