//! Many at once, each on a connection of its own: the outcome is as if one had come after the other.

use crate::test_app::{ADMIN, SLUG, TestApp};
use domain::invitations::{invite, join};
use domain::users;
use model::OrganizationRole;
use model::actions::UserAction;
use model::invitations::AddressClass;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const TASKS: usize = 50;

async fn crowd(options: PgConnectOptions) -> Arc<TestApp> {
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(TASKS).unwrap())
        .min_connections(u32::try_from(TASKS).unwrap())
        .connect_with(options)
        .await
        .unwrap();
    Arc::new(TestApp::new(pool).await)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn fifty_invite_one_address_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let app = crowd(options).await;
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (app, start) = (Arc::clone(&app), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            app.invite_one("blobby@blobsrus.com").await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|class| **class == AddressClass::New).count(), 1);
    assert_eq!(app.count("users where email_normalized = 'blobby@blobsrus.com'").await, 1);
    assert_eq!(app.count("invitations").await, 1);
    assert_eq!(app.count("deliveries where kind = 'invitation'").await, 1);
    assert_eq!(app.count("audit_events where action = 'user.invited'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn fifty_renew_one_expired_invitation_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let app = crowd(options).await;
    app.invite("blobby@blobsrus.com").await;
    app.run("update invitations set expires_at = created_at").await;
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (app, start) = (Arc::clone(&app), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            app.invite_one("blobby@blobsrus.com").await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|class| **class == AddressClass::Expired).count(), 1);
    assert_eq!(app.count("deliveries where kind = 'invitation'").await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn fifty_take_one_invitation_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let app = crowd(options).await;
    app.invite("blobby@blobsrus.com").await;
    let token = app.token("blobby@blobsrus.com").await;
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for n in 0..TASKS {
        let (app, start, token) = (Arc::clone(&app), Arc::clone(&start), token.clone());
        tasks.spawn(async move {
            start.wait().await;
            let nobody = app.nobody();
            join(
                &nobody.organization(SLUG).await.unwrap(),
                &token,
                "blobby@blobsrus.com",
                &format!("Blob {n}"),
            )
            .await
            .is_ok()
        });
    }
    let joined = tasks.join_all().await.into_iter().filter(|ok| *ok).count();
    assert_eq!(joined, 1);
    assert_eq!(
        app.count(
            "sessions s join users u on u.id = s.user_id where u.email_normalized = 'blobby@blobsrus.com'"
        )
        .await,
        1
    );
    assert_eq!(app.count("audit_events where action = 'user.joined'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn long_lists_in_opposite_orders_do_not_lock_each_other_out(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = crowd(options).await;
    let forth: Vec<String> = (0..300).map(|n| format!("blob{n}@blobsrus.com")).collect();
    let back: Vec<String> = forth.iter().rev().cloned().collect();
    let start = Arc::new(Barrier::new(16));
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let list = if n % 2 == 0 { forth.join(",") } else { back.join(",") };
        let (app, start) = (Arc::clone(&app), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            let admin = app.admin.admin(SLUG).await.unwrap();
            invite(&admin, &list, &OrganizationRole::Member.into()).await.unwrap().count_invited()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 300);
    assert_eq!(app.count("deliveries where kind = 'invitation'").await, 300);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn two_admins_who_demote_each_other_at_once_leave_one(_: PgPoolOptions, options: PgConnectOptions) {
    let app = crowd(options).await;
    let second = app.make_active("second@blobsrus.com").await;
    app.make_active("third@blobsrus.com").await;
    let (ada, other) = (app.user(ADMIN).await, app.user("second@blobsrus.com").await);
    for round in 0..30 {
        // Beside a third admin both could be demoted, but not by one who was demoted before.
        let third = if round % 2 == 0 { "admin" } else { "member" };
        app.run(&format!(
            "update users set role = case when email = 'third@blobsrus.com' then '{third}' else 'admin' end"
        ))
        .await;
        let start = Barrier::new(2);
        let demote = async |by: &domain::RequestContext, whom| {
            let admin = by.admin(SLUG).await.unwrap();
            start.wait().await;
            users::act(&admin, UserAction::MakeMember, &[whom]).await
        };
        let (one, two) = tokio::join!(demote(&app.admin, other), demote(&second, ada));
        let done =
            [one, two].into_iter().filter(|answer| answer.as_ref().is_ok_and(|one| one.done.len() == 1));
        assert_eq!(done.count(), 1, "round {round}");
        let left = app.count("users where role = 'admin' and status = 'active'").await;
        assert_eq!(left, if round % 2 == 0 { 2 } else { 1 }, "round {round}");
    }
}
