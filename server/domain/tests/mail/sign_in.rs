//! Sign-in messages: their link and code, and their priority.

use crate::delivery::plain_text;
use chrono::TimeDelta;
use domain::Token;
use domain::sign_in::{PendingSignIn, redeem_code, redeem_link, request};
use sqlx::PgPool;
use test_support::smtp::{Behavior, Capabilities, SmtpServer};
use test_support::{ADMIN, SLUG, TestApp, until};

async fn request_sign_in(app: &TestApp, email: &str) -> PendingSignIn {
    request(&app.anonymous().organization(SLUG).await.unwrap(), email).await.unwrap()
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
async fn link_and_code_sign_in_once(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    let worker = app.start_worker(&server);
    let first = request_sign_in(&app, " ADA@Blobsrus.com").await;
    until("the first message is received", async || server.count() == 1).await;
    let second = request_sign_in(&app, ADMIN).await;
    until("the second message is received", async || server.count() == 2).await;
    let received = server.received();
    // The user's own address, not the address as typed.
    assert!(received.iter().all(|mail| mail.to == ADMIN));
    let texts = [plain_text(&received[0]), plain_text(&received[1])];
    let request_context = app.anonymous();
    let context = request_context.organization(SLUG).await.unwrap();
    assert!(redeem_link(&context, &token(&texts[0])).await.is_ok());
    assert!(redeem_link(&context, &token(&texts[0])).await.is_err(), "once");
    assert!(redeem_code(&context, &first, code(&texts[0])).await.is_err(), "once");
    assert!(redeem_code(&context, &second, code(&texts[1])).await.is_ok());
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn only_active_users_get_a_sign_in_mail(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("invited@blobsrus.com").await;
    app.clear_outbox().await;
    for email in ["nobody@blobsrus.com", "invited@blobsrus.com"] {
        request_sign_in(&app, email).await;
    }
    let server = SmtpServer::start(Capabilities::default()).await;
    let worker = app.start_worker(&server);
    app.wait_for_all(2, "cancelled").await;
    request_sign_in(&app, ADMIN).await;
    app.wait_for(ADMIN, "accepted").await;
    assert_eq!(server.count(), 1);
    assert_eq!(app.count_usable_sign_ins().await, 1);
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sign_in_mail_is_not_retried_after_expiry(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    server.set_behavior(ADMIN, Behavior::RcptReply("451 4.7.1 come back later", 99));
    let worker = app.start_worker(&server);
    request_sign_in(&app, ADMIN).await;
    let row = app.wait_for(ADMIN, "retrying").await;
    assert_eq!(row.reply, "451 4.7.1 come back later");
    until("the delivery has ended", async || {
        app.advance(TimeDelta::seconds(20));
        app.delivery(ADMIN).await.state != "retrying"
    })
    .await;
    let row = app.delivery(ADMIN).await;
    assert!(["failed", "cancelled"].contains(&row.state.as_str()), "{row:?}");
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn resent_sign_in_mail_invalidates_previous_link(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    server.set_behavior(ADMIN, Behavior::DisconnectAfterData);
    let worker = app.start_worker(&server);
    request_sign_in(&app, ADMIN).await;
    app.wait_for(ADMIN, "retrying").await;
    app.advance(TimeDelta::seconds(7));
    app.wait_for(ADMIN, "accepted").await;
    let received = server.received();
    assert_ne!(received[0].message_id(), received[1].message_id());
    let request_context = app.anonymous();
    let context = request_context.organization(SLUG).await.unwrap();
    assert!(redeem_link(&context, &token(&plain_text(&received[0]))).await.is_err());
    assert!(redeem_link(&context, &token(&plain_text(&received[1]))).await.is_ok());
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sign_in_mail_overtakes_invitations(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_many(1_000).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    server.pause(true);
    let worker = app.start_worker(&server);
    until("eight messages are being sent", async || server.total_connections() == 8).await;
    request_sign_in(&app, ADMIN).await;
    until("the sign-in message is leased", async || app.count_leased_sign_ins().await == 1).await;
    server.pause(false);
    app.wait_for(ADMIN, "accepted").await;
    let position = server.received().iter().position(|mail| mail.to == ADMIN).unwrap();
    assert!(position <= 24, "{position}");
    worker.stop().await;
}
