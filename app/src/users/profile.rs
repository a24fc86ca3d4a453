//! One user's profile.

use super::api::show_user;
use crate::pages::{Failed, NotFoundPage, OrganizationPage, Section};
use crate::paths::{self, UsersView};
use crate::ui::{DeliveryLine, Moment, StatusBadge, exact};
use crate::viewer::use_organization;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use model::delivery::{Delivery, DeliveryState};
use model::users::UserProfile;
use model::{Problem, UserId};

#[component]
pub fn ProfilePage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let parameters = use_params_map();
    let user = Memo::new(move |_| {
        parameters.with(|map| map.get_str("user").and_then(|id| id.parse::<UserId>().ok()))
    });
    let profile = Resource::new_blocking(
        move || user.get(),
        move |user| async move {
            match user {
                Some(user) => show_user(organization.get_value(), user).await,
                None => Err(Problem::NotFound),
            }
        },
    );
    view! {
        <Transition>
            {move || Suspend::new(async move {
                match profile.await {
                    Ok(profile) => view! { <Profile profile/> }.into_any(),
                    Err(Problem::NotFound) => view! { <NotFoundPage/> }.into_any(),
                    Err(problem) => view! { <Failed problem/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn Profile(profile: UserProfile) -> impl IntoView {
    let UserProfile { user, invited_by, invited_at, joined_at, deliveries, now } = profile;
    let title = if user.name.is_empty() { user.email.clone() } else { user.name.clone() };
    let moment = move |at: DateTime<Utc>| view! { <Moment at now/> };
    view! {
        <OrganizationPage title=title.clone() section=Section::Users>
            <p class="back"><a href=paths::users(&use_organization(), &UsersView::default())>"Users"</a></p>
            <h1>{title}</h1>
            <dl class="facts">
                <dt>"Email"</dt>
                <dd>{user.email}</dd>
                <dt>"Status"</dt>
                <dd class="line"><StatusBadge status=user.status expires_at=user.expires_at now/></dd>
                <dt>"Organization role"</dt>
                <dd>{user.role.label()}</dd>
                <dt>"Last login"</dt>
                <dd>{user.last_login_at.map_or_else(|| "Never".into_any(), |at| moment(at).into_any())}</dd>
                {invited_by.zip(invited_at).map(|(by, at)| view! { <dt>"Invited"</dt><dd>{moment(at)}" by "{by}</dd> })}
                {user.expires_at.map(|at| view! { <dt>"Invitation ends"</dt><dd>{exact(at)}</dd> })}
                {joined_at.map(|at| view! { <dt>"Joined"</dt><dd>{moment(at)}</dd> })}
            </dl>
            <Mails deliveries now/>
        </OrganizationPage>
    }
}

/// The mails to this person, each with where it is and what the mail server said.
#[component]
fn Mails(deliveries: Vec<Delivery>, now: DateTime<Utc>) -> impl IntoView {
    if deliveries.is_empty() {
        return ().into_any();
    }
    let mails = deliveries.into_iter().map(|mail| {
        let said = match &mail.state {
            DeliveryState::HandedOver { reply, .. } => format!("The mail server took it: {reply}"),
            DeliveryState::Retrying { reply, tries, next } => {
                format!("{reply} (tries so far: {tries}; next: {})", exact(*next))
            }
            DeliveryState::Failed { reply, .. } => reply.clone(),
            DeliveryState::Queued | DeliveryState::Dropped => String::new(),
        };
        view! {
            <li>
                <p><strong>{mail.kind.label()}</strong>" to "{mail.to}", queued "<Moment at=mail.queued_at now/></p>
                <p><DeliveryLine state=mail.state now/></p>
                {(!said.is_empty()).then(|| view! { <p class="muted said">{said}</p> })}
            </li>
        }
    });
    view! {
        <section aria-labelledby="mails">
            <h2 id="mails">"Mails"</h2>
            <ul class="mails" aria-labelledby="mails">{mails.collect_view()}</ul>
        </section>
    }
    .into_any()
}
