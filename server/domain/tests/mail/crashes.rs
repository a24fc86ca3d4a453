//! Workers that are stopped or killed, and the leases they hold.

use chrono::TimeDelta;
use sqlx::PgPool;
use std::collections::{HashMap, HashSet};
use test_support::smtp::{Capabilities, SmtpServer};
use test_support::{TestApp, until};

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn leases_of_a_killed_worker_are_taken_over(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let emails = app.invite_many(60).await;
    let server = SmtpServer::start(Capabilities { pipelining: true, ..Capabilities::default() }).await;
    let first = app.start_worker(&server);
    until("some messages are received", async || server.count() > 0).await;
    server.pause(true);
    first.kill().await;
    server.pause(false);
    let second = app.start_worker(&server);
    until("only the deliveries leased by the first are left", async || {
        app.count_due().await == app.count_leased().await
    })
    .await;
    // The leases expire after 20 seconds.
    app.advance(TimeDelta::seconds(19));
    app.advance(TimeDelta::seconds(2));
    app.wait_for_all(60, "accepted").await;
    let mut ids: HashMap<String, HashSet<String>> = HashMap::new();
    for mail in server.received() {
        ids.entry(mail.to.clone()).or_default().insert(mail.message_id());
    }
    assert_eq!(ids.keys().cloned().collect::<HashSet<_>>(), emails.into_iter().collect());
    assert!(ids.values().all(|ids| ids.len() == 1), "a duplicate has the same Message-ID");
    second.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn stopped_worker_drains_and_releases_its_leases(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_many(60).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    server.pause(true);
    let worker = app.start_worker(&server);
    until("some deliveries are leased", async || app.count_leased().await >= 16).await;
    until("eight messages are being sent", async || server.total_connections() == 8).await;
    let stopping = tokio::spawn(worker.stop());
    until("the eight are still leased", async || app.count_leased().await >= 8).await;
    server.pause(false);
    stopping.await.unwrap();
    let accepted = app.count_state("accepted").await;
    assert_eq!(server.count(), accepted, "every outcome is recorded");
    assert_eq!(app.count("deliveries where state = 'queued' and attempts = 0").await, 60 - accepted);
    assert_eq!(app.count_leased().await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn outcome_with_a_lost_lease_is_discarded(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blobby@blobsrus.com").await;
    let server = SmtpServer::start(Capabilities::default()).await;
    server.pause(true);
    let slow = app.start_worker(&server);
    until("the message is being sent", async || server.total_connections() == 1).await;
    app.fail_delivery("blobby@blobsrus.com", "550 no").await;
    server.pause(false);
    until("the slow worker has sent the message", async || server.count() == 1).await;
    slow.stop().await;
    assert_eq!(app.delivery("blobby@blobsrus.com").await.reply, "550 no");
}
