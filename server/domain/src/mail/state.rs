//! Where a mail is, as people are told.

use chrono::{DateTime, Utc};
use model::delivery::DeliveryState;

/// The columns of a delivery that tell where it is.
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
        ("retrying", Some(next), _) => {
            DeliveryState::Retrying { reply, attempts: u32::try_from(attempts).unwrap_or_default(), next }
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

    fn told(state: &str, due: bool, ended: bool) -> DeliveryState {
        let at = DateTime::UNIX_EPOCH;
        delivery_state(DeliveryColumns {
            state: state.to_owned(),
            attempts: 2,
            due_at: due.then_some(at),
            reply: "a reply".to_owned(),
            ended_at: ended.then_some(at),
        })
    }

    #[test]
    fn each_state_of_the_row_is_told() {
        let (at, reply) = (DateTime::UNIX_EPOCH, "a reply".to_owned());
        assert_eq!(told("queued", true, false), DeliveryState::Queued);
        assert_eq!(
            told("retrying", true, false),
            DeliveryState::Retrying { reply: reply.clone(), attempts: 2, next: at }
        );
        assert_eq!(told("accepted", false, true), DeliveryState::Accepted { at, reply: reply.clone() });
        assert_eq!(told("failed", false, true), DeliveryState::Failed { at, reply });
        assert_eq!(told("cancelled", false, true), DeliveryState::Cancelled);
    }
}
