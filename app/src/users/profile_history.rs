//! What happened to a user: their mails, and what the audit log has of them.

use crate::erased_view::erased_view;
use crate::ui::{DeliveryLine, Moment, exact};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::audit_log::AuditEvent;
use model::delivery::{Delivery, DeliveryState};

/// The mails to this person, each with where it is and what the mail server said.
#[component]
pub fn Mails(deliveries: Vec<Delivery>, now: DateTime<Utc>) -> impl IntoView {
    if deliveries.is_empty() {
        return ().into_any();
    }
    let mails = deliveries.into_iter().map(|mail| {
        let said = match &mail.state {
            DeliveryState::Accepted { reply, .. } => format!("The mail server took it: {reply}"),
            DeliveryState::Retrying { reply, attempts, next_attempt_at } => {
                format!("{reply} (attempts so far: {attempts}; next: {})", exact(*next_attempt_at))
            }
            DeliveryState::Failed { reply, .. } => reply.clone(),
            DeliveryState::Queued | DeliveryState::Cancelled => String::new(),
        };
        erased_view! {
            <li>
                <p><strong>{mail.kind.label()}</strong>" to "{mail.to}", queued "<Moment at=mail.queued_at now/></p>
                <p><DeliveryLine state=mail.state now/></p>
                {(!said.is_empty()).then(|| erased_view! { <p class="muted detail">{said}</p> })}
            </li>
        }
    });
    erased_view! {
        <section aria-labelledby="mails">
            <h2 id="mails">"Mails"</h2>
            <ul class="timeline" aria-labelledby="mails">{mails.collect_view()}</ul>
        </section>
    }
}

/// What was done to this person, and by whom.
#[component]
pub fn Timeline(events: Vec<AuditEvent>, now: DateTime<Utc>) -> impl IntoView {
    if events.is_empty() {
        return ().into_any();
    }
    let events = events.into_iter().map(|event| {
        let details = event.details.clone();
        erased_view! {
            <li>
                <p><strong>{event.actor.clone()}</strong>" "{event.words().to_owned()}", "<Moment at=event.at now/></p>
                {(!details.is_empty()).then(|| erased_view! { <p class="muted detail">{details}</p> })}
            </li>
        }
    });
    erased_view! {
        <section aria-labelledby="timeline">
            <h2 id="timeline">"Timeline"</h2>
            <ol class="timeline" aria-labelledby="timeline">{events.collect_view()}</ol>
        </section>
    }
}
