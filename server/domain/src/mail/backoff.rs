//! Retry schedules: backoff with jitter for each message, and probe delays while the circuit breaker is open.

use chrono::{DateTime, TimeDelta, Utc};
use model::DeliveryId;

/// Seconds until the next attempt after each transient reply (RFC 5321, section 4.2.1: 4yz); the last one repeats.
const TRANSIENT_REPLY_DELAYS: [i64; 6] = [5, 15, 60, 300, 900, 3_600];
/// The same after a connection error. These stay short: while the server is unreachable only one message probes it,
/// and once it is back no message should wait for an hour.
const CONNECTION_ERROR_DELAYS: [i64; 3] = [5, 15, 60];
/// Seconds for which the circuit stays open after each consecutive connection error; the last one repeats.
const PROBE_DELAYS: [i64; 5] = [1, 2, 5, 15, 30];

/// Why an attempt failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    TransientReply,
    ConnectionError,
}

/// When to try a message again after its attempt number `attempts` failed.
pub(super) fn next_attempt(now: DateTime<Utc>, cause: Cause, attempts: i32, id: DeliveryId) -> DateTime<Utc> {
    let delays: &[i64] = match cause {
        Cause::TransientReply => &TRANSIENT_REPLY_DELAYS,
        Cause::ConnectionError => &CONNECTION_ERROR_DELAYS,
    };
    now + jitter(nth_or_last(delays, usize::try_from(attempts - 1).unwrap_or_default()), attempts, id)
}

/// When to probe the server again after this many consecutive connection errors.
pub(super) fn next_probe(now: DateTime<Utc>, failures: usize) -> DateTime<Utc> {
    now + TimeDelta::seconds(nth_or_last(&PROBE_DELAYS, failures.saturating_sub(1)))
}

fn nth_or_last(delays: &[i64], index: usize) -> i64 {
    delays.get(index).or(delays.last()).copied().unwrap_or_default()
}

/// Between 75% and 125% of the delay, so that messages that failed together are not retried together. The randomness
/// comes from the delivery's id, which is a UUIDv7.
fn jitter(seconds: i64, attempts: i32, id: DeliveryId) -> TimeDelta {
    let random = id.0.as_u128().rotate_right(attempts.unsigned_abs() * 8 % 64) % 1_024;
    let random = i64::try_from(random).unwrap_or_default();
    TimeDelta::milliseconds(seconds * (750 + random * 500 / 1_024))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn backoff_grows_with_at_most_25_percent_jitter() {
        let now = DateTime::UNIX_EPOCH;
        for (attempts, seconds) in
            [(1, 5), (2, 15), (3, 60), (4, 300), (5, 900), (6, 3_600), (7, 3_600), (99, 3_600)]
        {
            for id in [0, 1_023, u128::MAX, 0x0199_6e3a_7c1f_7d3b_a5c2_9f04_1e6d_8b77] {
                let id = DeliveryId(Uuid::from_u128(id));
                let delay = next_attempt(now, Cause::TransientReply, attempts, id) - now;
                assert!(delay >= TimeDelta::milliseconds(seconds * 750), "{attempts}: {delay}");
                assert!(delay <= TimeDelta::milliseconds(seconds * 1_250), "{attempts}: {delay}");
                let delay = next_attempt(now, Cause::ConnectionError, attempts, id) - now;
                assert!(delay <= TimeDelta::seconds(75), "{attempts}: {delay}");
            }
        }
    }

    #[test]
    fn probe_delay_grows_to_30_seconds() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(next_probe(now, 1) - now, TimeDelta::seconds(1));
        assert_eq!(next_probe(now, 100) - now, TimeDelta::seconds(30));
    }
}
