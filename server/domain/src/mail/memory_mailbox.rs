//! An in-memory mailbox that captures messages instead of sending them, for development without a mail server.

use chrono::{DateTime, Utc};
use model::DeliveryId;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The mailbox's capacity; beyond it, the oldest message is dropped.
const MAX_MESSAGES: usize = 1_000;

/// A mailbox in memory. Clones share their messages.
#[derive(Clone, Default)]
pub struct MemoryMailbox(Arc<Mutex<VecDeque<CapturedMail>>>);

/// A message as its recipient would see it.
#[derive(Clone)]
pub struct CapturedMail {
    pub id: DeliveryId,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub message_id: String,
    pub at: DateTime<Utc>,
}

impl MemoryMailbox {
    /// All messages, newest first.
    pub fn list(&self) -> Vec<CapturedMail> {
        self.lock().iter().rev().cloned().collect()
    }

    /// The newest message of a delivery.
    pub fn get(&self, id: DeliveryId) -> Option<CapturedMail> {
        self.lock().iter().rev().find(|mail| mail.id == id).cloned()
    }

    pub(super) fn push(&self, mail: CapturedMail) {
        let mut mails = self.lock();
        if mails.len() == MAX_MESSAGES {
            mails.pop_front();
        }
        mails.push_back(mail);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<CapturedMail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
