//! A circuit breaker: while the mail server is unreachable, only one message at a time probes it.

use crate::mail::backoff::next_probe;
use chrono::{DateTime, Utc};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts consecutive failures to reach the server. Any reply to a message closes the circuit again.
#[derive(Default)]
pub(super) struct CircuitBreaker {
    outage: Mutex<Option<Outage>>,
}

struct Outage {
    /// The last error, for people.
    error: String,
    failures: usize,
    probe_at: DateTime<Utc>,
}

/// The state of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CircuitState {
    /// The server is reachable: messages flow.
    Closed,
    /// The probe delay is over: one message may try.
    HalfOpen,
    /// The server was unreachable a moment ago: no connection is attempted.
    Open,
}

impl CircuitBreaker {
    pub fn state(&self, now: DateTime<Utc>) -> CircuitState {
        match &*self.lock() {
            None => CircuitState::Closed,
            Some(outage) if outage.probe_at <= now => CircuitState::HalfOpen,
            Some(_) => CircuitState::Open,
        }
    }

    /// The last error if the circuit is open.
    pub fn open_error(&self, now: DateTime<Utc>) -> Option<String> {
        self.lock().as_ref().filter(|outage| outage.probe_at > now).map(|outage| outage.error.clone())
    }

    /// Opens the circuit, for longer with each consecutive failure.
    pub fn record_failure(&self, error: &str, now: DateTime<Utc>) {
        let mut outage = self.lock();
        let failures = outage.as_ref().map_or(0, |outage| outage.failures) + 1;
        if failures == 1 {
            tracing::warn!(error, "SMTP server unreachable, circuit opened");
        }
        *outage = Some(Outage { error: error.to_owned(), failures, probe_at: next_probe(now, failures) });
    }

    /// Closes the circuit.
    pub fn record_success(&self) {
        if self.lock().take().is_some() {
            tracing::info!("SMTP server reachable again, circuit closed");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Outage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn after(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn circuit_is_closed_at_first() {
        let breaker = CircuitBreaker::default();
        assert_eq!(breaker.state(after(0)), CircuitState::Closed);
        assert_eq!(breaker.open_error(after(0)), None);
    }

    #[test]
    fn failure_opens_circuit_until_probe_delay() {
        let breaker = CircuitBreaker::default();
        breaker.record_failure("connection refused", after(0));
        assert_eq!(breaker.state(after(0)), CircuitState::Open);
        assert_eq!(breaker.open_error(after(0)).as_deref(), Some("connection refused"));
        assert_eq!(breaker.state(after(1)), CircuitState::HalfOpen);
        assert_eq!(breaker.open_error(after(1)), None);
    }

    #[test]
    fn failed_probe_reopens_circuit_for_longer() {
        let breaker = CircuitBreaker::default();
        breaker.record_failure("connection refused", after(0));
        breaker.record_failure("timed out", after(1));
        assert_eq!(breaker.state(after(2)), CircuitState::Open);
        assert_eq!(breaker.open_error(after(2)).as_deref(), Some("timed out"));
        assert_eq!(breaker.state(after(3)), CircuitState::HalfOpen);
    }

    #[test]
    fn success_closes_circuit_and_resets_delay() {
        let breaker = CircuitBreaker::default();
        for _ in 0..5 {
            breaker.record_failure("connection refused", after(0));
        }
        breaker.record_success();
        assert_eq!(breaker.state(after(0)), CircuitState::Closed);
        breaker.record_failure("connection refused", after(0));
        assert_eq!(breaker.state(after(1)), CircuitState::HalfOpen);
    }
}
