//! Mail servers that reject messages, disconnect, do not reply, or are unreachable.

use chrono::TimeDelta;
use domain::mail::Transport;
use sqlx::PgPool;
use test_support::smtp::{Behavior, Capabilities, SmtpServer};
use test_support::{TestApp, until};

const BLOBBY: &str = "blobby@blobsrus.com";
const ROSS: &str = "blob.ross@blobsrus.com";

/// A server without pipelining and one with it, each with a recipient.
async fn servers() -> [(&'static str, SmtpServer); 2] {
    let sequential = SmtpServer::start(Capabilities::default()).await;
    [
        (BLOBBY, sequential),
        (ROSS, SmtpServer::start(Capabilities { pipelining: true, ..Capabilities::default() }).await),
    ]
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn rejected_recipient_keeps_the_connection(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for (email, server) in servers().await {
        server.set_behavior(email, Behavior::RcptReply("550 5.1.1 no such blob", 1));
        app.invite(email).await;
        let worker = app.start_worker(&server);
        let row = app.wait_for(email, "failed").await;
        assert_eq!((row.attempts, row.reply.as_str()), (1, "550 5.1.1 no such blob"));
        assert_eq!((row.due_at, row.ended_at), (None, Some(app.now())));
        let other = format!("not.{email}");
        app.invite(&other).await;
        app.wait_for(&other, "accepted").await;
        assert_eq!((server.count(), server.total_connections()), (1, 1));
        worker.stop().await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn rejected_data_fails_the_delivery(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    server.set_behavior(BLOBBY, Behavior::DataReply("554 5.7.1 looks like spam", 1));
    app.invite(BLOBBY).await;
    let worker = app.start_worker(&server);
    assert_eq!(app.wait_for(BLOBBY, "failed").await.reply, "554 5.7.1 looks like spam");
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn transient_reply_is_retried_with_backoff(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for (email, server) in servers().await {
        server.set_behavior(email, Behavior::RcptReply("451 4.7.1 come back later", 2));
        app.invite(email).await;
        let worker = app.start_worker(&server);
        let row = app.wait_for(email, "retrying").await;
        assert_eq!((row.attempts, row.reply.as_str()), (1, "451 4.7.1 come back later"));
        let delay = row.due_at.unwrap() - app.now();
        assert!(delay > TimeDelta::seconds(3) && delay < TimeDelta::seconds(7), "{delay}");
        app.advance(TimeDelta::seconds(7));
        until("the second attempt has failed", async || {
            let row = app.delivery(email).await;
            row.attempts == 2 && row.due_at.unwrap() - app.now() < TimeDelta::seconds(19)
        })
        .await;
        assert_eq!(server.count(), 0);
        app.advance(TimeDelta::seconds(19));
        let row = app.wait_for(email, "accepted").await;
        assert_eq!((row.attempts, row.reply.as_str()), (3, "250 2.0.0 queued as 1"));
        worker.stop().await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn delivery_gives_up_after_three_days(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    server.set_behavior(BLOBBY, Behavior::RcptReply("451 4.7.1 come back later", 99));
    app.invite(BLOBBY).await;
    app.advance(TimeDelta::days(3));
    let worker = app.start_worker(&server);
    let row = app.wait_for(BLOBBY, "failed").await;
    assert_eq!(row.reply, "gave up after 1 attempt: 451 4.7.1 come back later");
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn lost_connection_is_retried(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for (email, server) in servers().await {
        server.set_behavior(email, Behavior::DisconnectAtRcpt);
        app.invite(email).await;
        let worker = app.start_worker(&server);
        let row = app.wait_for(email, "retrying").await;
        assert_eq!(row.reply, "lost the connection to the mail server: connection closed by the server");
        app.advance(TimeDelta::seconds(7));
        app.wait_for(email, "accepted").await;
        worker.stop().await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn retry_after_lost_reply_keeps_message_id(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    server.set_behavior(BLOBBY, Behavior::DisconnectAfterData);
    app.invite(BLOBBY).await;
    let worker = app.start_worker(&server);
    app.wait_for(BLOBBY, "retrying").await;
    app.advance(TimeDelta::seconds(7));
    app.wait_for(BLOBBY, "accepted").await;
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].message_id(), received[1].message_id());
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn missing_reply_times_out(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for (email, server) in servers().await {
        server.set_behavior(email, Behavior::Silence);
        app.invite(email).await;
        let worker = app.start_worker_with(Transport::smtp(&format!("{}?timeout=1", server.url())).unwrap());
        let row = app.wait_for(email, "retrying").await;
        assert_eq!(row.reply, "lost the connection to the mail server: timed out");
        worker.stop().await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn stale_connection_does_not_count_as_attempt(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    let (address, url) = (server.address, server.url());
    let worker = app.start_worker_with(Transport::smtp(&url).unwrap());
    app.invite(BLOBBY).await;
    app.wait_for(BLOBBY, "accepted").await;
    server.stop().await;
    let server = SmtpServer::start_at(address, Capabilities::default()).await;
    for n in 0..8 {
        let email = format!("blob{n}@blobsrus.com");
        app.invite(&email).await;
        assert_eq!(app.wait_for(&email, "accepted").await.attempts, 1);
    }
    assert_eq!(server.count(), 8);
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unreachable_server_is_retried(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities::default()).await;
    let (address, url) = (server.address, server.url());
    server.stop().await;
    app.invite(BLOBBY).await;
    let worker = app.start_worker_with(Transport::smtp(&url).unwrap());
    let row = app.wait_for(BLOBBY, "retrying").await;
    assert_eq!(
        (row.attempts, row.reply.as_str()),
        (1, "could not connect to the mail server: connection refused")
    );
    let server = SmtpServer::start_at(address, Capabilities::default()).await;
    app.advance(TimeDelta::seconds(7));
    assert_eq!(app.wait_for(BLOBBY, "accepted").await.attempts, 2);
    assert_eq!(server.count(), 1);
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn open_circuit_probes_with_one_mail(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let server =
        SmtpServer::start(Capabilities { max_connections: Some(0), ..Capabilities::default() }).await;
    let (address, url) = (server.address, server.url());
    app.invite_many(50).await;
    let worker = app.start_worker_with(Transport::smtp(&url).unwrap());
    // The probe delays of the circuit breaker.
    for (probes, seconds) in [(1, 1), (2, 2), (3, 5), (4, 15)] {
        until("one message has probed the server", async || {
            server.total_connections() == probes
                && app.count("deliveries where state = 'queued' and due_at > created_at").await == 0
        })
        .await;
        app.advance(TimeDelta::milliseconds(seconds * 1_000 - 1));
        app.advance(TimeDelta::milliseconds(1));
    }
    until("the last probe has failed", async || server.total_connections() == 5).await;
    assert!(app.count_state("queued").await > 0, "most were not attempted");
    let reply = "421 4.7.0 too many connections";
    let reply = format!("could not connect to the mail server: {reply}");
    until("the reply is recorded", async || app.count_reply(&reply).await > 0).await;
    assert_eq!(server.total_connections(), 5);
    server.stop().await;
    let server = SmtpServer::start_at(address, Capabilities::default()).await;
    until("all are accepted", async || {
        app.advance(TimeDelta::seconds(1));
        app.count_state("accepted").await == 50
    })
    .await;
    assert_eq!(server.count(), 50);
    worker.stop().await;
}
