//! Who asked for an invitation hears of it in the mailbox, and nowhere else.

use crate::handed_over::text;
use crate::smtp::{Offers, SmtpServer};
use crate::world::{SLUG, World, until};
use domain::{Caller, Source, Token, requests};
use model::requests::ConfirmPage;
use sqlx::PgPool;
use std::collections::HashMap;

fn nobody(world: &World) -> Caller {
    Caller::new(world.domain.clone(), HashMap::new(), Source::default(), "request")
}

async fn ask(world: &World, email: &str) {
    let caller = nobody(world);
    requests::ask(&caller.visit(SLUG).await.unwrap(), email, "Blob <b>Ross</b>", "Hello").await.unwrap();
}

fn link<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    let start = format!("https://vestibule.example/o/blobsrus/{path}/");
    text.lines().find_map(|line| line.strip_prefix(start.as_str()))
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn each_address_gets_the_mail_that_is_meant_for_it(pool: PgPool) {
    let world = World::new(pool).await;
    world.run("update organizations set requests_open = true").await;
    world.invite("invited@blobsrus.com").await;
    world.invite("expired@blobsrus.com").await;
    world.invite("suspended@blobsrus.com").await;
    world.run("update invitations set expires_at = created_at where email = 'expired@blobsrus.com'").await;
    world
        .run(
            "update users set status = 'suspended', joined_at = now(), joined_by = 'invitation'
             where email = 'suspended@blobsrus.com'",
        )
        .await;
    world.run("delete from deliveries").await;
    for email in [
        "nobody@blobsrus.com",
        "invited@blobsrus.com",
        "expired@blobsrus.com",
        "ADA@blobsrus.com",
        "suspended@blobsrus.com",
    ] {
        ask(&world, email).await;
    }
    let server = SmtpServer::start(Offers::default()).await;
    let worker = world.start(&server);
    until("all are answered", async || world.count("deliveries where due_at is not null").await == 0).await;
    let mails: HashMap<String, String> =
        server.received().iter().map(|mail| (mail.to.clone(), text(mail))).collect();
    assert_eq!(mails.len(), 4, "who is suspended hears nothing");
    assert!(link(&mails["nobody@blobsrus.com"], "confirm-request").is_some());
    assert!(link(&mails["expired@blobsrus.com"], "confirm-request").is_some());
    assert!(link(&mails["invited@blobsrus.com"], "join").is_some());
    assert!(link(&mails["ada@blobsrus.com"], "sign-in").is_some());
    // What anybody may type goes to nobody's mailbox.
    assert!(mails.values().all(|mail| !mail.contains("Ross") && !mail.contains("Hello")));
    assert_eq!(world.count("invitation_requests where status = 'asked'").await, 2);

    let token = Token::presented(link(&mails["nobody@blobsrus.com"], "confirm-request").unwrap());
    let caller = nobody(&world);
    let visitor = caller.visit(SLUG).await.unwrap();
    let page = requests::confirm_page(&visitor, &token).await.unwrap();
    assert_eq!(
        page,
        ConfirmPage::Ready {
            email: "nobody@blobsrus.com".to_owned(),
            name: "Blob <b>Ross</b>".to_owned(),
            message: "Hello".to_owned(),
        }
    );
    requests::confirm(&visitor, &token).await.unwrap();
    assert_eq!(world.count("invitation_requests where status = 'open'").await, 1);
    worker.stop().await;
}
