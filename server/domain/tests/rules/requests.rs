//! Invitation requests: submitting, confirming and reviewing them.

mod notifications;
mod rate_limits;

use domain::{RequestContext, Token, requests};
use model::actions::UserAction;
use model::field::FieldError;
use model::requests::{ConfirmPage, PAGE_ROWS, RequestRow, RequestsQuery};
use model::{Problem, RequestId};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use test_support::{SLUG, TestApp, refusal};
use uuid::Uuid;

const BLOBBY: &str = "blobby@blobsrus.com";

/// An application in which anyone may request an invitation.
async fn app_with_requests(pool: PgPool) -> TestApp {
    let app = TestApp::new(pool).await;
    app.enable_requests().await;
    app
}

/// Submits a request from this IP address.
async fn submit_from(app: &TestApp, ip: &str, email: &str) {
    let nobody = app.anonymous_from(ip);
    requests::submit(&nobody.organization(SLUG).await.unwrap(), email, "Blobby Blob", "Hello").await.unwrap();
}

async fn submit(app: &TestApp, email: &str) {
    submit_from(app, "192.0.2.1", email).await;
}

/// Submits a request and confirms it with the link in its email.
async fn submit_and_confirm(app: &TestApp, email: &str) {
    submit(app, email).await;
    confirm(&app.anonymous(), &token(app, email).await).await.unwrap();
}

/// The token in the email of the newest request from this address.
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

async fn confirm(request: &RequestContext, token: &Token) -> domain::Result<()> {
    requests::confirm(&request.organization(SLUG).await.unwrap(), token).await
}

async fn page(app: &TestApp, token: &Token) -> ConfirmPage {
    let nobody = app.anonymous();
    requests::confirm_page(&nobody.organization(SLUG).await.unwrap(), token).await.unwrap()
}

/// The open requests as admins see them.
async fn rows(app: &TestApp) -> Vec<RequestRow> {
    requests::list(&app.admin.admin(SLUG).await.unwrap(), &RequestsQuery::default()).await.unwrap().rows
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn submit_is_not_found_if_requests_are_off(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    assert_eq!(refusal(requests::submit(&context, BLOBBY, "Blobby", "").await), Problem::NotFound);
    assert_eq!(app.count("invitation_requests").await + app.count("deliveries").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invalid_fields_are_reported_by_name(pool: PgPool) {
    let app = app_with_requests(pool).await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let problem = refusal(requests::submit(&context, " ", "Blob\u{202e}by", &"x".repeat(10_000)).await);
    assert_eq!(problem.field_error("email"), Some(FieldError::Empty));
    assert_eq!(problem.field_error("name"), Some(FieldError::Unprintable));
    assert_eq!(problem.field_error("message"), Some(FieldError::TooLong { max: 500 }));
    let problem = refusal(requests::submit(&context, "a@b.example\r\nBcc: c@d.example", "Blobby", "").await);
    assert!(problem.field_error("email").is_some());
    assert_eq!(app.count("rate_limits").await, 0, "invalid input doesn't count");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn only_confirmed_requests_reach_admins(pool: PgPool) {
    let app = app_with_requests(pool).await;
    submit(&app, " Blobby@BlobsRUs.com ").await;
    assert_eq!(rows(&app).await, []);
    let token = token(&app, BLOBBY).await;
    for _ in 0..3 {
        assert!(
            matches!(page(&app, &token).await, ConfirmPage::Ready { .. }),
            "opening the link changes nothing"
        );
    }
    let nobody = app.anonymous();
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
async fn link_confirms_for_a_day(pool: PgPool) {
    let app = app_with_requests(pool).await;
    submit(&app, BLOBBY).await;
    let valid = token(&app, BLOBBY).await;
    app.invite("other@blobsrus.com").await;
    let invitation = app.token("other@blobsrus.com").await;
    let nobody = app.anonymous();
    for invalid in [invitation, Token::from_client("garbled")] {
        assert_eq!(page(&app, &invalid).await, ConfirmPage::NoSuchLink);
        assert_eq!(refusal(confirm(&nobody, &invalid).await), Problem::InvalidLink);
    }
    app.wait_days(1);
    assert_eq!(page(&app, &valid).await, ConfirmPage::Expired);
    assert_eq!(refusal(confirm(&nobody, &valid).await), Problem::InvalidLink);
    assert_eq!(app.count_requests("open").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_confirmations_open_one_request(_: PgPoolOptions, options: PgConnectOptions) {
    let app =
        app_with_requests(PgPoolOptions::new().max_connections(10).connect_with(options).await.unwrap())
            .await;
    for _ in 0..3 {
        submit(&app, BLOBBY).await;
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
            let nobody = app.anonymous();
            tokio::spawn(async move { confirm(&nobody, &token).await })
        })
        .collect();
    for confirmation in confirmations {
        confirmation.await.unwrap().unwrap();
    }
    assert_eq!(app.count_requests("open").await, 1);
    assert_eq!(app.count_audit_events("request.opened").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn dismissed_address_is_counted_during_cooldown(pool: PgPool) {
    let app = app_with_requests(pool).await;
    submit_and_confirm(&app, BLOBBY).await;
    let first = rows(&app).await[0].id;
    requests::dismiss(&app.admin.admin(SLUG).await.unwrap(), &[first], false).await.unwrap();
    app.wait_days(29);
    submit_and_confirm(&app, BLOBBY).await;
    assert_eq!(rows(&app).await, []);
    assert_eq!(app.count("invitation_requests where status = 'dismissed' and repeat_count = 1").await, 1);
    app.wait_days(2);
    submit_and_confirm(&app, BLOBBY).await;
    let open = rows(&app).await;
    assert_eq!((open.len(), open[0].repeat_count), (1, 1), "admins see that it is a repeat");
    submit_and_confirm(&app, BLOBBY).await;
    assert_eq!(rows(&app).await[0].repeat_count, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn inviting_approves_and_joining_makes_stale(pool: PgPool) {
    let app = app_with_requests(pool).await;
    for email in [BLOBBY, "other@blobsrus.com", "waits@blobsrus.com"] {
        submit_and_confirm(&app, email).await;
    }
    app.invite(BLOBBY).await;
    assert_eq!(rows(&app).await.len(), 2);
    app.insert_user("other@blobsrus.com", "active", "setup").await;
    let listed = rows(&app).await;
    assert_eq!(listed.iter().filter(|row| row.member.is_some()).count(), 1);
    let refused = app.invite_one("other@blobsrus.com").await;
    let why = model::transitions::Refusal::UserExists;
    assert_eq!(refused, model::invitations::AddressClass::Refused { why });
    assert_eq!(rows(&app).await.len(), 2, "a refusal closes no request");
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 1);
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 0);
    assert_eq!(
        rows(&app).await.iter().map(|row| row.email.as_str()).collect::<Vec<_>>(),
        ["waits@blobsrus.com"]
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn confirming_after_joining_needs_no_review(pool: PgPool) {
    let app = app_with_requests(pool).await;
    for email in [BLOBBY, "joined@blobsrus.com", "suspended@blobsrus.com"] {
        submit(&app, email).await;
    }
    app.invite(BLOBBY).await;
    app.make_active("joined@blobsrus.com").await;
    app.make_active("suspended@blobsrus.com").await;
    app.act(UserAction::Suspend, "suspended@blobsrus.com").await;
    for email in [BLOBBY, "joined@blobsrus.com", "suspended@blobsrus.com"] {
        confirm(&app.anonymous(), &token(&app, email).await).await.unwrap();
    }
    assert_eq!(rows(&app).await, []);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn paging_lists_every_open_request_once(pool: PgPool) {
    let app = app_with_requests(pool).await;
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
    // A stale request on the last page shows on the first one.
    app.run("update users set email_normalized = (select email_normalized from invitation_requests order by id desc limit 1)").await;
    assert!(requests::list(&admin, &RequestsQuery::default()).await.unwrap().any_stale);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn request_of_suspended_user_is_not_stale(pool: PgPool) {
    let app = app_with_requests(pool).await;
    submit_and_confirm(&app, BLOBBY).await;
    app.insert_user(BLOBBY, "suspended", "scim").await;
    assert_eq!(rows(&app).await[0].member, None);
    let admin = app.admin.admin(SLUG).await.unwrap();
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn turning_requests_off_expires_unconfirmed_ones(pool: PgPool) {
    let app = app_with_requests(pool).await;
    submit(&app, BLOBBY).await;
    let token = token(&app, BLOBBY).await;
    app.disable_requests().await;
    assert_eq!(page(&app, &token).await, ConfirmPage::Expired);
    assert_eq!(refusal(confirm(&app.anonymous(), &token).await), Problem::InvalidLink);
    assert_eq!(rows(&app).await, []);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn renewal_of_dismissed_address_is_only_counted(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    let token = app.token(BLOBBY).await;
    app.wait_days(8);
    let request_renewal = async || {
        let nobody = app.anonymous();
        requests::request_renewal(&nobody.organization(SLUG).await.unwrap(), &token).await.unwrap();
    };
    request_renewal().await;
    request_renewal().await;
    let open = rows(&app).await;
    assert_eq!(open.len(), 1);
    requests::dismiss(&app.admin.admin(SLUG).await.unwrap(), &[open[0].id], false).await.unwrap();
    let events = app.count("audit_events").await;
    request_renewal().await;
    assert_eq!(rows(&app).await, []);
    assert_eq!(app.count("audit_events").await, events);
    assert_eq!(app.count("invitation_requests where repeat_count = 1").await, 1);
    app.wait_days(31);
    request_renewal().await;
    assert_eq!(rows(&app).await.len(), 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn silent_dismissal_cancels_pending_email(pool: PgPool) {
    let app = app_with_requests(pool).await;
    submit_and_confirm(&app, BLOBBY).await;
    let open = rows(&app).await[0].id;
    requests::dismiss(&app.admin.admin(SLUG).await.unwrap(), &[open], false).await.unwrap();
    // As if the connection was lost before the mail server's reply, so that the email is still pending.
    app.send_mail().await;
    assert_eq!(app.count(&format!("deliveries where email = '{BLOBBY}' and state = 'cancelled'")).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn dismissal_sends_email_only_on_request(pool: PgPool) {
    let app = app_with_requests(pool).await;
    for email in [BLOBBY, "other@blobsrus.com"] {
        submit_and_confirm(&app, email).await;
    }
    app.clear_outbox().await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let ids = requests::find_open_by_email(&admin, &[BLOBBY.to_owned()]).await.unwrap();
    requests::dismiss(&admin, &ids, false).await.unwrap();
    assert_eq!(app.count("deliveries").await, 0);
    let ids = requests::find_open_by_email(&admin, &["other@blobsrus.com".to_owned()]).await.unwrap();
    requests::dismiss(&admin, &ids, true).await.unwrap();
    app.send_mail().await;
    assert_eq!(app.count("deliveries where email = 'other@blobsrus.com' and state = 'accepted'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn joining_dismisses_stale_request_if_enabled(pool: PgPool) {
    let app = app_with_requests(pool).await;
    app.invite(BLOBBY).await;
    let invitation = app.token(BLOBBY).await;
    app.expire_invitations().await;
    submit_and_confirm(&app, BLOBBY).await;
    assert_eq!(rows(&app).await.len(), 1);
    app.restore_invitations().await;
    app.run("update organizations set dismiss_stale_requests = true").await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    domain::invitations::join(&context, &invitation, BLOBBY, "Blobby").await.unwrap();
    assert_eq!(rows(&app).await, []);
    assert_eq!(app.count_requests("resolved").await, 1);
    let events = "audit_events where action = 'user.joined' and details->>'request' = 'dismissed'";
    assert_eq!(app.count(events).await, 1);
}
