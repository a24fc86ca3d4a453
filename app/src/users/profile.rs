//! One user's profile: what they are, what they may do, what happened, and at the bottom how they leave.

use super::api::{Act, ChangeUser, CopyLink, ShowUser};
use super::messages::question;
use super::profile_access::{AccessForm, Permissions};
use super::profile_history::{Mails, Timeline};
use super::selection::ActNotice;
use crate::erased_view::erased_view;
use crate::form::{self, FormResult, ServerForm, ServerFormAction};
use crate::json_resource::json_resource_if;
use crate::layout::{ErrorNotice, NotFoundPage, OrganizationPage, Section};
use crate::paths::{self, UsersDialog, UsersView};
use crate::ui::{
    CloseLink, Dialog, ErrorSummary, Icon, Notice, RelativeTime, StatusBadge, SubmitButton, Tone, format_utc,
    icon,
};
use crate::viewer::use_organization;
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_params_map};
use model::actions::{ActionResult, UserAction};
use model::users::{UserProfile, UserRow};
use model::{Problem, UserId, UserStatus};

#[component]
pub fn ProfilePage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let parameters = use_params_map();
    let user = Memo::new(move |_| {
        parameters.with(|map| map.get_str("user").and_then(|id| id.parse::<UserId>().ok()))
    });
    let actions = Actions {
        act: ServerFormAction::new(),
        change: ServerFormAction::new(),
        copy: ServerFormAction::new(),
    };
    let acted = form::result(actions.act);
    let gone = Memo::new(move |_| revoked(acted.get()));
    let changes = (
        form::success_count(actions.act),
        form::success_count(actions.change),
        form::success_count(actions.copy),
    );
    let profile = json_resource_if(
        move || {
            // Whoever was revoked is not there to be shown any more.
            let user = user.get().filter(|_| gone.get().is_none())?;
            Some(ShowUser { org: organization.get_value(), user })
        },
        move || changes.0.get() + changes.1.get() + changes.2.get(),
    );
    erased_view! {
        <Transition>
            {move || Suspend::new(async move {
                match profile.await {
                    Ok(Some(profile)) => erased_view! { <Profile profile actions/> },
                    Ok(None) => match gone.try_get_untracked().flatten() {
                        Some(email) => erased_view! { <Gone email/> },
                        None => erased_view! { <NotFoundPage/> },
                    },
                    Err(Problem::NotFound) => erased_view! { <NotFoundPage/> },
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </Transition>
    }
}

/// What can be done on the page. It outlives the profile, which is shown anew after each.
#[derive(Clone, Copy)]
pub struct Actions {
    pub act: ServerFormAction<Act>,
    pub change: ServerFormAction<ChangeUser>,
    pub copy: ServerFormAction<CopyLink>,
}

/// The address of whoever was revoked on this page.
fn revoked(answer: Option<Result<ActionResult, Problem>>) -> Option<String> {
    let answer = answer?.ok()?;
    let revokes = matches!(answer.action, UserAction::RevokeInvitation | UserAction::RevokeMembership);
    answer.done.into_iter().next().filter(|_| revokes)
}

/// After a revocation: what was done, and the ways on.
#[component]
fn Gone(email: String) -> impl IntoView {
    let organization = use_organization();
    let again = UsersView { dialog: Some(UsersDialog::Invite(email.clone())), ..UsersView::default() };
    erased_view! {
        <OrganizationPage title="Revoked".to_owned() section=Section::Users>
            <h1>"Revoked"</h1>
            <div role="status">
                <Notice tone=Tone::Success>
                    <p><strong>{email}</strong>" is no longer in the organization. Links that were sent no longer work, and every session has ended."</p>
                </Notice>
            </div>
            <p class="row">
                <a href=paths::users(&organization, &UsersView::default()) class="button primary">"Back to the users"</a>
                <a href=paths::users(&organization, &again) class="button">"Invite again"</a>
            </p>
        </OrganizationPage>
    }
}

#[component]
fn Profile(profile: UserProfile, actions: Actions) -> impl IntoView {
    let title =
        if profile.user.name.is_empty() { profile.user.email.clone() } else { profile.user.name.clone() };
    let waiting = matches!(profile.user.status, UserStatus::Invited | UserStatus::Expired);
    let acted = form::result(actions.act);
    let user = profile.user.clone();
    erased_view! {
        <OrganizationPage title=title.clone() section=Section::Users>
            <p class="back-link"><a href=paths::users(&use_organization(), &UsersView::default())>"Users"</a></p>
            <div class="heading">
                <h1>{title}</h1>
                {waiting.then(|| erased_view! { <Invitation user=user.clone() actions/> })}
            </div>
            <ActNotice answer=acted/>
            <Link copy=actions.copy/>
            <Facts profile=profile.clone()/>
            <AccessForm profile=profile.clone() change=actions.change/>
            <Permissions permissions=profile.permissions/>
            <Mails deliveries=profile.deliveries now=profile.now/>
            <Timeline events=profile.timeline now=profile.now/>
            <Leaving user=user.clone() own=profile.is_self/>
            <Asking user act=actions.act/>
        </OrganizationPage>
    }
}

#[component]
fn Facts(profile: UserProfile) -> impl IntoView {
    let UserProfile { user, invited_by, invited_at, joined, now, .. } = profile;
    let moment = move |at: DateTime<Utc>| erased_view! { <RelativeTime at now/> };
    erased_view! {
        <dl class="description-list">
            <dt>"Email"</dt>
            <dd>{user.email}</dd>
            <dt>"Status"</dt>
            <dd class="row"><StatusBadge status=user.status expires_at=user.expires_at now/></dd>
            <dt>"Organization role"</dt>
            <dd>{user.role.label()}</dd>
            <dt>"Last login"</dt>
            <dd>{user.last_login_at.map_or_else(|| "Never".into_any(), |at| moment(at).into_any())}</dd>
            {invited_by.zip(invited_at).map(|(by, at)| erased_view! { <dt>"Invited"</dt><dd>{moment(at)}" by "{by}</dd> })}
            {user.expires_at.map(|at| erased_view! { <dt>"Invitation ends"</dt><dd>{format_utc(at)}</dd> })}
            {joined.map(|joined| erased_view! { <dt>"Joined"</dt><dd>{moment(joined.at)}" "{joined.by.label()}</dd> })}
        </dl>
    }
}

/// For somebody who has not joined: the mail again in one click, and the link for another way than mail.
#[component]
fn Invitation(user: UserRow, actions: Actions) -> impl IntoView {
    let lasts = user.status == UserStatus::Invited;
    let (label, pending) = if lasts { ("Resend", "Sending…") } else { ("Re-invite", "Sending…") };
    erased_view! {
        <div class="row">
            {lasts.then(|| erased_view! {
                <ServerForm action=actions.copy class="inline">
                    <input type="hidden" name="org" value=use_organization()/>
                    <input type="hidden" name="user" value=user.id.to_string()/>
                    <SubmitButton label="Copy link" pending_label="Copying…" pending=actions.copy.pending() kind=""/>
                </ServerForm>
            })}
            <ServerForm action=actions.act class="inline">
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="action" value=UserAction::Resend.code()/>
                <input type="hidden" name="users[]" value=user.id.to_string()/>
                <SubmitButton label pending_label=pending pending=actions.act.pending() kind=""/>
            </ServerForm>
        </div>
    }
}

/// The link that was asked for, to be copied from here; with WebAssembly it is in the clipboard already.
#[component]
fn Link(copy: ServerFormAction<CopyLink>) -> impl IntoView {
    let answer = form::result(copy);
    let copied = RwSignal::new(false);
    Effect::new(move || {
        // Elsewhere than on https the browser has no clipboard for pages.
        if let Some(Ok(link)) = answer.get().filter(|_| window().is_secure_context()) {
            let written = window().navigator().clipboard().write_text(&link);
            leptos::task::spawn_local(async move {
                let done = wasm_bindgen_futures::JsFuture::from(written).await.is_ok();
                let _ = copied.try_set(done);
            });
        }
    });
    erased_view! {
        <div role="status">
            {move || answer.get().map(|answer| match answer {
                Ok(link) => erased_view! {
                    <Notice tone=Tone::Info>
                        <p>
                            {move || if copied.get() { "The link is in your clipboard. " } else { "This is the link. " }}
                            "Whoever has it can join, so give it to this person alone. That you have it is in the audit log."
                        </p>
                        <input type="text" readonly class="link" aria-label="Invitation link" value=link/>
                    </Notice>
                },
                Err(problem) => erased_view! { <Notice tone=Tone::Danger><p>{problem.to_string()}</p></Notice> },
            })}
        </div>
    }
}

/// What ends a membership, or lets it rest. Each leads to a question first.
#[component]
fn Leaving(user: UserRow, own: bool) -> impl IntoView {
    let links: &[(UserAction, &str)] = match user.status {
        UserStatus::Invited | UserStatus::Expired => &[(UserAction::RevokeInvitation, "Revoke invitation")],
        UserStatus::Active => {
            &[(UserAction::Suspend, "Suspend"), (UserAction::RevokeMembership, "Revoke membership")]
        }
        UserStatus::Suspended => {
            &[(UserAction::Reactivate, "Reactivate"), (UserAction::RevokeMembership, "Revoke membership")]
        }
    };
    let links = links.iter().map(|(action, label)| {
        let kind = if *action == UserAction::Reactivate { "button" } else { "button danger" };
        let href = format!("?dialog={}", action.code());
        erased_view! { <a href=href data-noscroll class=kind>{*label}</a> }
    });
    erased_view! {
        <section class="danger-zone" aria-labelledby="leaving">
            <h2 id="leaving">"Membership"</h2>
            {own.then(|| erased_view! { <p class="muted">"This is you. Suspending or revoking yourself signs you out."</p> })}
            <p class="row">{links.collect_view()}</p>
        </section>
    }
}

/// The question that stands in the URL, and the form that answers it.
#[component]
fn Asking(user: UserRow, act: ServerFormAction<Act>) -> impl IntoView {
    let search = use_location().search;
    let organization = use_organization();
    let here = StoredValue::new(paths::user(&organization, user.id));
    let answer = form::result(act);
    let asked = Memo::new(move |_| {
        let search = search.get();
        let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
        let action: UserAction = pairs.find(|(name, _)| name == "dialog")?.1.parse().ok()?;
        let done = answer.get().and_then(Result::ok).is_some_and(|answer| answer.action == action);
        Some(action).filter(|_| !done)
    });
    let go = use_navigate();
    let leave = move || {
        go(&here.get_value(), NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
    };
    Effect::new({
        let leave = leave.clone();
        move || {
            if matches!(answer.get(), Some(Ok(_)))
                && search.with_untracked(|search| search.contains("dialog="))
            {
                leave();
            }
        }
    });
    let on_close = Callback::new(move |()| leave());
    let problem = Signal::derive(move || answer.get().and_then(Result::err));
    move || {
        let action = asked.get()?;
        let question = question(action, &user)?;
        let kind = if action == UserAction::Reactivate { "primary" } else { "danger" };
        let (organization, user) = (organization.clone(), user.id.to_string());
        Some(erased_view! {
            <Dialog title=question.title on_close>
                <p>{question.words}</p>
                <ServerForm action=act>
                    <ErrorSummary problem/>
                    <input type="hidden" name="org" value=organization/>
                    <input type="hidden" name="action" value=action.code()/>
                    <input type="hidden" name="users[]" value=user/>
                    <div class="actions">
                        <CloseLink on_close href=here.get_value() label="Cancel"/>
                        <SubmitButton label=question.button pending_label=question.pending pending=act.pending() kind/>
                    </div>
                </ServerForm>
            </Dialog>
        })
    }
}

/// What a part of the profile says after it was saved.
#[component]
pub fn Saved(answer: FormResult<()>) -> impl IntoView {
    erased_view! {
        <p role="status" class="save-status">
            {move || matches!(answer.get(), Some(Ok(()))).then(|| erased_view! { {icon(Icon::Check)}"Saved" })}
        </p>
    }
}
