//! The transition "accept": opening an invitation link changes nothing, only the POST joins.

use chrono::TimeDelta;
use domain::invitations::{join, join_page};
use domain::{RequestContext, Token};
use model::field::FieldError;
use model::join::JoinPage;
use model::{OrganizationRole, Problem};
use sqlx::PgPool;
use std::collections::HashMap;
use test_support::{SLUG, TestApp, create_organization, refusal, request_context};

const BLOBBY: &str = "blobby@blobsrus.com";

async fn page(request: &RequestContext, token: &Token) -> JoinPage {
    join_page(&request.organization(SLUG).await.unwrap(), token).await.unwrap()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn opening_a_link_changes_nothing(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    for _ in 0..3 {
        let page = page(&app.anonymous(), &token).await;
        assert!(matches!(page, JoinPage::Open { email, signed_in_as: None, .. } if email == BLOBBY));
    }
    assert_eq!(app.count_users("invited").await, 1);
    assert_eq!(app.count("sessions").await, 1, "only the admin's");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn joining_activates_and_signs_in(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_as(BLOBBY, OrganizationRole::Admin).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.anonymous();
    let session =
        join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "  Blobby  Blob ").await.unwrap();
    assert_eq!(session.ttl.num_seconds(), 24 * 3600);
    let blobby = request_context(&app.context, HashMap::from([(SLUG.to_owned(), session.token)]));
    let admin = blobby.admin(SLUG).await.unwrap();
    assert_eq!(admin.user().name, "Blobby Blob");
    assert_eq!(app.count("users where email = 'blobby@blobsrus.com' and last_login_at is not null").await, 1);
    assert_eq!(app.count_audit_events("user.joined").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn joining_requires_a_name(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.anonymous();
    let problem = refusal(join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, " ").await);
    assert_eq!(problem, Problem::field("name", FieldError::Empty));
    assert!(matches!(page(&nobody, &token).await, JoinPage::Open { .. }));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn used_link_signs_nobody_in(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let sessions = app.count("sessions").await;
    let nobody = app.anonymous();
    assert_eq!(page(&nobody, &token).await, JoinPage::AlreadyJoined);
    let problem = refusal(join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "Mallory").await);
    assert_eq!(problem, Problem::InvalidLink);
    assert_eq!(app.count("sessions").await, sessions);
    assert_eq!(app.count("users where name = 'Mallory'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invitation_expires_after_exactly_7_days(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.anonymous();
    app.context.clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert!(matches!(page(&nobody, &token).await, JoinPage::Open { .. }));
    app.context.clock.advance(TimeDelta::seconds(1));
    assert!(matches!(page(&nobody, &token).await, JoinPage::Expired { .. }));
    let problem = refusal(join(&nobody.organization(SLUG).await.unwrap(), &token, BLOBBY, "Late Blob").await);
    assert_eq!(problem, Problem::InvalidLink);
    assert_eq!(app.count_users("active").await, 1, "only the admin");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn old_link_works_after_reinviting(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    app.wait_days(8);
    app.invite(BLOBBY).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    assert!(join(&context, &token, BLOBBY, "Blobby").await.is_ok());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn revoked_link_stays_revoked_after_reinviting(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let old = app.token(BLOBBY).await;
    app.revoke(BLOBBY).await;
    let nobody = app.anonymous();
    assert_eq!(page(&nobody, &old).await, JoinPage::Revoked);
    app.context.clock.advance(TimeDelta::seconds(1));
    app.invite(BLOBBY).await;
    assert_eq!(page(&nobody, &old).await, JoinPage::Revoked);
    assert_eq!(
        refusal(join(&nobody.organization(SLUG).await.unwrap(), &old, BLOBBY, "Blobby").await),
        Problem::InvalidLink
    );
    assert!(matches!(page(&nobody, &app.token(BLOBBY).await).await, JoinPage::Open { .. }));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn link_of_suspended_user_looks_unknown(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    app.suspend(BLOBBY).await;
    let nobody = app.anonymous();
    assert_eq!(page(&nobody, &app.token(BLOBBY).await).await, JoinPage::NoSuchLink);
    assert_eq!(page(&nobody, &Token::from_client("garbled")).await, JoinPage::NoSuchLink);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn token_is_unknown_in_another_organization(pool: PgPool) {
    let app = TestApp::new(pool).await;
    create_organization(&app.context, "other", "eve@other.example").await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let nobody = app.anonymous();
    let page = join_page(&nobody.organization("other").await.unwrap(), &token).await.unwrap();
    assert_eq!(page, JoinPage::NoSuchLink);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn other_signed_in_account_cannot_join(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    let join_page = page(&app.admin, &token).await;
    assert!(
        matches!(join_page, JoinPage::Open { signed_in_as: Some(email), .. } if email == test_support::ADMIN)
    );
    let context = app.admin.organization(SLUG).await.unwrap();
    assert_eq!(refusal(join(&context, &token, BLOBBY, "Blobby").await), Problem::DifferentAccount);
    assert_eq!(app.count_users("invited").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn link_opened_in_another_tab_cannot_join(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blobby@blobsrus.com, bloss@blobsrus.com").await;
    let other_token = app.token("bloss@blobsrus.com").await;
    let nobody = app.anonymous();
    let problem =
        refusal(join(&nobody.organization(SLUG).await.unwrap(), &other_token, BLOBBY, "Blobby").await);
    assert_eq!(problem, Problem::InvalidLink);
    assert_eq!(app.count_users("invited").await, 2);
}
