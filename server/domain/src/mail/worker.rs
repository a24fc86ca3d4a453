//! Delivers due messages over SMTP and records each reply.
//!
//! A fetcher claims deliveries in small batches, several senders deliver them over pooled connections, and an outcome
//! writer records the results and renews the leases. Any number of servers may run a worker. If one dies, the others
//! claim its deliveries as soon as their leases expire.

mod circuit_breaker;
mod connection_pool;
mod fetcher;
mod in_flight;
mod outcome_writer;
mod sender;

use super::outbox::{DeliveryKey, DeliveryUpdate};
use super::transport::Transport;
use crate::AppContext;
use circuit_breaker::CircuitBreaker;
use connection_pool::ConnectionPool;
use in_flight::InFlight;
use lettre::message::Mailbox;
use outcome_writer::OutcomeWriter;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

/// The number of messages sent concurrently.
const SENDERS: usize = 8;
/// How long a lease lasts. It is renewed each quarter of that.
const LEASE_SECONDS: i64 = 20;
/// How long messages that are being sent may take at shutdown. A server must exit within ten seconds.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);
/// How long writing the last outcomes may take after that.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The state that the tasks of the worker share.
struct WorkerContext {
    app: AppContext,
    transport: Transport,
    from: Mailbox,
    /// The host of the public URL, for message ids.
    host: String,
    in_flight: InFlight,
    pool: ConnectionPool,
    circuit_breaker: CircuitBreaker,
    updates: mpsc::UnboundedSender<(DeliveryKey, DeliveryUpdate)>,
}

impl WorkerContext {
    /// Passes an update to the outcome writer.
    fn record(&self, key: DeliveryKey, update: DeliveryUpdate) {
        // The outcome writer outlives every task that records updates.
        let _ = self.updates.send((key, update));
    }
}

/// Delivers messages until `shutdown` completes. Then it finishes the messages that are being sent, within six seconds,
/// and releases the others. If the future is dropped instead, other workers take over within 20 seconds.
pub async fn run_worker(
    app: AppContext,
    transport: Transport,
    from: Mailbox,
    shutdown: impl Future<Output = ()>,
) {
    let (updates, received_updates) = mpsc::unbounded_channel();
    let host = url::Url::parse(&app.base_url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
    let context = Arc::new(WorkerContext {
        host: host.unwrap_or_else(|| "localhost".to_owned()),
        app,
        transport,
        from,
        in_flight: InFlight::default(),
        pool: ConnectionPool::default(),
        circuit_breaker: CircuitBreaker::default(),
        updates,
    });
    let (finish_writer, finish) = oneshot::channel();
    let mut writer = JoinSet::new();
    writer.spawn(OutcomeWriter::new(Arc::clone(&context), received_updates).run(finish));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        senders.spawn(sender::run(Arc::clone(&context)));
    }
    let (stop_fetching, stop) = watch::channel(false);
    {
        let mut shutdown = pin!(shutdown);
        let mut fetching = pin!(fetcher::run(&context, stop));
        loop {
            tokio::select! {
                () = &mut fetching => break,
                () = &mut shutdown, if !*stop_fetching.borrow() => {
                    stop_fetching.send_replace(true);
                }
                Some(result) = senders.join_next() => {
                    log_panic(result);
                    senders.spawn(sender::run(Arc::clone(&context)));
                }
            }
        }
    }
    for key in context.in_flight.close() {
        context.record(key, DeliveryUpdate::released(context.app.clock.now()));
    }
    let _ = timeout(DRAIN_TIMEOUT, async { while senders.join_next().await.is_some() {} }).await;
    senders.shutdown().await;
    context.pool.close().await;
    let _ = finish_writer.send(());
    if let Ok(Some(result)) = timeout(FLUSH_TIMEOUT, writer.join_next()).await {
        log_panic(result);
    }
}

fn log_panic(result: Result<(), JoinError>) {
    if let Err(error) = result {
        tracing::error!(%error, "mail worker task panicked");
    }
}
