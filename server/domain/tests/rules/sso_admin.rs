//! Connections as admins have them, and signing out.

use crate::provider::{CLIENT, Provider, SECRET, Who};
use crate::sso::{BLOBBY, Sso, form};
use crate::test_app::{ADMIN, SLUG, TestApp, refusal, request_context};
use domain::{Keyring, Token, sign_in, sso};
use model::Problem;
use model::field::FieldError;
use model::sso::{ConnectionForm, ConnectionTestResult};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::Arc;

fn blobby() -> Who {
    Who::new("subject-1", BLOBBY)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_secret_goes_to_the_issuer_it_was_typed_for_alone(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let kept = ConnectionForm { client_secret: String::new(), ..form(sso.provider.issuer()) };
    sso::save(&admin, Some(sso.connection), &kept).await.unwrap();
    sso.comes(blobby()).await.unwrap();
    let moved = ConnectionForm { issuer: "https://evil.example".to_owned(), ..kept.clone() };
    let problem = refusal(sso::save(&admin, Some(sso.connection), &moved).await);
    assert_eq!(problem, Problem::field("client_secret", FieldError::Empty));
    assert_eq!(
        refusal(sso::save(&admin, None, &kept).await),
        Problem::field("client_secret", FieldError::Empty)
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_public_server_speaks_plain_http_with_no_provider(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let provider = Provider::start(app.context.clock.clone()).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let problem = refusal(sso::save(&admin, None, &form(provider.issuer())).await);
    assert_eq!(problem, Problem::field("issuer", FieldError::NotHttps));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_is_done_to_connections_is_written_down_without_the_secret(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.change(|form| form.just_in_time = false).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let again = ConnectionForm { name: "ACME".to_owned(), ..form(sso.provider.issuer()) };
    assert_eq!(refusal(sso::save(&admin, None, &again).await), Problem::field("name", FieldError::Taken));
    sso::delete(&admin, sso.connection).await.unwrap();
    assert_eq!(refusal(sso::delete(&admin, sso.connection).await), Problem::NotFound);
    let rows: Vec<(String, Value)> = sqlx::query_as(
        "select action, details from audit_events where action like 'connection.%' order by action desc",
    )
    .fetch_all(&sso.app.context.pool)
    .await
    .unwrap();
    let actions: Vec<&str> = rows.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["connection.deleted", "connection.created", "connection.updated"]);
    assert_eq!(rows[2].1["just_in_time"], json!({ "from": true, "to": false }));
    assert!(rows.iter().all(|(_, details)| !details.to_string().contains(SECRET)));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_test_of_a_connection_tells_what_is_wrong(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let test = || async { sso::test(&admin, sso.connection).await.unwrap().answer };
    assert_eq!(test().await, ConnectionTestResult::Works { signs_out: true });
    sso.provider.calls_itself("http://127.0.0.1:1/realm");
    assert_eq!(
        test().await,
        ConnectionTestResult::OtherIssuer { issuer: "http://127.0.0.1:1/realm".to_owned() }
    );
    sso.provider.down(true);
    assert_eq!(test().await, ConnectionTestResult::Away);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_older_key_opens_secrets_and_they_are_sealed_anew_by_the_way(pool: PgPool) {
    const OLD: &str = "a key for tests that is long enough";
    const NEW: &str = "another key for tests that is long enough";
    let mut sso = Sso::new(pool).await;
    sso.app.context.keys = Arc::new(Keyring::parse(&format!("{NEW},{OLD}")).unwrap());
    sso.comes(blobby()).await.unwrap();
    sso.app.context.keys = Arc::new(Keyring::parse(NEW).unwrap());
    sso.comes(blobby()).await.unwrap();
    sso.app.context.keys = Arc::new(Keyring::parse(OLD).unwrap());
    assert_eq!(sso.comes(blobby()).await.err().unwrap(), model::sso::SsoRefusal::Misconfigured);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn without_email_links_only_admins_get_one_and_asking_looks_the_same(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let app = &sso.app;
    app.make_active(BLOBBY).await;
    app.run("delete from sign_ins").await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    // What a member got before opens nothing from then on.
    sign_in::request(&context, BLOBBY).await.unwrap();
    app.send_mail().await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    sso::switch_email_links(&admin, true).await.unwrap();
    assert_eq!(app.count("sign_ins where used_at is null").await, 0);
    for email in [BLOBBY, ADMIN, "stranger@example.com"] {
        sign_in::request(&context, email).await.unwrap();
    }
    assert_eq!(app.count("sign_ins where used_at is null and link_hash is null").await, 3);
    app.send_mail().await;
    assert_eq!(app.count("sign_ins where used_at is null and link_hash is not null").await, 1, "the admin's");
    sso::switch_email_links(&admin, false).await.unwrap();
    sign_in::request(&context, BLOBBY).await.unwrap();
    app.send_mail().await;
    assert_eq!(app.count("sign_ins where used_at is null and link_hash is not null").await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nobody_locks_the_members_out_by_mistake(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    sso::switch_email_links(&admin, true).await.unwrap();
    let problem = refusal(sso::delete(&admin, sso.connection).await);
    assert_eq!(problem, Problem::field("id", FieldError::LastConnection));
    sso::switch_email_links(&admin, false).await.unwrap();
    sso::delete(&admin, sso.connection).await.unwrap();
    let problem = refusal(sso::switch_email_links(&admin, true).await);
    assert_eq!(problem, Problem::field("email_links_disabled", FieldError::NoConnection));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn signing_out_leads_on_to_the_providers_own_sign_out(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let session = sso.comes(blobby()).await.unwrap();
    let blobby = request_context(&sso.app.context, HashMap::from([(SLUG.to_owned(), session)]));
    let connection = domain::sessions::sign_out(&blobby.member(SLUG).await.unwrap()).await.unwrap();
    assert_eq!(connection, Some(sso.connection));
    let page =
        sso::signed_out(&blobby.organization(SLUG).await.unwrap(), sso.connection).await.unwrap().unwrap();
    assert_eq!(page.connection, "Acme");
    assert!(page.url.starts_with(&format!("{}/end?", sso.provider.issuer())), "{}", page.url);
    assert!(page.url.contains("client_id=vestibule") && page.url.contains("%2Fo%2Fblobsrus%2Flogin"));
}

/// A logout token of the provider.
fn logout(sso: &Sso) -> Value {
    let now = sso.app.context.clock.now().timestamp();
    json!({
        "iss": sso.provider.issuer(), "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "1", "sub": "subject-1",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    })
}

async fn back_channel(sso: &Sso, token: &str) -> Option<usize> {
    let nobody = sso.app.anonymous();
    sso::back_channel(&nobody.organization(SLUG).await.unwrap(), token).await.ok()
}

async fn is_in(sso: &Sso, session: &Token) -> bool {
    let sessions = HashMap::from([(SLUG.to_owned(), session.clone())]);
    request_context(&sso.app.context, sessions).member(SLUG).await.is_ok()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_provider_ends_the_sessions_of_a_person_or_one_of_them(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let one = sso.comes(blobby()).await.unwrap();
    let two = sso.comes(Who { session: "session-2".to_owned(), ..blobby() }).await.unwrap();
    let other = sso.comes(Who::new("subject-2", "bloss@blobsrus.com")).await.unwrap();
    let mut claims = logout(&sso);
    claims["sid"] = json!("session-2");
    claims.as_object_mut().unwrap().remove("sub");
    assert_eq!(back_channel(&sso, &sso.provider.sign("logout+jwt", &claims)).await, Some(1));
    assert_eq!((is_in(&sso, &one).await, is_in(&sso, &two).await), (true, false));
    assert_eq!(back_channel(&sso, &sso.provider.sign("logout+jwt", &logout(&sso))).await, Some(1));
    assert_eq!((is_in(&sso, &one).await, is_in(&sso, &other).await), (false, true));
    // The admin came by mail.
    assert!(sso.app.admin.admin(SLUG).await.is_ok());
    let rows = "audit_events where action = 'user.session_ended' and actor_kind = 'connection' and actor_name = 'Acme'";
    assert_eq!(sso.app.count(rows).await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn only_a_logout_token_of_the_provider_signs_out(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let session = sso.comes(blobby()).await.unwrap();
    let now = sso.app.context.clock.now().timestamp();
    for (what, value) in [
        ("aud", json!("somebody else")),
        ("iss", json!("http://127.0.0.1:1")),
        ("iat", json!(now + 3600)),
        ("iat", json!(now - 3600)),
        ("exp", json!(now - 120)),
        ("nonce", json!("an id token has one")),
        ("events", json!({})),
        ("events", json!({ "http://schemas.openid.net/event/backchannel-logout": "yes" })),
    ] {
        let mut claims = logout(&sso);
        claims[what] = value.clone();
        let token = sso.provider.sign("logout+jwt", &claims);
        assert_eq!(back_channel(&sso, &token).await, None, "{what}: {value}");
    }
    let mut nobody = logout(&sso);
    nobody.as_object_mut().unwrap().remove("sub");
    let good = sso.provider.sign("logout+jwt", &logout(&sso));
    let (head, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let forged = sso.provider.sign("logout+jwt", &json!({})).split('.').nth(1).unwrap().to_owned();
    for token in [
        sso.provider.sign("logout+jwt", &nobody),
        format!("{head}.{forged}.{signature}"),
        good.rsplit_once('.').unwrap().0.to_owned() + ".",
        "a.b.c".to_owned(),
        String::new(),
    ] {
        assert_eq!(back_channel(&sso, &token).await, None, "{token}");
    }
    assert!(is_in(&sso, &session).await);
    assert_eq!(back_channel(&sso, &good).await, Some(1));
}
