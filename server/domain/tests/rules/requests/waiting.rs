//! The mail that tells admins that requests wait.

use super::{BLOBBY, ask, confirm, opened, token};
use model::actions::UserAction;
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn who_is_no_admin_any_more_or_wants_no_mail_gets_none_about_what_waits(pool: PgPool) {
    let world = opened(pool).await;
    world.make_active("second@blobsrus.com").await;
    world.act(UserAction::MakeAdmin, "second@blobsrus.com").await;
    for n in 0..2 {
        let email = format!("blob{n}@blobsrus.com");
        ask(&world, &email).await;
        confirm(&world.nobody(), &token(&world, &email).await).await.unwrap();
    }
    let told = "deliveries where kind = 'requests_waiting' and state = 'handed_over'";
    world.act(UserAction::MakeMember, "second@blobsrus.com").await;
    world.domain.clock.advance(chrono::TimeDelta::minutes(1));
    world.run("update deliveries set due_at = created_at where due_at is not null").await;
    world.send_mail().await;
    assert_eq!(world.count(told).await, 2, "one admin, now and for the next hour");
    assert_eq!(world.count(&format!("{told} and email = 'second@blobsrus.com'")).await, 0);
    world.run("delete from deliveries").await;
    world.run("update organizations set requests_notified_at = null").await;
    ask(&world, BLOBBY).await;
    confirm(&world.nobody(), &token(&world, BLOBBY).await).await.unwrap();
    world.run("update organizations set notify_requests = false").await;
    world.send_mail().await;
    assert_eq!(world.count(told).await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn admins_get_a_mail_an_hour_at_most_while_requests_wait(pool: PgPool) {
    let world = opened(pool).await;
    let open = async |email: &str| {
        ask(&world, email).await;
        confirm(&world.nobody(), &token(&world, email).await).await.unwrap();
    };
    let waiting = "deliveries where kind = 'requests_waiting'";
    for n in 0..3 {
        open(&format!("blob{n}@blobsrus.com")).await;
    }
    // One at once, and one for those who came after it, when an hour has passed.
    assert_eq!(world.count(waiting).await, 2);
    let now = world.domain.clock.now();
    assert_eq!(world.count(&format!("{waiting} and due_at = '{now}'")).await, 1);
    assert_eq!(
        world.count(&format!("{waiting} and due_at = '{now}'::timestamptz + interval '1 hour'")).await,
        1
    );
    world.domain.clock.advance(chrono::TimeDelta::minutes(61));
    world.send_mail().await;
    assert_eq!(world.count(&format!("{waiting} and state = 'handed_over'")).await, 2);
    world.run("update organizations set notify_requests = false").await;
    world.wait_days(1);
    open("later@blobsrus.com").await;
    assert_eq!(world.count(waiting).await, 2, "it was switched off");
}
