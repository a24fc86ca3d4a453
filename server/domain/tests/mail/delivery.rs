//! Messages that the mail server accepts, their content, and messages that are cancelled.

use domain::mail::{MemoryMailbox, Transport};
use sqlx::PgPool;
use std::collections::HashSet;
use test_support::smtp::{Behavior, Capabilities, ReceivedMessage, SmtpServer};
use test_support::{SLUG, TestApp, until};

const BLOBBY: &str = "blobby@blobsrus.com";

/// The decoded plain-text part of a message.
pub fn plain_text(mail: &ReceivedMessage) -> String {
    let part = mail.content.split("Content-Type: text/plain").nth(1).unwrap();
    let body = part.split("\r\n\r\n").skip(1).collect::<Vec<_>>().join("\r\n\r\n");
    let body = body.split("\r\n--").next().unwrap().to_owned();
    if part.starts_with("; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable") {
        return decode_quoted_printable(&body);
    }
    assert!(part.contains("Content-Transfer-Encoding: 7bit"), "{part}");
    body
}

/// RFC 2045, section 6.7.
fn decode_quoted_printable(body: &str) -> String {
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut encoded = body.bytes();
    while let Some(byte) = encoded.next() {
        if byte == b'=' {
            let digits = [encoded.next().unwrap(), encoded.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

async fn assert_invitation_is_accepted(pool: PgPool, pipelining: bool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Capabilities { pipelining, ..Capabilities::default() }).await;
    let worker = app.start_worker(&server);
    app.invite(BLOBBY).await;
    let row = app.wait_for(BLOBBY, "accepted").await;
    assert_eq!((row.attempts, row.reply.as_str()), (1, "250 2.0.0 queued as 1"));
    assert_eq!((row.due_at, row.ended_at), (None, Some(app.now())));
    let mail = &server.received()[0];
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("vestibule@example.org", BLOBBY));
    assert_eq!(mail.header("Subject"), ["You are invited to join Blobs R Us"]);
    assert_eq!(mail.header("To"), [BLOBBY]);
    let token = app.token(BLOBBY).await;
    let text = plain_text(mail);
    assert!(text.contains("ada@blobsrus.com has invited you to join Blobs R Us."), "{text}");
    assert!(text.contains("until Monday, September 28, 2026, 14:13 UTC"), "{text}");
    assert!(
        text.contains(&format!("https://vestibule.example/o/{SLUG}/join/{}\r\n", token.expose())),
        "{text}"
    );
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn accepted_message_records_the_reply(pool: PgPool) {
    assert_invitation_is_accepted(pool, true).await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn server_without_pipelining_accepts_messages(pool: PgPool) {
    assert_invitation_is_accepted(pool, false).await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn names_add_neither_headers_nor_links(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    app.rename_organization("Evil\r\nBcc: all@evil.example\r\n\r\nhttp://evil.example").await;
    app.rename_inviter("www.evil.example\r\n.\r\nRSET").await;
    let server = SmtpServer::start(Capabilities::default()).await;
    let worker = app.start_worker(&server);
    app.wait_for(BLOBBY, "accepted").await;
    let mail = &server.received()[0];
    assert!(mail.header("Bcc").is_empty());
    assert!(!mail.content.contains("evil.example"), "{}", mail.content);
    assert!(plain_text(mail).contains("www. evil. example . RSET has invited you"), "{}", plain_text(mail));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn names_in_any_script_are_delivered(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    app.rename_organization("Klöße & Söhne").await;
    app.rename_inviter("Ооз Оздемир").await;
    let server = SmtpServer::start(Capabilities::default()).await;
    let worker = app.start_worker(&server);
    app.wait_for(BLOBBY, "accepted").await;
    let mail = &server.received()[0];
    assert!(mail.content.is_ascii());
    assert!(
        plain_text(mail).contains("Ооз Оздемир has invited you to join Klöße & Söhne."),
        "{}",
        plain_text(mail)
    );
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn messages_of_ended_invitations_are_cancelled(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for email in ["revoked@blobsrus.com", "accepted@blobsrus.com", "expired@blobsrus.com", BLOBBY] {
        app.invite(email).await;
    }
    app.end_invitation("revoked@blobsrus.com", "revoked").await;
    app.end_invitation("accepted@blobsrus.com", "accepted").await;
    app.expire_invitation("expired@blobsrus.com").await;
    let server = SmtpServer::start(Capabilities::default()).await;
    let worker = app.start_worker(&server);
    app.wait_for(BLOBBY, "accepted").await;
    app.wait_for_all(3, "cancelled").await;
    assert_eq!(server.count(), 1);
    let row = app.delivery("revoked@blobsrus.com").await;
    assert_eq!((row.attempts, row.reply.as_str(), row.ended_at), (0, "", Some(app.now())));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_workers_send_each_message_once(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let emails = app.invite_many(400).await;
    let server = SmtpServer::start(Capabilities { pipelining: true, ..Capabilities::default() }).await;
    let workers = [app.start_worker(&server), app.start_worker(&server)];
    app.wait_for_all(400, "accepted").await;
    for worker in workers {
        worker.stop().await;
    }
    let received = server.received();
    assert_eq!(received.len(), 400);
    let to: HashSet<String> = received.into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, emails.into_iter().collect());
    assert!(server.total_connections() <= 16, "connections are reused: {}", server.total_connections());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn non_ascii_address_requires_smtputf8(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blöb@blobsrus.com").await;
    let server =
        SmtpServer::start(Capabilities { utf8: true, pipelining: true, ..Capabilities::default() }).await;
    let worker = app.start_worker(&server);
    app.wait_for("blöb@blobsrus.com", "accepted").await;
    assert_eq!(server.received()[0].header("To"), ["blöb@blobsrus.com"]);
    worker.stop().await;
    let server = SmtpServer::start(Capabilities::default()).await;
    let worker = app.start_worker(&server);
    app.invite("größe@blobsrus.com").await;
    let row = app.wait_for("größe@blobsrus.com", "failed").await;
    assert_eq!(row.reply, "the mail server does not support non-ASCII addresses (SMTPUTF8)");
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn memory_mailbox_captures_messages(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let mailbox = MemoryMailbox::default();
    let worker = app.start_worker_with(Transport::memory(mailbox.clone()));
    app.invite(BLOBBY).await;
    let row = app.wait_for(BLOBBY, "accepted").await;
    assert_eq!(row.reply, "250 captured");
    let list = mailbox.list();
    assert_eq!(list.len(), 1);
    let mail = mailbox.get(list[0].id).unwrap();
    assert_eq!((mail.to.as_str(), mail.at), (BLOBBY, app.now()));
    assert_eq!(mail.message_id, format!("<{}@vestibule.example>", mail.id));
    assert!(mail.text.contains("/join/") && mail.html.contains("/join/"));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn token_in_a_reply_is_redacted(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let reply: &'static str = format!("550 5.7.1 bad link: /o/{SLUG}/join/{}", token.expose()).leak();
    let server = SmtpServer::start(Capabilities::default()).await;
    server.set_behavior(BLOBBY, Behavior::DataReply(reply, 1));
    let worker = app.start_worker(&server);
    let row = app.wait_for(BLOBBY, "failed").await;
    assert_eq!(row.reply, format!("550 5.7.1 bad link: /o/{SLUG}/join/…"));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn connection_limit_of_the_server_is_respected(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_many(100).await;
    let server =
        SmtpServer::start(Capabilities { max_connections: Some(2), ..Capabilities::default() }).await;
    let worker = app.start_worker(&server);
    app.wait_for_all(100, "accepted").await;
    assert_eq!(app.count("deliveries where attempts <> 1").await, 0);
    until("all messages are received", async || server.count() == 100).await;
    worker.stop().await;
}
