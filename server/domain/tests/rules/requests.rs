//! Asking for an invitation: what reaches the admins, and how much of it.

mod notifications;
mod rate_limits;

use crate::test_app::{SLUG, TestApp, refusal};
use domain::{RequestContext, Token, requests};
use model::actions::UserAction;
use model::field::FieldError;
use model::requests::{ConfirmPage, PAGE_ROWS, RequestRow, RequestsQuery};
use model::{Problem, RequestId};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

const BLOBBY: &str = "blobby@blobsrus.com";

async fn opened(pool: PgPool) -> TestApp {
    let app = TestApp::new(pool).await;
    app.run("update organizations set requests_enabled = true").await;
    app
}

async fn ask_from(app: &TestApp, source: &str, email: &str) {
    let request_context = app.nobody_from(source);
    requests::submit(&request_context.organization(SLUG).await.unwrap(), email, "Blobby Blob", "Hello")
        .await
        .unwrap();
}

async fn ask(app: &TestApp, email: &str) {
    ask_from(app, "192.0.2.1", email).await;
}

/// The token in the mail of the newest try of this address.
async fn token(app: &TestApp, email: &str) -> Token {
    let id: Uuid = sqlx::query_scalar(
        "select id from invitation_requests where email_normalized = $1 order by status = 'unconfirmed' desc, id desc limit 1",
    )
    .bind(email)
    .fetch_one(&app.context.pool)
    .await
    .unwrap();
    app.context.keys.request_token(app.organization, RequestId(id)).unwrap()
}

async fn confirm(request_context: &RequestContext, token: &Token) -> domain::Result<()> {
    requests::confirm(&request_context.organization(SLUG).await.unwrap(), token).await
}

async fn page(app: &TestApp, token: &Token) -> ConfirmPage {
    let request_context = app.nobody();
    requests::confirm_page(&request_context.organization(SLUG).await.unwrap(), token).await.unwrap()
}

async fn rows(app: &TestApp) -> Vec<RequestRow> {
    requests::list(&app.admin.admin(SLUG).await.unwrap(), &RequestsQuery::default()).await.unwrap().rows
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn where_strangers_may_not_ask_there_is_nothing(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let request_context = app.nobody();
    let context = request_context.organization(SLUG).await.unwrap();
    assert_eq!(refusal(requests::submit(&context, BLOBBY, "Blobby", "").await), Problem::NotFound);
    assert_eq!(app.count("invitation_requests").await + app.count("deliveries").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_is_typed_wrong_is_named_at_its_field(pool: PgPool) {
    let app = opened(pool).await;
    let request_context = app.nobody();
    let context = request_context.organization(SLUG).await.unwrap();
    let problem = refusal(requests::submit(&context, " ", "Blob\u{202e}by", &"x".repeat(10_000)).await);
    assert_eq!(problem.of_field("email"), Some(FieldError::Empty));
    assert_eq!(problem.of_field("name"), Some(FieldError::Unprintable));
    assert_eq!(problem.of_field("message"), Some(FieldError::TooLong { most: 500 }));
    let problem = refusal(requests::submit(&context, "a@b.example\r\nBcc: c@d.example", "Blobby", "").await);
    assert!(problem.of_field("email").is_some());
    assert_eq!(app.count("rate_limits").await, 0, "a mistake costs nothing");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_request_reaches_the_admins_once_its_mailbox_has_confirmed_it(pool: PgPool) {
    let app = opened(pool).await;
    ask(&app, " Blobby@BlobsRUs.com ").await;
    assert_eq!(rows(&app).await, []);
    let token = token(&app, BLOBBY).await;
    for _ in 0..3 {
        assert!(matches!(page(&app, &token).await, ConfirmPage::Ready { .. }), "opening changes nothing");
    }
    let nobody = app.nobody();
    confirm(&nobody, &token).await.unwrap();
    confirm(&nobody, &token).await.unwrap();
    assert_eq!(page(&app, &token).await, ConfirmPage::Confirmed);
    let rows = rows(&app).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].name.as_str(), rows[0].message.as_str()), ("Blobby Blob", "Hello"));
    assert_eq!(
        app.count("audit_events where action = 'request.opened' and actor_kind = 'unauthenticated'").await,
        1
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_link_confirms_for_a_day_and_no_other_link_confirms(pool: PgPool) {
    let app = opened(pool).await;
    ask(&app, BLOBBY).await;
    let right = token(&app, BLOBBY).await;
    app.invite("other@blobsrus.com").await;
    let invitation = app.token("other@blobsrus.com").await;
    let nobody = app.nobody();
    for wrong in [invitation, Token::from_client("garbled")] {
        assert_eq!(page(&app, &wrong).await, ConfirmPage::NoSuchLink);
        assert_eq!(refusal(confirm(&nobody, &wrong).await), Problem::LinkUnusable);
    }
    app.wait_days(1);
    assert_eq!(page(&app, &right).await, ConfirmPage::Expired);
    assert_eq!(refusal(confirm(&nobody, &right).await), Problem::LinkUnusable);
    assert_eq!(app.count("invitation_requests where status = 'open'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn of_many_tries_of_one_address_that_are_confirmed_at_once_one_waits(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let app = opened(PgPoolOptions::new().max_connections(10).connect_with(options).await.unwrap()).await;
    for _ in 0..3 {
        ask(&app, BLOBBY).await;
    }
    let ids: Vec<Uuid> =
        sqlx::query_scalar("select id from invitation_requests").fetch_all(&app.context.pool).await.unwrap();
    assert_eq!(ids.len(), 3);
    let confirmations: Vec<_> = ids
        .into_iter()
        .cycle()
        .take(12)
        .map(|id| {
            let token = app.context.keys.request_token(app.organization, RequestId(id)).unwrap();
            let nobody = app.nobody();
            tokio::spawn(async move { confirm(&nobody, &token).await })
        })
        .collect();
    for confirmed in confirmations {
        confirmed.await.unwrap().unwrap();
    }
    assert_eq!(app.count("invitation_requests where status = 'open'").await, 1);
    assert_eq!(app.count("audit_events where action = 'request.opened'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn who_was_dismissed_is_counted_and_not_shown_for_thirty_days(pool: PgPool) {
    let app = opened(pool).await;
    let asks = async || {
        ask(&app, BLOBBY).await;
        confirm(&app.nobody(), &token(&app, BLOBBY).await).await.unwrap();
    };
    asks().await;
    let first = rows(&app).await[0].id;
    requests::dismiss(&app.admin.admin(SLUG).await.unwrap(), &[first], false).await.unwrap();
    app.wait_days(29);
    asks().await;
    assert_eq!(rows(&app).await, []);
    assert_eq!(app.count("invitation_requests where status = 'dismissed' and repeat_count = 1").await, 1);
    app.wait_days(2);
    asks().await;
    let shown = rows(&app).await;
    assert_eq!((shown.len(), shown[0].repeat_count), (1, 1), "the admins see that it was asked before");
    asks().await;
    assert_eq!(rows(&app).await[0].repeat_count, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn inviting_settles_a_request_and_joining_otherwise_makes_it_stale(pool: PgPool) {
    let app = opened(pool).await;
    for email in [BLOBBY, "other@blobsrus.com", "waits@blobsrus.com"] {
        ask(&app, email).await;
        confirm(&app.nobody(), &token(&app, email).await).await.unwrap();
    }
    app.invite(BLOBBY).await;
    assert_eq!(rows(&app).await.len(), 2);
    // As somebody does who comes in by another way than the admins' answer.
    app
        .run(
            "insert into users (organization_id, id, email, email_normalized, status, role, joined_at, joined_by, created_at)
             select id, gen_random_uuid(), 'other@blobsrus.com', 'other@blobsrus.com', 'active', 'member', now(),
                'setup', now() from organizations",
        )
        .await;
    let listed = rows(&app).await;
    assert_eq!(listed.iter().filter(|row| row.member.is_some()).count(), 1);
    let refused = app.invite_one("other@blobsrus.com").await;
    let why = model::transitions::Refusal::UserExists;
    assert_eq!(refused, model::invitations::AddressClass::Refused { why });
    assert_eq!(rows(&app).await.len(), 2, "a refusal settles nothing");
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 1);
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 0);
    assert_eq!(
        rows(&app).await.iter().map(|row| row.email.as_str()).collect::<Vec<_>>(),
        ["waits@blobsrus.com"]
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn who_was_invited_or_joined_before_confirming_needs_no_admin(pool: PgPool) {
    let app = opened(pool).await;
    for email in [BLOBBY, "joined@blobsrus.com", "suspended@blobsrus.com"] {
        ask(&app, email).await;
    }
    app.invite(BLOBBY).await;
    app.make_active("joined@blobsrus.com").await;
    app.make_active("suspended@blobsrus.com").await;
    app.act(UserAction::Suspend, "suspended@blobsrus.com").await;
    for email in [BLOBBY, "joined@blobsrus.com", "suspended@blobsrus.com"] {
        confirm(&app.nobody(), &token(&app, email).await).await.unwrap();
    }
    assert_eq!(rows(&app).await, []);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_open_request_stands_on_one_page_however_many_there_are(pool: PgPool) {
    let app = opened(pool).await;
    app
        .run(
            "insert into invitation_requests (organization_id, id, email, email_normalized, status, proof, created_at)
             select id, gen_random_uuid(), n || '@b.example', n || '@b.example', 'open', 'email', now()
             from organizations, generate_series(1, 120) n",
        )
        .await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let (mut seen, mut query) = (Vec::new(), RequestsQuery::default());
    loop {
        let page = requests::list(&admin, &query).await.unwrap();
        assert!(page.rows.len() <= PAGE_ROWS && !page.any_stale);
        if let Some(previous) = page.previous {
            let back = RequestsQuery { before: Some(previous), after: None };
            let before = requests::list(&admin, &back).await.unwrap();
            assert_eq!(before.rows.last().map(|row| &row.id), seen.last());
        }
        seen.extend(page.rows.iter().map(|row| row.id));
        match page.next {
            Some(next) => query = RequestsQuery { after: Some(next), before: None },
            None => break,
        }
    }
    assert_eq!(seen.len(), 120);
    assert!(seen.is_sorted_by_key(|id| id.0));
    // The last of them becomes a member: the first page knows that there is a stale one.
    app.run("update users set email_normalized = (select email_normalized from invitation_requests order by id desc limit 1)").await;
    assert!(requests::list(&admin, &RequestsQuery::default()).await.unwrap().any_stale);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_suspended_user_s_request_is_not_stale(pool: PgPool) {
    let app = opened(pool).await;
    ask(&app, BLOBBY).await;
    confirm(&app.nobody(), &token(&app, BLOBBY).await).await.unwrap();
    app
        .run(
            "insert into users (organization_id, id, email, email_normalized, status, role, joined_at, joined_by, created_at)
             select id, gen_random_uuid(), 'blobby@blobsrus.com', 'blobby@blobsrus.com', 'suspended', 'member', now(),
                'scim', now() from organizations",
        )
        .await;
    assert_eq!(rows(&app).await[0].member, None);
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_was_asked_before_the_setting_went_off_can_t_be_confirmed_after_it(pool: PgPool) {
    let app = opened(pool).await;
    ask(&app, BLOBBY).await;
    let token = token(&app, BLOBBY).await;
    app.run("update organizations set requests_enabled = false").await;
    assert_eq!(page(&app, &token).await, ConfirmPage::Expired);
    assert_eq!(refusal(confirm(&app.nobody(), &token).await), Problem::LinkUnusable);
    assert_eq!(rows(&app).await, []);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_dismissed_address_is_not_heard_by_its_expired_link_either(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let link = app.token(BLOBBY).await;
    app.wait_days(8);
    let request_renewal = async || {
        let nobody = app.nobody();
        requests::request_renewal(&nobody.organization(SLUG).await.unwrap(), &link).await.unwrap();
    };
    request_renewal().await;
    request_renewal().await;
    let shown = rows(&app).await;
    assert_eq!(shown.len(), 1);
    requests::dismiss(&app.admin.admin(SLUG).await.unwrap(), &[shown[0].id], false).await.unwrap();
    let audit = app.count("audit_events").await;
    request_renewal().await;
    assert_eq!(rows(&app).await, []);
    assert_eq!(app.count("audit_events").await, audit);
    assert_eq!(app.count("invitation_requests where repeat_count = 1").await, 1);
    app.wait_days(31);
    request_renewal().await;
    assert_eq!(rows(&app).await.len(), 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_silent_dismissal_stays_silent_when_the_first_mail_is_sent_again(pool: PgPool) {
    let app = opened(pool).await;
    ask(&app, BLOBBY).await;
    confirm(&app.nobody(), &token(&app, BLOBBY).await).await.unwrap();
    let waits = rows(&app).await[0].id;
    requests::dismiss(&app.admin.admin(SLUG).await.unwrap(), &[waits], false).await.unwrap();
    // As after a mail server that took it and broke off before it said so.
    app.send_mail().await;
    assert_eq!(app.count(&format!("deliveries where email = '{BLOBBY}' and state = 'cancelled'")).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_dismissal_is_silent_unless_the_admin_says_otherwise(pool: PgPool) {
    let app = opened(pool).await;
    for email in [BLOBBY, "other@blobsrus.com"] {
        ask(&app, email).await;
        confirm(&app.nobody(), &token(&app, email).await).await.unwrap();
    }
    app.run("delete from deliveries").await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let ids = requests::of_addresses(&admin, &[BLOBBY.to_owned()]).await.unwrap();
    requests::dismiss(&admin, &ids, false).await.unwrap();
    assert_eq!(app.count("deliveries").await, 0);
    let ids = requests::of_addresses(&admin, &["other@blobsrus.com".to_owned()]).await.unwrap();
    requests::dismiss(&admin, &ids, true).await.unwrap();
    app.send_mail().await;
    assert_eq!(app.count("deliveries where email = 'other@blobsrus.com' and state = 'accepted'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn where_the_settings_say_so_joining_dismisses_the_request_with_it(pool: PgPool) {
    let app = opened(pool).await;
    app.invite(BLOBBY).await;
    let invitation = app.token(BLOBBY).await;
    app.run("update invitations set expires_at = created_at").await;
    ask(&app, BLOBBY).await;
    confirm(&app.nobody(), &token(&app, BLOBBY).await).await.unwrap();
    assert_eq!(rows(&app).await.len(), 1);
    app.run("update invitations set expires_at = created_at + interval '7 days'").await;
    app.run("update organizations set dismiss_stale_requests = true").await;
    let nobody = app.nobody();
    let context = nobody.organization(SLUG).await.unwrap();
    domain::invitations::join(&context, &invitation, BLOBBY, "Blobby").await.unwrap();
    assert_eq!(rows(&app).await, []);
    assert_eq!(app.count("invitation_requests where status = 'resolved'").await, 1);
    let told = "audit_events where action = 'user.joined' and details->>'request' = 'dismissed'";
    assert_eq!(app.count(told).await, 1);
}
