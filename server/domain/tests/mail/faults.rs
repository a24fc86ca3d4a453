//! A mail server that refuses, is busy, hangs up, says nothing, or is not there.

use crate::smtp::{Manner, Offers, SmtpServer};
use crate::test_app::{TestApp, until};
use chrono::TimeDelta;
use domain::mail::Transport;
use sqlx::PgPool;

const BLOBBY: &str = "blobby@blobsrus.com";
const ROSS: &str = "blob.ross@blobsrus.com";

/// A server that takes one command at a time, and one that takes several; each with somebody to write to.
async fn both_ways() -> [(&'static str, SmtpServer); 2] {
    let one_by_one = SmtpServer::start(Offers::default()).await;
    [(BLOBBY, one_by_one), (ROSS, SmtpServer::start(Offers { pipelining: true, ..Offers::default() }).await)]
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_refused_address_fails_and_the_connection_is_kept(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for (email, server) in both_ways().await {
        server.about(email, Manner::Answer("550 5.1.1 no such blob", 1));
        app.invite(email).await;
        let worker = app.start(&server);
        let row = app.wait_for(email, "failed").await;
        assert_eq!((row.attempts, row.reply.as_str()), (1, "550 5.1.1 no such blob"));
        assert_eq!((row.due_at, row.ended_at), (None, Some(app.now())));
        let other = format!("not.{email}");
        app.invite(&other).await;
        app.wait_for(&other, "accepted").await;
        assert_eq!((server.count(), server.connected_ever()), (1, 1));
        worker.stop().await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_refused_mail_fails(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers::default()).await;
    server.about(BLOBBY, Manner::AnswerMail("554 5.7.1 looks like spam", 1));
    app.invite(BLOBBY).await;
    let worker = app.start(&server);
    assert_eq!(app.wait_for(BLOBBY, "failed").await.reply, "554 5.7.1 looks like spam");
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_busy_server_is_asked_again(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for (email, server) in both_ways().await {
        server.about(email, Manner::Answer("451 4.7.1 come back later", 2));
        app.invite(email).await;
        let worker = app.start(&server);
        let row = app.wait_for(email, "retrying").await;
        assert_eq!((row.attempts, row.reply.as_str()), (1, "451 4.7.1 come back later"));
        let wait = row.due_at.unwrap() - app.now();
        assert!(wait > TimeDelta::seconds(3) && wait < TimeDelta::seconds(7), "{wait}");
        app.pass(TimeDelta::seconds(7));
        until("the second try", async || {
            let row = app.delivery(email).await;
            row.attempts == 2 && row.due_at.unwrap() - app.now() < TimeDelta::seconds(19)
        })
        .await;
        assert_eq!(server.count(), 0);
        app.pass(TimeDelta::seconds(19));
        let row = app.wait_for(email, "accepted").await;
        assert_eq!((row.attempts, row.reply.as_str()), (3, "250 2.0.0 queued as 1"));
        worker.stop().await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn after_three_days_it_is_given_up(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers::default()).await;
    server.about(BLOBBY, Manner::Answer("451 4.7.1 come back later", 99));
    app.invite(BLOBBY).await;
    app.pass(TimeDelta::days(3));
    let worker = app.start(&server);
    let row = app.wait_for(BLOBBY, "failed").await;
    assert_eq!(row.reply, "given up after 1 attempts; the last one: 451 4.7.1 come back later");
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_dropped_connection_is_no_failure(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for (email, server) in both_ways().await {
        server.about(email, Manner::HangUp);
        app.invite(email).await;
        let worker = app.start(&server);
        let row = app.wait_for(email, "retrying").await;
        assert_eq!(row.reply, "lost the connection to the mail server: it closed the connection");
        app.pass(TimeDelta::seconds(7));
        app.wait_for(email, "accepted").await;
        worker.stop().await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_mail_whose_receipt_was_lost_goes_out_again_as_the_same_message(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers::default()).await;
    server.about(BLOBBY, Manner::HangUpAfterMail);
    app.invite(BLOBBY).await;
    let worker = app.start(&server);
    app.wait_for(BLOBBY, "retrying").await;
    app.pass(TimeDelta::seconds(7));
    app.wait_for(BLOBBY, "accepted").await;
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].message_id(), received[1].message_id());
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_silent_server_does_not_hold_a_mail_for_ever(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for (email, server) in both_ways().await {
        server.about(email, Manner::Silence);
        app.invite(email).await;
        let worker = app.start_with(Transport::smtp(&format!("{}?timeout=1", server.url())).unwrap());
        let row = app.wait_for(email, "retrying").await;
        assert_eq!(row.reply, "lost the connection to the mail server: no answer in time");
        worker.stop().await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_kept_connection_that_went_stale_costs_no_try(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers::default()).await;
    let (address, url) = (server.address, server.url());
    let worker = app.start_with(Transport::smtp(&url).unwrap());
    app.invite(BLOBBY).await;
    app.wait_for(BLOBBY, "accepted").await;
    server.stop().await;
    let server = SmtpServer::start_at(address, Offers::default()).await;
    for n in 0..8 {
        let email = format!("blob{n}@blobsrus.com");
        app.invite(&email).await;
        assert_eq!(app.wait_for(&email, "accepted").await.attempts, 1);
    }
    assert_eq!(server.count(), 8);
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_mail_waits_for_a_server_that_is_away(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers::default()).await;
    let (address, url) = (server.address, server.url());
    server.stop().await;
    app.invite(BLOBBY).await;
    let worker = app.start_with(Transport::smtp(&url).unwrap());
    let row = app.wait_for(BLOBBY, "retrying").await;
    assert_eq!(
        (row.attempts, row.reply.as_str()),
        (1, "could not connect to the mail server: connection refused")
    );
    let server = SmtpServer::start_at(address, Offers::default()).await;
    app.pass(TimeDelta::seconds(7));
    assert_eq!(app.wait_for(BLOBBY, "accepted").await.attempts, 2);
    assert_eq!(server.count(), 1);
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn while_the_server_takes_nothing_one_mail_asks_and_all_go_when_it_does(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers { connections: Some(0), ..Offers::default() }).await;
    let (address, url) = (server.address, server.url());
    app.invite_many(50).await;
    let worker = app.start_with(Transport::smtp(&url).unwrap());
    // Each pause is as long as the server is left alone by then.
    for (asked, seconds) in [(1, 1), (2, 2), (3, 5), (4, 15)] {
        until("one mail has asked", async || {
            server.connected_ever() == asked
                && app.count("deliveries where state = 'queued' and due_at > created_at").await == 0
        })
        .await;
        app.pass(TimeDelta::milliseconds(seconds * 1_000 - 1));
        app.pass(TimeDelta::milliseconds(1));
    }
    until("the last has asked", async || server.connected_ever() == 5).await;
    assert!(app.count("deliveries where state = 'queued'").await > 0, "most were not even tried");
    let reply = "421 4.7.0 too many connections";
    let refused = format!("deliveries where reply = 'could not connect to the mail server: {reply}'");
    until("it is said why", async || app.count(&refused).await > 0).await;
    assert_eq!(server.connected_ever(), 5);
    server.stop().await;
    let server = SmtpServer::start_at(address, Offers::default()).await;
    until("all are handed over", async || {
        app.pass(TimeDelta::seconds(1));
        app.count("deliveries where state = 'accepted'").await == 50
    })
    .await;
    assert_eq!(server.count(), 50);
    worker.stop().await;
}
