//! The deliveries that this worker has claimed and whose outcome is not recorded yet.

use crate::mail::job::Job;
use crate::mail::outbox::DeliveryKey;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore};

/// The queue of jobs for the senders, and the leases of all claimed deliveries.
pub(super) struct InFlight {
    state: Mutex<State>,
    /// One permit for each queued job.
    queued: Semaphore,
    /// Notified when few jobs are left in the queue.
    pub running_low: Notify,
}

#[derive(Default)]
struct State {
    /// Sign-in messages, which overtake the others.
    urgent: VecDeque<Job>,
    others: VecDeque<Job>,
    leases: HashMap<DeliveryKey, DateTime<Utc>>,
    /// The number of jobs that senders have taken so far.
    popped: usize,
    /// The length of `others` at which the queue is running low.
    low_watermark: usize,
}

/// The numbers by which the fetcher sizes its batches.
pub(super) struct Counts {
    /// Jobs in the queue, without sign-in messages.
    pub queued: usize,
    /// Jobs that senders have taken so far.
    pub popped: usize,
    /// Claimed deliveries, queued or being sent.
    pub leased: usize,
}

impl State {
    fn queue(&mut self, job: &Job) -> &mut VecDeque<Job> {
        if job.is_urgent() { &mut self.urgent } else { &mut self.others }
    }
}

impl Default for InFlight {
    fn default() -> Self {
        Self { state: Mutex::default(), queued: Semaphore::new(0), running_low: Notify::new() }
    }
}

impl InFlight {
    /// Tracks the lease of a delivery. Returns false if it is already tracked, for example if the lease expired while the
    /// machine was suspended and this worker claimed the delivery again.
    pub fn insert(&self, key: DeliveryKey, lease: DateTime<Utc>) -> bool {
        self.lock().leases.insert(key, lease).is_none()
    }

    /// Queues jobs for the senders. [`running_low`](Self::running_low) is notified when half of those that are not
    /// urgent are left.
    pub fn push(&self, jobs: Vec<Job>) {
        let count = jobs.len();
        let mut state = self.lock();
        for job in jobs {
            state.queue(&job).push_back(job);
        }
        state.low_watermark = state.others.len() / 2;
        drop(state);
        self.queued.add_permits(count);
    }

    /// Puts a job back at the front of its queue.
    pub fn requeue(&self, job: Job) {
        let mut state = self.lock();
        state.queue(&job).push_front(job);
        drop(state);
        self.queued.add_permits(1);
    }

    /// Waits for the next job whose lease has not been lost; `None` after [`close`](Self::close).
    pub async fn pop(&self) -> Option<Job> {
        loop {
            self.queued.acquire().await.ok()?.forget();
            let mut state = self.lock();
            let Some(job) = state.urgent.pop_front().or_else(|| state.others.pop_front()) else { continue };
            state.popped += 1;
            if state.others.len() <= state.low_watermark {
                self.running_low.notify_one();
            }
            if state.leases.contains_key(&job.key) {
                return Some(job);
            }
        }
    }

    pub fn counts(&self) -> Counts {
        let state = self.lock();
        Counts { queued: state.others.len(), popped: state.popped, leased: state.leases.len() }
    }

    pub fn leases(&self) -> Vec<(DeliveryKey, DateTime<Utc>)> {
        self.lock().leases.iter().map(|(key, lease)| (*key, *lease)).collect()
    }

    pub fn lease(&self, key: DeliveryKey) -> Option<DateTime<Utc>> {
        self.lock().leases.get(&key).copied()
    }

    /// After a renewal of the leases in `requested`: the deliveries in `renewed` have the new lease, the others were lost.
    pub fn renewed(
        &self,
        requested: &[(DeliveryKey, DateTime<Utc>)],
        renewed: &[DeliveryKey],
        lease: DateTime<Utc>,
    ) {
        let mut state = self.lock();
        for (key, _) in requested {
            state.leases.remove(key);
        }
        state.leases.extend(renewed.iter().map(|key| (*key, lease)));
    }

    /// Stops tracking a delivery if it still has this lease. Returns whether the delivery is untracked afterwards.
    pub fn release(&self, key: DeliveryKey, lease: Option<&DateTime<Utc>>) -> bool {
        let mut state = self.lock();
        if state.leases.get(&key) == lease {
            state.leases.remove(&key);
        }
        !state.leases.contains_key(&key)
    }

    /// Closes the queue. Returns the deliveries that were still queued.
    pub fn close(&self) -> Vec<DeliveryKey> {
        self.queued.close();
        let mut state = self.lock();
        let State { urgent, others, .. } = &mut *state;
        urgent.drain(..).chain(others.drain(..)).map(|job| job.key).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
