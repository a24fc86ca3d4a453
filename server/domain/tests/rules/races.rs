//! Concurrent calls, each on its own database connection, end as if one came after the other.

use domain::invitations::{invite, join};
use domain::{RequestContext, users};
use model::OrganizationRole;
use model::actions::UserAction;
use model::invitations::AddressClass;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::sync::Arc;
use test_support::{ADMIN, SLUG, TestApp};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const TASKS: usize = 50;

/// An app with a database connection for each task.
async fn concurrent_app(options: PgConnectOptions) -> Arc<TestApp> {
    let pool = PgPoolOptions::new()
        .max_connections(u32::try_from(TASKS).unwrap())
        .min_connections(u32::try_from(TASKS).unwrap())
        .connect_with(options)
        .await
        .unwrap();
    Arc::new(TestApp::new(pool).await)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_invites_create_one_invitation(_: PgPoolOptions, options: PgConnectOptions) {
    let app = concurrent_app(options).await;
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (app, start) = (Arc::clone(&app), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            app.invite_one("blobby@blobsrus.com").await
        });
    }
    let classes = tasks.join_all().await;
    assert_eq!(classes.iter().filter(|class| **class == AddressClass::New).count(), 1);
    assert_eq!(app.count("users where email_normalized = 'blobby@blobsrus.com'").await, 1);
    assert_eq!(app.count("invitations").await, 1);
    assert_eq!(app.count_deliveries("invitation").await, 1);
    assert_eq!(app.count_audit_events("user.invited").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_reinvites_send_one_email(_: PgPoolOptions, options: PgConnectOptions) {
    let app = concurrent_app(options).await;
    app.invite("blobby@blobsrus.com").await;
    app.expire_invitation("blobby@blobsrus.com").await;
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (app, start) = (Arc::clone(&app), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            app.invite_one("blobby@blobsrus.com").await
        });
    }
    let classes = tasks.join_all().await;
    assert_eq!(classes.iter().filter(|class| **class == AddressClass::Expired).count(), 1);
    assert_eq!(app.count_deliveries("invitation").await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_joins_accept_one_invitation_once(_: PgPoolOptions, options: PgConnectOptions) {
    let app = concurrent_app(options).await;
    app.invite("blobby@blobsrus.com").await;
    let token = app.token("blobby@blobsrus.com").await;
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for n in 0..TASKS {
        let (app, start, token) = (Arc::clone(&app), Arc::clone(&start), token.clone());
        tasks.spawn(async move {
            start.wait().await;
            let nobody = app.anonymous();
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
    assert_eq!(app.count_audit_events("user.joined").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn batches_in_opposite_orders_do_not_deadlock(_: PgPoolOptions, options: PgConnectOptions) {
    let app = concurrent_app(options).await;
    let list: Vec<String> = (0..300).map(|n| format!("blob{n}@blobsrus.com")).collect();
    let reversed: Vec<String> = list.iter().rev().cloned().collect();
    let start = Arc::new(Barrier::new(16));
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let list = if n % 2 == 0 { list.join(",") } else { reversed.join(",") };
        let (app, start) = (Arc::clone(&app), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            let admin = app.admin.admin(SLUG).await.unwrap();
            invite(&admin, &list, &OrganizationRole::Member.into()).await.unwrap().count_invited()
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 300);
    assert_eq!(app.count_deliveries("invitation").await, 300);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn mutual_demotion_leaves_one_admin(_: PgPoolOptions, options: PgConnectOptions) {
    let app = concurrent_app(options).await;
    let second_admin = app.make_active("second@blobsrus.com").await;
    app.make_active("third@blobsrus.com").await;
    let (ada, second_user) = (app.user(ADMIN).await, app.user("second@blobsrus.com").await);
    for round in 0..30 {
        // With a third admin both could be demoted, but not by an actor who has already been demoted.
        let third_role = if round % 2 == 0 { "admin" } else { "member" };
        app.run(&format!(
            "update users set role = case when email = 'third@blobsrus.com' then '{third_role}' else 'admin' end"
        ))
        .await;
        let start = Barrier::new(2);
        let demote = async |actor: &RequestContext, user| {
            let admin = actor.admin(SLUG).await.unwrap();
            start.wait().await;
            users::apply_action(&admin, UserAction::MakeMember, &[user]).await
        };
        let (first, second) = tokio::join!(demote(&app.admin, second_user), demote(&second_admin, ada));
        let done = [first, second]
            .into_iter()
            .filter(|result| result.as_ref().is_ok_and(|result| result.done.len() == 1));
        assert_eq!(done.count(), 1, "round {round}");
        let remaining = app.count_active_admins().await;
        assert_eq!(remaining, if round % 2 == 0 { 2 } else { 1 }, "round {round}");
    }
}
