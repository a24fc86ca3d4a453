//! The outcome writer: records the results of attempts in batches, and renews leases. No other task changes the leases in
//! the database after they were claimed.

use super::{LEASE_SECONDS, WorkerContext};
use crate::mail::outbox::{self, DeliveryKey, DeliveryUpdate};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

/// How long updates are collected before they are written together. After a crash, their messages are sent twice.
const BATCH_WINDOW: Duration = Duration::from_millis(20);
/// The number of updates that are written without waiting for the window to end.
const FULL_BATCH: usize = 32;
/// The maximum number of updates in one statement.
const MAX_BATCH: usize = 1_024;
/// How long to wait after a database error.
const RETRY_DELAY: Duration = Duration::from_secs(1);

pub(super) struct OutcomeWriter {
    context: Arc<WorkerContext>,
    updates: mpsc::UnboundedReceiver<(DeliveryKey, DeliveryUpdate)>,
    pending: Vec<(DeliveryKey, DeliveryUpdate)>,
    /// When the pending updates are written.
    flush_at: Instant,
    /// The last write failed.
    is_failing: bool,
}

impl OutcomeWriter {
    pub fn new(
        context: Arc<WorkerContext>,
        updates: mpsc::UnboundedReceiver<(DeliveryKey, DeliveryUpdate)>,
    ) -> Self {
        Self { context, updates, pending: Vec::new(), flush_at: Instant::now(), is_failing: false }
    }

    /// Writes updates until `finish` resolves, then writes the rest and releases the remaining deliveries.
    pub async fn run(mut self, mut finish: oneshot::Receiver<()>) {
        let mut renewal = interval(Duration::from_secs(LEASE_SECONDS.unsigned_abs()) / 4);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_empty = self.pending.is_empty();
            tokio::select! {
                biased;
                _ = &mut finish => break,
                _ = renewal.tick() => self.renew_leases().await,
                () = sleep_until(self.flush_at), if !is_empty => self.flush().await,
                _ = self.updates.recv_many(&mut self.pending, MAX_BATCH), if self.pending.len() < MAX_BATCH => {
                    if is_empty {
                        self.flush_at = Instant::now() + BATCH_WINDOW;
                    }
                    if self.pending.len() >= FULL_BATCH && !self.is_failing {
                        self.flush_at = Instant::now();
                    }
                }
            }
        }
        self.finish().await;
    }

    /// Writes the pending updates of deliveries whose lease is still ours.
    async fn flush(&mut self) {
        let in_flight = &self.context.in_flight;
        let updates: Vec<(DeliveryKey, DateTime<Utc>, &DeliveryUpdate)> = self
            .pending
            .iter()
            .filter_map(|(key, update)| Some((*key, in_flight.lease(*key)?, update)))
            .collect();
        let leases: HashMap<DeliveryKey, DateTime<Utc>> =
            updates.iter().map(|(key, lease, _)| (*key, *lease)).collect();
        match outbox::write_updates(&self.context.app, &updates).await {
            Ok(written) => {
                let written: HashSet<DeliveryKey> = written.into_iter().collect();
                // If this worker has claimed the delivery again in the meantime, its update is written under the new
                // lease.
                self.pending
                    .retain(|(key, _)| !in_flight.release(*key, leases.get(key)) && !written.contains(key));
                self.is_failing = false;
            }
            Err(error) => {
                tracing::warn!(%error, "failed to record mail outcomes");
                self.flush_at = Instant::now() + RETRY_DELAY;
                self.is_failing = true;
            }
        }
    }

    async fn renew_leases(&mut self) {
        let leases = self.context.in_flight.leases();
        if leases.is_empty() {
            return;
        }
        let new_lease = self.context.app.clock.now() + TimeDelta::seconds(LEASE_SECONDS);
        match outbox::renew_leases(&self.context.app, &leases, new_lease).await {
            Ok(renewed) => self.context.in_flight.renewed(&leases, &renewed, new_lease),
            Err(error) => tracing::warn!(%error, "failed to renew mail leases"),
        }
    }

    async fn finish(&mut self) {
        while let Ok(update) = self.updates.try_recv() {
            self.pending.push(update);
        }
        let now = self.context.app.clock.now();
        let finished: HashSet<DeliveryKey> = self.pending.iter().map(|(key, _)| *key).collect();
        let unfinished = self
            .context
            .in_flight
            .leases()
            .into_iter()
            .map(|(key, _)| key)
            .filter(|key| !finished.contains(key));
        self.pending.extend(unfinished.map(|key| (key, DeliveryUpdate::released(now))));
        self.flush().await;
        if self.is_failing {
            sleep(RETRY_DELAY).await;
            self.flush().await;
        }
    }
}
