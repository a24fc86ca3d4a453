//! A sender: builds and delivers one message at a time.

use super::WorkerContext;
use super::connection_pool::PoolError;
use crate::mail::backoff::{Cause, next_attempt};
use crate::mail::job::{BuildError, Job};
use crate::mail::memory_mailbox::MemoryMailbox;
use crate::mail::message::OutgoingMessage;
use crate::mail::outbox::DeliveryUpdate;
use crate::mail::smtp::{MAX_REPLY, SendOutcome, Server, Stage};
use crate::mail::state::StateCode;
use crate::mail::transport::Backend;
use model::text::count;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How long a sender pauses when the mail server accepts no more connections.
const LIMIT_REACHED_DELAY: Duration = Duration::from_secs(1);

pub(super) async fn run(context: Arc<WorkerContext>) {
    while let Some(job) = context.in_flight.pop().await {
        let release_on_panic = ReleaseOnPanic { context: &context, job: &job };
        let update = deliver(&context, &job).await;
        drop(release_on_panic);
        if let Some(update) = update {
            context.record(job.key, update);
        } else {
            context.in_flight.requeue(job);
            sleep(LIMIT_REACHED_DELAY).await;
        }
    }
}

/// Stops renewing a delivery's lease if sending it panics, so that the lease expires.
struct ReleaseOnPanic<'a> {
    context: &'a WorkerContext,
    job: &'a Job,
}

impl Drop for ReleaseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lease = self.context.in_flight.lease(self.job.key);
            self.context.in_flight.release(self.job.key, lease.as_ref());
        }
    }
}

/// Builds and delivers a message; `None` if it should wait until a connection is available.
async fn deliver(context: &WorkerContext, job: &Job) -> Option<DeliveryUpdate> {
    let result = match &context.transport.0 {
        Backend::Memory(mailbox) => capture(context, mailbox, job),
        Backend::Smtp(server) => match build(context, job) {
            Ok(message) => return send(context, server, job, &message).await,
            Err(error) => Err(error),
        },
    };
    Some(match result {
        Ok(()) => mark_accepted(context, "250 captured".to_owned()),
        Err(BuildError::InvalidAddress) => {
            mark_failed(context, "the address is not valid for email delivery".to_owned())
        }
        Err(BuildError::Internal(error)) => {
            tracing::error!(delivery = %job.id(), error, "failed to build mail");
            schedule_retry(context, job, Cause::TransientReply, "the message could not be built".to_owned())
        }
    })
}

fn build(context: &WorkerContext, job: &Job) -> Result<OutgoingMessage, BuildError> {
    let headers = job.headers(&context.from, &context.host, context.app.clock.now())?;
    let (mail, secrets) = job.render(&context.app)?;
    Ok(headers.build(mail, secrets)?)
}

fn capture(context: &WorkerContext, mailbox: &MemoryMailbox, job: &Job) -> Result<(), BuildError> {
    let headers = job.headers(&context.from, &context.host, context.app.clock.now())?;
    let (mail, _) = job.render(&context.app)?;
    mailbox.push(headers.capture(mail));
    Ok(())
}

async fn send(
    context: &WorkerContext,
    server: &Server,
    job: &Job,
    message: &OutgoingMessage,
) -> Option<DeliveryUpdate> {
    let circuit_breaker = &context.circuit_breaker;
    loop {
        let mut pooled = match context.pool.acquire(server, circuit_breaker, &context.app.clock).await {
            Ok(pooled) => pooled,
            Err(PoolError::Unavailable(error)) => {
                return Some(schedule_retry(context, job, Cause::ConnectionError, error));
            }
            Err(PoolError::LimitReached) => return None,
        };
        let is_new = pooled.is_new;
        let outcome = pooled.connection.send(message).await;
        let is_config_fault = matches!(outcome, SendOutcome::Rejected { is_config_fault: true, .. });
        if !pooled.connection.is_broken() && !is_config_fault {
            context.pool.release(pooled);
        }
        return Some(match outcome {
            SendOutcome::Accepted(reply) => {
                circuit_breaker.record_success();
                mark_accepted(context, reply)
            }
            // The server closed an idle connection, which says nothing about this message.
            SendOutcome::Rejected { is_config_fault: true, .. }
            | SendOutcome::Disconnected { stage: Stage::Start, .. }
                if !is_new =>
            {
                continue;
            }
            SendOutcome::Rejected { reply: error, is_config_fault: true, .. }
            | SendOutcome::Disconnected { error, stage: Stage::Start } => {
                circuit_breaker.record_failure(&error, context.app.clock.now());
                schedule_retry(context, job, Cause::ConnectionError, error)
            }
            SendOutcome::Rejected { reply, is_permanent, .. } => {
                circuit_breaker.record_success();
                if is_permanent {
                    mark_failed(context, reply)
                } else {
                    schedule_retry(context, job, Cause::TransientReply, reply)
                }
            }
            // The message itself may have made the server disconnect, and may do so again.
            SendOutcome::Disconnected { error, .. } => {
                schedule_retry(context, job, Cause::TransientReply, error)
            }
        });
    }
}

fn mark_accepted(context: &WorkerContext, reply: String) -> DeliveryUpdate {
    DeliveryUpdate { state: Some(StateCode::Accepted), due_at: None, reply, at: context.app.clock.now() }
}

fn mark_failed(context: &WorkerContext, reply: String) -> DeliveryUpdate {
    DeliveryUpdate { state: Some(StateCode::Failed), due_at: None, reply, at: context.app.clock.now() }
}

/// Schedules the next attempt, or gives up if the message would be useless by then.
fn schedule_retry(context: &WorkerContext, job: &Job, cause: Cause, reply: String) -> DeliveryUpdate {
    let now = context.app.clock.now();
    // Someone is waiting for a sign-in message, so the short delays apply.
    let cause = if job.is_urgent() { Cause::ConnectionError } else { cause };
    let attempts = job.attempts + 1;
    let next_attempt = next_attempt(now, cause, attempts, job.id());
    if next_attempt < job.give_up_at {
        DeliveryUpdate { state: Some(StateCode::Retrying), due_at: Some(next_attempt), reply, at: now }
    } else {
        let attempts = count(usize::try_from(attempts).unwrap_or_default(), "attempt", "attempts");
        let reply = format!("gave up after {attempts}: {reply}");
        mark_failed(context, reply.chars().take(MAX_REPLY).collect())
    }
}
