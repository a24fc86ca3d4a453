//! Values in the database that this version doesn't know, for example because a newer version wrote them.

use domain::{Error, Result, audit_log, users};
use model::UserId;
use model::actions::UserAction;
use model::audit_log::AuditQuery;
use model::users::UsersQuery;
use sqlx::PgPool;
use test_support::{SLUG, TestApp};

const BLOBBY: &str = "blobby@blobsrus.com";

/// Asserts that the result is an internal error whose log message names the user's column.
fn assert_names<T>(result: Result<T>, column: &str, user: UserId) {
    match result {
        Err(error @ Error::Inconsistent(_)) => {
            assert_eq!(error.to_string(), format!("unexpected value in users.{column} of row {user}"));
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the value was accepted"),
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unknown_role_does_not_pass_as_member(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let blobby = app.make_active(BLOBBY).await;
    let user = app.user(BLOBBY).await;
    app.corrupt_user(user, "role").await;
    assert_names(blobby.member(SLUG).await, "role", user);
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_names(users::list(&admin, &UsersQuery::default()).await, "role", user);
    assert_names(users::profile(&admin, user).await, "role", user);
    assert_names(users::apply_action(&admin, UserAction::Suspend, &[user]).await, "role", user);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unknown_status_does_not_pass_as_invited(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let user = app.user(BLOBBY).await;
    app.corrupt_user(user, "status").await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_names(users::profile(&admin, user).await, "status", user);
    assert_names(users::apply_action(&admin, UserAction::Resend, &[user]).await, "status", user);
    assert_names(domain::invitations::classify(&admin, BLOBBY).await, "status", user);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unknown_way_of_joining_is_not_hidden(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let user = app.user(BLOBBY).await;
    app.corrupt_user(user, "joined_by").await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_names(users::profile(&admin, user).await, "joined_by", user);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unknown_audit_action_is_still_listed(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    app.run("update audit_events set action = 'user.teleported' where action = 'user.invited'").await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let query = AuditQuery { action: "user.teleported".to_owned(), ..AuditQuery::default() };
    let page = audit_log::list(&admin, &query).await.unwrap();
    let labels: Vec<&str> = page.rows.iter().map(model::audit_log::AuditEvent::label).collect();
    assert_eq!(labels, ["user.teleported"]);
}
