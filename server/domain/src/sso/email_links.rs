//! "Disable email links": members sign in by a connection alone; admins keep the email link, in case the provider
//! is away.

use crate::audit::{self, Actor, Targets};
use crate::{Admin, Error, Result, access};
use model::field::FieldError;
use serde_json::json;

/// Switches it on or off. From then on, links that members got before open nothing.
///
/// # Errors
/// When there is no connection: nobody but admins could sign in.
pub async fn switch_email_links(admin: &Admin<'_>, off: bool) -> Result<()> {
    let mut transaction = admin.app().pool.begin().await?;
    // No connection is deleted meanwhile.
    access::lock_organization(&mut transaction, admin).await?;
    let row = sqlx::query!(
        "select email_links_disabled, exists (select from sso_connections where organization_id = $1) as \"connected!\"
         from organizations where id = $1",
        admin.organization_id()
    )
    .fetch_one(&mut *transaction)
    .await?;
    if off && !row.connected {
        return Err(Error::field("email_links_disabled", FieldError::NoConnection));
    }
    if off == row.email_links_disabled {
        return Ok(());
    }
    sqlx::query!(
        "update organizations set email_links_disabled = $2 where id = $1",
        admin.organization_id(),
        off
    )
    .execute(&mut *transaction)
    .await?;
    if off {
        // Those that an operator made are no email links.
        sqlx::query!(
            "update sign_ins s set used_at = $2
             from users u
             where s.organization_id = $1 and s.used_at is null and s.expires_at > $2
                and u.organization_id = s.organization_id and u.id = s.user_id and u.role <> 'admin'
                and exists (select from deliveries d
                    where d.organization_id = s.organization_id and d.sign_in_id = s.id)",
            admin.organization_id(),
            admin.now
        )
        .execute(&mut *transaction)
        .await?;
    }
    let (actor, targets) = (Actor::user(&admin.user), Targets::resource(admin.organization_id()));
    let details = json!({ "email_links_disabled": { "from": !off, "to": off } });
    let word = "organization.settings_updated";
    audit::record(&mut transaction, admin, &actor, word, &targets, &details).await?;
    transaction.commit().await?;
    Ok(())
}
