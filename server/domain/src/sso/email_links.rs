//! The setting "Disable email links": members sign in only by SSO, while admins keep the email link in case the
//! provider is down.

use crate::audit::{self, Targets};
use crate::{Admin, Error, InOrganization, Result, access};
use model::audit_log::AuditAction;
use model::field::FieldError;
use serde_json::json;

/// Changes the setting. Disabling also invalidates the email links that members have received but not used.
///
/// # Errors
/// When disabling without any connection, which would lock out all members.
pub async fn set_email_links_disabled(admin: &Admin<'_>, disabled: bool) -> Result<()> {
    let mut transaction = admin.app().pool.begin().await?;
    // Prevents a concurrent deletion of the last connection.
    access::lock_organization(&mut transaction, admin.context()).await?;
    let row = sqlx::query!(
        "select email_links_disabled,
            exists (select from sso_connections where organization_id = $1) as \"has_connection!\"
         from organizations where id = $1",
        admin.organization_id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    if disabled && !row.has_connection {
        return Err(Error::field("email_links_disabled", FieldError::NoConnection));
    }
    if disabled == row.email_links_disabled {
        return Ok(());
    }
    sqlx::query!(
        "update organizations set email_links_disabled = $2 where id = $1",
        admin.organization_id(),
        disabled
    )
    .execute(&mut *transaction)
    .await?;
    if disabled {
        // Links created at the command line have no delivery and stay valid.
        sqlx::query!(
            "update sign_ins s set used_at = $2
             from users u
             where s.organization_id = $1 and s.used_at is null and s.expires_at > $2
                and u.organization_id = s.organization_id and u.id = s.user_id and u.role <> 'admin'
                and exists (select from deliveries d
                    where d.organization_id = s.organization_id and d.sign_in_id = s.id)",
            admin.organization_id(),
            admin.now()
        )
        .execute(&mut *transaction)
        .await?;
    }
    let (actor, targets) = (admin.actor(), Targets::resource(admin.organization_id()));
    let details = json!({ "email_links_disabled": { "from": !disabled, "to": disabled } });
    let action = AuditAction::OrganizationSettingsUpdated;
    audit::record(&mut transaction, admin.context(), &actor, action, &targets, &details).await?;
    transaction.commit().await?;
    Ok(())
}
