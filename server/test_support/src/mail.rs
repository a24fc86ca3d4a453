//! An installation with one organization, and typed access to its outbox.

use crate::smtp::SmtpServer;
use chrono::{DateTime, TimeDelta, Utc};
use domain::mail::{Transport, parse_sender, run_worker};
use domain::{AppContext, Clock, Keyring, Token};
use model::{InvitationId, OrganizationId};
use sqlx::{AssertSqlSafe, PgPool};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

pub const ORGANIZATION: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
pub const SLUG: &str = "blobsrus";
/// The inviter, an admin.
pub const ADA: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0002);
/// How long [`until`] waits.
const TIMEOUT: Duration = Duration::from_secs(20);

pub struct TestApp {
    pub context: AppContext,
}

/// A running mail worker.
pub struct Worker {
    task: JoinHandle<()>,
    shutdown: oneshot::Sender<()>,
}

impl Worker {
    /// Shuts down gracefully, like SIGTERM.
    pub async fn stop(self) {
        self.shutdown.send(()).unwrap();
        timeout(Duration::from_secs(10), self.task).await.unwrap().unwrap();
    }

    /// Stops without cleanup, like SIGKILL.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// The columns of a delivery that tests assert on.
#[derive(Debug, sqlx::FromRow)]
pub struct DeliveryRow {
    pub state: String,
    pub attempts: i32,
    pub due_at: Option<DateTime<Utc>>,
    pub reply: String,
    pub ended_at: Option<DateTime<Utc>>,
}

impl TestApp {
    pub async fn new(pool: PgPool) -> Self {
        let context = AppContext::new(
            pool,
            Keyring::parse("a key for tests that is long enough").unwrap(),
            "https://vestibule.example",
        )
        .with_clock(Clock::fixed(DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()));
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

    /// Invites an address and queues its message.
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

    pub async fn end_invitation(&self, email: &str, status: &str) {
        self.execute(
            "update invitations set status = $2, ended_at = now() where email = $1",
            &[email, status],
        )
        .await;
    }

    pub async fn expire_invitation(&self, email: &str) {
        self.execute("update invitations set expires_at = created_at where email = $1", &[email]).await;
    }

    pub async fn suspend(&self, email: &str) {
        self.execute(
            "update users set status = 'suspended', joined_at = now(), joined_by = 'invitation' where email = $1",
            &[email],
        )
        .await;
    }

    pub async fn rename_organization(&self, name: &str) {
        self.execute("update organizations set name = $1", &[name]).await;
    }

    pub async fn rename_inviter(&self, name: &str) {
        self.execute("update invitations set inviter_name = $1", &[name]).await;
    }

    pub async fn enable_requests(&self) {
        self.execute("update organizations set requests_enabled = true", &[]).await;
    }

    pub async fn clear_outbox(&self) {
        self.execute("delete from deliveries", &[]).await;
    }

    /// Records a permanent failure, as another worker would.
    pub async fn fail_delivery(&self, email: &str, reply: &str) {
        self.execute(
            "update deliveries set state = 'failed', due_at = null, reply = $2, ended_at = created_at
             where email = $1",
            &[email, reply],
        )
        .await;
    }

    async fn execute(&self, sql: &'static str, values: &[&str]) {
        let mut query = sqlx::query(sql);
        for value in values {
            query = query.bind(*value);
        }
        query.execute(&self.context.pool).await.unwrap();
    }

    /// The token in the link of the only invitation.
    pub async fn invitation_token(&self) -> Token {
        let invitation: Uuid =
            sqlx::query_scalar("select id from invitations").fetch_one(&self.context.pool).await.unwrap();
        let keys = &self.context.keys;
        keys.invitation_token(OrganizationId(ORGANIZATION), InvitationId(invitation)).unwrap()
    }

    pub async fn count_state(&self, state: &str) -> usize {
        self.count(&format!("deliveries where state = '{state}'")).await
    }

    /// Deliveries that have not ended.
    pub async fn count_due(&self) -> usize {
        self.count("deliveries where due_at is not null").await
    }

    /// Deliveries with a lease. Tests that use this don't advance the clock, so only a lease lies in the future.
    pub async fn count_leased(&self) -> usize {
        self.count(&format!("deliveries where due_at > '{}'", self.now())).await
    }

    pub async fn count_leased_sign_ins(&self) -> usize {
        self.count(&format!("deliveries where kind = 'sign_in' and due_at > '{}'", self.now())).await
    }

    pub async fn count_reply(&self, reply: &str) -> usize {
        self.count(&format!("deliveries where reply = '{reply}'")).await
    }

    /// Counts the rows that match a condition.
    pub async fn count(&self, from: &str) -> usize {
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {from}")))
            .fetch_one(&self.context.pool)
            .await
            .unwrap();
        usize::try_from(count).unwrap()
    }

    pub async fn delivery(&self, email: &str) -> DeliveryRow {
        sqlx::query_as("select state, attempts, due_at, reply, ended_at from deliveries where email = $1")
            .bind(email)
            .fetch_one(&self.context.pool)
            .await
            .unwrap()
    }

    /// Waits until the delivery to this address has this state.
    pub async fn wait_for(&self, email: &str, state: &str) -> DeliveryRow {
        until(&format!("{email} is {state}"), async || self.delivery(email).await.state == state).await;
        self.delivery(email).await
    }

    /// Waits until this many deliveries have this state.
    pub async fn wait_for_all(&self, count: usize, state: &str) {
        until(&format!("{count} are {state}"), async || self.count_state(state).await == count).await;
    }

    /// Advances the clock and wakes the workers.
    pub fn advance(&self, time: TimeDelta) {
        self.context.clock.advance(time);
        self.context.mail_ready.notify_one();
    }

    pub fn start_worker(&self, server: &SmtpServer) -> Worker {
        self.start_worker_with(Transport::smtp(&server.url()).unwrap())
    }

    pub fn start_worker_with(&self, transport: Transport) -> Worker {
        let from = parse_sender("Vestibule <vestibule@example.org>").unwrap();
        let (shutdown, receiver) = oneshot::channel();
        let shutdown_requested = async {
            let _ = receiver.await;
        };
        let task = tokio::spawn(run_worker(self.context.clone(), transport, from, shutdown_requested));
        Worker { task, shutdown }
    }
}

/// Waits until a condition holds.
pub async fn until(description: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !condition().await {
        assert!(Instant::now() < deadline, "timed out waiting until {description}");
        sleep(Duration::from_millis(5)).await;
    }
}
