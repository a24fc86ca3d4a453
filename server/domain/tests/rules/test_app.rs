//! One installation with one organization, as the tests see it.

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
use std::sync::Arc;
use tokio::sync::OnceCell;
use uuid::Uuid;

mod membership;

pub const SLUG: &str = "blobsrus";
pub const ADMIN: &str = "ada@blobsrus.com";

pub struct TestApp {
    pub context: AppContext,
    pub admin: RequestContext,
    pub organization: OrganizationId,
    session: Token,
    key: OnceCell<Token>,
}

impl TestApp {
    /// An organization with one signed-in admin.
    pub async fn new(pool: PgPool) -> Self {
        Self::at(pool, "https://vestibule.example").await
    }

    /// The same, on a server with this public address.
    pub async fn at(pool: PgPool, base_url: &str) -> Self {
        let context = AppContext {
            pool,
            clock: Clock::fixed(DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()),
            keys: Arc::new(Keyring::parse("a key for tests that is long enough").unwrap()),
            base_url: base_url.into(),
            mail_ready: Arc::default(),
            sso: Arc::default(),
        };
        let session = found_session(&context, SLUG, ADMIN).await;
        let admin = request_context(&context, HashMap::from([(SLUG.to_owned(), session.clone())]));
        let organization = admin.organization(SLUG).await.unwrap().id;
        Self { context, admin, organization, session, key: OnceCell::new() }
    }

    /// A directory's API key, good for everything.
    pub async fn key(&self) -> Token {
        let make = || async {
            let admin = self.admin.admin(SLUG).await.unwrap();
            let key = api_keys::create(&admin, "Okta", &Scope::ALL, Lifetime::Forever).await.unwrap();
            Token::from_client(key.text)
        };
        self.key.get_or_init(make).await.clone()
    }

    /// The admin, from another place.
    pub fn admin_from(&self, source: &str) -> RequestContext {
        caller_from(&self.context, HashMap::from([(SLUG.to_owned(), self.session.clone())]), source)
    }

    /// Somebody with an empty browser, from another place.
    pub fn nobody_from(&self, source: &str) -> RequestContext {
        caller_from(&self.context, HashMap::new(), source)
    }

    /// Somebody with an empty browser.
    pub fn nobody(&self) -> RequestContext {
        request_context(&self.context, HashMap::new())
    }

    pub async fn invite(&self, list: &str) -> InviteResult {
        self.invite_as(list, OrganizationRole::Member).await
    }

    pub async fn invite_as(&self, list: &str, role: OrganizationRole) -> InviteResult {
        invitations::invite(&self.admin.admin(SLUG).await.unwrap(), list, &role.into()).await.unwrap()
    }

    /// The one class of the one address.
    pub async fn invite_one(&self, email: &str) -> AddressClass {
        let answer = self.invite(email).await;
        assert_eq!(answer.addresses.len(), 1);
        answer.addresses[0].class.clone()
    }

    /// The token of the newest invitation of this address, as its mail has it.
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

    /// Invites and joins.
    pub async fn make_active(&self, email: &str) -> RequestContext {
        self.invite(email).await;
        let token = self.token(email).await;
        let nobody = self.nobody();
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

    /// Does it as the admin, and makes sure that it was done.
    pub async fn act(&self, action: UserAction, email: &str) {
        let answer = self.try_to(action, email).await;
        assert_eq!(answer.done, [email], "{action:?}: {answer:?}");
    }

    pub async fn try_to(&self, action: UserAction, email: &str) -> ActionResult {
        let user = self.user(email).await;
        users::apply_action(&self.admin.admin(SLUG).await.unwrap(), action, &[user]).await.unwrap()
    }

    /// Lets a worker send all that is due.
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

    pub async fn count(&self, what: &str) -> i64 {
        count(&self.context.pool, what).await
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

/// Lets a worker send all that is due.
pub async fn send_mail(context: &AppContext, looking: &PgPool) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let transport = mail::Transport::captured(mail::Captured::default());
    let from = mail::sender("Vestibule <vestibule@example.org>").unwrap();
    let ended = async {
        let _ = stopped.await;
    };
    let worker = tokio::spawn(mail::work(context.clone(), transport, from, ended));
    while count(looking, "deliveries where due_at is not null").await > 0 {
        context.mail_ready.notify_one();
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    worker.await.unwrap();
}

async fn count(pool: &PgPool, what: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {what}")))
        .fetch_one(pool)
        .await
        .unwrap()
}

/// Makes an organization and signs its admin in.
pub async fn found(context: &AppContext, slug: &str, admin: &str) -> RequestContext {
    let session = found_session(context, slug, admin).await;
    request_context(context, HashMap::from([(slug.to_owned(), session)]))
}

async fn found_session(context: &AppContext, slug: &str, admin: &str) -> Token {
    let operator = request_context(context, HashMap::new());
    let link = organizations::create(&operator, slug, "Blobs R Us", admin).await.unwrap();
    let session = sign_in::by_link(&operator.organization(slug).await.unwrap(), &link).await.unwrap();
    // The clock of the tests jumps; their admin stays signed in.
    sqlx::query("update sessions set expires_at = expires_at + interval '100 days'")
        .execute(&context.pool)
        .await
        .unwrap();
    session.token
}

pub fn request_context(context: &AppContext, sessions: HashMap<String, Token>) -> RequestContext {
    caller_from(context, sessions, "192.0.2.1")
}

fn caller_from(context: &AppContext, sessions: HashMap<String, Token>, source: &str) -> RequestContext {
    let source = Source { address: source.to_owned(), user_agent: "a test".to_owned() };
    RequestContext::new(context.clone(), sessions, source, "request")
}

/// The problem that something was refused with.
pub fn refusal<T>(result: domain::Result<T>) -> Problem {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(domain::Error::Problem(problem)) => problem,
        Err(other) => panic!("{other}"),
    }
}
