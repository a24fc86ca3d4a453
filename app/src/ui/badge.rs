//! What somebody is, in icon, word and colour; and where their mail is.

use super::icon::{Icon, icon};
use super::time::{exact, left, relative};
use crate::erased_view::erased_view;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::UserStatus;
use model::delivery::DeliveryState;

/// The badge of a user.
#[component]
pub fn StatusBadge(
    status: UserStatus,
    /// When the invitation ends.
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> impl IntoView {
    let sign = match status {
        UserStatus::Active => Icon::Check,
        UserStatus::Invited => Icon::Mail,
        UserStatus::Expired => Icon::Clock,
        UserStatus::Suspended => Icon::Pause,
    };
    let ends = expires_at.filter(|_| status == UserStatus::Invited);
    erased_view! {
        <span class=format!("badge {}", status.code())>{icon(sign)}{status.label()}</span>
        {ends.map(|at| erased_view! { <span class="muted nowrap" title=exact(at)>{left(at, now)}</span> })}
    }
}

/// One line that says where a mail is, in words that promise no more than is known.
#[component]
pub fn DeliveryLine(state: DeliveryState, now: DateTime<Utc>) -> impl IntoView {
    let (class, sign, words, more) = match state {
        DeliveryState::Queued => ("delivery muted", Icon::Clock, "Mail queued".to_owned(), String::new()),
        DeliveryState::Accepted { at, reply } => {
            ("delivery muted", Icon::Check, "Mail handed over".to_owned(), format!("{}: {reply}", exact(at)))
        }
        DeliveryState::Retrying { reply, next_attempt_at, .. } => {
            let words = format!("Mail waiting for another try, {}", relative(next_attempt_at, now));
            ("delivery warning", Icon::Clock, words, reply)
        }
        DeliveryState::Failed { reply, .. } => {
            ("delivery danger", Icon::Warning, "Mail failed".to_owned(), reply)
        }
        DeliveryState::Cancelled => {
            ("delivery muted", Icon::Cross, "Mail not needed any more".to_owned(), String::new())
        }
    };
    erased_view! { <span class=class title=more>{icon(sign)}{words}</span> }
}
