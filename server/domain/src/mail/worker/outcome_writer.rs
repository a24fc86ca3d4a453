//! The recorder: writes down what became of mails, and holds on to those in hand. It alone changes leases.

use super::super::outbox::{self, Entry, Key};
use super::{LEASE_SECONDS, Office};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

/// How long, and how many, outcomes wait to be written down together. After a crash those mails are sent once more.
const GATHER: Duration = Duration::from_millis(20);
const MAX_GATHER: usize = 32;
/// The most that is written by one statement.
const MAX_WRITE: usize = 1_024;
/// How long the database is left alone after an error.
const REST: Duration = Duration::from_secs(1);

pub(super) struct Recorder {
    office: Arc<Office>,
    told: mpsc::UnboundedReceiver<(Key, Entry)>,
    pending: Vec<(Key, Entry)>,
    /// When what is pending is written.
    due: Instant,
    failing: bool,
}

impl Recorder {
    pub fn new(office: Arc<Office>, told: mpsc::UnboundedReceiver<(Key, Entry)>) -> Self {
        Self { office, told, pending: Vec::new(), due: Instant::now(), failing: false }
    }

    /// Records until `end` comes; then writes what is left and gives back what is in hand.
    pub async fn run(mut self, mut end: oneshot::Receiver<()>) {
        let beat = Duration::from_secs(LEASE_SECONDS.unsigned_abs()) / 4;
        let mut beat = interval(beat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let first = self.pending.is_empty();
            tokio::select! {
                biased;
                _ = &mut end => break,
                _ = beat.tick() => self.hold_on().await,
                () = sleep_until(self.due), if !first => self.write().await,
                _ = self.told.recv_many(&mut self.pending, MAX_WRITE), if self.pending.len() < MAX_WRITE => {
                    if first {
                        self.due = Instant::now() + GATHER;
                    }
                    if self.pending.len() >= MAX_GATHER && !self.failing {
                        self.due = Instant::now();
                    }
                }
            }
        }
        self.finish().await;
    }

    async fn write(&mut self) {
        let hand = &self.office.hand;
        let held: Vec<(Key, DateTime<Utc>, &Entry)> =
            self.pending.iter().filter_map(|(key, entry)| Some((*key, hand.lease(*key)?, entry))).collect();
        let used: HashMap<Key, DateTime<Utc>> = held.iter().map(|(key, lease, _)| (*key, *lease)).collect();
        match outbox::record(&self.office.app, &held).await {
            Ok(written) => {
                let written: HashSet<Key> = written.into_iter().collect();
                // What this worker got in hand anew meanwhile is written again, with that lease.
                self.pending.retain(|(key, _)| !hand.let_go(*key, used.get(key)) && !written.contains(key));
                self.failing = false;
            }
            Err(error) => {
                tracing::warn!(%error, "what the mail server said could not be written down yet");
                self.due = Instant::now() + REST;
                self.failing = true;
            }
        }
    }

    async fn hold_on(&mut self) {
        let held = self.office.hand.leases();
        if held.is_empty() {
            return;
        }
        let lease = self.office.app.clock.now() + TimeDelta::seconds(LEASE_SECONDS);
        match outbox::extend(&self.office.app, &held, lease).await {
            Ok(kept) => self.office.hand.extended(&held, &kept, lease),
            Err(error) => tracing::warn!(%error, "the mails in hand could not be held on to"),
        }
    }

    async fn finish(&mut self) {
        while let Ok(outcome) = self.told.try_recv() {
            self.pending.push(outcome);
        }
        let now = self.office.app.clock.now();
        let told: HashSet<Key> = self.pending.iter().map(|(key, _)| *key).collect();
        let unsent =
            self.office.hand.leases().into_iter().map(|(key, _)| key).filter(|key| !told.contains(key));
        self.pending.extend(unsent.map(|key| (key, Entry::given_back(now))));
        self.write().await;
        if self.failing {
            sleep(REST).await;
            self.write().await;
        }
    }
}
