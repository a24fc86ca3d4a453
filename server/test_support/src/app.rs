//! `TestApp`, and the contexts of its callers.

use chrono::{DateTime, TimeDelta};
use domain::{
    AppContext, Clock, Keyring, RequestContext, Source, Token, api_keys, invitations, organizations, sign_in,
    users,
};
use model::actions::{ActionResult, UserAction};
use model::api_keys::{Lifetime, Scope};
use model::invitations::{AddressClass, InviteResult};
use model::{OrganizationId, OrganizationRole, Problem};
use sqlx::PgPool;
use std::collections::HashMap;
use tokio::sync::OnceCell;

pub const SLUG: &str = "blobsrus";
pub const ADMIN: &str = "ada@blobsrus.com";

/// A clock fixed at September 21, 2026, 14:13:20 UTC until a test advances it.
pub fn test_clock() -> Clock {
    Clock::fixed(DateTime::from_timestamp_millis(1_790_000_000_000).unwrap())
}

/// The context of an application on this database.
pub fn context(pool: PgPool, base_url: &str) -> AppContext {
    AppContext::new(pool, Keyring::parse("a key for tests that is long enough").unwrap(), base_url)
}

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
        Self::with_context(context(pool, base_url).with_clock(test_clock())).await
    }

    pub async fn with_context(context: AppContext) -> Self {
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

    /// Invites this many members.
    pub async fn invite_many(&self, count: usize) -> Vec<String> {
        let emails: Vec<String> = (0..count).map(|n| format!("blob{n}@blobsrus.com")).collect();
        self.invite(&emails.join(",")).await;
        emails
    }

    /// Invites a single address and returns its class.
    pub async fn invite_one(&self, email: &str) -> AddressClass {
        let result = self.invite(email).await;
        assert_eq!(result.addresses.len(), 1);
        result.addresses[0].class.clone()
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

    pub fn wait_days(&self, days: i64) {
        self.context.clock.advance(TimeDelta::days(days));
    }
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
