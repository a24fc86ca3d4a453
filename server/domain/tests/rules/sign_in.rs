//! Signing in by email link or code, and sessions.

use chrono::TimeDelta;
use domain::sign_in::{create_operator_link, link_status, redeem_code, redeem_link, request};
use domain::{Token, sessions};
use model::sign_in::SignInLinkStatus;
use model::{OrganizationId, Problem, SignInId};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::HashMap;
use test_support::{ADMIN, SLUG, TestApp, refusal, request_context};
use uuid::Uuid;

/// Sets the user and the code of a pending sign-in, as the mail worker does when it renders the email.
async fn activate_sign_in(app: &TestApp, id: SignInId, code: &str) {
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

/// An app without the sign-in that its setup leaves behind.
async fn app_without_sign_ins(pool: PgPool) -> TestApp {
    let app = TestApp::new(pool).await;
    app.run("delete from sign_ins").await;
    app
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn correct_code_signs_in_once(pool: PgPool) {
    let app = app_without_sign_ins(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let pending = request(&context, " ADA@blobsrus.com ").await.unwrap();
    activate_sign_in(&app, pending.id, "123456").await;
    let session = redeem_code(&context, &pending, "123 456").await.unwrap();
    let ada = request_context(&app.context, HashMap::from([(SLUG.to_owned(), session.token)]));
    assert!(ada.admin(SLUG).await.is_ok());
    assert_eq!(refusal(redeem_code(&context, &pending, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn code_is_rejected_in_another_browser(pool: PgPool) {
    let app = app_without_sign_ins(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let mut pending = request(&context, ADMIN).await.unwrap();
    activate_sign_in(&app, pending.id, "123456").await;
    pending.browser_token = Token::random();
    assert_eq!(refusal(redeem_code(&context, &pending, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn five_wrong_codes_end_the_sign_in(pool: PgPool) {
    let app = app_without_sign_ins(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let pending = request(&context, ADMIN).await.unwrap();
    activate_sign_in(&app, pending.id, "123456").await;
    for _ in 0..5 {
        assert_eq!(refusal(redeem_code(&context, &pending, "000000").await), Problem::WrongCode);
    }
    assert_eq!(refusal(redeem_code(&context, &pending, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn code_expires_after_fifteen_minutes(pool: PgPool) {
    let app = app_without_sign_ins(pool).await;
    let nobody = app.anonymous();
    let pending = request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    activate_sign_in(&app, pending.id, "123456").await;
    app.context.clock.advance(TimeDelta::minutes(15));
    let later = nobody.organization(SLUG).await.unwrap();
    assert_eq!(refusal(redeem_code(&later, &pending, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn request_writes_do_not_reveal_membership(pool: PgPool) {
    let app = app_without_sign_ins(pool).await;
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
async fn sign_in_emails_are_rate_limited_per_address(pool: PgPool) {
    let app = app_without_sign_ins(pool).await;
    let nobody = app.anonymous();
    for _ in 0..8 {
        request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    }
    assert_eq!(app.count_deliveries("sign_in").await, 5);
    app.context.clock.advance(TimeDelta::minutes(16));
    request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    assert_eq!(app.count_deliveries("sign_in").await, 6);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn stranger_cannot_exhaust_rate_limit_of_an_address(pool: PgPool) {
    let app = app_without_sign_ins(pool).await;
    let stranger = app.anonymous_from("198.51.100.66");
    for _ in 0..50 {
        request(&stranger.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    }
    let nobody = app.anonymous();
    let own = request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    assert_eq!(app.count_deliveries("sign_in").await, 6);
    // Only the first five emails to an address include a code, regardless of who requested them.
    let with_code = app.count("sign_ins where browser_hash is not null").await;
    assert_eq!(with_code, 5);
    activate_sign_in(&app, own.id, "123456").await;
    let context = nobody.organization(SLUG).await.unwrap();
    assert_eq!(refusal(redeem_code(&context, &own, "123456").await), Problem::WrongCode);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_requests_respect_the_rate_limit(_: PgPoolOptions, options: PgConnectOptions) {
    let app =
        app_without_sign_ins(PgPoolOptions::new().max_connections(10).connect_with(options).await.unwrap())
            .await;
    let requests: Vec<_> = (0..30)
        .map(|_| {
            let nobody = app.anonymous();
            tokio::spawn(async move {
                request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.map(|_| ())
            })
        })
        .collect();
    for request in requests {
        request.await.unwrap().unwrap();
    }
    assert_eq!(app.count_deliveries("sign_in").await, 5);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn abandoned_sign_ins_are_purged(pool: PgPool) {
    let app = app_without_sign_ins(pool).await;
    for n in 0..8 {
        let stranger = app.anonymous_from(&format!("198.51.100.{n}"));
        request(&stranger.organization(SLUG).await.unwrap(), &format!("blob{n}@example.com")).await.unwrap();
    }
    assert_eq!(app.count("sign_ins").await, 8);
    app.wait_days(2);
    let nobody = app.anonymous();
    request(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
    assert_eq!(app.count("sign_ins").await, 1);
    assert_eq!(app.count_deliveries("sign_in").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sign_in_link_survives_viewing_and_works_once(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let link = create_operator_link(&context, ADMIN).await.unwrap();
    for _ in 0..2 {
        let page = link_status(&context, &link).await.unwrap();
        assert_eq!(page, SignInLinkStatus::Valid { email: ADMIN.to_owned() });
    }
    redeem_link(&context, &link).await.unwrap();
    assert_eq!(link_status(&context, &link).await.unwrap(), SignInLinkStatus::Invalid);
    assert_eq!(refusal(redeem_link(&context, &link).await), Problem::InvalidLink);
    assert_eq!(app.count("audit_events where action = 'user.sign_in_link_created'").await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn suspended_user_is_signed_out_and_cannot_sign_in(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let blobby = app.make_active("blobby@blobsrus.com").await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let link = create_operator_link(&context, "blobby@blobsrus.com").await.unwrap();
    app.suspend("blobby@blobsrus.com").await;
    assert_eq!(refusal(redeem_link(&context, &link).await), Problem::InvalidLink);
    assert_eq!(refusal(blobby.member(SLUG).await), Problem::SignedOut);
    assert_eq!(refusal(create_operator_link(&context, "blobby@blobsrus.com").await), Problem::NotFound);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn session_ends_by_sign_out_and_by_expiry(pool: PgPool) {
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
async fn database_contains_no_tokens_in_plain_text(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blobby@blobsrus.com").await;
    let nobody = app.anonymous();
    let link = create_operator_link(&nobody.organization(SLUG).await.unwrap(), ADMIN).await.unwrap();
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
