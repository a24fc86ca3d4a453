//! Maps the columns of a delivery to the state that people see.

use chrono::{DateTime, Utc};
use model::delivery::DeliveryState;

/// The columns of `deliveries` that determine its [`DeliveryState`].
pub(crate) struct DeliveryColumns {
    pub state: String,
    pub attempts: i32,
    pub due_at: Option<DateTime<Utc>>,
    pub reply: String,
    pub ended_at: Option<DateTime<Utc>>,
}

pub(crate) fn delivery_state(columns: DeliveryColumns) -> DeliveryState {
    let DeliveryColumns { state, attempts, due_at, reply, ended_at } = columns;
    match (state.as_str(), due_at, ended_at) {
        ("retrying", Some(next_attempt_at), _) => {
            let attempts = u32::try_from(attempts).unwrap_or_default();
            DeliveryState::Retrying { reply, attempts, next_attempt_at }
        }
        ("accepted", _, Some(at)) => DeliveryState::Accepted { at, reply },
        ("failed", _, Some(at)) => DeliveryState::Failed { at, reply },
        ("cancelled", ..) => DeliveryState::Cancelled,
        _ => DeliveryState::Queued,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state_of(state: &str, is_due: bool, has_ended: bool) -> DeliveryState {
        let at = DateTime::UNIX_EPOCH;
        delivery_state(DeliveryColumns {
            state: state.to_owned(),
            attempts: 2,
            due_at: is_due.then_some(at),
            reply: "a reply".to_owned(),
            ended_at: has_ended.then_some(at),
        })
    }

    #[test]
    fn every_state_column_maps_to_a_delivery_state() {
        let (at, reply) = (DateTime::UNIX_EPOCH, "a reply".to_owned());
        assert_eq!(state_of("queued", true, false), DeliveryState::Queued);
        assert_eq!(
            state_of("retrying", true, false),
            DeliveryState::Retrying { reply: reply.clone(), attempts: 2, next_attempt_at: at }
        );
        assert_eq!(state_of("accepted", false, true), DeliveryState::Accepted { at, reply: reply.clone() });
        assert_eq!(state_of("failed", false, true), DeliveryState::Failed { at, reply });
        assert_eq!(state_of("cancelled", false, true), DeliveryState::Cancelled);
    }
}
