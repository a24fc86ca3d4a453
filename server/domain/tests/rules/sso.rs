//! Signing in by a provider: who comes in, as whom, and who does not.

use crate::provider::{CLIENT, Provider, SECRET, Who};
use crate::test_app::{ADMIN, SLUG, TestApp, refusal, request_context};
use chrono::TimeDelta;
use domain::sso::{self, Finished, ProviderSays};
use domain::{Token, groups, invitations, requests, users};
use model::join::JoinPage;
use model::requests::RequestsQuery;
use model::sso::{ConnectionForm, SsoRefusal};
use model::{ConnectionId, OrganizationRole, Problem, UserStatus};
use sqlx::PgPool;
use std::collections::HashMap;

pub const BLOBBY: &str = "blobby@blobsrus.com";

/// An organization, a provider, and the connection between the two.
pub struct Sso {
    pub app: TestApp,
    pub provider: Provider,
    pub connection: ConnectionId,
}

/// A browser at the provider's door.
pub struct Begun {
    pub browser: Token,
    pub url: String,
}

pub fn form(issuer: String) -> ConnectionForm {
    ConnectionForm {
        name: "Acme".to_owned(),
        issuer,
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned(),
        just_in_time: true,
        default_role: "member".to_owned(),
        ..ConnectionForm::default()
    }
}

impl Sso {
    pub async fn new(pool: PgPool) -> Self {
        Self::with(pool, |_| ()).await
    }

    pub async fn with(pool: PgPool, change: impl FnOnce(&mut ConnectionForm)) -> Self {
        let app = TestApp::with_base_url(pool, "http://localhost:3000").await;
        let provider = Provider::start(app.context.clock.clone()).await;
        let mut form = form(provider.issuer());
        change(&mut form);
        let connection = sso::save(&app.admin.admin(SLUG).await.unwrap(), None, &form).await.unwrap();
        Self { app, provider, connection }
    }

    pub async fn change(&self, change: impl FnOnce(&mut ConnectionForm)) {
        let mut form = form(self.provider.issuer());
        change(&mut form);
        let admin = self.app.admin.admin(SLUG).await.unwrap();
        sso::save(&admin, Some(self.connection), &form).await.unwrap();
    }

    pub async fn begin(&self, invitation: Option<&Token>) -> Begun {
        let nobody = self.app.anonymous();
        let context = nobody.organization(SLUG).await.unwrap();
        let begun = sso::begin(&context, self.connection, "", invitation, None).await.unwrap();
        Begun { browser: begun.browser, url: begun.url.unwrap() }
    }

    pub async fn finish(&self, browser: &Token, says: ProviderSays) -> Finished {
        let nobody = self.app.anonymous();
        sso::finish(&nobody.organization(SLUG).await.unwrap(), Some(browser), says).await.unwrap()
    }

    /// Somebody goes to the provider, signs in there and comes back; nothing, when they are not let in.
    pub async fn comes_by(&self, who: Who, invitation: Option<&Token>) -> Result<Token, SsoRefusal> {
        let begun = self.begin(invitation).await;
        let (code, state) = self.provider.sign_in(&begun.url, who);
        let says = ProviderSays { state, code: Some(code), ..ProviderSays::default() };
        match self.finish(&begun.browser, says).await {
            Finished::SignedIn { session, .. } => Ok(session.token),
            Finished::Refused => Err(self.refusal(&begun.browser).await),
        }
    }

    pub async fn comes(&self, who: Who) -> Result<Token, SsoRefusal> {
        self.comes_by(who, None).await
    }

    pub async fn refusal(&self, browser: &Token) -> SsoRefusal {
        let nobody = self.app.anonymous();
        sso::refused_page(&nobody.organization(SLUG).await.unwrap(), Some(browser)).await.unwrap().refusal
    }

    /// The address of whoever holds this session.
    pub async fn email(&self, session: Token) -> String {
        let request_context = request_context(&self.app.context, HashMap::from([(SLUG.to_owned(), session)]));
        request_context.member(SLUG).await.unwrap().user.email
    }

    pub async fn active(&self) -> i64 {
        self.app.count("users where status = 'active'").await
    }
}

fn blobby() -> Who {
    Who::new("subject-1", BLOBBY)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_stranger_joins_with_the_default_role_and_groups(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let group = groups::save(&admin, None, "Everybody", "", &[]).await.unwrap();
    sso.change(|form| {
        form.default_role = "admin".to_owned();
        form.groups = vec![group];
    })
    .await;
    let session = sso.comes(blobby()).await.unwrap();
    let request_context = request_context(&sso.app.context, HashMap::from([(SLUG.to_owned(), session)]));
    let joined = request_context.admin(SLUG).await.unwrap();
    assert_eq!((joined.user.email.as_str(), joined.user.name.as_str()), (BLOBBY, "Blobby Blob"));
    let profile = users::profile(&admin, joined.user.id).await.unwrap();
    assert_eq!(profile.joined.map(|joined| joined.by.label()), Some("via SSO"));
    assert_eq!(profile.granted.groups.len(), 1);
    let rows = "audit_events where action = 'user.joined' and details = '{\"by\": \"sso\"}'";
    assert_eq!(sso.app.count(rows).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_stranger_is_refused_where_only_the_invited_join(pool: PgPool) {
    let sso = Sso::with(pool, |form| form.just_in_time = false).await;
    let refused = sso.comes(blobby()).await.err().unwrap();
    assert_eq!(refused, SsoRefusal::Stranger { email: BLOBBY.to_owned() });
    assert_eq!(sso.app.count("users").await, 1, "the admin alone");
    assert_eq!(sso.app.count("sso_identities").await, 0);
    // Whoever attempts again and again fills no log.
    sso.comes(blobby()).await.err().unwrap();
    let rows = "audit_events where action = 'sso.sign_in_refused' and target_email = 'blobby@blobsrus.com'
        and details->>'reason' = 'not invited'";
    assert_eq!(sso.app.count(rows).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_invited_person_gets_what_was_offered_and_nobody_becomes_two(pool: PgPool) {
    for just_in_time in ["true", "false"] {
        let sso = Sso::with(pool.clone(), |form| form.just_in_time = just_in_time == "true").await;
        sso.app.invite_as("Blobby@blobsrus.com", OrganizationRole::Admin).await;
        let token = sso.app.token("Blobby@blobsrus.com").await;
        let session = sso.comes(blobby()).await.unwrap();
        let request_context = request_context(&sso.app.context, HashMap::from([(SLUG.to_owned(), session)]));
        assert!(request_context.admin(SLUG).await.is_ok());
        let nobody = sso.app.anonymous();
        let page = invitations::join_page(&nobody.organization(SLUG).await.unwrap(), &token).await.unwrap();
        assert_eq!(page, JoinPage::AlreadyJoined);
        assert_eq!(sso.app.count("users").await, 2);
        sso.app.run("delete from organizations").await;
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_expired_invitation_counts_only_where_everybody_joins(pool: PgPool) {
    let sso = Sso::with(pool, |form| form.just_in_time = false).await;
    sso.app.invite_as(BLOBBY, OrganizationRole::Admin).await;
    sso.app.wait_days(8);
    assert!(matches!(sso.comes(blobby()).await, Err(SsoRefusal::Stranger { .. })));
    sso.change(|_| ()).await;
    sso.comes(blobby()).await.unwrap();
    assert_eq!(sso.app.count("users where role = 'admin' and joined_by = 'sso'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_request_is_stale_once_its_asker_came_by_sso_and_can_be_dismissed(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.app.invite(BLOBBY).await;
    sso.app.wait_days(8);
    let nobody = sso.app.anonymous();
    let token = sso.app.token(BLOBBY).await;
    requests::request_renewal(&nobody.organization(SLUG).await.unwrap(), &token).await.unwrap();
    sso.comes(blobby()).await.unwrap();
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let page = requests::list(&admin, &RequestsQuery::default()).await.unwrap();
    assert_eq!(page.rows[0].member.as_ref().map(|member| member.by.label()), Some("via SSO"));
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_suspended_person_is_refused_known_or_not(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.app.make_active(BLOBBY).await;
    sso.app.suspend(BLOBBY).await;
    let suspended = SsoRefusal::Suspended { email: BLOBBY.to_owned() };
    assert_eq!(sso.comes(blobby()).await.err().unwrap(), suspended);
    sso.app.act(model::actions::UserAction::Reactivate, BLOBBY).await;
    sso.comes(blobby()).await.unwrap();
    sso.app.suspend(BLOBBY).await;
    assert_eq!(sso.comes(blobby()).await.err().unwrap(), suspended);
    assert_eq!(sso.app.count("sessions").await, 1, "the admin's alone");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn only_a_verified_address_counts(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.app.invite(BLOBBY).await;
    let unverified = Who { verified: false, ..blobby() };
    assert_eq!(sso.comes(unverified.clone()).await.err().unwrap(), SsoRefusal::Unverified);
    let elsewhere = Who { only_in_user_info: true, ..unverified };
    assert_eq!(sso.comes(elsewhere).await.err().unwrap(), SsoRefusal::Unverified);
    assert_eq!(sso.active().await, 1);
    // Nobody has checked the address, so the log does not have it.
    assert_eq!(
        sso.app.count("audit_events where action = 'sso.sign_in_refused' and target_email is null").await,
        1
    );
    let told = Who { only_in_user_info: true, ..blobby() };
    let session = sso.comes(told).await.unwrap();
    assert_eq!(sso.email(session).await, BLOBBY);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn somebody_whose_address_changes_stays_the_same_user(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.comes(blobby()).await.unwrap();
    for changed in [Who::new("subject-1", "bloss@blobsrus.com"), Who { verified: false, ..blobby() }] {
        let session = sso.comes(changed).await.unwrap();
        assert_eq!(sso.email(session).await, BLOBBY);
    }
    assert_eq!(sso.app.count("users").await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_stranger_who_gets_an_old_address_does_not_become_its_user(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.comes(blobby()).await.unwrap();
    let stranger = sso.comes(Who::new("subject-2", BLOBBY)).await.err().unwrap();
    assert_eq!(stranger, SsoRefusal::OtherPerson { email: BLOBBY.to_owned() });
    assert_eq!(sso.app.count("sso_identities").await, 1);
    // Once the member is gone, the address starts anew.
    sso.app.revoke(BLOBBY).await;
    sso.comes(Who::new("subject-2", BLOBBY)).await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn two_first_sign_ins_at_once_are_one_user(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let (one, two) = tokio::join!(sso.comes(blobby()), sso.comes(blobby()));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(sso.app.count("users").await, 2);
    assert_eq!(sso.app.count("sso_identities").await, 1);
    let (three, four) = tokio::join!(
        sso.comes(Who::new("a", "bloss@blobsrus.com")),
        sso.comes(Who::new("b", "bloss@blobsrus.com"))
    );
    assert!(three.is_ok() != four.is_ok(), "one address is one person");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_invitation_survives_the_round_trip(pool: PgPool) {
    let sso = Sso::with(pool, |form| form.just_in_time = false).await;
    sso.app.invite("blobby@blobsrus.com, bloss@blobsrus.com").await;
    let token = sso.app.token("bloss@blobsrus.com").await;
    let mismatch = sso.comes_by(blobby(), Some(&token)).await.err().unwrap();
    let both = SsoRefusal::Mismatch { invited: "bloss@blobsrus.com".to_owned(), came: BLOBBY.to_owned() };
    assert_eq!(mismatch, both);
    assert_eq!(sso.active().await, 1, "nobody has joined");
    let session = sso.comes_by(Who::new("subject-2", "Bloss@blobsrus.com"), Some(&token)).await.unwrap();
    assert_eq!(sso.email(session).await, "bloss@blobsrus.com");
    // Somebody who is a member already opens the link of another.
    sso.comes(blobby()).await.unwrap();
    sso.app.invite("third@blobsrus.com").await;
    let token = sso.app.token("third@blobsrus.com").await;
    assert!(matches!(sso.comes_by(blobby(), Some(&token)).await, Err(SsoRefusal::Mismatch { .. })));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn only_the_allowed_domains_come_in(pool: PgPool) {
    let sso = Sso::with(pool, |form| form.allowed_domains = "BlobsRus.com".to_owned()).await;
    let refused = sso.comes(Who::new("x", "eve@sub.blobsrus.com")).await.err().unwrap();
    assert_eq!(refused, SsoRefusal::DomainNotAllowed { email: "eve@sub.blobsrus.com".to_owned() });
    sso.comes(blobby()).await.unwrap();
    // Whose address has moved away is out as well, and so is who shows none.
    let moved = sso.comes(Who::new("subject-1", "blobby@elsewhere.example")).await;
    assert!(matches!(moved, Err(SsoRefusal::DomainNotAllowed { .. })));
    assert_eq!(sso.comes(Who { verified: false, ..blobby() }).await.err().unwrap(), SsoRefusal::Unverified);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_first_admin_is_found_by_the_address(pool: PgPool) {
    let sso = Sso::new(pool).await;
    let session = sso.comes(Who::new("ada", ADMIN)).await.unwrap();
    assert_eq!(sso.email(session).await, ADMIN);
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let list = users::list(&admin, &model::users::UsersQuery::default()).await.unwrap();
    assert!(list.rows.iter().all(|row| row.status == UserStatus::Active));
    assert_eq!(
        sso.app.count("audit_events where details->>'by' = 'sso' and action = 'user.signed_in'").await,
        1
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_provider_that_is_away_is_told_of_and_comes_back(pool: PgPool) {
    let sso = Sso::new(pool).await;
    sso.provider.down(true);
    let nobody = sso.app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let begun = sso::begin(&context, sso.connection, "", None, None).await.unwrap();
    assert_eq!(begun.url, None);
    assert_eq!(sso.refusal(&begun.browser).await, SsoRefusal::ProviderAway);
    sso.provider.down(false);
    let begun = sso.begin(None).await;
    let (code, state) = sso.provider.sign_in(&begun.url, blobby());
    sso.provider.down(true);
    let says = ProviderSays { state, code: Some(code), ..ProviderSays::default() };
    assert!(matches!(sso.finish(&begun.browser, says).await, Finished::Refused));
    assert_eq!(sso.refusal(&begun.browser).await, SsoRefusal::ProviderAway);
    sso.provider.down(false);
    sso.comes(blobby()).await.unwrap();
    assert_eq!(sso.app.count("audit_events where action = 'sso.sign_in_refused'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_connection_of_another_organization_is_not_there(pool: PgPool) {
    let sso = Sso::new(pool).await;
    crate::test_app::create_organization(&sso.app.context, "other", "eve@other.example").await;
    let nobody = sso.app.anonymous();
    let other = nobody.organization("other").await.unwrap();
    assert_eq!(refusal(sso::begin(&other, sso.connection, "", None, None).await), Problem::NotFound);
    let begun = sso.begin(None).await;
    let (code, state) = sso.provider.sign_in(&begun.url, blobby());
    let says = ProviderSays { state, code: Some(code), ..ProviderSays::default() };
    let finished = sso::finish(&other, Some(&begun.browser), says).await.unwrap();
    assert!(matches!(finished, Finished::Refused));
    assert_eq!(sso.active().await, 2, "the two admins alone");
    let later = sso.app.context.clock.now() + TimeDelta::minutes(1);
    assert!(later > sso.app.context.clock.now());
}
