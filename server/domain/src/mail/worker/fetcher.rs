//! The feeder: claims what is due and prepares it for the senders.

use super::super::job::Job;
use super::super::outbox::{self, Armed, Arming, Claimed, Entry, Key};
use super::super::requests;
use super::connection_pool::GateState;
use super::{LEASE_SECONDS, Office};
use crate::{Result, Token, secret};
use chrono::{DateTime, TimeDelta, Utc};
use model::{OrganizationId, SignInId};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// How often the outbox is looked at when nobody rings.
const LOOK: Duration = Duration::from_secs(1);
/// How long claiming may still take at the end.
const STUCK: Duration = Duration::from_secs(1);
/// How much is claimed at a time: about what is sent within this time, so that a sign-in mail, an invitation that is
/// revoked, and other workers never wait for much of what was taken in hand before.
const AHEAD: Duration = Duration::from_millis(250);
/// How long what is sent is counted before the next claim goes by it: short, or a list of some thousands would be half
/// sent before the worker has found its pace.
const COUNTED: Duration = Duration::from_millis(40);
const MIN_BATCH: usize = 16;
const MAX_BATCH: usize = 512;
/// How many sign-in mails are claimed at a time beyond that.
const URGENT: usize = 32;

/// Claims mails until `stop` holds true.
pub(super) async fn run(office: &Office, mut stop: watch::Receiver<bool>) {
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pace = Pace { since: Instant::now(), taken: 0, batch: MIN_BATCH };
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = office.hand.low.notified() => {}
            () = office.app.mail_ready.notified() => {}
            _ = look.tick() => office.gate.sweep(),
        }
        tokio::select! {
            biased;
            fed = feed(office, &mut pace) => if let Err(error) = fed {
                tracing::warn!(%error, "the outbox could not be read");
            },
            // Not at once, so that what was just claimed is not forgotten, unless the database is stuck.
            () = async { let _ = stop.wait_for(|stop| *stop).await; sleep(STUCK).await } => return,
        }
    }
}

async fn feed(office: &Office, pace: &mut Pace) -> Result<()> {
    let now = office.app.clock.now();
    let (waiting, taken, held) = office.hand.counts();
    let (most, others) = match office.gate.state(now) {
        GateState::Open => {
            let room = pace.batch(taken).saturating_sub(waiting);
            (room + URGENT, room)
        }
        GateState::OneMayAsk if held == 0 => (1, 1),
        GateState::OneMayAsk | GateState::Shut => return Ok(()),
    };
    let lease = now + TimeDelta::seconds(LEASE_SECONDS);
    let limit = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut claimed = outbox::claim(&office.app, now, lease, limit(most), limit(others)).await?;
    claimed.retain(|claimed| office.hand.hold(key(claimed), lease));
    let (sign_ins, others): (Vec<Claimed>, Vec<Claimed>) =
        claimed.into_iter().partition(|claimed| claimed.sign_in_id.is_some());
    let (requests, invitations): (Vec<Claimed>, Vec<Claimed>) =
        others.into_iter().partition(|claimed| claimed.request_id.is_some());
    let mut jobs = Vec::with_capacity(invitations.len());
    for claimed in invitations {
        let key = key(&claimed);
        match Job::invitation(claimed, now) {
            Some(job) => jobs.push(job),
            None => office.tell(key, Entry::dropped(now)),
        }
    }
    office.hand.put(jobs);
    if !sign_ins.is_empty() {
        let keys: Vec<Key> = sign_ins.iter().map(key).collect();
        or_give_back(office, keys, now, sign_in_mails(office, sign_ins, now).await)?;
    }
    for request in requests {
        let keys = vec![key(&request)];
        or_give_back(office, keys, now, request_mail(office, request, now).await)?;
    }
    Ok(())
}

/// What could not be made now is made later.
fn or_give_back(office: &Office, keys: Vec<Key>, now: DateTime<Utc>, made: Result<()>) -> Result<()> {
    if made.is_err() {
        for key in keys {
            office.tell(key, Entry::given_back(now + TimeDelta::seconds(1)));
        }
    }
    made
}

/// Makes the mail of a request, by whose address it is. Who is a user already gets a mail of another kind in its place.
async fn request_mail(office: &Office, claimed: Claimed, now: DateTime<Utc>) -> Result<()> {
    match requests::answer(&office.app, now, &claimed).await? {
        Some(answer) => office.hand.put(vec![Job::request(claimed, answer)]),
        None => office.tell(key(&claimed), Entry::dropped(now)),
    }
    Ok(())
}

fn key(claimed: &Claimed) -> Key {
    (claimed.organization_id, claimed.id)
}

/// Makes the links and codes of sign-in mails. This is the moment they come into being: nothing that opens anything
/// was queued.
async fn sign_in_mails(office: &Office, sign_ins: Vec<Claimed>, now: DateTime<Utc>) -> Result<()> {
    let mut secrets = HashMap::new();
    let mut armings = Vec::with_capacity(sign_ins.len());
    for claimed in &sign_ins {
        let Some(sign_in_id) = claimed.sign_in_id else { continue };
        let (token, code) = (Token::random(), secret::six_digit_code());
        let organization = OrganizationId(claimed.organization_id);
        armings.push(Arming {
            organization_id: claimed.organization_id,
            sign_in_id,
            link_hash: token.hash(),
            code_hash: office.app.keys.code_hash(organization, SignInId(sign_in_id), &code)?,
        });
        secrets.insert((claimed.organization_id, sign_in_id), (token, code));
    }
    let armed = outbox::arm(&office.app, now, &armings).await?;
    let mut armed: HashMap<Key, Armed> =
        armed.into_iter().map(|armed| ((armed.organization_id, armed.sign_in_id), armed)).collect();
    let mut jobs = Vec::with_capacity(armed.len());
    for claimed in sign_ins {
        let key = key(&claimed);
        let made = claimed.sign_in_id.and_then(|id| {
            let of = (claimed.organization_id, id);
            Some((armed.remove(&of)?, secrets.remove(&of)?))
        });
        match made {
            Some((armed, (token, code))) => {
                let code = Some(code).filter(|_| armed.has_code);
                jobs.push(Job::sign_in(claimed, armed.email, armed.expires_at, token, code));
            }
            None => office.tell(key, Entry::dropped(now)),
        }
    }
    office.hand.put(jobs);
    Ok(())
}

/// How fast mails leave.
struct Pace {
    since: Instant,
    taken: usize,
    batch: usize,
}

impl Pace {
    /// How many mails leave within [`AHEAD`], by what was taken so far.
    fn batch(&mut self, taken: usize) -> usize {
        let passed = self.since.elapsed();
        if passed >= COUNTED {
            let sent = u128::try_from(taken - self.taken).unwrap_or(u128::MAX);
            let ahead = sent.saturating_mul(AHEAD.as_millis()) / passed.as_millis().max(1);
            self.batch = usize::try_from(ahead).unwrap_or(MAX_BATCH).clamp(MIN_BATCH, MAX_BATCH);
            self.since = Instant::now();
            self.taken = taken;
        }
        self.batch
    }
}
