//! The rule table's row "accept": opening a link shows, only the POST joins.

use crate::test_app::{SLUG, TestApp, found, refusal, request_context};
use chrono::TimeDelta;
use domain::invitations::{join, join_page};
use domain::{RequestContext, Token};
use model::field::FieldError;
use model::join::JoinPage;
use model::{OrganizationRole, Problem};
use sqlx::PgPool;
use std::collections::HashMap;

const BLOBBY: &str = "blobby@blobsrus.com";

async fn page(who: &RequestContext, token: &Token) -> JoinPage {
    join_page(&who.organization(SLUG).await.unwrap(), token).await.unwrap()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn opening_the_link_changes_nothing_however_often(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    for _ in 0..3 {
        let page = page(&app.nobody(), &token).await;
        assert!(matches!(page, JoinPage::Open { email, signed_in_as: None, .. } if email == BLOBBY));
    }
    assert_eq!(app.count("users where status = 'invited'").await, 1);
    assert_eq!(app.count("sessions").await, 1, "the admin's alone");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_post_joins_and_signs_in(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_as(BLOBBY, OrganizationRole::Admin).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.nobody();
    let session =
        join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "  Blobby  Blob ").await.unwrap();
    assert_eq!(session.ttl.num_seconds(), 24 * 3600);
    let blobby = request_context(&app.context, HashMap::from([(SLUG.to_owned(), session.token)]));
    let admin = blobby.admin(SLUG).await.unwrap();
    assert_eq!(admin.user.name, "Blobby Blob");
    assert_eq!(app.count("users where email = 'blobby@blobsrus.com' and last_login_at is not null").await, 1);
    assert_eq!(app.count("audit_events where action = 'user.joined'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn joining_needs_a_name(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.nobody();
    let problem = refusal(join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, " ").await);
    assert_eq!(problem, Problem::field("name", FieldError::Empty));
    assert!(matches!(page(&nobody, &token).await, JoinPage::Open { .. }));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_used_link_says_so_and_signs_nobody_in(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let sessions = app.count("sessions").await;
    let nobody = app.nobody();
    assert_eq!(page(&nobody, &token).await, JoinPage::AlreadyJoined);
    let problem = refusal(join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "Mallory").await);
    assert_eq!(problem, Problem::LinkUnusable);
    assert_eq!(app.count("sessions").await, sessions);
    assert_eq!(app.count("users where name = 'Mallory'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn seven_days_to_the_moment(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.nobody();
    app.context.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert!(matches!(page(&nobody, &token).await, JoinPage::Open { .. }));
    app.context.clock.advance(TimeDelta::seconds(1));
    assert!(matches!(page(&nobody, &token).await, JoinPage::Expired { .. }));
    let problem = refusal(join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "Late Blob").await);
    assert_eq!(problem, Problem::LinkUnusable);
    assert_eq!(app.count("users where status = 'active'").await, 1, "the admin alone");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_old_link_goes_on_working_when_an_expired_invitation_starts_again(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    app.wait_days(8);
    app.invite(BLOBBY).await;
    let nobody = app.nobody();
    let context = nobody.organization(SLUG).await.unwrap();
    assert!(join(&context, &token, BLOBBY, "Blobby").await.is_ok());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_revoked_link_says_so_also_after_a_new_invitation(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let old = app.token(BLOBBY).await;
    app.revoke(BLOBBY).await;
    let nobody = app.nobody();
    assert_eq!(page(&nobody, &old).await, JoinPage::Revoked);
    app.context.clock.advance(TimeDelta::seconds(1));
    app.invite(BLOBBY).await;
    assert_eq!(page(&nobody, &old).await, JoinPage::Revoked);
    assert_eq!(
        refusal(join(&nobody.organization(SLUG).await.unwrap(), &old, BLOBBY, "Blobby").await),
        Problem::LinkUnusable
    );
    assert!(matches!(page(&nobody, &app.token(BLOBBY).await).await, JoinPage::Open { .. }));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_suspended_persons_link_looks_like_an_unknown_one(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    app.suspend(BLOBBY).await;
    let nobody = app.nobody();
    assert_eq!(page(&nobody, &app.token(BLOBBY).await).await, JoinPage::NoSuchLink);
    assert_eq!(page(&nobody, &Token::from_client("garbled")).await, JoinPage::NoSuchLink);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_token_of_one_organization_opens_nothing_in_another(pool: PgPool) {
    let app = TestApp::new(pool).await;
    found(&app.context, "other", "eve@other.example").await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.nobody();
    let page = join_page(&nobody.organization("other").await.unwrap(), &token).await.unwrap();
    assert_eq!(page, JoinPage::NoSuchLink);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn another_open_account_is_named_and_does_not_join(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let seen = page(&app.admin, &token).await;
    assert!(
        matches!(seen, JoinPage::Open { signed_in_as: Some(email), .. } if email == crate::test_app::ADMIN)
    );
    let context = app.admin.organization(SLUG).await.unwrap();
    assert_eq!(refusal(join(&context, &token, BLOBBY, "Blobby").await), Problem::OtherAccountOpen);
    assert_eq!(app.count("users where status = 'invited'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nobody_joins_by_a_link_that_another_tab_opened_meanwhile(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blobby@blobsrus.com, bloss@blobsrus.com").await;
    let opened_last = app.token("bloss@blobsrus.com").await;
    let nobody = app.nobody();
    let problem =
        refusal(join(&nobody.organization(SLUG).await.unwrap(), &opened_last, BLOBBY, "Blobby").await);
    assert_eq!(problem, Problem::LinkUnusable);
    assert_eq!(app.count("users where status = 'invited'").await, 2);
}
