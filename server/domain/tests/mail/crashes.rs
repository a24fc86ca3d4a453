//! Workers that end, by being told to or not.

use crate::smtp::{Offers, SmtpServer};
use crate::test_app::{TestApp, until};
use chrono::TimeDelta;
use sqlx::PgPool;
use std::collections::{HashMap, HashSet};

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_a_killed_worker_had_in_hand_is_sent_by_another(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let emails = app.invite_many(60).await;
    let server = SmtpServer::start(Offers { pipelining: true, ..Offers::default() }).await;
    let first = app.start(&server);
    until("some mails are there", async || server.count() > 0).await;
    server.pause(true);
    first.kill().await;
    server.pause(false);
    let second = app.start(&server);
    let held = format!("deliveries where due_at > '{}'", app.now());
    until("only what the first had in hand is left", async || {
        app.count("deliveries where due_at is not null").await == app.count(&held).await
    })
    .await;
    // Whatever the first had in hand is left alone, until its lease ends.
    app.pass(TimeDelta::seconds(19));
    app.pass(TimeDelta::seconds(2));
    app.wait_for_all(60, "accepted").await;
    let mut ids: HashMap<String, HashSet<String>> = HashMap::new();
    for mail in server.received() {
        ids.entry(mail.to.clone()).or_default().insert(mail.message_id());
    }
    assert_eq!(ids.keys().cloned().collect::<HashSet<_>>(), emails.into_iter().collect());
    assert!(ids.values().all(|ids| ids.len() == 1), "a second copy is the same message");
    second.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_worker_that_is_stopped_finishes_what_is_on_its_way_and_gives_the_rest_back(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_many(60).await;
    let server = SmtpServer::start(Offers::default()).await;
    server.pause(true);
    let worker = app.start(&server);
    let in_hand = format!("deliveries where due_at > '{}'", app.now());
    until("some are in hand", async || app.count(&in_hand).await >= 16).await;
    let connected = async || server.connected_ever() == 8;
    until("eight are on their way", connected).await;
    let stopping = tokio::spawn(worker.stop());
    until("the rest is still in hand", async || app.count(&in_hand).await >= 8).await;
    server.pause(false);
    stopping.await.unwrap();
    let sent = app.count("deliveries where state = 'accepted'").await;
    assert_eq!(server.count(), sent, "what was sent is known");
    assert_eq!(app.count("deliveries where state = 'queued' and attempts = 0").await, 60 - sent);
    assert_eq!(app.count(&in_hand).await, 0, "nothing is held");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_lost_lease_is_not_written_over(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blobby@blobsrus.com").await;
    let server = SmtpServer::start(Offers::default()).await;
    server.pause(true);
    let slow = app.start(&server);
    until("it is on its way", async || server.connected_ever() == 1).await;
    // Another has taken over meanwhile and was refused.
    app.run("update deliveries set state = 'failed', due_at = null, reply = '550 no', ended_at = created_at")
        .await;
    server.pause(false);
    until("the first was sent all the same", async || server.count() == 1).await;
    slow.stop().await;
    assert_eq!(app.delivery("blobby@blobsrus.com").await.reply, "550 no");
}
