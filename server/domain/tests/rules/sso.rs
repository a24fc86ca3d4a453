//! Signing in with SSO: account linking, just-in-time joining, and refusals.

use domain::sso::{self, CallbackOutcome, CallbackParams};
use domain::{Token, groups, invitations, requests, users};
use model::join::JoinPage;
use model::requests::RequestsQuery;
use model::sso::{ConnectionForm, SsoRefusal};
use model::{ConnectionId, OrganizationRole, Problem, UserStatus};
use sqlx::PgPool;
use std::collections::HashMap;
use test_support::provider::{Account, CLIENT_ID, CLIENT_SECRET, TestProvider};
use test_support::{ADMIN, SLUG, TestApp, refusal, request_context};

pub const BLOBBY: &str = "blobby@blobsrus.com";

/// An app with an organization, a provider, and a connection to it.
pub struct SsoApp {
    pub app: TestApp,
    pub provider: TestProvider,
    pub connection: ConnectionId,
}

/// A login flow whose browser is at the provider.
pub struct StartedFlow {
    pub browser_token: Token,
    pub url: String,
}

pub fn form(issuer: String) -> ConnectionForm {
    ConnectionForm {
        name: "Acme".to_owned(),
        issuer,
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        just_in_time: true,
        default_role: "member".to_owned(),
        ..ConnectionForm::default()
    }
}

impl SsoApp {
    pub async fn new(pool: PgPool) -> Self {
        Self::with(pool, |_| ()).await
    }

    pub async fn with(pool: PgPool, change: impl FnOnce(&mut ConnectionForm)) -> Self {
        let app = TestApp::with_base_url(pool, "http://localhost:3000").await;
        let provider = TestProvider::start(app.context.clock.clone()).await;
        let mut form = form(provider.issuer());
        change(&mut form);
        let connection =
            sso::save_connection(&app.admin.admin(SLUG).await.unwrap(), None, &form).await.unwrap();
        Self { app, provider, connection }
    }

    pub async fn update_connection(&self, change: impl FnOnce(&mut ConnectionForm)) {
        let mut form = form(self.provider.issuer());
        change(&mut form);
        let admin = self.app.admin.admin(SLUG).await.unwrap();
        sso::save_connection(&admin, Some(self.connection), &form).await.unwrap();
    }

    pub async fn start_flow(&self, invitation: Option<&Token>) -> StartedFlow {
        let nobody = self.app.anonymous();
        let context = nobody.organization(SLUG).await.unwrap();
        let redirect = sso::start(&context, self.connection, "", invitation, None).await.unwrap();
        StartedFlow { browser_token: redirect.browser_token, url: redirect.url.unwrap() }
    }

    pub async fn callback(&self, browser_token: &Token, params: CallbackParams) -> CallbackOutcome {
        let nobody = self.app.anonymous();
        sso::handle_callback(&nobody.organization(SLUG).await.unwrap(), Some(browser_token), params)
            .await
            .unwrap()
    }

    /// Runs a whole login flow, started from the page of an invitation if there is one. Returns the session's token.
    pub async fn sign_in_from_invitation(
        &self,
        account: Account,
        invitation: Option<&Token>,
    ) -> Result<Token, SsoRefusal> {
        let flow = self.start_flow(invitation).await;
        let (code, state) = self.provider.authorize(&flow.url, account);
        let params = CallbackParams { state, code: Some(code), ..CallbackParams::default() };
        match self.callback(&flow.browser_token, params).await {
            CallbackOutcome::SignedIn { session, .. } => Ok(session.token),
            CallbackOutcome::Refused => Err(self.refusal(&flow.browser_token).await),
        }
    }

    pub async fn sign_in(&self, account: Account) -> Result<Token, SsoRefusal> {
        self.sign_in_from_invitation(account, None).await
    }

    pub async fn refusal(&self, browser_token: &Token) -> SsoRefusal {
        let nobody = self.app.anonymous();
        sso::last_refusal(&nobody.organization(SLUG).await.unwrap(), Some(browser_token))
            .await
            .unwrap()
            .refusal
    }

    /// The address of the user signed in with this session.
    pub async fn email_of(&self, session: Token) -> String {
        let request_context = request_context(&self.app.context, HashMap::from([(SLUG.to_owned(), session)]));
        request_context.member(SLUG).await.unwrap().user().email.clone()
    }

    pub async fn count_active_users(&self) -> usize {
        self.app.count_users("active").await
    }
}

fn blobby() -> Account {
    Account::new("subject-1", BLOBBY)
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn jit_user_gets_default_role_and_groups(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let group = groups::save(&admin, None, "Everybody", "", &[]).await.unwrap();
    sso.update_connection(|form| {
        form.default_role = "admin".to_owned();
        form.groups = vec![group];
    })
    .await;
    let session = sso.sign_in(blobby()).await.unwrap();
    let request_context = request_context(&sso.app.context, HashMap::from([(SLUG.to_owned(), session)]));
    let joined = request_context.admin(SLUG).await.unwrap();
    assert_eq!((joined.user().email.as_str(), joined.user().name.as_str()), (BLOBBY, "Blobby Blob"));
    let profile = users::profile(&admin, joined.user().id).await.unwrap();
    assert_eq!(profile.joined.map(|joined| joined.by.label()), Some("via SSO"));
    assert_eq!(profile.granted.groups.len(), 1);
    let rows = "audit_events where action = 'user.joined' and details = '{\"by\": \"sso\"}'";
    assert_eq!(sso.app.count(rows).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn uninvited_user_is_refused_without_jit(pool: PgPool) {
    let sso = SsoApp::with(pool, |form| form.just_in_time = false).await;
    let refusal = sso.sign_in(blobby()).await.err().unwrap();
    assert_eq!(refusal, SsoRefusal::NotInvited { email: BLOBBY.to_owned() });
    assert_eq!(sso.app.count("users").await, 1, "only the admin");
    assert_eq!(sso.app.count("sso_identities").await, 0);
    // A repeated attempt is not audited again.
    sso.sign_in(blobby()).await.err().unwrap();
    let rows = "audit_events where action = 'sso.sign_in_refused' and target_email = 'blobby@blobsrus.com'
        and details->>'reason' = 'not invited'";
    assert_eq!(sso.app.count(rows).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sso_sign_in_accepts_the_open_invitation(pool: PgPool) {
    for just_in_time in ["true", "false"] {
        let sso = SsoApp::with(pool.clone(), |form| form.just_in_time = just_in_time == "true").await;
        sso.app.invite_as("Blobby@blobsrus.com", OrganizationRole::Admin).await;
        let token = sso.app.token("Blobby@blobsrus.com").await;
        let session = sso.sign_in(blobby()).await.unwrap();
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
async fn expired_invitation_counts_only_with_jit(pool: PgPool) {
    let sso = SsoApp::with(pool, |form| form.just_in_time = false).await;
    sso.app.invite_as(BLOBBY, OrganizationRole::Admin).await;
    sso.app.wait_days(8);
    assert!(matches!(sso.sign_in(blobby()).await, Err(SsoRefusal::NotInvited { .. })));
    sso.update_connection(|_| ()).await;
    sso.sign_in(blobby()).await.unwrap();
    assert_eq!(sso.app.count("users where role = 'admin' and joined_by = 'sso'").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn request_is_stale_after_joining_by_sso(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.app.invite(BLOBBY).await;
    sso.app.wait_days(8);
    let nobody = sso.app.anonymous();
    let token = sso.app.token(BLOBBY).await;
    requests::request_renewal(&nobody.organization(SLUG).await.unwrap(), &token).await.unwrap();
    sso.sign_in(blobby()).await.unwrap();
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let page = requests::list(&admin, &RequestsQuery::default()).await.unwrap();
    assert_eq!(page.rows[0].member.as_ref().map(|member| member.by.label()), Some("via SSO"));
    assert_eq!(requests::dismiss_stale(&admin).await.unwrap(), 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn suspended_user_is_refused_linked_or_not(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.app.make_active(BLOBBY).await;
    sso.app.suspend(BLOBBY).await;
    let suspended = SsoRefusal::Suspended { email: BLOBBY.to_owned() };
    assert_eq!(sso.sign_in(blobby()).await.err().unwrap(), suspended);
    sso.app.act(model::actions::UserAction::Reactivate, BLOBBY).await;
    sso.sign_in(blobby()).await.unwrap();
    sso.app.suspend(BLOBBY).await;
    assert_eq!(sso.sign_in(blobby()).await.err().unwrap(), suspended);
    assert_eq!(sso.app.count("sessions").await, 1, "only the admin's");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unverified_email_is_refused(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.app.invite(BLOBBY).await;
    let unverified = Account { email_verified: false, ..blobby() };
    assert_eq!(sso.sign_in(unverified.clone()).await.err().unwrap(), SsoRefusal::EmailNotVerified);
    let in_user_info = Account { only_in_user_info: true, ..unverified };
    assert_eq!(sso.sign_in(in_user_info).await.err().unwrap(), SsoRefusal::EmailNotVerified);
    assert_eq!(sso.count_active_users().await, 1);
    // Unverified addresses are not audited.
    assert_eq!(
        sso.app.count("audit_events where action = 'sso.sign_in_refused' and target_email is null").await,
        1
    );
    let in_user_info = Account { only_in_user_info: true, ..blobby() };
    let session = sso.sign_in(in_user_info).await.unwrap();
    assert_eq!(sso.email_of(session).await, BLOBBY);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn linked_user_with_changed_email_is_same_user(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.sign_in(blobby()).await.unwrap();
    for changed in
        [Account::new("subject-1", "bloss@blobsrus.com"), Account { email_verified: false, ..blobby() }]
    {
        let session = sso.sign_in(changed).await.unwrap();
        assert_eq!(sso.email_of(session).await, BLOBBY);
    }
    assert_eq!(sso.app.count("users").await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn reassigned_email_does_not_link_another_identity(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.sign_in(blobby()).await.unwrap();
    let stranger = sso.sign_in(Account::new("subject-2", BLOBBY)).await.err().unwrap();
    assert_eq!(stranger, SsoRefusal::LinkedToAnotherIdentity { email: BLOBBY.to_owned() });
    assert_eq!(sso.app.count("sso_identities").await, 1);
    // After revoking the member, the address can be linked to another identity.
    sso.app.revoke(BLOBBY).await;
    sso.sign_in(Account::new("subject-2", BLOBBY)).await.unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_first_sign_ins_create_one_user(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let (first, second) = tokio::join!(sso.sign_in(blobby()), sso.sign_in(blobby()));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(sso.app.count("users").await, 2);
    assert_eq!(sso.app.count("sso_identities").await, 1);
    let (first, second) = tokio::join!(
        sso.sign_in(Account::new("a", "bloss@blobsrus.com")),
        sso.sign_in(Account::new("b", "bloss@blobsrus.com"))
    );
    assert!(first.is_ok() != second.is_ok(), "an address is linked to one identity");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn flow_from_invitation_requires_the_invited_email(pool: PgPool) {
    let sso = SsoApp::with(pool, |form| form.just_in_time = false).await;
    sso.app.invite("blobby@blobsrus.com, bloss@blobsrus.com").await;
    let token = sso.app.token("bloss@blobsrus.com").await;
    let mismatch = sso.sign_in_from_invitation(blobby(), Some(&token)).await.err().unwrap();
    let expected = SsoRefusal::InvitationMismatch {
        invited: "bloss@blobsrus.com".to_owned(),
        signed_in_as: BLOBBY.to_owned(),
    };
    assert_eq!(mismatch, expected);
    assert_eq!(sso.count_active_users().await, 1, "nobody has joined");
    let session = sso
        .sign_in_from_invitation(Account::new("subject-2", "Bloss@blobsrus.com"), Some(&token))
        .await
        .unwrap();
    assert_eq!(sso.email_of(session).await, "bloss@blobsrus.com");
    // A member opens somebody else's invitation.
    sso.sign_in(blobby()).await.unwrap();
    sso.app.invite("third@blobsrus.com").await;
    let token = sso.app.token("third@blobsrus.com").await;
    assert!(matches!(
        sso.sign_in_from_invitation(blobby(), Some(&token)).await,
        Err(SsoRefusal::InvitationMismatch { .. })
    ));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn email_outside_allowed_domains_is_refused(pool: PgPool) {
    let sso = SsoApp::with(pool, |form| form.allowed_domains = "BlobsRus.com".to_owned()).await;
    let refusal = sso.sign_in(Account::new("x", "eve@sub.blobsrus.com")).await.err().unwrap();
    assert_eq!(refusal, SsoRefusal::DomainNotAllowed { email: "eve@sub.blobsrus.com".to_owned() });
    sso.sign_in(blobby()).await.unwrap();
    // Also for linked identities: a changed domain or a missing address is refused.
    let moved = sso.sign_in(Account::new("subject-1", "blobby@elsewhere.example")).await;
    assert!(matches!(moved, Err(SsoRefusal::DomainNotAllowed { .. })));
    assert_eq!(
        sso.sign_in(Account { email_verified: false, ..blobby() }).await.err().unwrap(),
        SsoRefusal::EmailNotVerified
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn first_sso_sign_in_links_existing_admin_by_email(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    let session = sso.sign_in(Account::new("ada", ADMIN)).await.unwrap();
    assert_eq!(sso.email_of(session).await, ADMIN);
    let admin = sso.app.admin.admin(SLUG).await.unwrap();
    let list = users::list(&admin, &model::users::UsersQuery::default()).await.unwrap();
    assert!(list.rows.iter().all(|row| row.status == UserStatus::Active));
    assert_eq!(
        sso.app.count("audit_events where details->>'by' = 'sso' and action = 'user.signed_in'").await,
        1
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unreachable_provider_is_reported_and_recovers(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    sso.provider.set_down(true);
    let nobody = sso.app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let flow = sso::start(&context, sso.connection, "", None, None).await.unwrap();
    assert_eq!(flow.url, None);
    assert_eq!(sso.refusal(&flow.browser_token).await, SsoRefusal::ProviderUnreachable);
    sso.provider.set_down(false);
    let flow = sso.start_flow(None).await;
    let (code, state) = sso.provider.authorize(&flow.url, blobby());
    sso.provider.set_down(true);
    let params = CallbackParams { state, code: Some(code), ..CallbackParams::default() };
    assert!(matches!(sso.callback(&flow.browser_token, params).await, CallbackOutcome::Refused));
    assert_eq!(sso.refusal(&flow.browser_token).await, SsoRefusal::ProviderUnreachable);
    sso.provider.set_down(false);
    sso.sign_in(blobby()).await.unwrap();
    assert_eq!(sso.app.count("audit_events where action = 'sso.sign_in_refused'").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn connection_of_another_organization_is_not_found(pool: PgPool) {
    let sso = SsoApp::new(pool).await;
    test_support::create_organization(&sso.app.context, "other", "eve@other.example").await;
    let nobody = sso.app.anonymous();
    let other = nobody.organization("other").await.unwrap();
    assert_eq!(refusal(sso::start(&other, sso.connection, "", None, None).await), Problem::NotFound);
    let flow = sso.start_flow(None).await;
    let (code, state) = sso.provider.authorize(&flow.url, blobby());
    let params = CallbackParams { state, code: Some(code), ..CallbackParams::default() };
    let outcome = sso::handle_callback(&other, Some(&flow.browser_token), params).await.unwrap();
    assert!(matches!(outcome, CallbackOutcome::Refused));
    assert_eq!(sso.count_active_users().await, 2, "only the two admins");
}
