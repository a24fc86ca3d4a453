//! Asking by the link of an invitation that has expired.

use super::{confirm, notify};
use crate::audit::{self, Actor, Targets};
use crate::invitations::membership_state;
use crate::{OrganizationContext, Result, Token, access};
use model::transitions::MembershipState;
use model::{InvitationId, RequestId, UserId};
use serde_json::json;

/// Puts a request for the address of an expired invitation before the admins: its link has shown that the mailbox is
/// theirs. Once, however often it is asked; where the link is of another kind, nothing happens, and nothing tells.
pub async fn request_renewal(context: &OrganizationContext<'_>, token: &Token) -> Result<()> {
    let Some(invitation) = context.app().keys.verify_invitation_token(context.id, token) else {
        return Ok(());
    };
    // Before anything is locked: whoever posts a used link over and over keeps nobody waiting.
    if !may_open(context, invitation).await? {
        return Ok(());
    }
    let mut transaction = context.app().pool.begin().await?;
    // The house's order: the organization first, which the mail to the admins needs, then the user, then the invitation.
    access::lock_organization(&mut transaction, context).await?;
    let user = sqlx::query!(
        "select u.id, u.email, u.email_normalized, u.status from users u
         where u.organization_id = $1
            and u.id = (select user_id from invitations where organization_id = $1 and id = $2)
         for update",
        context.organization_id(),
        invitation.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(user) = user else { return Ok(()) };
    let ends = sqlx::query_scalar!(
        "select expires_at from invitations where organization_id = $1 and id = $2 and status = 'open'",
        context.organization_id(),
        invitation.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if ends.is_none() || membership_state(&user.status, ends, context.now) != MembershipState::Expired {
        return Ok(());
    }
    if confirm::count_repeat(&mut transaction, context, &user.email_normalized).await? {
        transaction.commit().await?;
        return Ok(());
    }
    let request = RequestId(context.new_id());
    let opened = sqlx::query!(
        "insert into invitation_requests (organization_id, id, email, email_normalized, status, proof, created_at)
         values ($1, $2, $3, $4, 'open', 'expired_link', $5)
         on conflict (organization_id, email_normalized) where status = 'open' do nothing",
        context.organization_id(),
        request.0,
        user.email,
        user.email_normalized,
        context.now
    )
    .execute(&mut *transaction)
    .await?;
    if opened.rows_affected() == 1 {
        let actor = Actor::User { id: UserId(user.id), name: &user.email };
        let targets = Targets::one(UserId(user.id), &user.email);
        audit::record(&mut transaction, context, &actor, "request.opened", &targets, &json!({})).await?;
        notify::admins(&mut transaction, context, request).await?;
    }
    transaction.commit().await?;
    context.app().mail_ready.notify_one();
    Ok(())
}

/// Whether the invitation has expired, and nobody has asked by it yet.
async fn may_open(context: &OrganizationContext<'_>, invitation: InvitationId) -> Result<bool> {
    let may = sqlx::query_scalar!(
        "select exists (
            select from invitations i
            join users u on u.organization_id = i.organization_id and u.id = i.user_id and u.status = 'invited'
            where i.organization_id = $1 and i.id = $2 and i.status = 'open' and i.expires_at <= $3
                and not exists (
                    select from invitation_requests r
                    where r.organization_id = $1 and r.email_normalized = u.email_normalized and r.status = 'open'
                )
         ) as \"may!\"",
        context.organization_id(),
        invitation.0,
        context.now
    )
    .fetch_one(&context.app().pool)
    .await?;
    Ok(may)
}
