//! What admins do to users that are there already: send the invitation again, revoke, suspend, reactivate, change the
//! organization role. One user or many: the same few statements, in one transaction.

use crate::audit::{self, Targets};
use crate::invitations::state;
use crate::{Admin, Error, Result, Steward, access, mail, requests};
use chrono::TimeDelta;
use model::actions::{ActionAnswer, RefusedUser, USERS_MAX, UserAction};
use model::field::FieldError;
use model::invite::ADDRESSES_MAX;
use model::rules::{AddressState, Cell, Outcome, Refusal, rule};
use model::{OrganizationRole, UserId};
use serde_json::{Value, json};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// How often it is tried. What goes with a user, such as sessions, others may lock in another order, and the database
/// ends one of the two.
const ATTEMPTS_MOST: usize = 5;

/// Does this to each of the users for whom the rule table allows it, and says of the others why not.
///
/// # Errors
/// When nobody was chosen, or more than 1,000; not found, when the one who asks is no admin any more.
pub async fn act(
    steward: impl Into<Steward<'_>>,
    action: UserAction,
    users: &[UserId],
) -> Result<ActionAnswer> {
    let steward = steward.into();
    if users.is_empty() {
        return Err(Error::field("users", FieldError::Empty));
    }
    if users.len() > USERS_MAX {
        return Err(Error::field("users", FieldError::TooMany { most: USERS_MAX }));
    }
    let mut chosen: Vec<Uuid> = users.iter().map(|user| user.0).collect();
    chosen.sort_unstable();
    chosen.dedup();
    for _ in 1..ATTEMPTS_MOST {
        match attempt(&steward, action, &chosen, None).await {
            Err(error) if error.is_deadlock() => {}
            done => return done,
        }
    }
    attempt(&steward, action, &chosen, None).await
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
        admin.organization(),
        admin.now,
        i64::try_from(ADDRESSES_MAX).unwrap_or(i64::MAX)
    )
    .fetch_all(&admin.domain().pool)
    .await?;
    // Whoever was invited again, joined or was revoked meanwhile is left as they are.
    let answer = attempt(&admin.into(), UserAction::Resend, &expired, Some(AddressState::Expired)).await?;
    Ok(answer.done.len())
}

/// `only`: those in another state are left as they are, as if they had not been chosen.
async fn attempt(
    steward: &Steward<'_>,
    action: UserAction,
    chosen: &[Uuid],
    only: Option<AddressState>,
) -> Result<ActionAnswer> {
    let mut transaction = steward.domain().pool.begin().await?;
    if action.ends_an_admin() {
        access::lock_organization(&mut transaction, steward).await?;
    }
    let mut found = lock_users(&mut transaction, steward, chosen).await?;
    let admins_left =
        if action.ends_an_admin() { Some(count_admins(&mut transaction, steward).await?) } else { None };
    let gone = chosen.len() - found.len();
    found.retain(|user| only.is_none_or(|only| user.state == only));
    let mut plan = Plan::of(steward, action, found, admins_left);
    write(&mut transaction, steward, action, &plan.done).await?;
    transaction.commit().await?;
    if action == UserAction::Resend {
        steward.domain().mail_bell.notify_one();
    }
    Ok(ActionAnswer {
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
pub(crate) async fn count_admins(transaction: &mut PgConnection, steward: &Steward<'_>) -> Result<i64> {
    let row = sqlx::query!(
        "select count(*) as \"admins!\", $2::uuid is null or coalesce(bool_or(id = $2), false) as \"still!\"
         from users where organization_id = $1 and role = 'admin' and status = 'active'",
        steward.organization(),
        steward.actor.user_id().map(|user| user.0)
    )
    .fetch_one(transaction)
    .await?;
    if row.still { Ok(row.admins) } else { Err(Error::not_found()) }
}

/// A user whose row is locked.
pub(crate) struct Locked {
    pub id: Uuid,
    pub email: String,
    pub email_key: String,
    pub role: OrganizationRole,
    pub state: AddressState,
}

/// Locks these users, in the order of their addresses as everybody does, and reads their invitations after that.
pub(crate) async fn lock_users(
    transaction: &mut PgConnection,
    steward: &Steward<'_>,
    users: &[Uuid],
) -> Result<Vec<Locked>> {
    let rows = sqlx::query!(
        "select id, email, email_key, role, status from users
         where organization_id = $1 and id = any($2)
         order by email_key
         for update",
        steward.organization(),
        users
    )
    .fetch_all(&mut *transaction)
    .await?;
    let ends: HashMap<Uuid, _> = sqlx::query!(
        "select user_id as \"user_id!\", expires_at from invitations
         where organization_id = $1 and user_id = any($2) and status = 'open'",
        steward.organization(),
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
            state: state(&row.status, ends.get(&row.id).copied(), steward.now),
            email: row.email,
            email_key: row.email_key,
            role: row.role.parse().unwrap_or_default(),
        })
        .collect())
}

/// What is done to whom, and what is not.
#[derive(Default)]
struct Plan {
    done: Vec<(Locked, Outcome)>,
    refused: Vec<RefusedUser>,
}

impl Plan {
    fn of(
        steward: &Steward<'_>,
        action: UserAction,
        found: Vec<Locked>,
        mut admins_left: Option<i64>,
    ) -> Self {
        let mut plan = Self::default();
        for user in found {
            let is_admin = user.role == OrganizationRole::Admin && user.state == AddressState::Active;
            // Whose invitation has expired is invited anew, and only to where invitations may go.
            let anew = action == UserAction::Resend && user.state == AddressState::Expired;
            match (rule(action.rule(), user.state), &mut admins_left) {
                (Cell::Done(_), _) if anew && !steward.settings.allows(&user.email_key) => {
                    plan.refuse(user, Refusal::DomainNotAllowed);
                }
                (Cell::Done(_), Some(left)) if is_admin && *left <= 1 => {
                    plan.refuse(user, Refusal::LastAdmin);
                }
                (Cell::Done(outcome), left) => {
                    if let Some(left) = left.as_mut().filter(|_| is_admin) {
                        *left -= 1;
                    }
                    plan.done.push((user, outcome));
                }
                (Cell::Refused(why), _) => plan.refuse(user, why),
                (Cell::Nothing, _) => {}
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
    steward: &Steward<'_>,
    action: UserAction,
    done: &[(Locked, Outcome)],
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
        audit::record(transaction, steward, &steward.actor, word, &targets, &details(action)).await?;
    }
    match action {
        UserAction::Resend => resend(transaction, steward, done, &ids).await,
        UserAction::RevokeInvitation | UserAction::RevokeMembership => {
            revoke(transaction, steward, &ids).await
        }
        UserAction::Suspend => suspend(transaction, steward, &ids).await,
        UserAction::Reactivate | UserAction::Activate => reactivate(transaction, steward, &ids).await,
        UserAction::Deactivate => {
            let with = |wanted| -> Vec<Uuid> {
                let done = done.iter().filter(|(_, outcome)| outcome.state == wanted);
                done.map(|(user, _)| user.id).collect()
            };
            revoke(transaction, steward, &with(AddressState::Unknown)).await?;
            suspend(transaction, steward, &with(AddressState::Suspended)).await
        }
        UserAction::MakeAdmin | UserAction::MakeMember => {
            set_role(transaction, steward, &ids, action.role().unwrap_or_default()).await
        }
    }
}

fn details(action: UserAction) -> Value {
    action.role().map_or_else(|| json!({}), |role| json!({ "role": role.code() }))
}

/// The same invitations with all their days again: links that went out before open them, too.
async fn resend(
    transaction: &mut PgConnection,
    steward: &Steward<'_>,
    done: &[(Locked, Outcome)],
    ids: &[Uuid],
) -> Result<()> {
    let rows = sqlx::query!(
        "update invitations set expires_at = $2, invited_by = $3, inviter_name = $4
         where organization_id = $1 and user_id = any($5) and status = 'open'
         returning id, email",
        steward.organization(),
        steward.now + TimeDelta::days(steward.settings.invitation_days.into()),
        steward.actor.user_id().map(|user| user.0),
        steward.actor.name(),
        ids
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mails: Vec<_> =
        rows.into_iter().map(|row| mail::InvitationMail { invitation: row.id, email: row.email }).collect();
    let keys: Vec<&str> = done.iter().map(|(user, _)| user.email_key.as_str()).collect();
    requests::settle(transaction, steward, &keys).await?;
    mail::queue_invitations(transaction, steward, &mails).await
}

/// The invitations stay behind without their user, so that their links can say what became of them. Sessions, roles
/// and groups go with the user, in the same statement.
async fn revoke(transaction: &mut PgConnection, steward: &Steward<'_>, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update invitations set status = 'revoked', ended_at = $2
         where organization_id = $1 and user_id = any($3) and status = 'open'",
        steward.organization(),
        steward.now,
        ids
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "delete from users where organization_id = $1 and id = any($2)",
        steward.organization(),
        ids
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Sessions end in the statement that suspends. Sign-in links on their way open nothing for whoever is suspended.
async fn suspend(transaction: &mut PgConnection, steward: &Steward<'_>, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "with ended as (
            delete from sessions where organization_id = $1 and user_id = any($2)
         )
         update users set status = 'suspended'
         where organization_id = $1 and id = any($2) and status = 'active'",
        steward.organization(),
        ids
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn reactivate(transaction: &mut PgConnection, steward: &Steward<'_>, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update users set status = 'active'
         where organization_id = $1 and id = any($2) and status = 'suspended'",
        steward.organization(),
        ids
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn set_role(
    transaction: &mut PgConnection,
    steward: &Steward<'_>,
    ids: &[Uuid],
    role: OrganizationRole,
) -> Result<()> {
    sqlx::query!(
        "update users set role = $2 where organization_id = $1 and id = any($3)",
        steward.organization(),
        role.code(),
        ids
    )
    .execute(transaction)
    .await?;
    Ok(())
}
