//! The mail that tells admins that requests wait.

use super::{BLOBBY, ask, confirm, opened, token};
use model::actions::UserAction;
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn who_is_no_admin_any_more_or_wants_no_mail_gets_none_about_what_waits(pool: PgPool) {
    let app = opened(pool).await;
    app.make_active("second@blobsrus.com").await;
    app.act(UserAction::MakeAdmin, "second@blobsrus.com").await;
    for n in 0..2 {
        let email = format!("blob{n}@blobsrus.com");
        ask(&app, &email).await;
        confirm(&app.nobody(), &token(&app, &email).await).await.unwrap();
    }
    let told = "deliveries where kind = 'open_requests' and state = 'accepted'";
    app.act(UserAction::MakeMember, "second@blobsrus.com").await;
    app.context.clock.advance(chrono::TimeDelta::minutes(1));
    app.run("update deliveries set due_at = created_at where due_at is not null").await;
    app.send_mail().await;
    assert_eq!(app.count(told).await, 2, "one admin, now and for the next hour");
    assert_eq!(app.count(&format!("{told} and email = 'second@blobsrus.com'")).await, 0);
    app.run("delete from deliveries").await;
    app.run("update organizations set requests_notified_at = null").await;
    ask(&app, BLOBBY).await;
    confirm(&app.nobody(), &token(&app, BLOBBY).await).await.unwrap();
    app.run("update organizations set notify_requests = false").await;
    app.send_mail().await;
    assert_eq!(app.count(told).await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn admins_get_a_mail_an_hour_at_most_while_requests_wait(pool: PgPool) {
    let app = opened(pool).await;
    let open = async |email: &str| {
        ask(&app, email).await;
        confirm(&app.nobody(), &token(&app, email).await).await.unwrap();
    };
    let waiting = "deliveries where kind = 'open_requests'";
    for n in 0..3 {
        open(&format!("blob{n}@blobsrus.com")).await;
    }
    // One at once, and one for those who came after it, when an hour has passed.
    assert_eq!(app.count(waiting).await, 2);
    let now = app.context.clock.now();
    assert_eq!(app.count(&format!("{waiting} and due_at = '{now}'")).await, 1);
    assert_eq!(
        app.count(&format!("{waiting} and due_at = '{now}'::timestamptz + interval '1 hour'")).await,
        1
    );
    app.context.clock.advance(chrono::TimeDelta::minutes(61));
    app.send_mail().await;
    assert_eq!(app.count(&format!("{waiting} and state = 'accepted'")).await, 2);
    app.run("update organizations set notify_requests = false").await;
    app.wait_days(1);
    open("later@blobsrus.com").await;
    assert_eq!(app.count(waiting).await, 2, "it was switched off");
}
