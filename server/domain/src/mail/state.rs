//! Maps the columns of a delivery to the state that people see.

use crate::column::parse_column;
use crate::{DatabaseInconsistency, Result};
use chrono::{DateTime, Utc};
use model::delivery::DeliveryState;
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

/// The column `deliveries.state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub(super) enum StateCode {
    Queued,
    Retrying,
    Accepted,
    Failed,
    Cancelled,
}

/// The columns of `deliveries` that determine its [`DeliveryState`].
pub(crate) struct DeliveryColumns {
    pub id: Uuid,
    pub state: String,
    pub attempts: i32,
    pub due_at: Option<DateTime<Utc>>,
    pub reply: String,
    pub ended_at: Option<DateTime<Utc>>,
}

pub(crate) fn delivery_state(columns: DeliveryColumns) -> Result<DeliveryState> {
    let DeliveryColumns { id, state, attempts, due_at, reply, ended_at } = columns;
    let inconsistent = |column| DatabaseInconsistency::new("deliveries", column, id);
    Ok(match parse_column(&state, "deliveries", "state", id)? {
        StateCode::Queued => DeliveryState::Queued,
        StateCode::Retrying => DeliveryState::Retrying {
            reply,
            attempts: u32::try_from(attempts).map_err(|_| inconsistent("attempts"))?,
            next_attempt_at: due_at.ok_or_else(|| inconsistent("due_at"))?,
        },
        StateCode::Accepted => {
            DeliveryState::Accepted { at: ended_at.ok_or_else(|| inconsistent("ended_at"))?, reply }
        }
        StateCode::Failed => {
            DeliveryState::Failed { at: ended_at.ok_or_else(|| inconsistent("ended_at"))?, reply }
        }
        StateCode::Cancelled => DeliveryState::Cancelled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state_of(state: &str, is_due: bool, has_ended: bool) -> DeliveryState {
        let at = DateTime::UNIX_EPOCH;
        delivery_state(DeliveryColumns {
            id: Uuid::nil(),
            state: state.to_owned(),
            attempts: 2,
            due_at: is_due.then_some(at),
            reply: "a reply".to_owned(),
            ended_at: has_ended.then_some(at),
        })
        .unwrap()
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
