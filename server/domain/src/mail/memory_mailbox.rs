//! Mail that is kept in memory instead of being sent, for a machine without a mail server.

use chrono::{DateTime, Utc};
use model::DeliveryId;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many mails are kept; the oldest go first.
const MAX_KEPT: usize = 1_000;

/// A mailbox in memory; cheap to clone, and every clone sees the same mails.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<VecDeque<CapturedMail>>>);

/// A mail as its reader would see it.
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

impl Captured {
    /// The mails, the newest first.
    pub fn list(&self) -> Vec<CapturedMail> {
        self.lock().iter().rev().cloned().collect()
    }

    pub fn get(&self, id: DeliveryId) -> Option<CapturedMail> {
        self.lock().iter().rev().find(|mail| mail.id == id).cloned()
    }

    pub(super) fn push(&self, mail: CapturedMail) {
        let mut mails = self.lock();
        if mails.len() == MAX_KEPT {
            mails.pop_front();
        }
        mails.push_back(mail);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<CapturedMail>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
