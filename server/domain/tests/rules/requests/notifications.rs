//! Emails that notify admins about open requests.

use super::{BLOBBY, app_with_requests, submit_and_confirm};
use model::actions::UserAction;
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn former_admins_and_disabled_setting_get_no_email(pool: PgPool) {
    let app = app_with_requests(pool).await;
    app.make_active("second@blobsrus.com").await;
    app.act(UserAction::MakeAdmin, "second@blobsrus.com").await;
    for n in 0..2 {
        submit_and_confirm(&app, &format!("blob{n}@blobsrus.com")).await;
    }
    let sent = "deliveries where kind = 'open_requests' and state = 'accepted'";
    app.act(UserAction::MakeMember, "second@blobsrus.com").await;
    app.context.clock.advance(chrono::TimeDelta::minutes(1));
    app.run("update deliveries set due_at = created_at where due_at is not null").await;
    app.send_mail().await;
    assert_eq!(app.count(sent).await, 2, "one admin, now and in an hour");
    assert_eq!(app.count(&format!("{sent} and email = 'second@blobsrus.com'")).await, 0);
    app.clear_outbox().await;
    app.run("update organizations set requests_notified_at = null").await;
    submit_and_confirm(&app, BLOBBY).await;
    app.run("update organizations set notify_requests = false").await;
    app.send_mail().await;
    assert_eq!(app.count(sent).await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn admins_get_at_most_one_email_per_hour(pool: PgPool) {
    let app = app_with_requests(pool).await;
    let notifications = "deliveries where kind = 'open_requests'";
    for n in 0..3 {
        submit_and_confirm(&app, &format!("blob{n}@blobsrus.com")).await;
    }
    // One immediately for the first request, and one in an hour for the others.
    assert_eq!(app.count(notifications).await, 2);
    let now = app.context.clock.now();
    assert_eq!(app.count(&format!("{notifications} and due_at = '{now}'")).await, 1);
    assert_eq!(
        app.count(&format!("{notifications} and due_at = '{now}'::timestamptz + interval '1 hour'")).await,
        1
    );
    app.context.clock.advance(chrono::TimeDelta::minutes(61));
    app.send_mail().await;
    assert_eq!(app.count(&format!("{notifications} and state = 'accepted'")).await, 2);
    app.run("update organizations set notify_requests = false").await;
    app.wait_days(1);
    submit_and_confirm(&app, "later@blobsrus.com").await;
    assert_eq!(app.count(notifications).await, 2, "the setting is off");
}
