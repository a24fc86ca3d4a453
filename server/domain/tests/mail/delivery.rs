//! What is handed over, and what is not any more.

use crate::smtp::{Manner, Offers, Received, SmtpServer};
use crate::test_app::{SLUG, TestApp, until};
use domain::mail::{Captured, Transport};
use model::{InvitationId, OrganizationId};
use sqlx::PgPool;
use std::collections::HashSet;
use uuid::Uuid;

const BLOBBY: &str = "blobby@blobsrus.com";

/// The plain part of a mail, as its reader sees it.
pub fn text(mail: &Received) -> String {
    let part = mail.content.split("Content-Type: text/plain").nth(1).unwrap();
    let body = part.split("\r\n\r\n").skip(1).collect::<Vec<_>>().join("\r\n\r\n");
    let body = body.split("\r\n--").next().unwrap().to_owned();
    if part.starts_with("; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable") {
        return unquoted(&body);
    }
    assert!(part.contains("Content-Transfer-Encoding: 7bit"), "{part}");
    body
}

/// Quoted-printable (RFC 2045, section 6.7).
fn unquoted(body: &str) -> String {
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'=' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

async fn is_handed_over(pool: PgPool, pipelining: bool) {
    let app = TestApp::new(pool).await;
    let server = SmtpServer::start(Offers { pipelining, ..Offers::default() }).await;
    let worker = app.start(&server);
    app.invite(BLOBBY).await;
    let row = app.wait_for(BLOBBY, "accepted").await;
    assert_eq!((row.attempts, row.reply.as_str()), (1, "250 2.0.0 queued as 1"));
    assert_eq!((row.due_at, row.ended_at), (None, Some(app.now())));
    let mail = &server.received()[0];
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("vestibule@example.org", BLOBBY));
    assert_eq!(mail.header("Subject"), ["You are invited to join Blobs R Us"]);
    assert_eq!(mail.header("To"), [BLOBBY]);
    let (organization, invitation): (Uuid, Uuid) =
        sqlx::query_as("select organization_id, id from invitations")
            .fetch_one(&app.context.pool)
            .await
            .unwrap();
    let keys = &app.context.keys;
    let token = keys.invitation_token(OrganizationId(organization), InvitationId(invitation)).unwrap();
    let text = text(mail);
    assert!(text.contains("Ada Blob invites you to join Blobs R Us."), "{text}");
    assert!(text.contains("until Monday, 28 September 2026, 14:13 UTC"), "{text}");
    assert!(
        text.contains(&format!("https://vestibule.example/o/{SLUG}/join/{}\r\n", token.expose())),
        "{text}"
    );
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_mail_is_handed_over_with_the_servers_reply(pool: PgPool) {
    is_handed_over(pool, true).await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_mail_is_handed_over_to_a_server_that_takes_one_command_at_a_time(pool: PgPool) {
    is_handed_over(pool, false).await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn names_start_no_header_and_become_no_link(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    app.run(
        "update organizations set name = E'Evil\\r\\nBcc: all@evil.example\\r\\n\\r\\nhttp://evil.example'",
    )
    .await;
    app.run("update invitations set inviter_name = E'www.evil.example\\r\\n.\\r\\nRSET'").await;
    let server = SmtpServer::start(Offers::default()).await;
    let worker = app.start(&server);
    app.wait_for(BLOBBY, "accepted").await;
    let mail = &server.received()[0];
    assert!(mail.header("Bcc").is_empty());
    assert!(!mail.content.contains("evil.example"), "{}", mail.content);
    assert!(text(mail).contains("www. evil. example . RSET invites you"), "{}", text(mail));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn names_of_every_script_arrive(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    app.run("update organizations set name = 'Klöße & Söhne'").await;
    app.run("update invitations set inviter_name = 'Ооз Оздемир'").await;
    let server = SmtpServer::start(Offers::default()).await;
    let worker = app.start(&server);
    app.wait_for(BLOBBY, "accepted").await;
    let mail = &server.received()[0];
    assert!(mail.content.is_ascii());
    assert!(text(mail).contains("Ооз Оздемир invites you to join Klöße & Söhne."), "{}", text(mail));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_has_ended_meanwhile_is_not_sent(pool: PgPool) {
    let app = TestApp::new(pool).await;
    for email in ["revoked@blobsrus.com", "accepted@blobsrus.com", "expired@blobsrus.com", BLOBBY] {
        app.invite(email).await;
    }
    app.run("update invitations set status = 'revoked', ended_at = now() where email like 'revoked%'").await;
    app.run("update invitations set status = 'accepted', ended_at = now() where email like 'accepted%'")
        .await;
    app.run("update invitations set expires_at = created_at where email like 'expired%'").await;
    let server = SmtpServer::start(Offers::default()).await;
    let worker = app.start(&server);
    app.wait_for(BLOBBY, "accepted").await;
    app.wait_for_all(3, "cancelled").await;
    assert_eq!(server.count(), 1);
    let row = app.delivery("revoked@blobsrus.com").await;
    assert_eq!((row.attempts, row.reply.as_str(), row.ended_at), (0, "", Some(app.now())));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn two_workers_at_once_send_no_mail_twice(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let emails = app.invite_many(400).await;
    let server = SmtpServer::start(Offers { pipelining: true, ..Offers::default() }).await;
    let workers = [app.start(&server), app.start(&server)];
    app.wait_for_all(400, "accepted").await;
    for worker in workers {
        worker.stop().await;
    }
    let received = server.received();
    assert_eq!(received.len(), 400);
    let to: HashSet<String> = received.into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, emails.into_iter().collect());
    assert!(server.connected_ever() <= 16, "connections are kept: {}", server.connected_ever());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn addresses_in_other_scripts_go_to_servers_that_take_them(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blöb@blobsrus.com").await;
    let server = SmtpServer::start(Offers { utf8: true, pipelining: true, ..Offers::default() }).await;
    let worker = app.start(&server);
    app.wait_for("blöb@blobsrus.com", "accepted").await;
    assert_eq!(server.received()[0].header("To"), ["blöb@blobsrus.com"]);
    worker.stop().await;
    let server = SmtpServer::start(Offers::default()).await;
    let worker = app.start(&server);
    app.invite("größe@blobsrus.com").await;
    let row = app.wait_for("größe@blobsrus.com", "failed").await;
    assert_eq!(row.reply, "the mail server can't write to addresses with such letters (it has no SMTPUTF8)");
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_captured_mail_can_be_read(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let mails = Captured::default();
    let worker = app.start_with(Transport::captured(mails.clone()));
    app.invite(BLOBBY).await;
    let row = app.wait_for(BLOBBY, "accepted").await;
    assert_eq!(row.reply, "250 captured");
    let list = mails.list();
    assert_eq!(list.len(), 1);
    let mail = mails.get(list[0].id).unwrap();
    assert_eq!((mail.to.as_str(), mail.at), (BLOBBY, app.now()));
    assert_eq!(mail.message_id, format!("<{}@vestibule.example>", mail.id));
    assert!(mail.text.contains("/join/") && mail.html.contains("/join/"));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_reply_is_kept_without_the_link_that_it_repeats(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let (organization, invitation): (Uuid, Uuid) =
        sqlx::query_as("select organization_id, id from invitations")
            .fetch_one(&app.context.pool)
            .await
            .unwrap();
    let keys = &app.context.keys;
    let token = keys.invitation_token(OrganizationId(organization), InvitationId(invitation)).unwrap();
    let answer: &'static str = format!("550 5.7.1 bad link: /o/{SLUG}/join/{}", token.expose()).leak();
    let server = SmtpServer::start(Offers::default()).await;
    server.about(BLOBBY, Manner::AnswerMail(answer, 1));
    let worker = app.start(&server);
    let row = app.wait_for(BLOBBY, "failed").await;
    assert_eq!(row.reply, format!("550 5.7.1 bad link: /o/{SLUG}/join/…"));
    worker.stop().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_server_that_takes_few_connections_gets_no_more(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_many(100).await;
    let server = SmtpServer::start(Offers { connections: Some(2), ..Offers::default() }).await;
    let worker = app.start(&server);
    app.wait_for_all(100, "accepted").await;
    assert_eq!(app.count("deliveries where attempts <> 1").await, 0);
    until("all mails are there", async || server.count() == 100).await;
    worker.stop().await;
}
