//! One installation with one organization and its outbox, as the tests see it.

use crate::smtp::SmtpServer;
use chrono::{DateTime, TimeDelta, Utc};
use domain::mail::{Transport, sender, work};
use domain::{AppContext, Clock, Keyring};
use sqlx::{AssertSqlSafe, PgPool};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

pub const ORGANIZATION: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
pub const SLUG: &str = "blobsrus";
/// The user that invites.
pub const ADA: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0002);
/// No test needs as long for anything.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct TestApp {
    pub context: AppContext,
}

/// A worker that runs.
pub struct Worker {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Worker {
    /// As SIGTERM does.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        timeout(Duration::from_secs(10), self.task).await.unwrap().unwrap();
    }

    /// As SIGKILL does.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// The columns of a delivery that tests look at.
#[derive(Debug, sqlx::FromRow)]
pub struct Row {
    pub state: String,
    pub attempts: i32,
    pub due_at: Option<DateTime<Utc>>,
    pub reply: String,
    pub ended_at: Option<DateTime<Utc>>,
}

impl TestApp {
    pub async fn new(pool: PgPool) -> Self {
        let context = AppContext {
            pool,
            clock: Clock::fixed(DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()),
            keys: Arc::new(Keyring::parse("a key for tests that is long enough").unwrap()),
            base_url: "https://vestibule.example".into(),
            mail_ready: Arc::default(),
            sso: Arc::default(),
        };
        let app = Self { context };
        app.organization(ORGANIZATION, SLUG, "Blobs R Us").await;
        app.user(ADA, "ada@blobsrus.com", "Ada Blob").await;
        app
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.context.clock.now()
    }

    pub async fn organization(&self, id: Uuid, slug: &str, name: &str) {
        sqlx::query("insert into organizations (id, slug, name, created_at) values ($1, $2, $3, $4)")
            .bind(id)
            .bind(slug)
            .bind(name)
            .bind(self.now())
            .execute(&self.context.pool)
            .await
            .unwrap();
    }

    pub async fn user(&self, id: Uuid, email: &str, name: &str) {
        sqlx::query(
            "insert into users (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by, created_at)
             values ($1, $2, $3, lower($3), $4, 'active', 'admin', $5, 'setup', $5)",
        )
        .bind(ORGANIZATION)
        .bind(id)
        .bind(email)
        .bind(name)
        .bind(self.now())
        .execute(&self.context.pool)
        .await
        .unwrap();
    }

    /// Queues the mail of an invitation, as a rule does it.
    pub async fn invite(&self, email: &str) {
        self.invite_all(&[email.to_owned()]).await;
    }

    pub async fn invite_many(&self, count: usize) -> Vec<String> {
        let emails: Vec<String> = (0..count).map(|n| format!("blob{n}@blobsrus.com")).collect();
        self.invite_all(&emails).await;
        emails
    }

    async fn invite_all(&self, emails: &[String]) {
        sqlx::query(
            "with rows as (
                select email, gen_random_uuid() as user_id, gen_random_uuid() as invitation_id
                from unnest($4::text[]) as email
             ), users as (
                insert into users (organization_id, id, email, email_normalized, status, role, created_at)
                select $1, user_id, email, lower(email), 'invited', 'member', $3 from rows
             ), invitations as (
                insert into invitations (organization_id, id, user_id, email, status, invited_by, inviter_name,
                    created_at, expires_at)
                select $1, invitation_id, user_id, email, 'open', $2, 'Ada Blob', $3, $3 + interval '7 days' from rows
             )
             insert into deliveries (organization_id, id, kind, invitation_id, email, state, due_at, created_at)
             select $1, gen_random_uuid(), 'invitation', invitation_id, email, 'queued', $3, $3 from rows",
        )
        .bind(ORGANIZATION)
        .bind(ADA)
        .bind(self.now())
        .bind(emails)
        .execute(&self.context.pool)
        .await
        .unwrap();
        self.context.mail_ready.notify_one();
    }

    pub async fn run(&self, sql: &str) {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&self.context.pool).await.unwrap();
    }

    pub async fn count(&self, what: &str) -> usize {
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {what}")))
            .fetch_one(&self.context.pool)
            .await
            .unwrap();
        usize::try_from(count).unwrap()
    }

    pub async fn delivery(&self, email: &str) -> Row {
        sqlx::query_as("select state, attempts, due_at, reply, ended_at from deliveries where email = $1")
            .bind(email)
            .fetch_one(&self.context.pool)
            .await
            .unwrap()
    }

    /// Waits until the mail to this address has this state.
    pub async fn wait_for(&self, email: &str, state: &str) -> Row {
        until(&format!("{email} is {state}"), async || self.delivery(email).await.state == state).await;
        self.delivery(email).await
    }

    /// Waits until this many mails have this state.
    pub async fn wait_for_all(&self, count: usize, state: &str) {
        let what = format!("deliveries where state = '{state}'");
        until(&what, async || self.count(&what).await == count).await;
    }

    /// Lets time pass, and makes workers look.
    pub fn pass(&self, time: TimeDelta) {
        self.context.clock.advance(time);
        self.context.mail_ready.notify_one();
    }

    pub fn start(&self, server: &SmtpServer) -> Worker {
        self.start_with(Transport::smtp(&server.url()).unwrap())
    }

    pub fn start_with(&self, transport: Transport) -> Worker {
        let from = sender("Vestibule <vestibule@example.org>").unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(work(self.context.clone(), transport, from, stopped));
        Worker { task, stop }
    }
}

/// Waits until something holds, and says what never did.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < end, "it never came to this: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}
