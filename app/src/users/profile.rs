//! The profile of one user: facts, access, permissions, emails, activity, and the actions on the membership.

use super::api::{ApplyAction, ChangeUser, CopyLink, GetProfile};
use super::messages::confirmation;
use super::profile_access::{AccessForm, EffectivePermissions};
use super::profile_history::{EmailDeliveries, Timeline};
use super::selection::ActionNotice;
use crate::layout::{ErrorNotice, NotFoundPage, OrganizationPage, Section};
use crate::paths::{self, UsersDialog, UsersView};
use crate::runtime::prelude::*;
use crate::ui::{
    CloseLink, Dialog, ErrorSummary, Notice, RelativeTime, StatusBadge, SubmitButton, Tone, format_utc,
};
use crate::viewer::use_organization;
use chrono::{DateTime, Utc};
use model::actions::{ActionResult, UserAction};
use model::users::{UserProfile, UserRow};
use model::{Problem, UserId, UserStatus};

#[component]
pub fn ProfilePage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let params = use_params_map();
    let user = Memo::new(move |_| {
        params.with(|params| params.get_str("user").and_then(|id| id.parse::<UserId>().ok()))
    });
    let actions = ProfileActions {
        apply: ServerFormAction::new(),
        change: ServerFormAction::new(),
        copy: ServerFormAction::new(),
    };
    let applied = actions.apply.result();
    let revoked = Memo::new(move |_| revocation(applied.get()));
    let changes =
        (actions.apply.success_count(), actions.change.success_count(), actions.copy.success_count());
    let profile = json_resource_if(
        move || {
            // A revoked user has no profile to load.
            let user = user.get().filter(|_| revoked.get().is_none())?;
            Some(GetProfile { org: organization.get_value(), user })
        },
        move || changes.0.get() + changes.1.get() + changes.2.get(),
    );
    erased_view! {
        <Transition>
            {move || Suspend::new(async move {
                match profile.await {
                    Ok(Some(profile)) => erased_view! { <Profile profile actions/> },
                    Ok(None) => match revoked.try_get_untracked().flatten() {
                        Some(Revocation { action, email }) => erased_view! { <RevokedNotice action email/> },
                        None => erased_view! { <NotFoundPage/> },
                    },
                    Err(Problem::NotFound) => erased_view! { <NotFoundPage/> },
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </Transition>
    }
}

/// The actions of the page. They outlive the profile, which is rendered again after each.
#[derive(Clone, Copy)]
pub struct ProfileActions {
    pub apply: ServerFormAction<ApplyAction>,
    pub change: ServerFormAction<ChangeUser>,
    pub copy: ServerFormAction<CopyLink>,
}

/// What was revoked on this page: the invitation or the membership of an address.
#[derive(Clone, PartialEq)]
struct Revocation {
    action: UserAction,
    email: String,
}

fn revocation(answer: Option<Result<ActionResult, Problem>>) -> Option<Revocation> {
    let ActionResult { action, done, .. } = answer?.ok()?;
    let revokes = matches!(action, UserAction::RevokeInvitation | UserAction::RevokeMembership);
    let email = done.into_iter().next().filter(|_| revokes)?;
    Some(Revocation { action, email })
}

/// Shown in place of the profile after a revocation.
#[component]
fn RevokedNotice(action: UserAction, email: String) -> impl IntoView {
    let organization = use_organization();
    let (title, message) = match action {
        UserAction::RevokeInvitation => (
            "Invitation revoked",
            " can no longer join. All links sent to this address have stopped working.",
        ),
        _ => ("User removed", " was removed from the organization and signed out everywhere."),
    };
    let invite_again = UsersView { dialog: Some(UsersDialog::Invite(email.clone())), ..UsersView::default() };
    erased_view! {
        <OrganizationPage title=title.to_owned() section=Section::Users>
            <h1>{title}</h1>
            <div role="status">
                <Notice tone=Tone::Success>
                    <p><strong>{email}</strong>{message}</p>
                </Notice>
            </div>
            <p class="row">
                <a href=paths::users(&organization, &UsersView::default()) class="button primary">"Back to users"</a>
                <a href=paths::users(&organization, &invite_again) class="button">"Invite again"</a>
            </p>
        </OrganizationPage>
    }
}

#[component]
fn Profile(profile: UserProfile, actions: ProfileActions) -> impl IntoView {
    let title =
        if profile.user.name.is_empty() { profile.user.email.clone() } else { profile.user.name.clone() };
    let has_invitation = matches!(profile.user.status, UserStatus::Invited | UserStatus::Expired);
    let applied = actions.apply.result();
    let user = profile.user.clone();
    erased_view! {
        <OrganizationPage title=title.clone() section=Section::Users>
            <p class="back-link"><a href=paths::users(&use_organization(), &UsersView::default())>"Users"</a></p>
            <div class="heading">
                <h1>{title}</h1>
                {has_invitation.then(|| erased_view! { <InvitationActions user=user.clone() actions/> })}
            </div>
            <ActionNotice answer=applied/>
            <InvitationLink email=user.email.clone() copy=actions.copy/>
            <ProfileFacts profile=profile.clone()/>
            <AccessForm profile=profile.clone() change=actions.change/>
            <EffectivePermissions permissions=profile.permissions/>
            <EmailDeliveries deliveries=profile.deliveries now=profile.now/>
            <Timeline events=profile.timeline now=profile.now/>
            <MembershipActions user=user.clone() own=profile.is_self/>
            <ConfirmDialog user apply=actions.apply/>
        </OrganizationPage>
    }
}

#[component]
fn ProfileFacts(profile: UserProfile) -> impl IntoView {
    let UserProfile { user, invited_by, invited_at, joined, now, .. } = profile;
    let moment = move |at: DateTime<Utc>| erased_view! { <RelativeTime at now/> };
    let expiry = if user.status == UserStatus::Expired { "Invitation expired" } else { "Invitation expires" };
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
            {user.expires_at.map(|at| erased_view! { <dt>{expiry}</dt><dd>{format_utc(at)}</dd> })}
            {joined.map(|joined| erased_view! { <dt>"Joined"</dt><dd>{moment(joined.at)}" "{joined.by.label()}</dd> })}
        </dl>
    }
}

/// Resends the invitation, or copies its link to share it in another way.
#[component]
fn InvitationActions(user: UserRow, actions: ProfileActions) -> impl IntoView {
    let is_open = user.status == UserStatus::Invited;
    erased_view! {
        <div class="row">
            {is_open.then(|| erased_view! {
                <ServerForm action=actions.copy class="inline">
                    <input type="hidden" name="user" value=user.id.to_string()/>
                    <SubmitButton label="Copy link" pending_label="Copying…" pending=actions.copy.pending() kind=""/>
                </ServerForm>
            })}
            <ServerForm action=actions.apply class="inline">
                <input type="hidden" name="action" value=UserAction::Resend.code()/>
                <input type="hidden" name="users[]" value=user.id.to_string()/>
                <SubmitButton label="Resend" pending_label="Sending…" pending=actions.apply.pending() kind=""/>
            </ServerForm>
        </div>
    }
}

/// The invitation link after "Copy link". With WebAssembly it is also written to the clipboard.
#[component]
fn InvitationLink(email: String, copy: ServerFormAction<CopyLink>) -> impl IntoView {
    let answer = copy.result();
    let copied = RwSignal::new(false);
    let warning = StoredValue::new(format!(
        "Anyone with this link can join as {email}, so share it only with them. Copying it is recorded in the audit log."
    ));
    Effect::new(move || {
        // The clipboard API only exists in secure contexts.
        if let Some(Ok(link)) = answer.get().filter(|_| window().is_secure_context()) {
            let write = window().navigator().clipboard().write_text(&link);
            spawn_local(async move {
                let written = wasm_bindgen_futures::JsFuture::from(write).await.is_ok();
                let _ = copied.try_set(written);
            });
        }
    });
    erased_view! {
        <div role="status">
            {move || answer.get().map(|answer| match answer {
                Ok(link) => erased_view! {
                    <Notice tone=Tone::Info>
                        <p>
                            {move || if copied.get() { "Link copied. " } else { "Copy the link below. " }}
                            {warning.get_value()}
                        </p>
                        <input type="text" readonly class="link" aria-label="Invitation link" value=link/>
                    </Notice>
                },
                Err(problem) => erased_view! { <Notice tone=Tone::Danger><p>{problem.to_string()}</p></Notice> },
            })}
        </div>
    }
}

/// The actions that end, suspend or restore a membership. Each opens a [`ConfirmDialog`].
#[component]
fn MembershipActions(user: UserRow, own: bool) -> impl IntoView {
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
        <section class="danger-zone" aria-labelledby="membership">
            <h2 id="membership">"Membership"</h2>
            {own.then(|| erased_view! { <p class="muted">"This is your own account. If you suspend or remove yourself, you’ll be signed out and won’t be able to undo it."</p> })}
            <p class="row">{links.collect_view()}</p>
        </section>
    }
}

/// The confirmation of the action that the URL names, with the form that applies it.
#[component]
fn ConfirmDialog(user: UserRow, apply: ServerFormAction<ApplyAction>) -> impl IntoView {
    let search = use_location().search;
    let profile = StoredValue::new(paths::user(&use_organization(), user.id));
    let answer = apply.result();
    let action = Memo::new(move |_| {
        let search = search.get();
        let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
        let action: UserAction = pairs.find(|(name, _)| name == "dialog")?.1.parse().ok()?;
        let is_applied = answer.get().and_then(Result::ok).is_some_and(|result| result.action == action);
        Some(action).filter(|_| !is_applied)
    });
    let navigate = use_navigate();
    let leave = move || {
        navigate(
            &profile.get_value(),
            NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() },
        );
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
    move || {
        let action = action.get()?;
        let confirmation = confirmation(action, &user)?;
        let kind = if action == UserAction::Reactivate { "primary" } else { "danger" };
        let user = user.id.to_string();
        Some(erased_view! {
            <Dialog title=confirmation.title on_close>
                <p>{confirmation.message}</p>
                <ServerForm action=apply>
                    <ErrorSummary problem=apply.problem()/>
                    <input type="hidden" name="action" value=action.code()/>
                    <input type="hidden" name="users[]" value=user/>
                    <div class="actions">
                        <CloseLink on_close href=profile.get_value() label="Cancel"/>
                        <SubmitButton label=confirmation.button pending_label=confirmation.pending_label pending=apply.pending() kind/>
                    </div>
                </ServerForm>
            </Dialog>
        })
    }
}
