//! Mail workers, and typed access to the outbox.

use crate::TestApp;
use crate::database::count;
use crate::smtp::SmtpServer;
use chrono::{DateTime, TimeDelta, Utc};
use domain::AppContext;
use domain::mail::{MemoryMailbox, Transport, parse_sender, run_worker};
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How long [`until`] waits.
const TIMEOUT: Duration = Duration::from_secs(20);

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
    pub fn now(&self) -> DateTime<Utc> {
        self.context.clock.now()
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
        start_worker(&self.context, transport)
    }

    /// Runs a mail worker until everything that is due has been sent.
    pub async fn send_mail(&self) {
        send_mail(&self.context, &self.context.pool).await;
    }
}

fn start_worker(context: &AppContext, transport: Transport) -> Worker {
    let from = parse_sender("Vestibule <vestibule@example.org>").unwrap();
    let (shutdown, receiver) = oneshot::channel();
    let shutdown_requested = async {
        let _ = receiver.await;
    };
    let task = tokio::spawn(run_worker(context.clone(), transport, from, shutdown_requested));
    Worker { task, shutdown }
}

/// Runs a mail worker until everything that is due has been sent. `pool` is for polling.
pub async fn send_mail(context: &AppContext, pool: &PgPool) {
    let worker = start_worker(context, Transport::memory(MemoryMailbox::default()));
    while count(pool, "deliveries where due_at is not null").await > 0 {
        context.mail_ready.notify_one();
        tokio::task::yield_now().await;
    }
    worker.stop().await;
}

/// Waits until a condition holds.
pub async fn until(description: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !condition().await {
        assert!(Instant::now() < deadline, "timed out waiting until {description}");
        sleep(Duration::from_millis(5)).await;
    }
}
