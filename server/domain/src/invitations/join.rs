//! Accepting an invitation: the page of its link, and the POST that joins.

use super::classify::membership_state;
use crate::audit::{self, Actor, Targets};
use crate::column::parse_column;
use crate::sessions::{self, NewSession};
use crate::{Error, InOrganization, OrganizationContext, Result, Token, requests};
use model::audit_log::AuditAction;
use model::field;
use model::join::JoinPage;
use model::transitions::{Action, MembershipState, Refusal, Transition, transition};
use model::users::{JoinedBy, UserStatus};
use model::{InvitationId, Problem, UserId};

/// Returns what the page of the link shows. Read-only, because mail scanners open links too.
pub async fn join_page(context: &OrganizationContext<'_>, token: &Token) -> Result<JoinPage> {
    let Some(invitation) = context.app().keys.verify_invitation_token(context.id(), token) else {
        return Ok(JoinPage::NoSuchLink);
    };
    let row = sqlx::query!(
        "select i.status = 'open' as \"is_open!\", i.email, i.inviter_name, i.expires_at,
            u.id as \"user_id?\", u.status as \"user_status?\"
         from invitations i left join users u on u.organization_id = i.organization_id and u.id = i.user_id
         where i.organization_id = $1 and i.id = $2",
        context.organization_id(),
        invitation.0
    )
    .fetch_optional(&context.app().pool)
    .await?;
    let Some(row) = row else { return Ok(JoinPage::NoSuchLink) };
    let state = match row.user_id.zip(row.user_status) {
        None => MembershipState::Unknown,
        Some((id, status)) => match parse_column(&status, "users", "status", id)? {
            // The address was invited again after this invitation had ended.
            UserStatus::Invited if !row.is_open => MembershipState::Unknown,
            status => membership_state(status, Some(row.expires_at), context.now()),
        },
    };
    Ok(match transition(Action::Accept, state) {
        Transition::Apply(_) => {
            let signed_in = context.find_session().await?.map(|(_, user)| user);
            JoinPage::Open {
                inviter: row.inviter_name,
                email: row.email,
                expires_at: row.expires_at,
                now: context.now(),
                signed_in_as: signed_in.map(|user| user.email),
            }
        }
        Transition::Reject(Refusal::LinkExpired) => JoinPage::Expired { expired_at: row.expires_at },
        Transition::Reject(Refusal::LinkRevoked) => JoinPage::Revoked,
        Transition::Reject(Refusal::LinkUsed) => JoinPage::AlreadyJoined,
        Transition::Reject(_) | Transition::NoOp => JoinPage::NoSuchLink,
    })
}

/// Accepts the invitation: the user becomes active and is signed in. `shown_email` is the address that the page showed. It
/// must still match, so that nobody joins with a different link that was opened in another tab.
///
/// # Errors
/// A field error if the name is invalid; [`Problem::InvalidLink`] if the link can't be used, as its page explains;
/// [`Problem::DifferentAccount`] if this browser is signed in to the organization, because it would be unclear who joins.
pub async fn join(
    context: &OrganizationContext<'_>,
    token: &Token,
    shown_email: &str,
    name: &str,
) -> Result<NewSession> {
    let name = field::parse_name(name).map_err(|error| Error::field("name", error))?;
    let invitation =
        context.app().keys.verify_invitation_token(context.id(), token).ok_or(Problem::InvalidLink)?;
    if context.find_session().await?.is_some() {
        return Err(Problem::DifferentAccount.into());
    }
    let mut transaction = context.app().pool.begin().await?;
    let user = lock_invitee(&mut transaction, context, invitation).await?;
    let accepted = sqlx::query!(
        "update invitations set status = 'accepted', ended_at = $3
         where organization_id = $1 and id = $2 and status = 'open' and expires_at > $3 and email = $4",
        context.organization_id(),
        invitation.0,
        context.now(),
        shown_email
    )
    .execute(&mut *transaction)
    .await?;
    if accepted.rows_affected() == 0 {
        return Err(Problem::InvalidLink.into());
    }
    let joined = sqlx::query!(
        "update users
         set status = 'active', name = $3, joined_at = $4, joined_by = 'invitation', last_login_at = $4
         where organization_id = $1 and id = $2 and status = 'invited'
         returning email",
        context.organization_id(),
        user.0,
        name,
        context.now()
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(Problem::InvalidLink)?;
    let dismissed = requests::mark_joined(&mut transaction, context, user).await?;
    let session = sessions::start(&mut transaction, context, user).await?;
    let targets = Targets::one(user, &joined.email);
    let actor = Actor::User { id: user, name: &name };
    audit::record(
        &mut transaction,
        context,
        &actor,
        AuditAction::UserJoined,
        &targets,
        &requests::join_details(JoinedBy::Invitation, dismissed),
    )
    .await?;
    transaction.commit().await?;
    Ok(session)
}

/// Locks the row of the invited user, before the invitation changes: see the lock order in [`crate::invitations`].
async fn lock_invitee(
    transaction: &mut sqlx::PgConnection,
    context: &OrganizationContext<'_>,
    invitation: InvitationId,
) -> Result<UserId> {
    let row = sqlx::query!(
        "select id from users
         where organization_id = $1
            and id = (select user_id from invitations where organization_id = $1 and id = $2)
         for update",
        context.organization_id(),
        invitation.0
    )
    .fetch_optional(transaction)
    .await?;
    Ok(UserId(row.ok_or(Problem::InvalidLink)?.id))
}
