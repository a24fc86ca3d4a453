//! The history of a user: the emails sent to them, and their entries in the audit log.

use crate::runtime::prelude::*;
use crate::ui::{DeliveryStatus, RelativeTime, format_utc};
use chrono::{DateTime, Utc};
use model::audit_log::AuditEvent;
use model::delivery::{Delivery, DeliveryState};

/// The emails to the user, each with its delivery state and the reply of the mail server.
#[component]
pub fn EmailDeliveries(deliveries: Vec<Delivery>, now: DateTime<Utc>) -> impl IntoView {
    if deliveries.is_empty() {
        return ().into_any();
    }
    let items = deliveries.into_iter().map(|delivery| {
        let detail = match &delivery.state {
            DeliveryState::Accepted { reply, .. } => format!("Mail server accepted it: {reply}"),
            DeliveryState::Retrying { reply, attempts, next_attempt_at } => {
                format!("{reply} (attempt {attempts} failed, next attempt: {})", format_utc(*next_attempt_at))
            }
            DeliveryState::Failed { reply, .. } => reply.clone(),
            DeliveryState::Queued | DeliveryState::Cancelled => String::new(),
        };
        erased_view! {
            <li>
                <p><strong>{delivery.kind.label()}</strong>" to "{delivery.to}", queued "<RelativeTime at=delivery.queued_at now/></p>
                <p><DeliveryStatus state=delivery.state now/></p>
                {(!detail.is_empty()).then(|| erased_view! { <p class="muted detail">{detail}</p> })}
            </li>
        }
    });
    erased_view! {
        <section aria-labelledby="emails">
            <h2 id="emails">"Emails"</h2>
            <ul class="timeline" aria-labelledby="emails">{items.collect_view()}</ul>
        </section>
    }
}

/// The audit events about the user, with who caused them.
#[component]
pub fn Timeline(events: Vec<AuditEvent>, now: DateTime<Utc>) -> impl IntoView {
    if events.is_empty() {
        return ().into_any();
    }
    let items = events.into_iter().map(|event| {
        let details = event.details.clone();
        erased_view! {
            <li>
                <p><strong>{event.actor.clone()}</strong>" "{event.label().to_owned()}", "<RelativeTime at=event.at now/></p>
                {(!details.is_empty()).then(|| erased_view! { <p class="muted detail">{details}</p> })}
            </li>
        }
    });
    erased_view! {
        <section aria-labelledby="activity">
            <h2 id="activity">"Activity"</h2>
            <ol class="timeline" aria-labelledby="activity">{items.collect_view()}</ol>
        </section>
    }
}
