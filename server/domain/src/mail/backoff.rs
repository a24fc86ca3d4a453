//! When to try again.

use chrono::{DateTime, TimeDelta, Utc};
use model::DeliveryId;

/// How long to wait after each refusal that may pass, in seconds; the last one goes on.
const AFTER_REFUSAL: [i64; 6] = [5, 15, 60, 300, 900, 3_600];
/// The same after a fault of the connection. It need not grow far, since one mail alone asks whether the server is
/// back; and once it is, nobody should wait for an hour.
const AFTER_FAULT: [i64; 3] = [5, 15, 60];
/// How long the server is left alone after each fault in a row, in seconds.
const LEFT_ALONE: [i64; 5] = [1, 2, 5, 15, 30];

/// What went wrong with a try.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Refusal,
    Fault,
}

/// When a mail that was tried `attempts` times is due again.
pub(super) fn next_try(now: DateTime<Utc>, cause: Cause, attempts: i32, id: DeliveryId) -> DateTime<Utc> {
    let steps: &[i64] = match cause {
        Cause::Refusal => &AFTER_REFUSAL,
        Cause::Fault => &AFTER_FAULT,
    };
    now + spread(step(steps, usize::try_from(attempts - 1).unwrap_or_default()), attempts, id)
}

/// Until when the server is left alone after this many faults in a row.
pub(super) fn next_probe(now: DateTime<Utc>, faults: usize) -> DateTime<Utc> {
    now + TimeDelta::seconds(step(&LEFT_ALONE, faults.saturating_sub(1)))
}

fn step(steps: &[i64], at: usize) -> i64 {
    steps.get(at).or(steps.last()).copied().unwrap_or_default()
}

/// A time from three to five quarters of it, so that what failed together does not come back together. The id of the
/// mail is random enough to throw the dice.
fn spread(seconds: i64, attempts: i32, id: DeliveryId) -> TimeDelta {
    let dice = id.0.as_u128().rotate_right(attempts.unsigned_abs() * 8 % 64) % 1_024;
    let quarters = i64::try_from(dice).unwrap_or_default();
    TimeDelta::milliseconds(seconds * (750 + quarters * 500 / 1_024))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn waiting_grows_and_stays_within_a_quarter() {
        let now = DateTime::UNIX_EPOCH;
        for (attempts, seconds) in
            [(1, 5), (2, 15), (3, 60), (4, 300), (5, 900), (6, 3_600), (7, 3_600), (99, 3_600)]
        {
            for id in [0, 1_023, u128::MAX, 0x0199_6e3a_7c1f_7d3b_a5c2_9f04_1e6d_8b77] {
                let id = DeliveryId(Uuid::from_u128(id));
                let wait = next_try(now, Cause::Refusal, attempts, id) - now;
                assert!(wait >= TimeDelta::milliseconds(seconds * 750), "{attempts}: {wait}");
                assert!(wait <= TimeDelta::milliseconds(seconds * 1_250), "{attempts}: {wait}");
                assert!(next_try(now, Cause::Fault, attempts, id) - now <= TimeDelta::seconds(75));
            }
        }
    }

    #[test]
    fn a_server_that_stays_away_is_asked_each_half_minute() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(next_probe(now, 1) - now, TimeDelta::seconds(1));
        assert_eq!(next_probe(now, 100) - now, TimeDelta::seconds(30));
    }
}
