//! Providers, pages and people that lie: none of them gets in, and none gets somebody else in.

use crate::provider::{Trick, Who};
use crate::sso::{BLOBBY, Sso};
use chrono::TimeDelta;
use domain::Token;
use domain::sso::{Finished, ProviderSays};
use model::sso::SsoRefusal;
use sqlx::PgPool;

fn blobby() -> Who {
    Who::new("subject-1", BLOBBY)
}

fn says(code: &str, state: &str) -> ProviderSays {
    ProviderSays { state: state.to_owned(), code: Some(code.to_owned()), ..ProviderSays::default() }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn no_token_is_believed_that_is_not_the_providers_for_us_now(pool: PgPool) {
    let sso = Sso::new(pool).await;
    for trick in [
        Trick::NoSignature,
        Trick::SignedWithTheSecret,
        Trick::SignedByAStranger,
        Trick::OtherAudience,
        Trick::AlsoForAnother,
        Trick::OtherParty,
        Trick::OtherIssuer,
        Trick::OtherNonce,
        Trick::NoNonce,
        Trick::Over,
        Trick::FromTomorrow,
    ] {
        sso.provider.trick(trick);
        assert_eq!(sso.comes(blobby()).await.err().unwrap(), SsoRefusal::NotGenuine, "{trick:?}");
    }
    assert_eq!(sso.active().await, 1, "the admin alone");
    let rows =
        "audit_events where action = 'sso.sign_in_refused' and details->>'reason' = 'answer not genuine'";
    assert_eq!(sso.app.count(rows).await, 1, "the same is written down once in a while");
    sso.provider.trick(Trick::Honest);
    sso.comes(blobby()).await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_secret_that_the_provider_does_not_take_is_told_to_admins(pool: PgPool) {
    let sso = Sso::with(pool, |form| form.client_secret = "mistyped".to_owned()).await;
    assert_eq!(sso.comes(blobby()).await.err().unwrap(), SsoRefusal::Misconfigured);
    let rows = "audit_events where action = 'sso.sign_in_refused' and details->>'reason' = 'client ID or secret not taken'";
    assert_eq!(sso.app.count(rows).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn user_info_about_somebody_else_is_not_taken(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.provider.trick(Trick::OtherPersonInUserInfo);
    let who = Who { only_in_user_info: true, ..blobby() };
    assert_eq!(sso.comes(who).await.err().unwrap(), SsoRefusal::NotGenuine);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn no_answer_is_read_for_ever_and_no_secret_follows_a_redirect(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.provider.trick(Trick::Endless);
    assert_eq!(sso.comes(blobby()).await.err().unwrap(), SsoRefusal::ProviderAway);
    sso.provider.trick(Trick::SendsElsewhere);
    sso.comes(blobby()).await.err().unwrap();
    assert!(!sso.provider.asked().contains(&"/elsewhere".to_owned()));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn new_keys_of_the_provider_are_picked_up(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.comes(blobby()).await.unwrap();
    sso.provider.rotate();
    sso.app.context.clock.advance(TimeDelta::seconds(11));
    sso.comes(blobby()).await.unwrap();
    sso.comes(blobby()).await.unwrap();
    let asked = sso.provider.asked();
    let keys = asked.iter().filter(|path| *path == "/keys").count();
    assert_eq!(keys, 2, "once at first, and once when a signature fitted no key");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_attackers_code_gets_nothing_in_the_victims_browser(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let attacker = sso.begin(None).await;
    let (code, state) = sso.provider.sign_in(&attacker.url, Who::new("evil", "evil@blobsrus.com"));
    // The victim has begun nothing, or something else.
    for victim in [Token::random(), sso.begin(None).await.browser] {
        assert!(matches!(sso.finish(&victim, says(&code, &state)).await, Finished::Refused));
        assert_eq!(sso.refusal(&victim).await, SsoRefusal::Over);
    }
    let nobody = sso.app.anonymous();
    let context = nobody.organization(crate::test_app::SLUG).await.unwrap();
    let finished = domain::sso::finish(&context, None, says(&code, &state)).await.unwrap();
    assert!(matches!(finished, Finished::Refused));
    assert_eq!(sso.active().await, 1);
    // It is still good where it was begun: nobody can spoil another's try.
    assert!(matches!(sso.finish(&attacker.browser, says(&code, &state)).await, Finished::SignedIn { .. }));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_code_of_one_try_is_not_taken_for_another(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let (one, two) = (sso.begin(None).await, sso.begin(None).await);
    let (code, _) = sso.provider.sign_in(&one.url, blobby());
    let (_, state) = sso.provider.sign_in(&two.url, blobby());
    assert!(matches!(sso.finish(&two.browser, says(&code, &state)).await, Finished::Refused));
    assert_eq!(sso.refusal(&two.browser).await, SsoRefusal::ProviderRefused, "the verifier is another");
    assert_eq!(sso.active().await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_try_works_once_also_by_two_at_once(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let begun = sso.begin(None).await;
    let (code, state) = sso.provider.sign_in(&begun.url, blobby());
    let finish = || sso.finish(&begun.browser, says(&code, &state));
    let (one, two) = tokio::join!(finish(), finish());
    let in_at = [one, two].into_iter().filter(|came| matches!(came, Finished::SignedIn { .. })).count();
    assert_eq!(in_at, 1);
    assert!(matches!(finish().await, Finished::Refused));
    assert_eq!(sso.refusal(&begun.browser).await, SsoRefusal::Over);
    assert_eq!(sso.provider.asked().iter().filter(|path| *path == "/token").count(), 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_try_ends_after_ten_minutes(pool: PgPool) {
    let sso = Sso::new(pool).await;
    for (minutes, seconds, good) in [(9, 59, true), (10, 0, false)] {
        let begun = sso.begin(None).await;
        let (code, state) = sso.provider.sign_in(&begun.url, blobby());
        sso.app.context.clock.advance(TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds));
        let finished = sso.finish(&begun.browser, says(&code, &state)).await;
        assert_eq!(matches!(finished, Finished::SignedIn { .. }), good, "{minutes}:{seconds}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn tries_that_nobody_finishes_are_forgotten(pool: PgPool) {
    let sso = Sso::new(pool).await;
    for _ in 0..5 {
        sso.begin(None).await;
    }
    sso.app.context.clock.advance(TimeDelta::minutes(21));
    sso.begin(None).await;
    assert_eq!(sso.app.count("sso_login_flows").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn two_tabs_of_one_browser_do_not_disturb_each_other(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let one = sso.begin(None).await;
    let nobody = sso.app.anonymous();
    let context = nobody.organization(crate::test_app::SLUG).await.unwrap();
    let again = Some(one.browser.clone());
    let two = domain::sso::begin(&context, sso.connection, "", None, again).await.unwrap();
    for url in [&two.url.unwrap(), &one.url] {
        let (code, state) = sso.provider.sign_in(url, blobby());
        assert!(matches!(sso.finish(&one.browser, says(&code, &state)).await, Finished::SignedIn { .. }));
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_sign_in_that_is_too_long_ago_is_not_taken(pool: PgPool) {
    let sso = Sso::with(pool, |form| form.max_age_minutes = "60".to_owned()).await;
    let begun = sso.begin(None).await;
    assert!(begun.url.contains("max_age=3600"), "{}", begun.url);
    for (minutes, good) in [(None, false), (Some(62), false), (Some(60), true), (Some(1), true)] {
        let who = Who { signed_in_minutes_ago: minutes, ..blobby() };
        assert_eq!(sso.comes(who).await.is_ok(), good, "{minutes:?}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_answer_of_another_provider_is_not_taken_for_this_one(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.provider.says_who_answers();
    for (issuer, good) in
        [(None, false), (Some("https://evil.example".to_owned()), false), (Some(sso.provider.issuer()), true)]
    {
        let begun = sso.begin(None).await;
        let (code, state) = sso.provider.sign_in(&begun.url, blobby());
        let says = ProviderSays { issuer: issuer.clone(), ..says(&code, &state) };
        let finished = sso.finish(&begun.browser, says).await;
        assert_eq!(matches!(finished, Finished::SignedIn { .. }), good, "{issuer:?}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_no_of_the_provider_is_told_and_used_up(pool: PgPool) {
    let sso = Sso::new(pool).await;
    for (error, refusal) in
        [("access_denied", SsoRefusal::Cancelled), ("server_error", SsoRefusal::ProviderRefused)]
    {
        let begun = sso.begin(None).await;
        let (code, state) = sso.provider.sign_in(&begun.url, blobby());
        let no =
            ProviderSays { state: state.clone(), error: Some(error.to_owned()), ..ProviderSays::default() };
        assert!(matches!(sso.finish(&begun.browser, no).await, Finished::Refused));
        assert_eq!(sso.refusal(&begun.browser).await, refusal);
        assert!(matches!(sso.finish(&begun.browser, says(&code, &state)).await, Finished::Refused));
    }
    assert_eq!(sso.app.count("audit_events where action = 'sso.sign_in_refused'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nothing_of_a_try_or_a_connection_can_be_read_in_the_database(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let begun = sso.begin(None).await;
    let query: Vec<(String, String)> =
        url::Url::parse(&begun.url).unwrap().query_pairs().into_owned().collect();
    let mut secrets = vec![crate::provider::SECRET.to_owned(), begun.browser.expose().to_owned()];
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
