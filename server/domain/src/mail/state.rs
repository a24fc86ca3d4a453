//! Where a mail is, as people are told.

use chrono::{DateTime, Utc};
use model::delivery::DeliveryState;

/// The columns of a delivery that tell where it is.
pub(crate) struct DeliveryColumns {
    pub state: String,
    pub tries: i32,
    pub due_at: Option<DateTime<Utc>>,
    pub reply: String,
    pub ended_at: Option<DateTime<Utc>>,
}

pub(crate) fn delivery_state(columns: DeliveryColumns) -> DeliveryState {
    let DeliveryColumns { state, tries, due_at, reply, ended_at } = columns;
    match (state.as_str(), due_at, ended_at) {
        ("retrying", Some(next), _) => {
            DeliveryState::Retrying { reply, tries: u32::try_from(tries).unwrap_or_default(), next }
        }
        ("handed_over", _, Some(at)) => DeliveryState::HandedOver { at, reply },
        ("failed", _, Some(at)) => DeliveryState::Failed { at, reply },
        ("dropped", ..) => DeliveryState::Dropped,
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
            tries: 2,
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
            DeliveryState::Retrying { reply: reply.clone(), tries: 2, next: at }
        );
        assert_eq!(told("handed_over", false, true), DeliveryState::HandedOver { at, reply: reply.clone() });
        assert_eq!(told("failed", false, true), DeliveryState::Failed { at, reply });
        assert_eq!(told("dropped", false, true), DeliveryState::Dropped);
    }
}
