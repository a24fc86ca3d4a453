//! What this worker has in hand.

use super::super::job::Job;
use super::super::outbox::Key;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore};

/// The mails in hand: those that wait for a sender, and the leases of all.
pub(super) struct Hand {
    state: Mutex<State>,
    /// One permit for each waiting mail.
    waiting: Semaphore,
    /// Rung when few mails are left waiting.
    pub low: Notify,
}

#[derive(Default)]
struct State {
    /// Sign-in mails, which overtake the others.
    urgent: VecDeque<Job>,
    others: VecDeque<Job>,
    leases: HashMap<Key, DateTime<Utc>>,
    /// How many were handed to senders so far.
    taken: usize,
    low_mark: usize,
}

impl State {
    fn queue(&mut self, job: &Job) -> &mut VecDeque<Job> {
        if job.is_urgent() { &mut self.urgent } else { &mut self.others }
    }
}

impl Default for Hand {
    fn default() -> Self {
        Self { state: Mutex::default(), waiting: Semaphore::new(0), low: Notify::new() }
    }
}

impl Hand {
    /// Notes the lease of a mail that was claimed; says whether it was not in hand already, which it is when its lease
    /// ended while this machine slept.
    pub fn hold(&self, key: Key, lease: DateTime<Utc>) -> bool {
        self.lock().leases.insert(key, lease).is_none()
    }

    /// Puts mails where senders take them from. When half of the others are left, [`low`](Self::low) rings.
    pub fn put(&self, jobs: Vec<Job>) {
        let count = jobs.len();
        let mut state = self.lock();
        for job in jobs {
            state.queue(&job).push_back(job);
        }
        state.low_mark = state.others.len() / 2;
        drop(state);
        self.waiting.add_permits(count);
    }

    /// Puts a mail back in front.
    pub fn put_back(&self, job: Job) {
        let mut state = self.lock();
        state.queue(&job).push_front(job);
        drop(state);
        self.waiting.add_permits(1);
    }

    /// The next mail that is still ours; nothing, once the hand is closed.
    pub async fn take(&self) -> Option<Job> {
        loop {
            self.waiting.acquire().await.ok()?.forget();
            let mut state = self.lock();
            let Some(job) = state.urgent.pop_front().or_else(|| state.others.pop_front()) else { continue };
            state.taken += 1;
            if state.others.len() <= state.low_mark {
                self.low.notify_one();
            }
            if state.leases.contains_key(&job.key) {
                return Some(job);
            }
        }
    }

    /// How many mails wait, but for sign-in mails; how many were taken so far; how many are in hand.
    pub fn counts(&self) -> (usize, usize, usize) {
        let state = self.lock();
        (state.others.len(), state.taken, state.leases.len())
    }

    pub fn leases(&self) -> Vec<(Key, DateTime<Utc>)> {
        self.lock().leases.iter().map(|(key, lease)| (*key, *lease)).collect()
    }

    pub fn lease(&self, key: Key) -> Option<DateTime<Utc>> {
        self.lock().leases.get(&key).copied()
    }

    /// Notes the new lease of what was held on to, and lets go of what was lost.
    pub fn extended(&self, asked: &[(Key, DateTime<Utc>)], kept: &[Key], lease: DateTime<Utc>) {
        let mut state = self.lock();
        for (key, _) in asked {
            state.leases.remove(key);
        }
        state.leases.extend(kept.iter().map(|key| (*key, lease)));
    }

    /// Lets go of a mail, if it is held by this lease; says whether it is not in hand then.
    pub fn let_go(&self, key: Key, lease: Option<&DateTime<Utc>>) -> bool {
        let mut state = self.lock();
        if state.leases.get(&key) == lease {
            state.leases.remove(&key);
        }
        !state.leases.contains_key(&key)
    }

    /// Gives nothing out any more; gives back what waited.
    pub fn close(&self) -> Vec<Key> {
        self.waiting.close();
        let mut state = self.lock();
        let State { urgent, others, .. } = &mut *state;
        urgent.drain(..).chain(others.drain(..)).map(|job| job.key).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
