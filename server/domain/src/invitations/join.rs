//! Accepting an invitation: the page of its link, and the POST that joins.

use crate::column::parse_column;
use crate::membership::{self, Joining, Selection};
use crate::sessions::{self, NewSession};
use crate::{Error, InOrganization, OrganizationContext, Result, Token};
use model::Problem;
use model::field;
use model::join::JoinPage;
use model::transitions::{Action, MembershipState, Refusal, Transition, transition};
use model::users::{JoinedBy, UserStatus};

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
    let status = match row.user_id.zip(row.user_status) {
        Some((id, status)) => Some(parse_column(&status, "users", "status", id)?),
        None => None,
    };
    let state = match status {
        // The address was invited again after this invitation had ended.
        Some(UserStatus::Invited) if !row.is_open => MembershipState::Unknown,
        status => membership::state(status, Some(row.expires_at), context.now()),
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
    let selection = Selection::Invitation(invitation);
    let user = membership::lock_users(&mut transaction, context, selection)
        .await?
        .pop()
        .filter(|user| user.invitation == Some(invitation) && user.email == shown_email)
        .ok_or(Problem::InvalidLink)?;
    membership::check(Action::Accept, user.state).map_err(|_| Problem::InvalidLink)?;
    let joining = Joining { email: &user.email, name: &name, by: JoinedBy::Invitation, actor: None };
    membership::join(&mut transaction, context, &user, &joining).await?;
    let session = sessions::start(&mut transaction, context, user.id).await?;
    transaction.commit().await?;
    Ok(session)
}
