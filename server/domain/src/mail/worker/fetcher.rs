//! The fetcher: claims due deliveries and prepares jobs for the senders.

use super::circuit_breaker::CircuitState;
use super::in_flight::Counts;
use super::{LEASE_SECONDS, WorkerContext};
use crate::mail::job::Job;
use crate::mail::outbox::{
    self, ActivatedSignIn, ClaimedDelivery, DeliveryKey, DeliveryUpdate, SignInSecrets,
};
use crate::mail::requests;
use crate::{Result, Token, secret};
use chrono::{DateTime, TimeDelta, Utc};
use model::{OrganizationId, SignInId};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// How often the outbox is polled without a notification.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long a claim in progress may still take at shutdown.
const CLAIM_GRACE: Duration = Duration::from_secs(1);
/// A batch is about as much as the senders deliver within this time. Then a sign-in message, the revocation of an
/// invitation, and other workers never wait for many deliveries claimed earlier.
const PREFETCH_WINDOW: Duration = Duration::from_millis(250);
/// How long the throughput is sampled before the batch size follows it. With a longer interval, half of a list of some
/// thousand messages would be sent before the batches grow.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(40);
const MIN_BATCH: usize = 16;
const MAX_BATCH: usize = 512;
/// How many sign-in messages a claim may take beyond that.
const MAX_URGENT: usize = 32;
/// Delay before retrying a delivery whose message could not be prepared.
const RETRY_DELAY: TimeDelta = TimeDelta::seconds(1);

/// Claims deliveries until `stop` becomes true.
pub(super) async fn run(context: &WorkerContext, mut stop: watch::Receiver<bool>) {
    let mut poll = interval(POLL_INTERVAL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch_sizer = BatchSizer { sampled_at: Instant::now(), popped: 0, batch: MIN_BATCH };
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = context.in_flight.running_low.notified() => {}
            () = context.app.mail_ready.notified() => {}
            _ = poll.tick() => context.pool.evict_idle(),
        }
        tokio::select! {
            biased;
            result = fetch(context, &mut batch_sizer) => if let Err(error) = result {
                tracing::warn!(%error, "failed to fetch due mail");
            },
            // Wait for a claim in progress so its rows aren't stranded until the lease expires; give up after
            // `CLAIM_GRACE`, in case the database hangs.
            () = async { let _ = stop.wait_for(|stop| *stop).await; sleep(CLAIM_GRACE).await } => return,
        }
    }
}

async fn fetch(context: &WorkerContext, batch_sizer: &mut BatchSizer) -> Result<()> {
    let now = context.app.clock.now();
    let Counts { queued, popped, leased } = context.in_flight.counts();
    let (limit, limit_others) = match context.circuit_breaker.state(now) {
        CircuitState::Closed => {
            let free = batch_sizer.batch(popped).saturating_sub(queued);
            (free + MAX_URGENT, free)
        }
        CircuitState::HalfOpen if leased == 0 => (1, 1),
        CircuitState::HalfOpen | CircuitState::Open => return Ok(()),
    };
    let lease = now + TimeDelta::seconds(LEASE_SECONDS);
    let to_sql = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
    let mut claimed = outbox::claim(&context.app, now, lease, to_sql(limit), to_sql(limit_others)).await?;
    claimed.retain(|claimed| context.in_flight.insert(key(claimed), lease));
    let (sign_ins, others): (Vec<ClaimedDelivery>, Vec<ClaimedDelivery>) =
        claimed.into_iter().partition(|claimed| claimed.sign_in_id.is_some());
    let (requests, invitations): (Vec<ClaimedDelivery>, Vec<ClaimedDelivery>) =
        others.into_iter().partition(|claimed| claimed.request_id.is_some());
    let mut jobs = Vec::with_capacity(invitations.len());
    for claimed in invitations {
        let key = key(&claimed);
        match Job::for_invitation(claimed, now) {
            Some(job) => jobs.push(job),
            None => context.record(key, DeliveryUpdate::cancelled(now)),
        }
    }
    context.in_flight.push(jobs);
    if !sign_ins.is_empty() {
        let keys: Vec<DeliveryKey> = sign_ins.iter().map(key).collect();
        release_on_error(context, keys, now, push_sign_ins(context, sign_ins, now).await)?;
    }
    for request in requests {
        let keys = vec![key(&request)];
        release_on_error(context, keys, now, push_request(context, request, now).await)?;
    }
    Ok(())
}

/// Releases deliveries whose jobs could not be prepared, to be retried later.
fn release_on_error(
    context: &WorkerContext,
    keys: Vec<DeliveryKey>,
    now: DateTime<Utc>,
    result: Result<()>,
) -> Result<()> {
    if result.is_err() {
        for key in keys {
            context.record(key, DeliveryUpdate::released(now + RETRY_DELAY));
        }
    }
    result
}

/// Queues the message about a request, unless it is cancelled, for example because the address belongs to a user, who gets
/// a different message.
async fn push_request(context: &WorkerContext, claimed: ClaimedDelivery, now: DateTime<Utc>) -> Result<()> {
    match requests::request_mail_kind(&context.app, now, &claimed).await? {
        Some(kind) => context.in_flight.push(vec![Job::for_request(claimed, kind)]),
        None => context.record(key(&claimed), DeliveryUpdate::cancelled(now)),
    }
    Ok(())
}

fn key(claimed: &ClaimedDelivery) -> DeliveryKey {
    (claimed.organization_id, claimed.id)
}

/// Creates the links and codes of sign-in messages and queues the messages. The secrets are created this late so that none
/// is ever stored in the outbox.
async fn push_sign_ins(
    context: &WorkerContext,
    sign_ins: Vec<ClaimedDelivery>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut secrets = HashMap::new();
    let mut hashes = Vec::with_capacity(sign_ins.len());
    for claimed in &sign_ins {
        let Some(sign_in_id) = claimed.sign_in_id else { continue };
        let (token, code) = (Token::random(), secret::six_digit_code());
        let organization = OrganizationId(claimed.organization_id);
        hashes.push(SignInSecrets {
            organization_id: claimed.organization_id,
            sign_in_id,
            link_hash: token.hash(),
            code_hash: context.app.keys.code_hash(organization, SignInId(sign_in_id), &code)?,
        });
        secrets.insert((claimed.organization_id, sign_in_id), (token, code));
    }
    let activated = outbox::activate_sign_ins(&context.app, now, &hashes).await?;
    let mut activated: HashMap<DeliveryKey, ActivatedSignIn> = activated
        .into_iter()
        .map(|sign_in| ((sign_in.organization_id, sign_in.sign_in_id), sign_in))
        .collect();
    let mut jobs = Vec::with_capacity(activated.len());
    for claimed in sign_ins {
        let key = key(&claimed);
        let sign_in = claimed.sign_in_id.and_then(|id| {
            let sign_in_key = (claimed.organization_id, id);
            Some((activated.remove(&sign_in_key)?, secrets.remove(&sign_in_key)?))
        });
        match sign_in {
            Some((sign_in, (token, code))) => {
                let code = Some(code).filter(|_| sign_in.has_code);
                jobs.push(Job::for_sign_in(claimed, sign_in.email, sign_in.expires_at, token, code));
            }
            None => context.record(key, DeliveryUpdate::cancelled(now)),
        }
    }
    context.in_flight.push(jobs);
    Ok(())
}

/// Sizes batches by the throughput of the senders.
struct BatchSizer {
    sampled_at: Instant,
    /// The number of jobs taken by senders at the time of the sample.
    popped: usize,
    batch: usize,
}

impl BatchSizer {
    /// The number of messages that leave within [`PREFETCH_WINDOW`], given the number taken by senders so far.
    fn batch(&mut self, popped: usize) -> usize {
        let elapsed = self.sampled_at.elapsed();
        if elapsed >= SAMPLE_INTERVAL {
            let sent = u128::try_from(popped - self.popped).unwrap_or(u128::MAX);
            let batch = sent.saturating_mul(PREFETCH_WINDOW.as_millis()) / elapsed.as_millis().max(1);
            self.batch = usize::try_from(batch).unwrap_or(MAX_BATCH).clamp(MIN_BATCH, MAX_BATCH);
            self.sampled_at = Instant::now();
            self.popped = popped;
        }
        self.batch
    }
}
