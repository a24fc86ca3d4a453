//! A user's status, and the delivery status of an email.

use super::icon::{Icon, icon};
use super::time::{format_relative, format_utc, time_left};
use crate::runtime::prelude::*;
use chrono::{DateTime, Utc};
use model::UserStatus;
use model::delivery::DeliveryState;

/// A user's status, and for an open invitation the time left.
#[component]
pub fn StatusBadge(
    status: UserStatus,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> impl IntoView {
    let status_icon = match status {
        UserStatus::Active => Icon::Check,
        UserStatus::Invited => Icon::Mail,
        UserStatus::Expired => Icon::Clock,
        UserStatus::Suspended => Icon::Pause,
    };
    let expires_at = expires_at.filter(|_| status == UserStatus::Invited);
    erased_view! {
        <span class=format!("badge {}", status.code())>{icon(status_icon)}{status.label()}</span>
        {expires_at.map(|at| erased_view! { <span class="muted nowrap" title=format_utc(at)>{time_left(at, now)}</span> })}
    }
}

/// The delivery status of an email. Never claims more than the mail server has confirmed.
#[component]
pub fn DeliveryStatus(state: DeliveryState, now: DateTime<Utc>) -> impl IntoView {
    let (class, state_icon, text, tooltip) = match state {
        DeliveryState::Queued => ("delivery muted", Icon::Clock, "Email queued".to_owned(), String::new()),
        DeliveryState::Accepted { at, reply } => {
            let tooltip = format!("Accepted by the mail server on {}: {reply}", format_utc(at));
            ("delivery muted", Icon::Check, "Email accepted".to_owned(), tooltip)
        }
        DeliveryState::Retrying { reply, next_attempt_at, .. } => {
            let text = if next_attempt_at > now {
                format!("Email delayed · retrying {}", format_relative(next_attempt_at, now))
            } else {
                "Email delayed · retrying soon".to_owned()
            };
            ("delivery warning", Icon::Clock, text, reply)
        }
        DeliveryState::Failed { reply, .. } => {
            ("delivery danger", Icon::Warning, "Email not delivered".to_owned(), reply)
        }
        DeliveryState::Cancelled => {
            ("delivery muted", Icon::Cross, "Email canceled".to_owned(), String::new())
        }
    };
    erased_view! { <span class=class title=tooltip>{icon(state_icon)}{text}</span> }
}
