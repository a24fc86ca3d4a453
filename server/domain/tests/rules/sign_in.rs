//! Signing in by mail.

use crate::test_app::{ADMIN, SLUG, TestApp, refusal, request_context};
use chrono::TimeDelta;
use domain::sign_in::{by_code, by_link, link_page, operator_link, request};
use domain::{Token, sessions};
use model::sign_in::SignInPage;
use model::{OrganizationId, Problem, SignInId};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::HashMap;
use uuid::Uuid;

/// Does what making the mail does: gives the try a user and a code.
async fn arm(app: &TestApp, id: SignInId, code: &str) {
    let organization: Uuid = sqlx::query_scalar("select organization_id from sign_ins limit 1")
        .fetch_one(&app.context.pool)
        .await
        .unwrap();
    let hash = app.context.keys.code_hash(OrganizationId(organization), id, code).unwrap();
    sqlx::query("update sign_ins s set code_hash = $2, user_id = u.id from users u where s.id = $1 and u.email_normalized = s.email_normalized")
        .bind(id.0)
        .bind(hash)
        .execute(&app.context.pool)
        .await
        .unwrap();
}

/// A app in which no try to sign in is left from setting it up.
async fn quiet(pool: PgPool) -> TestApp {
    let app = TestApp::new(pool).await;
    app.run("delete from sign_ins").await;
    app
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_right_code_in_the_browser_that_asked_signs_in_once(pool: PgPool) {
    let app = quiet(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let attempt = request(&context, " ADA@blobsrus.com ").await.unwrap();
    arm(&app, attempt.id, "123456").await;
    let session = by_code(&context, &attempt, "123 456").await.unwrap();
    let ada = request_context(&app.context, HashMap::from([(SLUG.to_owned(), session.token)]));
    assert!(ada.admin(SLUG).await.is_ok());
    assert_eq!(refusal(by_code(&context, &attempt, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_code_is_good_in_the_browser_that_asked_alone(pool: PgPool) {
    let app = quiet(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let mut attempt = request(&context, ADMIN).await.unwrap();
    arm(&app, attempt.id, "123456").await;
    attempt.browser = Token::random();
    assert_eq!(refusal(by_code(&context, &attempt, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn five_wrong_codes_end_the_try(pool: PgPool) {
    let app = quiet(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let attempt = request(&context, ADMIN).await.unwrap();
    arm(&app, attempt.id, "123456").await;
    for _ in 0..5 {
        assert_eq!(refusal(by_code(&context, &attempt, "000000").await), Problem::WrongCode);
    }
    assert_eq!(refusal(by_code(&context, &attempt, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_code_ends_after_fifteen_minutes(pool: PgPool) {
    let app = quiet(pool).await;
    let nobody = app.anonymous();
    let attempt = request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    arm(&app, attempt.id, "123456").await;
    app.context.clock.advance(TimeDelta::minutes(15));
    let later = nobody.organization(SLUG).await.unwrap();
    assert_eq!(refusal(by_code(&later, &attempt, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn asking_writes_the_same_for_every_address(pool: PgPool) {
    let app = quiet(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    for email in [ADMIN, "stranger@example.com"] {
        request(&context, email).await.unwrap();
    }
    assert_eq!(app.count("sign_ins").await, 2);
    assert_eq!(app.count("sign_ins where user_id is null and link_hash is null").await, 2);
    assert_eq!(app.count("deliveries where kind = 'sign_in' and state = 'queued'").await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn one_address_gets_five_mails_in_fifteen_minutes(pool: PgPool) {
    let app = quiet(pool).await;
    let nobody = app.anonymous();
    for _ in 0..8 {
        request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    }
    assert_eq!(app.count("deliveries where kind = 'sign_in'").await, 5);
    app.context.clock.advance(TimeDelta::minutes(16));
    request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    assert_eq!(app.count("deliveries where kind = 'sign_in'").await, 6);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_stranger_can_t_use_up_the_sign_in_mails_of_somebody_else(pool: PgPool) {
    let app = quiet(pool).await;
    let stranger = app.anonymous_from("198.51.100.66");
    for _ in 0..50 {
        request(&stranger.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    }
    let nobody = app.anonymous();
    let own = request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    assert_eq!(app.count("deliveries where kind = 'sign_in'").await, 6);
    // All codes of the address together stay few: beyond five a mail has its link alone.
    let with_code = app.count("sign_ins where browser_hash is not null").await;
    assert_eq!(with_code, 5);
    arm(&app, own.id, "123456").await;
    let context = nobody.organization(SLUG).await.unwrap();
    assert_eq!(refusal(by_code(&context, &own, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn many_tries_at_once_get_no_more_mails_than_one_after_the_other(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = quiet(PgPoolOptions::new().max_connections(10).connect_with(options).await.unwrap()).await;
    let attempts: Vec<_> = (0..30)
        .map(|_| {
            let nobody = app.anonymous();
            tokio::spawn(async move {
                request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.map(|_| ())
            })
        })
        .collect();
    for one in attempts {
        one.await.unwrap().unwrap();
    }
    assert_eq!(app.count("deliveries where kind = 'sign_in'").await, 5);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn tries_that_came_to_nothing_are_forgotten_with_later_ones(pool: PgPool) {
    let app = quiet(pool).await;
    for n in 0..8 {
        let stranger = app.anonymous_from(&format!("198.51.100.{n}"));
        request(&stranger.organization(SLUG).await.unwrap(), &format!("blob{n}@example.com")).await.unwrap();
    }
    assert_eq!(app.count("sign_ins").await, 8);
    app.wait_days(2);
    let nobody = app.anonymous();
    request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    assert_eq!(app.count("sign_ins").await, 1);
    assert_eq!(app.count("deliveries where kind = 'sign_in'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn opening_a_sign_in_link_changes_nothing_and_using_it_works_once(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let link = operator_link(&context, ADMIN).await.unwrap();
    for _ in 0..2 {
        let page = link_page(&context, &link).await.unwrap();
        assert_eq!(page, SignInPage::Ready { email: ADMIN.to_owned() });
    }
    by_link(&context, &link).await.unwrap();
    assert_eq!(link_page(&context, &link).await.unwrap(), SignInPage::Unusable);
    assert_eq!(refusal(by_link(&context, &link).await), Problem::InvalidLink);
    assert_eq!(app.count("audit_events where action = 'user.sign_in_link_created'").await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_suspended_user_neither_signs_in_nor_stays_signed_in(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let blobby = app.make_active("blobby@blobsrus.com").await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let link = operator_link(&context, "blobby@blobsrus.com").await.unwrap();
    app.suspend("blobby@blobsrus.com").await;
    assert_eq!(refusal(by_link(&context, &link).await), Problem::InvalidLink);
    assert_eq!(refusal(blobby.member(SLUG).await), Problem::SignedOut);
    assert_eq!(refusal(operator_link(&context, "blobby@blobsrus.com").await), Problem::NotFound);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_session_ends_by_signing_out_and_by_its_time(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let blobby = app.make_active("blobby@blobsrus.com").await;
    sessions::sign_out(&blobby.member(SLUG).await.unwrap()).await.unwrap();
    assert_eq!(refusal(blobby.member(SLUG).await), Problem::SignedOut);
    let bloss = app.make_active("bloss@blobsrus.com").await;
    app.context.clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    assert!(bloss.member(SLUG).await.is_ok());
    app.context.clock.advance(TimeDelta::seconds(1));
    assert_eq!(refusal(bloss.member(SLUG).await), Problem::SignedOut);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nothing_that_opens_anything_is_in_the_database(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blobby@blobsrus.com").await;
    let nobody = app.anonymous();
    let link = operator_link(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    let secrets = [link.expose().to_owned(), app.token("blobby@blobsrus.com").await.expose().to_owned()];
    for table in ["users", "invitations", "sign_ins", "sessions", "deliveries", "audit_events"] {
        let rows: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select t::text from {table} t")))
                .fetch_all(&app.context.pool)
                .await
                .unwrap();
        for secret in &secrets {
            assert!(rows.iter().all(|row| !row.contains(secret)), "{table}");
        }
    }
}
