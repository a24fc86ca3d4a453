//! Requesting a new invitation with the link of an expired one.

use super::{confirm, notify};
use crate::audit::{self, Actor, Targets};
use crate::membership::{self, LockedUser, Selection};
use crate::{InOrganization, OrganizationContext, Result, Token, access};
use model::audit_log::AuditAction;
use model::transitions::MembershipState;
use model::{InvitationId, RequestId};
use serde_json::json;

/// Opens a request for the address of an expired invitation. It needs no confirmation, since having the link proves
/// ownership of the mailbox. Idempotent. With any other link it does nothing, and the response is the same.
pub async fn request_renewal(context: &OrganizationContext<'_>, token: &Token) -> Result<()> {
    let Some(invitation) = context.app().keys.verify_invitation_token(context.id(), token) else {
        return Ok(());
    };
    // Check without locks first, so that posting a used link repeatedly doesn't block others.
    if !may_open(context, invitation).await? {
        return Ok(());
    }
    let mut transaction = context.app().pool.begin().await?;
    // Lock order: organization, user, invitation. Notifying the admins needs the organization.
    access::lock_organization(&mut transaction, context).await?;
    let selection = Selection::Invitation(invitation);
    let user = membership::lock_users(&mut transaction, context, selection).await?.pop();
    let is_expired =
        |user: &LockedUser| user.state == MembershipState::Expired && user.invitation == Some(invitation);
    let Some(user) = user.filter(is_expired) else { return Ok(()) };
    if confirm::count_repeat(&mut transaction, context, &user.email_normalized).await? {
        transaction.commit().await?;
        return Ok(());
    }
    let request = RequestId(context.new_id());
    let inserted = sqlx::query!(
        "insert into invitation_requests (organization_id, id, email, email_normalized, status, proof, created_at)
         values ($1, $2, $3, $4, 'open', 'expired_link', $5)
         on conflict (organization_id, email_normalized) where status = 'open' do nothing",
        context.organization_id(),
        request.0,
        user.email,
        user.email_normalized,
        context.now()
    )
    .execute(&mut *transaction)
    .await?;
    if inserted.rows_affected() == 1 {
        let actor = Actor::User { id: user.id, name: &user.email };
        let targets = Targets::one(user.id, &user.email);
        audit::record(&mut transaction, context, &actor, AuditAction::RequestOpened, &targets, &json!({}))
            .await?;
        notify::queue_admin_emails(&mut transaction, context, request).await?;
    }
    transaction.commit().await?;
    context.app().mail_ready.notify_one();
    Ok(())
}

/// Whether the invitation has expired and its address has no open request.
async fn may_open(context: &OrganizationContext<'_>, invitation: InvitationId) -> Result<bool> {
    let may_open = sqlx::query_scalar!(
        "select exists (
            select from invitations i
            join users u on u.organization_id = i.organization_id and u.id = i.user_id and u.status = 'invited'
            where i.organization_id = $1 and i.id = $2 and i.status = 'open' and i.expires_at <= $3
                and not exists (
                    select from invitation_requests r
                    where r.organization_id = $1 and r.email_normalized = u.email_normalized and r.status = 'open'
                )
         ) as \"may_open!\"",
        context.organization_id(),
        invitation.0,
        context.now()
    )
    .fetch_one(&context.app().pool)
    .await?;
    Ok(may_open)
}
