//! A sender: takes one mail after the other and hands it over.

use super::super::backoff::{Cause, next_try};
use super::super::job::{Job, Unmade};
use super::super::memory_mailbox::Captured;
use super::super::message::Parcel;
use super::super::outbox::Entry;
use super::super::smtp::{Answer, MAX_REPLY, Server, Stage};
use super::super::transport::Way;
use super::Office;
use super::connection_pool::NoLine;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How long a sender rests when the mail server takes no more connections.
const REST: Duration = Duration::from_secs(1);

pub(super) async fn run(office: Arc<Office>) {
    while let Some(job) = office.hand.take().await {
        let held = Held { office: &office, job: &job };
        let told = deliver(&office, &job).await;
        drop(held);
        if let Some(entry) = told {
            office.tell(job.key, entry);
        } else {
            office.hand.put_back(job);
            sleep(REST).await;
        }
    }
}

/// Lets go of a mail when sending it panics, so that its lease comes to its end.
struct Held<'a> {
    office: &'a Office,
    job: &'a Job,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lease = self.office.hand.lease(self.job.key);
            self.office.hand.let_go(self.job.key, lease.as_ref());
        }
    }
}

/// Writes a mail and hands it over; nothing, when another sender should.
async fn deliver(office: &Office, job: &Job) -> Option<Entry> {
    let made = match &office.transport.0 {
        Way::Captured(mails) => capture(office, mails, job),
        Way::Smtp(server) => match parcel(office, job) {
            Ok(parcel) => return hand_over(office, server, job, &parcel).await,
            Err(unmade) => Err(unmade),
        },
    };
    Some(match made {
        Ok(()) => accepted(office, "250 captured".to_owned()),
        Err(Unmade::NoAddress) => failed(office, "mail can't be written to this address".to_owned()),
        Err(Unmade::Fault(why)) => {
            tracing::error!(delivery = %job.id(), why, "a mail could not be made");
            again(office, job, Cause::Refusal, "the mail could not be made".to_owned())
        }
    })
}

fn parcel(office: &Office, job: &Job) -> Result<Parcel, Unmade> {
    let label = job.label(&office.from, &office.host, office.app.clock.now())?;
    let (letter, secrets) = job.letter(&office.app)?;
    Ok(label.parcel(letter, secrets)?)
}

fn capture(office: &Office, mails: &Captured, job: &Job) -> Result<(), Unmade> {
    let label = job.label(&office.from, &office.host, office.app.clock.now())?;
    let (letter, _) = job.letter(&office.app)?;
    mails.push(label.captured(letter));
    Ok(())
}

async fn hand_over(office: &Office, server: &Server, job: &Job, parcel: &Parcel) -> Option<Entry> {
    loop {
        let mut line = match office.gate.line(server, &office.app.clock).await {
            Ok(line) => line,
            Err(NoLine::Away(why)) => return Some(again(office, job, Cause::Fault, why)),
            Err(NoLine::Enough) => return None,
        };
        let fresh = line.fresh;
        let answer = line.connection.send(parcel).await;
        if !line.connection.is_broken() && !matches!(answer, Answer::Refused { ours: true, .. }) {
            office.gate.keep(line);
        }
        return Some(match answer {
            Answer::Taken(reply) => {
                office.gate.answered();
                accepted(office, reply)
            }
            // The server had closed a connection that we kept: that is no news about this mail.
            Answer::Refused { ours: true, .. } | Answer::Lost { stage: Stage::Start, .. } if !fresh => {
                continue;
            }
            Answer::Refused { reply: words, ours: true, .. }
            | Answer::Lost { words, stage: Stage::Start } => {
                office.gate.fault(&words, office.app.clock.now());
                again(office, job, Cause::Fault, words)
            }
            Answer::Refused { reply, lasting, .. } => {
                office.gate.answered();
                if lasting { failed(office, reply) } else { again(office, job, Cause::Refusal, reply) }
            }
            // Whatever in it made the server hang up may do so again.
            Answer::Lost { words, .. } => again(office, job, Cause::Refusal, words),
        });
    }
}

fn accepted(office: &Office, reply: String) -> Entry {
    Entry { state: Some("accepted"), due_at: None, reply, at: office.app.clock.now() }
}

fn failed(office: &Office, reply: String) -> Entry {
    Entry { state: Some("failed"), due_at: None, reply, at: office.app.clock.now() }
}

/// To be tried again, unless it would be of no use by then.
fn again(office: &Office, job: &Job, cause: Cause, reply: String) -> Entry {
    let now = office.app.clock.now();
    // Somebody waits for a sign-in mail, and not for long.
    let cause = if job.is_urgent() { Cause::Fault } else { cause };
    let next = next_try(now, cause, job.attempts + 1, job.id());
    if next < job.give_up {
        Entry { state: Some("retrying"), due_at: Some(next), reply, at: now }
    } else {
        let reply = format!("given up after {} attempts; the last one: {reply}", job.attempts + 1);
        failed(office, reply.chars().take(MAX_REPLY).collect())
    }
}
