//! What admins do to users that are there already: send the invitation again, revoke, suspend, reactivate, change the
//! organization role. One user or many: the same few statements, in one transaction.

use crate::audit::{self, Targets};
use crate::invitations::state;
use crate::{Admin, Error, Principal, Result, access, mail, requests};
use chrono::TimeDelta;
use model::actions::{ActionResult, MAX_USERS, RefusedUser, UserAction};
use model::field::FieldError;
use model::invitations::MAX_ADDRESSES;
use model::transitions::{Effect, MembershipState, Refusal, Transition, transition};
use model::{OrganizationRole, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// How often it is tried. What goes with a user, such as sessions, others may lock in another order, and the database
/// ends one of the two.
pub(crate) const MAX_ATTEMPTS: usize = 5;

/// Does this to each of the users for whom the rule table allows it, and says of the others why not.
///
/// # Errors
/// When nobody was chosen, or more than 1,000; not found, when the one who asks is no admin any more.
pub async fn act(
    principal: impl Into<Principal<'_>>,
    action: UserAction,
    users: &[UserId],
) -> Result<ActionResult> {
    let principal = principal.into();
    if users.is_empty() {
        return Err(Error::field("users", FieldError::Empty));
    }
    if users.len() > MAX_USERS {
        return Err(Error::field("users", FieldError::TooMany { most: MAX_USERS }));
    }
    let mut chosen: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    chosen.sort_unstable();
    chosen.dedup();
    for _ in 1..MAX_ATTEMPTS {
        match attempt(&principal, action, &chosen, None).await {
            Err(error) if error.is_deadlock() => {}
            done => return done,
        }
    }
    attempt(&principal, action, &chosen, None).await
}

/// Sends the expired invitations again, the oldest first and 10,000 at most, and says how many.
///
/// # Errors
/// None of its own.
pub async fn invite_all_again(admin: &Admin<'_>) -> Result<usize> {
    let expired = sqlx::query_scalar!(
        "select user_id as \"user_id!\" from invitations
         where organization_id = $1 and status = 'open' and expires_at <= $2
         order by expires_at limit $3",
        admin.organization_id(),
        admin.now,
        i64::try_from(MAX_ADDRESSES).unwrap_or(i64::MAX)
    )
    .fetch_all(&admin.app().pool)
    .await?;
    // Whoever was invited again, joined or was revoked meanwhile is left as they are.
    let answer = attempt(&admin.into(), UserAction::Resend, &expired, Some(MembershipState::Expired)).await?;
    Ok(answer.done.len())
}

/// `only`: those in another state are left as they are, as if they had not been chosen.
async fn attempt(
    principal: &Principal<'_>,
    action: UserAction,
    chosen: &[Uuid],
    only: Option<MembershipState>,
) -> Result<ActionResult> {
    let mut transaction = principal.app().pool.begin().await?;
    let answer = apply_to(&mut transaction, principal, action, chosen, only).await?;
    transaction.commit().await?;
    if action == UserAction::Resend {
        principal.app().mail_ready.notify_one();
    }
    Ok(answer)
}

/// The same in the transaction of whatever else belongs to it. Where an active admin may be none any more after it, the
/// organization's lock is taken; whoever holds users' locks already took it before them.
pub(crate) async fn apply(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    action: UserAction,
    chosen: &[Uuid],
) -> Result<ActionResult> {
    apply_to(transaction, principal, action, chosen, None).await
}

async fn apply_to(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    action: UserAction,
    chosen: &[Uuid],
    only: Option<MembershipState>,
) -> Result<ActionResult> {
    if action.ends_an_admin() {
        access::lock_organization(transaction, principal).await?;
    }
    let mut found = lock_users(transaction, principal, chosen).await?;
    let admins_left =
        if action.ends_an_admin() { Some(count_admins(transaction, principal).await?) } else { None };
    let gone = chosen.len() - found.len();
    found.retain(|user| only.is_none_or(|only| user.state == only));
    let mut plan = Plan::of(principal, action, found, admins_left);
    write(transaction, principal, action, &plan.done).await?;
    Ok(ActionResult {
        action,
        done: plan.done.drain(..).map(|(user, _)| user.email).collect(),
        refused: plan.refused,
        gone,
    })
}

/// How many active admins there are. Whoever asks holds the organization's lock, so none is ended meanwhile, and has
/// locked the users in question before, so none of them becomes one. The one who acts is looked at again: another may
/// have ended them before.
///
/// # Errors
/// Not found, as for any member, when the one who acts is no active admin any more.
pub(crate) async fn count_admins(transaction: &mut PgConnection, principal: &Principal<'_>) -> Result<i64> {
    let row = sqlx::query!(
        "select count(*) as \"admins!\", $2::uuid is null or coalesce(bool_or(id = $2), false) as \"still!\"
         from users where organization_id = $1 and role = 'admin' and status = 'active'",
        principal.organization_id(),
        principal.actor.user_id().map(|user| user.0)
    )
    .fetch_one(transaction)
    .await?;
    if row.still { Ok(row.admins) } else { Err(Error::not_found()) }
}

/// A user whose row is locked.
pub(crate) struct Locked {
    pub id: Uuid,
    pub email: String,
    pub email_normalized: String,
    pub role: OrganizationRole,
    pub state: MembershipState,
}

/// Locks these users, in the order of their addresses as everybody does, and reads their invitations after that.
pub(crate) async fn lock_users(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    users: &[Uuid],
) -> Result<Vec<Locked>> {
    let rows = sqlx::query!(
        "select id, email, email_normalized, role, status from users
         where organization_id = $1 and id = any($2)
         order by email_normalized
         for update",
        principal.organization_id(),
        users
    )
    .fetch_all(&mut *transaction)
    .await?;
    let ends: HashMap<Uuid, _> = sqlx::query!(
        "select user_id as \"user_id!\", expires_at from invitations
         where organization_id = $1 and user_id = any($2) and status = 'open'",
        principal.organization_id(),
        users
    )
    .fetch_all(transaction)
    .await?
    .into_iter()
    .map(|row| (row.user_id, row.expires_at))
    .collect();
    Ok(rows
        .into_iter()
        .map(|row| Locked {
            id: row.id,
            state: state(&row.status, ends.get(&row.id).copied(), principal.now),
            email: row.email,
            email_normalized: row.email_normalized,
            role: row.role.parse().unwrap_or_default(),
        })
        .collect())
}

/// What is done to whom, and what is not.
#[derive(Default)]
struct Plan {
    done: Vec<(Locked, Effect)>,
    refused: Vec<RefusedUser>,
}

impl Plan {
    fn of(
        principal: &Principal<'_>,
        action: UserAction,
        found: Vec<Locked>,
        mut admins_left: Option<i64>,
    ) -> Self {
        let mut plan = Self::default();
        for user in found {
            let is_admin = user.role == OrganizationRole::Admin && user.state == MembershipState::Active;
            // Whose invitation has expired is invited anew, and only to where invitations may go.
            let anew = action == UserAction::Resend && user.state == MembershipState::Expired;
            match (transition(action.action(), user.state), &mut admins_left) {
                (Transition::Apply(_), _) if anew && !principal.settings.allows(&user.email_normalized) => {
                    plan.refuse(user, Refusal::DomainNotAllowed);
                }
                (Transition::Apply(_), Some(left)) if is_admin && *left <= 1 => {
                    plan.refuse(user, Refusal::LastAdmin);
                }
                (Transition::Apply(outcome), left) => {
                    if let Some(left) = left.as_mut().filter(|_| is_admin) {
                        *left -= 1;
                    }
                    plan.done.push((user, outcome));
                }
                (Transition::Reject(why), _) => plan.refuse(user, why),
                (Transition::NoOp, _) => {}
            }
        }
        plan
    }

    fn refuse(&mut self, user: Locked, why: Refusal) {
        self.refused.push(RefusedUser { email: user.email, why });
    }
}

async fn write(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    action: UserAction,
    done: &[(Locked, Effect)],
) -> Result<()> {
    let ids: Vec<Uuid> = done.iter().map(|(user, _)| user.id).collect();
    // Before the users: the log keeps the name of who did it, and that may be one of them.
    let mut by_word: HashMap<&str, Targets> = HashMap::new();
    for (user, outcome) in done {
        if let Some(word) = outcome.audit {
            by_word.entry(word).or_default().push(UserId(user.id), &user.email);
        }
    }
    for (word, targets) in by_word {
        audit::record(transaction, principal, &principal.actor, word, &targets, &details(action)).await?;
    }
    match action {
        UserAction::Resend => resend(transaction, principal, done, &ids).await,
        UserAction::RevokeInvitation | UserAction::RevokeMembership => {
            revoke(transaction, principal, &ids).await
        }
        UserAction::Suspend => suspend(transaction, principal, &ids).await,
        UserAction::Reactivate | UserAction::Activate => reactivate(transaction, principal, &ids).await,
        UserAction::Deactivate => {
            let with = |wanted| -> Vec<Uuid> {
                let done = done.iter().filter(|(_, outcome)| outcome.state == wanted);
                done.map(|(user, _)| user.id).collect()
            };
            revoke(transaction, principal, &with(MembershipState::Unknown)).await?;
            suspend(transaction, principal, &with(MembershipState::Suspended)).await
        }
        UserAction::MakeAdmin | UserAction::MakeMember => {
            set_role(transaction, principal, &ids, action.role().unwrap_or_default()).await
        }
    }
}

fn details(action: UserAction) -> Value {
    action.role().map_or_else(|| json!({}), |role| json!({ "role": role.code() }))
}

/// The same invitations with all their days again: links that went out before open them, too.
async fn resend(
    transaction: &mut PgConnection,
    principal: &Principal<'_>,
    done: &[(Locked, Effect)],
    ids: &[Uuid],
) -> Result<()> {
    let rows = sqlx::query!(
        "update invitations set expires_at = $2, invited_by = $3, inviter_name = $4
         where organization_id = $1 and user_id = any($5) and status = 'open'
         returning id, email",
        principal.organization_id(),
        principal.now + TimeDelta::days(principal.settings.invitation_days.into()),
        principal.actor.user_id().map(|user| user.0),
        principal.actor.name(),
        ids
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mails: Vec<_> =
        rows.into_iter().map(|row| mail::InvitationMail { invitation: row.id, email: row.email }).collect();
    let keys: Vec<&str> = done.iter().map(|(user, _)| user.email_normalized.as_str()).collect();
    requests::mark_approved(transaction, principal, &keys).await?;
    mail::enqueue_invitations(transaction, principal, &mails).await
}

/// The invitations stay behind without their user, so that their links can say what became of them. Sessions, roles
/// and groups go with the user, in the same statement.
async fn revoke(transaction: &mut PgConnection, principal: &Principal<'_>, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update invitations set status = 'revoked', ended_at = $2
         where organization_id = $1 and user_id = any($3) and status = 'open'",
        principal.organization_id(),
        principal.now,
        ids
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from users where organization_id = $1 and id = any($2)",
        principal.organization_id(),
        ids
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Sessions end in the statement that suspends. Sign-in links on their way open nothing for whoever is suspended.
async fn suspend(transaction: &mut PgConnection, principal: &Principal<'_>, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "with ended as (
            delete from sessions where organization_id = $1 and user_id = any($2)
         )
         update users set status = 'suspended'
         where organization_id = $1 and id = any($2) and status = 'active'",
        principal.organization_id(),
        ids
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn reactivate(transaction: &mut PgConnection, principal: &Principal<'_>, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update users set status = 'active'
         where organization_id = $1 and id = any($2) and status = 'suspended'",
        principal.organization_id(),
        ids
    )
    .execute(transaction)
    .await?;
    Ok(())
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
