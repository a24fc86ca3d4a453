//! Bulk actions on selected users: resend or revoke invitations, suspend, reactivate, revoke membership, change the
//! organization role. A selection of any size takes the same few statements, in one transaction.

use crate::audit::{self, Targets};
use crate::membership::{self, LockedUser, Selection};
use crate::{Admin, Error, InOrganization, Principal, Result, access, mail, requests, retry};
use chrono::TimeDelta;
use model::actions::{ActionResult, MAX_USERS, RefusedUser, UserAction};
use model::audit_log::AuditAction;
use model::field::FieldError;
use model::invitations::MAX_ADDRESSES;
use model::transitions::{Effect, MembershipState, Refusal, Transition, transition};
use model::{OrganizationRole, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Applies an action to each selected user for whom the transition table allows it, and reports why the others were
/// rejected.
///
/// # Errors
/// A field error unless 1 to [`MAX_USERS`] users are selected; not found if the actor is no longer an active admin.
pub async fn apply_action(
    principal: impl Into<Principal<'_>>,
    action: UserAction,
    users: &[UserId],
) -> Result<ActionResult> {
    let principal = principal.into();
    if users.is_empty() {
        return Err(Error::field("users", FieldError::Empty));
    }
    if users.len() > MAX_USERS {
        return Err(Error::field("users", FieldError::TooMany { max: MAX_USERS }));
    }
    let mut selection: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    selection.sort_unstable();
    selection.dedup();
    let attempt = || try_apply(&principal, action, &selection, None);
    retry::on_deadlock("applying an action to users", attempt).await
}

/// Resends expired invitations, oldest first and at most [`MAX_ADDRESSES`], and returns how many.
pub async fn resend_expired(admin: &Admin<'_>) -> Result<usize> {
    let expired = sqlx::query_scalar!(
        "select user_id as \"user_id!\" from invitations
         where organization_id = $1 and status = 'open' and expires_at <= $2
         order by expires_at limit $3",
        admin.organization_id(),
        admin.now(),
        i64::try_from(MAX_ADDRESSES).unwrap_or(i64::MAX)
    )
    .fetch_all(&admin.app().pool)
    .await?;
    // Users who were invited again, joined or were revoked in the meantime are skipped.
    let result =
        try_apply(&admin.into(), UserAction::Resend, &expired, Some(MembershipState::Expired)).await?;
    Ok(result.done.len())
}

/// One attempt, in a transaction of its own. With `required_state`, users in any other state are skipped as if they were
/// not selected.
async fn try_apply(
    principal: &Principal<'_>,
    action: UserAction,
    selection: &[Uuid],
    required_state: Option<MembershipState>,
) -> Result<ActionResult> {
    let mut transaction = principal.app().pool.begin().await?;
    let result = apply_to_state(&mut transaction, principal, action, selection, required_state).await?;
    transaction.commit().await?;
    if action == UserAction::Resend {
        principal.app().mail_ready.notify_one();
    }
    Ok(result)
}

/// Like [`apply_action`], but in the caller's transaction. Locks the organization if the action can remove an active admin:
/// a caller that already holds locks on users must have locked the organization before them.
pub(crate) async fn apply_in_transaction(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    action: UserAction,
    selection: &[Uuid],
) -> Result<ActionResult> {
    apply_to_state(transaction, principal, action, selection, None).await
}

async fn apply_to_state(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    action: UserAction,
    selection: &[Uuid],
    required_state: Option<MembershipState>,
) -> Result<ActionResult> {
    if action.can_remove_admin() {
        access::lock_organization(transaction, principal.context()).await?;
    }
    let context = principal.context();
    let mut users = membership::lock_users(transaction, context, Selection::Ids(selection)).await?;
    let remaining_admins = if action.can_remove_admin() {
        Some(count_active_admins(transaction, principal).await?)
    } else {
        None
    };
    let not_found = selection.len() - users.len();
    users.retain(|user| required_state.is_none_or(|state| user.state == state));
    let plan = Plan::new(principal, action, users, remaining_admins);
    execute(transaction, principal, action, &plan.changes).await?;
    Ok(ActionResult {
        action,
        done: plan.changes.into_iter().map(|(user, _)| user.email).collect(),
        refused: plan.refused,
        not_found,
    })
}

/// Counts the active admins. The caller holds the lock on the organization, so that no admin is removed concurrently, and
/// the locks on the affected users, so that none of them is promoted. Also checks the actor again: they may have been
/// demoted or suspended since the request was authenticated.
///
/// # Errors
/// Not found, as for any member, if the actor is no longer an active admin.
pub(crate) async fn count_active_admins(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
) -> Result<i64> {
    let row = sqlx::query!(
        "select count(*) as \"admins!\", $2::uuid is null or coalesce(bool_or(id = $2), false) as \"is_actor_authorized!\"
         from users where organization_id = $1 and role = 'admin' and status = 'active'",
        principal.organization_id(),
        principal.actor().user_id().map(|user| user.0)
    )
    .fetch_one(transaction)
    .await?;
    if row.is_actor_authorized { Ok(row.admins) } else { Err(Error::not_found()) }
}

/// Which users the action changes, with the effect on each, and which users are refused.
#[derive(Default)]
struct Plan {
    changes: Vec<(LockedUser, Effect)>,
    refused: Vec<RefusedUser>,
}

impl Plan {
    /// `remaining_admins` is the number of active admins, if the action can remove one.
    fn new(
        principal: &Principal<'_>,
        action: UserAction,
        users: Vec<LockedUser>,
        mut remaining_admins: Option<i64>,
    ) -> Self {
        let mut plan = Self::default();
        for user in users {
            let is_active_admin =
                user.role == OrganizationRole::Admin && user.state == MembershipState::Active;
            // Resending an expired invitation invites again, so the allowed domains apply.
            let is_reinvitation = action == UserAction::Resend && user.state == MembershipState::Expired;
            match (transition(action.action(), user.state), &mut remaining_admins) {
                (Transition::Apply(_), _)
                    if is_reinvitation && !principal.settings().allows(&user.email_normalized) =>
                {
                    plan.refuse(user, Refusal::DomainNotAllowed);
                }
                (Transition::Apply(_), Some(admins)) if is_active_admin && *admins <= 1 => {
                    plan.refuse(user, Refusal::LastAdmin);
                }
                (Transition::Apply(effect), admins) => {
                    if let Some(admins) = admins.as_mut().filter(|_| is_active_admin) {
                        *admins -= 1;
                    }
                    plan.changes.push((user, effect));
                }
                (Transition::Reject(why), _) => plan.refuse(user, why),
                (Transition::NoOp, _) => {}
            }
        }
        plan
    }

    fn refuse(&mut self, user: LockedUser, why: Refusal) {
        self.refused.push(RefusedUser { email: user.email, why });
    }
}

async fn execute(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    action: UserAction,
    changes: &[(LockedUser, Effect)],
) -> Result<()> {
    let context = principal.context();
    let ids: Vec<Uuid> = changes.iter().map(|(user, _)| user.id.0).collect();
    // Recorded before the users change: the actor, whose name each event stores, may be one of them.
    let mut targets_by_event: HashMap<AuditAction, Targets> = HashMap::new();
    for (user, effect) in changes {
        if let Some(event) = effect.audit {
            targets_by_event.entry(event).or_default().push(user.id, &user.email);
        }
    }
    for (event, targets) in targets_by_event {
        audit::record(
            transaction,
            principal.context(),
            &principal.actor(),
            event,
            &targets,
            &audit_details(action),
        )
        .await?;
    }
    match action {
        UserAction::Resend => resend(transaction, principal, changes, &ids).await,
        UserAction::RevokeInvitation | UserAction::RevokeMembership => {
            membership::revoke(transaction, context, &ids).await
        }
        UserAction::Suspend => membership::suspend(transaction, context, &ids).await,
        UserAction::Reactivate | UserAction::Activate => {
            membership::reactivate(transaction, context, &ids).await
        }
        UserAction::Deactivate => {
            let ids_with_effect = |state| -> Vec<Uuid> {
                let changes = changes.iter().filter(|(_, effect)| effect.state == state);
                changes.map(|(user, _)| user.id.0).collect()
            };
            membership::revoke(transaction, context, &ids_with_effect(MembershipState::Unknown)).await?;
            membership::suspend(transaction, context, &ids_with_effect(MembershipState::Suspended)).await
        }
        UserAction::MakeAdmin | UserAction::MakeMember => {
            set_role(transaction, principal, &ids, action.role().unwrap_or_default()).await
        }
    }
}

fn audit_details(action: UserAction) -> Value {
    action.role().map_or_else(|| json!({}), |role| json!({ "role": role.code() }))
}

/// Restarts the expiry period of the same invitations, so that links in earlier emails still work.
async fn resend(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    changes: &[(LockedUser, Effect)],
    ids: &[Uuid],
) -> Result<()> {
    let rows = sqlx::query!(
        "update invitations set expires_at = $2, invited_by = $3, inviter_name = $4
         where organization_id = $1 and user_id = any($5) and status = 'open'
         returning id, email",
        principal.organization_id(),
        principal.now() + TimeDelta::days(principal.settings().invitation_days.into()),
        principal.actor().user_id().map(|user| user.0),
        principal.actor().name(),
        ids
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mails: Vec<_> =
        rows.into_iter().map(|row| mail::InvitationMail { invitation: row.id, email: row.email }).collect();
    let emails: Vec<&str> = changes.iter().map(|(user, _)| user.email_normalized.as_str()).collect();
    requests::mark_approved(transaction, principal.context(), &emails).await?;
    mail::enqueue_invitations(transaction, principal.context(), &mails).await
}

async fn set_role(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    ids: &[Uuid],
    role: OrganizationRole,
) -> Result<()> {
    sqlx::query!(
        "update users set role = $2 where organization_id = $1 and id = any($3)",
        principal.organization_id(),
        role.code(),
        ids
    )
    .execute(transaction)
    .await?;
    Ok(())
}
