//! SSO connections in the settings, "Disable email links", and single logout.

use crate::sso::{BLOBBY, SsoApp, form};
use domain::{Keyring, Token, sign_in, sso};
use model::Problem;
use model::field::FieldError;
use model::sso::{ConnectionForm, ConnectionTestResult};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::HashMap;
use std::sync::Arc;
use test_support::provider::{Account, CLIENT_ID, CLIENT_SECRET, TestProvider};
use test_support::{ADMIN, SLUG, TestApp, refusal, request_context};

fn blobby() -> Account {
    Account::new("subject-1", BLOBBY)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn changed_issuer_requires_the_client_secret(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let unchanged_secret = ConnectionForm { client_secret: String::new(), ..form(sso.provider.issuer()) };
    sso::save_connection(&admin, Some(sso.connection), &unchanged_secret).await.unwrap();
    sso.sign_in(blobby()).await.unwrap();
    let other_issuer =
        ConnectionForm { issuer: "https://evil.example".to_owned(), ..unchanged_secret.clone() };
    let problem = refusal(sso::save_connection(&admin, Some(sso.connection), &other_issuer).await);
    assert_eq!(problem, Problem::field("client_secret", FieldError::Empty));
    assert_eq!(
        refusal(sso::save_connection(&admin, None, &unchanged_secret).await),
        Problem::field("client_secret", FieldError::Empty)
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn plain_http_issuer_is_rejected_on_public_server(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let provider = TestProvider::start(app.context.clock.clone()).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let problem = refusal(sso::save_connection(&admin, None, &form(provider.issuer())).await);
    assert_eq!(problem, Problem::field("issuer", FieldError::NotHttps));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn connection_changes_are_audited_without_secret(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.update_connection(|form| form.just_in_time = false).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let same_name = ConnectionForm { name: "ACME".to_owned(), ..form(sso.provider.issuer()) };
    assert_eq!(
        refusal(sso::save_connection(&admin, None, &same_name).await),
        Problem::field("name", FieldError::Taken)
    );
    sso::delete_connection(&admin, sso.connection).await.unwrap();
    assert_eq!(refusal(sso::delete_connection(&admin, sso.connection).await), Problem::NotFound);
    let rows: Vec<(String, Value)> = sqlx::query_as(
        "select action, details from audit_events where action like 'connection.%' order by action",
    )
    .fetch_all(&sso.app.context.pool)
    .await
    .unwrap();
    let actions: Vec<&str> = rows.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["connection.created", "connection.deleted", "connection.updated"]);
    assert_eq!(rows[2].1["just_in_time"], json!({ "from": true, "to": false }));
    assert!(rows.iter().all(|(_, details)| !details.to_string().contains(CLIENT_SECRET)));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn connection_test_reports_the_problem(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let test = || async { sso::test_connection(&admin, sso.connection).await.unwrap().result };
    assert_eq!(test().await, ConnectionTestResult::Passed { supports_logout: true });
    sso.provider.set_metadata_issuer("http://127.0.0.1:1/realm");
    assert_eq!(
        test().await,
        ConnectionTestResult::IssuerMismatch { issuer: "http://127.0.0.1:1/realm".to_owned() }
    );
    sso.provider.set_down(true);
    assert_eq!(test().await, ConnectionTestResult::Unreachable);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn client_secret_is_resealed_with_the_current_key(pool: PgPool) {
    const OLD: &str = "a key for tests that is long enough";
    const NEW: &str = "another key for tests that is long enough";
    let mut sso = SsoApp::new(pool).await;
    sso.app.context.keys = Arc::new(Keyring::parse(&format!("{NEW},{OLD}")).unwrap());
    sso.sign_in(blobby()).await.unwrap();
    sso.app.context.keys = Arc::new(Keyring::parse(NEW).unwrap());
    sso.sign_in(blobby()).await.unwrap();
    sso.app.context.keys = Arc::new(Keyring::parse(OLD).unwrap());
    assert_eq!(sso.sign_in(blobby()).await.err().unwrap(), model::sso::SsoRefusal::Misconfigured);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn disabled_email_links_are_sent_to_admins_only(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let app = &sso.app;
    app.make_active(BLOBBY).await;
    app.run("delete from sign_ins").await;
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    // Links that members received earlier are invalidated.
    sign_in::request(&context, BLOBBY).await.unwrap();
    app.send_mail().await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    sso::set_email_links_disabled(&admin, true).await.unwrap();
    assert_eq!(app.count("sign_ins where used_at is null").await, 0);
    for email in [BLOBBY, ADMIN, "stranger@example.com"] {
        sign_in::request(&context, email).await.unwrap();
    }
    assert_eq!(app.count("sign_ins where used_at is null and link_hash is null").await, 3);
    app.send_mail().await;
    assert_eq!(app.count_usable_sign_ins().await, 1, "the admin's");
    sso::set_email_links_disabled(&admin, false).await.unwrap();
    sign_in::request(&context, BLOBBY).await.unwrap();
    app.send_mail().await;
    assert_eq!(app.count_usable_sign_ins().await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn disabled_email_links_require_a_connection(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    sso::set_email_links_disabled(&admin, true).await.unwrap();
    let problem = refusal(sso::delete_connection(&admin, sso.connection).await);
    assert_eq!(problem, Problem::field("id", FieldError::LastConnection));
    sso::set_email_links_disabled(&admin, false).await.unwrap();
    sso::delete_connection(&admin, sso.connection).await.unwrap();
    let problem = refusal(sso::set_email_links_disabled(&admin, true).await);
    assert_eq!(problem, Problem::field("email_links_disabled", FieldError::NoConnection));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn signing_out_offers_logout_at_the_provider(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let session = sso.sign_in(blobby()).await.unwrap();
    let blobby = request_context(&sso.app.context, HashMap::from([(SLUG.to_owned(), session)]));
    let connection = domain::sessions::sign_out(&blobby.member(SLUG).await.unwrap()).await.unwrap();
    assert_eq!(connection, Some(sso.connection));
    let page = sso::provider_logout(&blobby.organization(SLUG).await.unwrap(), sso.connection)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(page.connection, "Acme");
    assert!(page.url.starts_with(&format!("{}/end?", sso.provider.issuer())), "{}", page.url);
    assert!(page.url.contains("client_id=vestibule") && page.url.contains("%2Fo%2Fblobsrus%2Flogin"));
}

/// The claims of a valid logout token.
fn logout_claims(sso: &SsoApp) -> Value {
    let now = sso.app.now().timestamp();
    json!({
        "iss": sso.provider.issuer(), "aud": CLIENT_ID, "iat": now, "exp": now + 120, "jti": "1", "sub": "subject-1",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    })
}

async fn back_channel_logout(sso: &SsoApp, token: &str) -> Option<usize> {
    let nobody = sso.app.anonymous();
    sso::back_channel_logout(&nobody.organization(SLUG).await.unwrap(), token).await.ok()
}

async fn is_signed_in(sso: &SsoApp, session: &Token) -> bool {
    let sessions = HashMap::from([(SLUG.to_owned(), session.clone())]);
    request_context(&sso.app.context, sessions).member(SLUG).await.is_ok()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn back_channel_logout_ends_one_or_all_sessions(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let first = sso.sign_in(blobby()).await.unwrap();
    let second = sso.sign_in(Account { session_id: "session-2".to_owned(), ..blobby() }).await.unwrap();
    let other_user = sso.sign_in(Account::new("subject-2", "bloss@blobsrus.com")).await.unwrap();
    let mut claims = logout_claims(&sso);
    claims["sid"] = json!("session-2");
    claims.as_object_mut().unwrap().remove("sub");
    assert_eq!(back_channel_logout(&sso, &sso.provider.sign_jwt("logout+jwt", &claims)).await, Some(1));
    assert_eq!((is_signed_in(&sso, &first).await, is_signed_in(&sso, &second).await), (true, false));
    assert_eq!(
        back_channel_logout(&sso, &sso.provider.sign_jwt("logout+jwt", &logout_claims(&sso))).await,
        Some(1)
    );
    assert_eq!((is_signed_in(&sso, &first).await, is_signed_in(&sso, &other_user).await), (false, true));
    // The admin signed in by email link.
    assert!(sso.app.admin.admin(SLUG).await.is_ok());
    let rows = "audit_events where action = 'user.session_ended' and actor_kind = 'connection' and actor_name = 'Acme'";
    assert_eq!(sso.app.count(rows).await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn back_channel_logout_rejects_invalid_tokens(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let session = sso.sign_in(blobby()).await.unwrap();
    let now = sso.app.now().timestamp();
    for (claim, value) in [
        ("aud", json!("another-client")),
        ("iss", json!("http://127.0.0.1:1")),
        ("iat", json!(now + 3600)),
        ("iat", json!(now - 3600)),
        ("exp", json!(now - 120)),
        ("nonce", json!("ID tokens have one")),
        ("events", json!({})),
        ("events", json!({ "http://schemas.openid.net/event/backchannel-logout": "yes" })),
    ] {
        let mut claims = logout_claims(&sso);
        claims[claim] = value.clone();
        let token = sso.provider.sign_jwt("logout+jwt", &claims);
        assert_eq!(back_channel_logout(&sso, &token).await, None, "{claim}: {value}");
    }
    let mut without_subject = logout_claims(&sso);
    without_subject.as_object_mut().unwrap().remove("sub");
    let valid = sso.provider.sign_jwt("logout+jwt", &logout_claims(&sso));
    let (header, rest) = valid.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let forged = sso.provider.sign_jwt("logout+jwt", &json!({})).split('.').nth(1).unwrap().to_owned();
    for token in [
        sso.provider.sign_jwt("logout+jwt", &without_subject),
        format!("{header}.{forged}.{signature}"),
        valid.rsplit_once('.').unwrap().0.to_owned() + ".",
        "a.b.c".to_owned(),
        String::new(),
    ] {
        assert_eq!(back_channel_logout(&sso, &token).await, None, "{token}");
    }
    assert!(is_signed_in(&sso, &session).await);
    assert_eq!(back_channel_logout(&sso, &valid).await, Some(1));
}
