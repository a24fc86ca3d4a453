//! The settings of an organization.

use crate::audit::{self, Targets};
use crate::{Admin, InOrganization, Result};
use model::audit_log::AuditAction;
use model::settings::{Settings, SettingsForm};

/// Returns the settings.
pub fn get(admin: &Admin<'_>) -> Settings {
    admin.settings().clone()
}

/// Updates the settings. Existing invitations and sessions keep their expiry.
///
/// # Errors
/// All invalid fields.
pub async fn save(admin: &Admin<'_>, form: &SettingsForm) -> Result<Settings> {
    let settings = form.validate()?;
    let mut transaction = admin.app().pool.begin().await?;
    let before = sqlx::query_as!(
        Settings,
        "select name, requests_enabled, invitation_days, session_hours, request_cooldown_days,
            dismiss_stale_requests, notify_requests, allowed_domains
         from organizations where id = $1 for no key update",
        admin.organization_id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    let details = audit::diff(Some(&before), &settings);
    if details.is_empty() {
        return Ok(settings);
    }
    sqlx::query!(
        "update organizations
         set name = $2, requests_enabled = $3, invitation_days = $4, session_hours = $5, allowed_domains = $6,
            request_cooldown_days = $7, dismiss_stale_requests = $8, notify_requests = $9
         where id = $1",
        admin.organization_id(),
        settings.name,
        settings.requests_enabled,
        settings.invitation_days,
        settings.session_hours,
        &settings.allowed_domains,
        settings.request_cooldown_days,
        settings.dismiss_stale_requests,
        settings.notify_requests
    )
    .execute(&mut *transaction)
    .await?;
    let actor = admin.actor();
    let targets = Targets::resource(admin.organization_id());
    let action = AuditAction::OrganizationSettingsUpdated;
    audit::record(&mut transaction, admin.context(), &actor, action, &targets, &details.into()).await?;
    transaction.commit().await?;
    Ok(settings)
}
