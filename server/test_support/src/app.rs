//! An application with one organization, and typed helpers for the tests.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    AppContext, Clock, Keyring, RequestContext, Source, Token, api_keys, invitations, mail, organizations,
    sign_in, users,
};
use model::actions::{ActionResult, UserAction};
use model::api_keys::{Lifetime, Scope};
use model::invitations::{AddressClass, InviteResult};
use model::{OrganizationId, OrganizationRole, Problem, UserId};
use sqlx::PgPool;
use std::collections::HashMap;
use tokio::sync::OnceCell;
use uuid::Uuid;

mod membership;

pub const SLUG: &str = "blobsrus";
pub const ADMIN: &str = "ada@blobsrus.com";

/// An application with one organization and a signed-in admin.
pub struct TestApp {
    pub context: AppContext,
    pub admin: RequestContext,
    pub organization: OrganizationId,
    session: Token,
    key: OnceCell<Token>,
}

impl TestApp {
    /// Creates an organization with a signed-in admin.
    pub async fn new(pool: PgPool) -> Self {
        Self::with_base_url(pool, "https://vestibule.example").await
    }

    /// The same with a different public URL.
    pub async fn with_base_url(pool: PgPool, base_url: &str) -> Self {
        let context =
            AppContext::new(pool, Keyring::parse("a key for tests that is long enough").unwrap(), base_url)
                .with_clock(Clock::fixed(DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()));
        let session = create_organization_session(&context, SLUG, ADMIN).await;
        let admin = request_context(&context, HashMap::from([(SLUG.to_owned(), session.clone())]));
        let organization = admin.organization(SLUG).await.unwrap().id();
        Self { context, admin, organization, session, key: OnceCell::new() }
    }

    /// An API key with all scopes.
    pub async fn key(&self) -> Token {
        let create = || async {
            let admin = self.admin.admin(SLUG).await.unwrap();
            let key = api_keys::create(&admin, "Okta", Scope::ALL, Lifetime::Unlimited).await.unwrap();
            Token::from_client(key.token)
        };
        self.key.get_or_init(create).await.clone()
    }

    /// The admin, calling from a different IP address.
    pub fn admin_from(&self, source: &str) -> RequestContext {
        request_context_from(&self.context, HashMap::from([(SLUG.to_owned(), self.session.clone())]), source)
    }

    /// An anonymous caller from this IP address.
    pub fn anonymous_from(&self, source: &str) -> RequestContext {
        request_context_from(&self.context, HashMap::new(), source)
    }

    /// An anonymous caller.
    pub fn anonymous(&self) -> RequestContext {
        request_context(&self.context, HashMap::new())
    }

    /// Invites a list of addresses as members.
    pub async fn invite(&self, list: &str) -> InviteResult {
        self.invite_as(list, OrganizationRole::Member).await
    }

    pub async fn invite_as(&self, list: &str, role: OrganizationRole) -> InviteResult {
        invitations::invite(&self.admin.admin(SLUG).await.unwrap(), list, &role.into()).await.unwrap()
    }

    /// Invites a single address and returns its class.
    pub async fn invite_one(&self, email: &str) -> AddressClass {
        let result = self.invite(email).await;
        assert_eq!(result.addresses.len(), 1);
        result.addresses[0].class.clone()
    }

    /// The token in the newest invitation email to this address.
    pub async fn token(&self, email: &str) -> Token {
        let (organization, invitation): (Uuid, Uuid) = sqlx::query_as(
            "select organization_id, id from invitations where email = $1 order by status = 'open' desc, id desc limit 1",
        )
        .bind(email)
        .fetch_one(&self.context.pool)
        .await
        .unwrap();
        self.context
            .keys
            .invitation_token(OrganizationId(organization), model::InvitationId(invitation))
            .unwrap()
    }

    /// Invites the address, joins, and returns the new user's context.
    pub async fn make_active(&self, email: &str) -> RequestContext {
        self.invite(email).await;
        let token = self.token(email).await;
        let nobody = self.anonymous();
        let session =
            invitations::join(&nobody.organization(SLUG).await.unwrap(), &token, email, "Some Blob")
                .await
                .unwrap();
        request_context(&self.context, HashMap::from([(SLUG.to_owned(), session.token)]))
    }

    pub async fn suspend(&self, email: &str) {
        self.act(UserAction::Suspend, email).await;
    }

    pub async fn revoke(&self, email: &str) {
        self.act(UserAction::RevokeMembership, email).await;
    }

    /// Acts on a user as the admin and asserts success.
    pub async fn act(&self, action: UserAction, email: &str) {
        let result = self.try_to(action, email).await;
        assert_eq!(result.done, [email], "{action:?}: {result:?}");
    }

    /// Acts on a user as the admin.
    pub async fn try_to(&self, action: UserAction, email: &str) -> ActionResult {
        let user = self.user(email).await;
        users::apply_action(&self.admin.admin(SLUG).await.unwrap(), action, &[user]).await.unwrap()
    }

    /// Runs a mail worker until everything that is due has been sent.
    pub async fn send_mail(&self) {
        send_mail(&self.context, &self.context.pool).await;
    }

    /// The id of the user with this address.
    pub async fn user(&self, email: &str) -> UserId {
        let id = sqlx::query_scalar("select id from users where email = $1")
            .bind(email)
            .fetch_one(&self.context.pool)
            .await
            .unwrap();
        UserId(id)
    }

    pub fn wait_days(&self, days: i64) {
        self.context.clock.advance(TimeDelta::days(days));
    }

    /// Counts rows; `from` is the `from` clause of the query, such as `users where role = 'admin'`.
    pub async fn count(&self, from: &str) -> i64 {
        count(&self.context.pool, from).await
    }

    pub async fn count_users(&self, status: &str) -> i64 {
        self.count(&format!("users where status = '{status}'")).await
    }

    pub async fn count_requests(&self, status: &str) -> i64 {
        self.count(&format!("invitation_requests where status = '{status}'")).await
    }

    pub async fn count_deliveries_to(&self, email: &str) -> i64 {
        self.count(&format!("deliveries where email = '{email}'")).await
    }

    pub async fn count_audit_events(&self, action: &str) -> i64 {
        self.count(&format!("audit_events where action = '{action}'")).await
    }

    /// The details of the only audit event with this action.
    pub async fn audit_details(&self, action: &str) -> serde_json::Value {
        sqlx::query_scalar("select details from audit_events where action = $1")
            .bind(action)
            .fetch_one(&self.context.pool)
            .await
            .unwrap()
    }

    /// Writes a value that this version doesn't know to a column of this user.
    pub async fn corrupt_user(&self, user: UserId, column: &str) {
        self.run(&format!("alter table users drop constraint users_{column}_known")).await;
        self.run(&format!("update users set {column} = 'unheard_of' where id = '{user}'")).await;
    }

    /// Lets anyone request an invitation.
    pub async fn enable_requests(&self) {
        self.run("update organizations set requests_enabled = true").await;
    }

    pub async fn disable_requests(&self) {
        self.run("update organizations set requests_enabled = false").await;
    }

    /// Makes all invitations expire now.
    pub async fn expire_invitations(&self) {
        self.run("update invitations set expires_at = created_at").await;
    }

    /// Makes all invitations valid for 7 days again.
    pub async fn restore_invitations(&self) {
        self.run("update invitations set expires_at = created_at + interval '7 days'").await;
    }

    /// Inserts a user directly, as if they had joined in a way that leaves their open request alone.
    pub async fn insert_user(&self, email: &str, status: &str, joined_by: &str) {
        self.run(&format!(
            "insert into users
                (organization_id, id, email, email_normalized, status, role, joined_at, joined_by, created_at)
             values ('{}', gen_random_uuid(), '{email}', '{email}', '{status}', 'member', now(), '{joined_by}', now())",
            self.organization
        ))
        .await;
    }

    pub async fn delete_deliveries(&self) {
        self.run("delete from deliveries").await;
    }

    pub async fn run(&self, sql: &str) {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&self.context.pool).await.unwrap();
    }

    pub async fn expires_at(&self, email: &str) -> DateTime<Utc> {
        sqlx::query_scalar("select expires_at from invitations where email = $1 and status = 'open'")
            .bind(email)
            .fetch_one(&self.context.pool)
            .await
            .unwrap()
    }
}

/// Runs a mail worker until everything that is due has been sent. `pool` is for polling.
pub async fn send_mail(context: &AppContext, pool: &PgPool) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let transport = mail::Transport::memory(mail::MemoryMailbox::default());
    let from = mail::parse_sender("Vestibule <vestibule@example.org>").unwrap();
    let shutdown = async {
        let _ = stopped.await;
    };
    let worker = tokio::spawn(mail::run_worker(context.clone(), transport, from, shutdown));
    while count(pool, "deliveries where due_at is not null").await > 0 {
        context.mail_ready.notify_one();
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    worker.await.unwrap();
}

async fn count(pool: &PgPool, from: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {from}")))
        .fetch_one(pool)
        .await
        .unwrap()
}

/// Creates an organization and returns its signed-in admin's context.
pub async fn create_organization(context: &AppContext, slug: &str, admin: &str) -> RequestContext {
    let session = create_organization_session(context, slug, admin).await;
    request_context(context, HashMap::from([(slug.to_owned(), session)]))
}

async fn create_organization_session(context: &AppContext, slug: &str, admin: &str) -> Token {
    let operator = request_context(context, HashMap::new());
    let link = organizations::create(&operator, slug, "Blobs R Us", admin).await.unwrap();
    let session = sign_in::redeem_link(&operator.organization(slug).await.unwrap(), &link).await.unwrap();
    // Tests advance the clock by weeks; the admin must stay signed in.
    sqlx::query("update sessions set expires_at = expires_at + interval '100 days'")
        .execute(&context.pool)
        .await
        .unwrap();
    session.token
}

pub fn request_context(context: &AppContext, sessions: HashMap<String, Token>) -> RequestContext {
    request_context_from(context, sessions, "192.0.2.1")
}

fn request_context_from(
    context: &AppContext,
    sessions: HashMap<String, Token>,
    source: &str,
) -> RequestContext {
    let source = Source { address: source.to_owned(), user_agent: "test".to_owned() };
    RequestContext::new(context.clone(), sessions, source, "request")
}

/// The problem that a rule was refused with.
pub fn refusal<T>(result: domain::Result<T>) -> Problem {
    match result {
        Ok(_) => panic!("expected a refusal"),
        Err(domain::Error::Problem(problem)) => problem,
        Err(other) => panic!("{other}"),
    }
}
