//! Asking by the link of an invitation that has expired.

use super::{confirm, notify};
use crate::audit::{self, Actor, Targets};
use crate::invitations::state;
use crate::{Result, Token, Visitor, access};
use model::rules::AddressState;
use model::{InvitationId, RequestId, UserId};
use serde_json::json;

/// Puts a request for the address of an expired invitation before the admins: its link has shown that the mailbox is
/// theirs. Once, however often it is asked; where the link is of another kind, nothing happens, and nothing tells.
pub async fn ask_again(visitor: &Visitor<'_>, token: &Token) -> Result<()> {
    let Some(invitation) = visitor.domain().keys.open_invitation(visitor.id, token) else { return Ok(()) };
    // Before anything is locked: whoever posts a used link over and over keeps nobody waiting.
    if !may_open(visitor, invitation).await? {
        return Ok(());
    }
    let mut transaction = visitor.domain().pool.begin().await?;
    // The house's order: the organization first, which the mail to the admins needs, then the user, then the invitation.
    access::lock_organization(&mut transaction, visitor).await?;
    let user = sqlx::query!(
        "select u.id, u.email, u.email_key, u.status from users u
         where u.organization_id = $1
            and u.id = (select user_id from invitations where organization_id = $1 and id = $2)
         for update",
        visitor.organization(),
        invitation.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(user) = user else { return Ok(()) };
    let ends = sqlx::query_scalar!(
        "select expires_at from invitations where organization_id = $1 and id = $2 and status = 'open'",
        visitor.organization(),
        invitation.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    if ends.is_none() || state(&user.status, ends, visitor.now) != AddressState::Expired {
        return Ok(());
    }
    if confirm::count_repeat(&mut transaction, visitor, &user.email_key).await? {
        transaction.commit().await?;
        return Ok(());
    }
    let request = RequestId(visitor.new_id());
    let opened = sqlx::query!(
        "insert into invitation_requests (organization_id, id, email, email_key, status, proof, created_at)
         values ($1, $2, $3, $4, 'open', 'expired_link', $5)
         on conflict (organization_id, email_key) where status = 'open' do nothing",
        visitor.organization(),
        request.0,
        user.email,
        user.email_key,
        visitor.now
    )
    .execute(&mut *transaction)
    .await?;
    if opened.rows_affected() == 1 {
        let actor = Actor::User { id: UserId(user.id), name: &user.email };
        let targets = Targets::one(UserId(user.id), &user.email);
        audit::record(&mut transaction, visitor, &actor, "request.opened", &targets, &json!({})).await?;
        notify::admins(&mut transaction, visitor, request).await?;
    }
    transaction.commit().await?;
    visitor.domain().mail_bell.notify_one();
    Ok(())
}

/// Whether the invitation has expired, and nobody has asked by it yet.
async fn may_open(visitor: &Visitor<'_>, invitation: InvitationId) -> Result<bool> {
    let may = sqlx::query_scalar!(
        "select exists (
            select from invitations i
            join users u on u.organization_id = i.organization_id and u.id = i.user_id and u.status = 'invited'
            where i.organization_id = $1 and i.id = $2 and i.status = 'open' and i.expires_at <= $3
                and not exists (
                    select from invitation_requests r
                    where r.organization_id = $1 and r.email_key = u.email_key and r.status = 'open'
                )
         ) as \"may!\"",
        visitor.organization(),
        invitation.0,
        visitor.now
    )
    .fetch_one(&visitor.domain().pool)
    .await?;
    Ok(may)
}
