//! Asking for an invitation: what reaches the admins, and how much of it.

mod quotas;
mod waiting;

use crate::world::{SLUG, World, refusal};
use domain::{Caller, Token, requests};
use model::actions::UserAction;
use model::field::FieldError;
use model::requests::{ConfirmPage, PAGE_ROWS, RequestRow, RequestsQuery};
use model::{Problem, RequestId};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

const BLOBBY: &str = "blobby@blobsrus.com";

async fn opened(pool: PgPool) -> World {
    let world = World::new(pool).await;
    world.run("update organizations set requests_open = true").await;
    world
}

async fn ask_from(world: &World, source: &str, email: &str) {
    let caller = world.nobody_from(source);
    requests::ask(&caller.visit(SLUG).await.unwrap(), email, "Blobby Blob", "Hello").await.unwrap();
}

async fn ask(world: &World, email: &str) {
    ask_from(world, "192.0.2.1", email).await;
}

/// The token in the mail of the newest try of this address.
async fn token(world: &World, email: &str) -> Token {
    let id: Uuid = sqlx::query_scalar(
        "select id from invitation_requests where email_key = $1 order by status = 'asked' desc, id desc limit 1",
    )
    .bind(email)
    .fetch_one(&world.domain.pool)
    .await
    .unwrap();
    world.domain.keys.request_token(world.organization, RequestId(id)).unwrap()
}

async fn confirm(caller: &Caller, token: &Token) -> domain::Result<()> {
    requests::confirm(&caller.visit(SLUG).await.unwrap(), token).await
}

async fn page(world: &World, token: &Token) -> ConfirmPage {
    let caller = world.nobody();
    requests::confirm_page(&caller.visit(SLUG).await.unwrap(), token).await.unwrap()
}

async fn rows(world: &World) -> Vec<RequestRow> {
    requests::list(&world.admin.admin(SLUG).await.unwrap(), &RequestsQuery::default()).await.unwrap().rows
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn where_strangers_may_not_ask_there_is_nothing(pool: PgPool) {
    let world = World::new(pool).await;
    let caller = world.nobody();
    let visitor = caller.visit(SLUG).await.unwrap();
    assert_eq!(refusal(requests::ask(&visitor, BLOBBY, "Blobby", "").await), Problem::NotFound);
    assert_eq!(world.count("invitation_requests").await + world.count("deliveries").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_is_typed_wrong_is_named_at_its_field(pool: PgPool) {
    let world = opened(pool).await;
    let caller = world.nobody();
    let visitor = caller.visit(SLUG).await.unwrap();
    let problem = refusal(requests::ask(&visitor, " ", "Blob\u{202e}by", &"x".repeat(10_000)).await);
    assert_eq!(problem.of_field("email"), Some(FieldError::Empty));
    assert_eq!(problem.of_field("name"), Some(FieldError::Unprintable));
    assert_eq!(problem.of_field("message"), Some(FieldError::TooLong { most: 500 }));
    let problem = refusal(requests::ask(&visitor, "a@b.example\r\nBcc: c@d.example", "Blobby", "").await);
    assert!(problem.of_field("email").is_some());
    assert_eq!(world.count("quotas").await, 0, "a mistake costs nothing");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_request_reaches_the_admins_once_its_mailbox_has_confirmed_it(pool: PgPool) {
    let world = opened(pool).await;
    ask(&world, " Blobby@BlobsRUs.com ").await;
    assert_eq!(rows(&world).await, []);
    let token = token(&world, BLOBBY).await;
    for _ in 0..3 {
        assert!(matches!(page(&world, &token).await, ConfirmPage::Ready { .. }), "opening changes nothing");
    }
    let nobody = world.nobody();
    confirm(&nobody, &token).await.unwrap();
    confirm(&nobody, &token).await.unwrap();
    assert_eq!(page(&world, &token).await, ConfirmPage::Confirmed);
    let rows = rows(&world).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].name.as_str(), rows[0].message.as_str()), ("Blobby Blob", "Hello"));
    assert_eq!(
        world.count("audit_events where action = 'request.opened' and actor_kind = 'stranger'").await,
        1
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_link_confirms_for_a_day_and_no_other_link_confirms(pool: PgPool) {
    let world = opened(pool).await;
    ask(&world, BLOBBY).await;
    let right = token(&world, BLOBBY).await;
    world.invite("other@blobsrus.com").await;
    let invitation = world.token("other@blobsrus.com").await;
    let nobody = world.nobody();
    for wrong in [invitation, Token::presented("garbled")] {
        assert_eq!(page(&world, &wrong).await, ConfirmPage::NoSuchLink);
        assert_eq!(refusal(confirm(&nobody, &wrong).await), Problem::LinkUnusable);
    }
    world.wait_days(1);
    assert_eq!(page(&world, &right).await, ConfirmPage::Expired);
    assert_eq!(refusal(confirm(&nobody, &right).await), Problem::LinkUnusable);
    assert_eq!(world.count("invitation_requests where status = 'open'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn of_many_tries_of_one_address_that_are_confirmed_at_once_one_waits(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = opened(PgPoolOptions::new().max_connections(10).connect_with(options).await.unwrap()).await;
    for _ in 0..3 {
        ask(&world, BLOBBY).await;
    }
    let ids: Vec<Uuid> =
        sqlx::query_scalar("select id from invitation_requests").fetch_all(&world.domain.pool).await.unwrap();
    assert_eq!(ids.len(), 3);
    let confirmations: Vec<_> = ids
        .into_iter()
        .cycle()
        .take(12)
        .map(|id| {
            let token = world.domain.keys.request_token(world.organization, RequestId(id)).unwrap();
            let nobody = world.nobody();
            tokio::spawn(async move { confirm(&nobody, &token).await })
        })
        .collect();
    for confirmed in confirmations {
        confirmed.await.unwrap().unwrap();
    }
    assert_eq!(world.count("invitation_requests where status = 'open'").await, 1);
    assert_eq!(world.count("audit_events where action = 'request.opened'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn who_was_dismissed_is_counted_and_not_shown_for_thirty_days(pool: PgPool) {
    let world = opened(pool).await;
    let asks = async || {
        ask(&world, BLOBBY).await;
        confirm(&world.nobody(), &token(&world, BLOBBY).await).await.unwrap();
    };
    asks().await;
    let first = rows(&world).await[0].id;
    requests::dismiss(&world.admin.admin(SLUG).await.unwrap(), &[first], false).await.unwrap();
    world.wait_days(29);
    asks().await;
    assert_eq!(rows(&world).await, []);
    assert_eq!(world.count("invitation_requests where status = 'dismissed' and repeats = 1").await, 1);
    world.wait_days(2);
    asks().await;
    let shown = rows(&world).await;
    assert_eq!((shown.len(), shown[0].repeats), (1, 1), "the admins see that it was asked before");
    asks().await;
    assert_eq!(rows(&world).await[0].repeats, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn inviting_settles_a_request_and_joining_otherwise_makes_it_stale(pool: PgPool) {
    let world = opened(pool).await;
    for email in [BLOBBY, "other@blobsrus.com", "waits@blobsrus.com"] {
        ask(&world, email).await;
        confirm(&world.nobody(), &token(&world, email).await).await.unwrap();
    }
    world.invite(BLOBBY).await;
    assert_eq!(rows(&world).await.len(), 2);
    // As somebody does who comes in by another way than the admins' answer.
    world
        .run(
            "insert into users (organization_id, id, email, email_key, status, role, joined_at, joined_by, created_at)
             select id, gen_random_uuid(), 'other@blobsrus.com', 'other@blobsrus.com', 'active', 'member', now(),
                'setup', now() from organizations",
        )
        .await;
    let listed = rows(&world).await;
    assert_eq!(listed.iter().filter(|row| row.member.is_some()).count(), 1);
    let refused = world.invite_one("other@blobsrus.com").await;
    let why = model::rules::Refusal::UserExists;
    assert_eq!(refused, model::invite::AddressClass::Refused { why });
    assert_eq!(rows(&world).await.len(), 2, "a refusal settles nothing");
    let admin = world.admin.admin(SLUG).await.unwrap();
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 1);
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 0);
    assert_eq!(
        rows(&world).await.iter().map(|row| row.email.as_str()).collect::<Vec<_>>(),
        ["waits@blobsrus.com"]
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn who_was_invited_or_joined_before_confirming_needs_no_admin(pool: PgPool) {
    let world = opened(pool).await;
    for email in [BLOBBY, "joined@blobsrus.com", "suspended@blobsrus.com"] {
        ask(&world, email).await;
    }
    world.invite(BLOBBY).await;
    world.make_active("joined@blobsrus.com").await;
    world.make_active("suspended@blobsrus.com").await;
    world.act(UserAction::Suspend, "suspended@blobsrus.com").await;
    for email in [BLOBBY, "joined@blobsrus.com", "suspended@blobsrus.com"] {
        confirm(&world.nobody(), &token(&world, email).await).await.unwrap();
    }
    assert_eq!(rows(&world).await, []);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn every_open_request_stands_on_one_page_however_many_there_are(pool: PgPool) {
    let world = opened(pool).await;
    world
        .run(
            "insert into invitation_requests (organization_id, id, email, email_key, status, proof, created_at)
             select id, gen_random_uuid(), n || '@b.example', n || '@b.example', 'open', 'mail', now()
             from organizations, generate_series(1, 120) n",
        )
        .await;
    let admin = world.admin.admin(SLUG).await.unwrap();
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
    world.run("update users set email_key = (select email_key from invitation_requests order by id desc limit 1)").await;
    assert!(requests::list(&admin, &RequestsQuery::default()).await.unwrap().any_stale);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_suspended_user_s_request_is_not_stale(pool: PgPool) {
    let world = opened(pool).await;
    ask(&world, BLOBBY).await;
    confirm(&world.nobody(), &token(&world, BLOBBY).await).await.unwrap();
    world
        .run(
            "insert into users (organization_id, id, email, email_key, status, role, joined_at, joined_by, created_at)
             select id, gen_random_uuid(), 'blobby@blobsrus.com', 'blobby@blobsrus.com', 'suspended', 'member', now(),
                'scim', now() from organizations",
        )
        .await;
    assert_eq!(rows(&world).await[0].member, None);
    let admin = world.admin.admin(SLUG).await.unwrap();
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_was_asked_before_the_setting_went_off_can_t_be_confirmed_after_it(pool: PgPool) {
    let world = opened(pool).await;
    ask(&world, BLOBBY).await;
    let token = token(&world, BLOBBY).await;
    world.run("update organizations set requests_open = false").await;
    assert_eq!(page(&world, &token).await, ConfirmPage::Expired);
    assert_eq!(refusal(confirm(&world.nobody(), &token).await), Problem::LinkUnusable);
    assert_eq!(rows(&world).await, []);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_dismissed_address_is_not_heard_by_its_expired_link_either(pool: PgPool) {
    let world = World::new(pool).await;
    world.invite(BLOBBY).await;
    let link = world.token(BLOBBY).await;
    world.wait_days(8);
    let ask_again = async || {
        let nobody = world.nobody();
        requests::ask_again(&nobody.visit(SLUG).await.unwrap(), &link).await.unwrap();
    };
    ask_again().await;
    ask_again().await;
    let shown = rows(&world).await;
    assert_eq!(shown.len(), 1);
    requests::dismiss(&world.admin.admin(SLUG).await.unwrap(), &[shown[0].id], false).await.unwrap();
    let audit = world.count("audit_events").await;
    ask_again().await;
    assert_eq!(rows(&world).await, []);
    assert_eq!(world.count("audit_events").await, audit);
    assert_eq!(world.count("invitation_requests where repeats = 1").await, 1);
    world.wait_days(31);
    ask_again().await;
    assert_eq!(rows(&world).await.len(), 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_silent_dismissal_stays_silent_when_the_first_mail_is_sent_again(pool: PgPool) {
    let world = opened(pool).await;
    ask(&world, BLOBBY).await;
    confirm(&world.nobody(), &token(&world, BLOBBY).await).await.unwrap();
    let waits = rows(&world).await[0].id;
    requests::dismiss(&world.admin.admin(SLUG).await.unwrap(), &[waits], false).await.unwrap();
    // As after a mail server that took it and broke off before it said so.
    world.send_mail().await;
    assert_eq!(world.count(&format!("deliveries where email = '{BLOBBY}' and state = 'dropped'")).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_dismissal_is_silent_unless_the_admin_says_otherwise(pool: PgPool) {
    let world = opened(pool).await;
    for email in [BLOBBY, "other@blobsrus.com"] {
        ask(&world, email).await;
        confirm(&world.nobody(), &token(&world, email).await).await.unwrap();
    }
    world.run("delete from deliveries").await;
    let admin = world.admin.admin(SLUG).await.unwrap();
    let ids = requests::of_addresses(&admin, &[BLOBBY.to_owned()]).await.unwrap();
    requests::dismiss(&admin, &ids, false).await.unwrap();
    assert_eq!(world.count("deliveries").await, 0);
    let ids = requests::of_addresses(&admin, &["other@blobsrus.com".to_owned()]).await.unwrap();
    requests::dismiss(&admin, &ids, true).await.unwrap();
    world.send_mail().await;
    assert_eq!(
        world.count("deliveries where email = 'other@blobsrus.com' and state = 'handed_over'").await,
        1
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn where_the_settings_say_so_joining_dismisses_the_request_with_it(pool: PgPool) {
    let world = opened(pool).await;
    world.invite(BLOBBY).await;
    let invitation = world.token(BLOBBY).await;
    world.run("update invitations set expires_at = created_at").await;
    ask(&world, BLOBBY).await;
    confirm(&world.nobody(), &token(&world, BLOBBY).await).await.unwrap();
    assert_eq!(rows(&world).await.len(), 1);
    world.run("update invitations set expires_at = created_at + interval '7 days'").await;
    world.run("update organizations set dismiss_stale_requests = true").await;
    let nobody = world.nobody();
    let visitor = nobody.visit(SLUG).await.unwrap();
    domain::invitations::join(&visitor, &invitation, BLOBBY, "Blobby").await.unwrap();
    assert_eq!(rows(&world).await, []);
    assert_eq!(world.count("invitation_requests where status = 'settled'").await, 1);
    let told = "audit_events where action = 'user.joined' and details->>'request' = 'dismissed'";
    assert_eq!(world.count(told).await, 1);
}
