//! Attacks on SSO: forged tokens, misbehaving providers, and codes or states used in the wrong flow or browser.

use crate::sso::{BLOBBY, SsoApp};
use chrono::TimeDelta;
use domain::Token;
use domain::sso::{CallbackOutcome, CallbackParams};
use model::sso::SsoRefusal;
use sqlx::PgPool;
use test_support::provider::{Account, Misbehavior};

fn blobby() -> Account {
    Account::new("subject-1", BLOBBY)
}

fn callback_params(code: &str, state: &str) -> CallbackParams {
    CallbackParams { state: state.to_owned(), code: Some(code.to_owned()), ..CallbackParams::default() }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invalid_id_token_is_rejected(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    for misbehavior in [
        Misbehavior::UnsignedToken,
        Misbehavior::HmacWithClientSecret,
        Misbehavior::UnknownKey,
        Misbehavior::WrongAudience,
        Misbehavior::ExtraAudience,
        Misbehavior::WrongAuthorizedParty,
        Misbehavior::WrongIssuer,
        Misbehavior::WrongNonce,
        Misbehavior::MissingNonce,
        Misbehavior::ExpiredToken,
        Misbehavior::TokenFromTheFuture,
    ] {
        sso.provider.misbehave(misbehavior);
        assert_eq!(
            sso.sign_in(blobby()).await.err().unwrap(),
            SsoRefusal::VerificationFailed,
            "{misbehavior:?}"
        );
    }
    assert_eq!(sso.count_active_users().await, 1, "only the admin");
    let rows = "audit_events where action = 'sso.sign_in_refused' and details->>'reason' = 'response failed verification'";
    assert_eq!(sso.app.count(rows).await, 1, "a repeated refusal is audited once");
    sso.provider.misbehave(Misbehavior::None);
    sso.sign_in(blobby()).await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn rejected_client_secret_is_audited(pool: PgPool) {
    let sso = SsoApp::with(pool, |form| form.client_secret = "mistyped".to_owned()).await;
    assert_eq!(sso.sign_in(blobby()).await.err().unwrap(), SsoRefusal::Misconfigured);
    let rows = "audit_events where action = 'sso.sign_in_refused' and details->>'reason' = 'client ID or secret rejected'";
    assert_eq!(sso.app.count(rows).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn user_info_of_another_subject_is_rejected(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.provider.misbehave(Misbehavior::UserInfoOfOtherSubject);
    let account = Account { only_in_user_info: true, ..blobby() };
    assert_eq!(sso.sign_in(account).await.err().unwrap(), SsoRefusal::VerificationFailed);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn endless_responses_and_redirects_are_refused(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.provider.misbehave(Misbehavior::EndlessResponse);
    assert_eq!(sso.sign_in(blobby()).await.err().unwrap(), SsoRefusal::ProviderUnreachable);
    sso.provider.misbehave(Misbehavior::Redirect);
    sso.sign_in(blobby()).await.err().unwrap();
    assert!(!sso.provider.requested_paths().contains(&"/elsewhere".to_owned()));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn rotated_provider_keys_are_fetched_once(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.sign_in(blobby()).await.unwrap();
    sso.provider.rotate_keys();
    sso.app.context.clock.advance(TimeDelta::seconds(11));
    sso.sign_in(blobby()).await.unwrap();
    sso.sign_in(blobby()).await.unwrap();
    let paths = sso.provider.requested_paths();
    let keys = paths.iter().filter(|path| *path == "/keys").count();
    assert_eq!(keys, 2, "once initially, once after the rotation");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn code_is_refused_in_another_browser(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let attacker = sso.start_flow(None).await;
    let (code, state) = sso.provider.authorize(&attacker.url, Account::new("evil", "evil@blobsrus.com"));
    // The victim's browser has no login flow, or another one.
    for victim in [Token::random(), sso.start_flow(None).await.browser_token] {
        assert!(matches!(
            sso.callback(&victim, callback_params(&code, &state)).await,
            CallbackOutcome::Refused
        ));
        assert_eq!(sso.refusal(&victim).await, SsoRefusal::FlowExpired);
    }
    let nobody = sso.app.anonymous();
    let context = nobody.organization(test_support::SLUG).await.unwrap();
    let outcome = domain::sso::handle_callback(&context, None, callback_params(&code, &state)).await.unwrap();
    assert!(matches!(outcome, CallbackOutcome::Refused));
    assert_eq!(sso.count_active_users().await, 1);
    // The flow still completes in its own browser: others can't use it up.
    assert!(matches!(
        sso.callback(&attacker.browser_token, callback_params(&code, &state)).await,
        CallbackOutcome::SignedIn { .. }
    ));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn code_is_refused_in_another_login_flow(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let (first, second) = (sso.start_flow(None).await, sso.start_flow(None).await);
    let (code, _) = sso.provider.authorize(&first.url, blobby());
    let (_, state) = sso.provider.authorize(&second.url, blobby());
    assert!(matches!(
        sso.callback(&second.browser_token, callback_params(&code, &state)).await,
        CallbackOutcome::Refused
    ));
    assert_eq!(
        sso.refusal(&second.browser_token).await,
        SsoRefusal::ProviderError,
        "the PKCE verifier differs"
    );
    assert_eq!(sso.count_active_users().await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_callbacks_complete_one_login_flow(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let flow = sso.start_flow(None).await;
    let (code, state) = sso.provider.authorize(&flow.url, blobby());
    let callback = || sso.callback(&flow.browser_token, callback_params(&code, &state));
    let (first, second) = tokio::join!(callback(), callback());
    let outcomes = [first, second].into_iter();
    let signed_in = outcomes.filter(|outcome| matches!(outcome, CallbackOutcome::SignedIn { .. }));
    assert_eq!(signed_in.count(), 1);
    assert!(matches!(callback().await, CallbackOutcome::Refused));
    assert_eq!(sso.refusal(&flow.browser_token).await, SsoRefusal::FlowExpired);
    assert_eq!(sso.provider.requested_paths().iter().filter(|path| *path == "/token").count(), 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn login_flow_expires_after_ten_minutes(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    for (minutes, seconds, accepted) in [(9, 59, true), (10, 0, false)] {
        let flow = sso.start_flow(None).await;
        let (code, state) = sso.provider.authorize(&flow.url, blobby());
        sso.app.context.clock.advance(TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds));
        let outcome = sso.callback(&flow.browser_token, callback_params(&code, &state)).await;
        assert_eq!(matches!(outcome, CallbackOutcome::SignedIn { .. }), accepted, "{minutes}:{seconds}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn abandoned_login_flows_are_purged(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    for _ in 0..5 {
        sso.start_flow(None).await;
    }
    sso.app.context.clock.advance(TimeDelta::minutes(21));
    sso.start_flow(None).await;
    assert_eq!(sso.app.count("sso_login_flows").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn login_flows_in_two_tabs_are_independent(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let first = sso.start_flow(None).await;
    let nobody = sso.app.anonymous();
    let context = nobody.organization(test_support::SLUG).await.unwrap();
    let browser_token = Some(first.browser_token.clone());
    let second = domain::sso::start(&context, sso.connection, "", None, browser_token).await.unwrap();
    for url in [&second.url.unwrap(), &first.url] {
        let (code, state) = sso.provider.authorize(url, blobby());
        assert!(matches!(
            sso.callback(&first.browser_token, callback_params(&code, &state)).await,
            CallbackOutcome::SignedIn { .. }
        ));
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn auth_time_older_than_max_age_is_rejected(pool: PgPool) {
    let sso = SsoApp::with(pool, |form| form.max_age_minutes = "60".to_owned()).await;
    let flow = sso.start_flow(None).await;
    assert!(flow.url.contains("max_age=3600"), "{}", flow.url);
    for (minutes, accepted) in [(None, false), (Some(62), false), (Some(60), true), (Some(1), true)] {
        let account = Account { auth_minutes_ago: minutes, ..blobby() };
        assert_eq!(sso.sign_in(account).await.is_ok(), accepted, "{minutes:?}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn callback_with_wrong_or_missing_iss_is_rejected(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.provider.advertise_iss_parameter();
    for (issuer, accepted) in
        [(None, false), (Some("https://evil.example".to_owned()), false), (Some(sso.provider.issuer()), true)]
    {
        let flow = sso.start_flow(None).await;
        let (code, state) = sso.provider.authorize(&flow.url, blobby());
        let params = CallbackParams { issuer: issuer.clone(), ..callback_params(&code, &state) };
        let outcome = sso.callback(&flow.browser_token, params).await;
        assert_eq!(matches!(outcome, CallbackOutcome::SignedIn { .. }), accepted, "{issuer:?}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn error_response_is_reported_and_ends_the_flow(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    for (error, refusal) in
        [("access_denied", SsoRefusal::Canceled), ("server_error", SsoRefusal::ProviderError)]
    {
        let flow = sso.start_flow(None).await;
        let (code, state) = sso.provider.authorize(&flow.url, blobby());
        let error_response = CallbackParams {
            state: state.clone(),
            error: Some(error.to_owned()),
            ..CallbackParams::default()
        };
        assert!(matches!(sso.callback(&flow.browser_token, error_response).await, CallbackOutcome::Refused));
        assert_eq!(sso.refusal(&flow.browser_token).await, refusal);
        assert!(matches!(
            sso.callback(&flow.browser_token, callback_params(&code, &state)).await,
            CallbackOutcome::Refused
        ));
    }
    assert_eq!(sso.app.count("audit_events where action = 'sso.sign_in_refused'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn database_contains_no_sso_secrets_in_plain_text(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let flow = sso.start_flow(None).await;
    let query: Vec<(String, String)> =
        url::Url::parse(&flow.url).unwrap().query_pairs().into_owned().collect();
    let mut secrets =
        vec![test_support::provider::CLIENT_SECRET.to_owned(), flow.browser_token.expose().to_owned()];
    secrets.extend(
        query.into_iter().filter(|(name, _)| matches!(&**name, "state" | "nonce")).map(|(_, value)| value),
    );
    for table in ["sso_login_flows", "sso_connections", "audit_events"] {
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select t::text || encode(t::text::bytea, 'escape') from {table} t"
        )))
        .fetch_all(&sso.app.context.pool)
        .await
        .unwrap();
        assert!(!rows.is_empty());
        for secret in &secrets {
            assert!(rows.iter().all(|row| !row.contains(secret)), "{table}");
        }
    }
}
