//! Sign-ins by a provider that came to nothing: their page, and what the audit log has of them.

use super::login_flow::Attempt;
use crate::audit::{self, Actor, Targets};
use crate::{OrganizationContext, Result, Token};
use chrono::TimeDelta;
use model::ConnectionId;
use model::sso::{ATTEMPT_MINUTES, ConnectionName, RefusedPage, SsoRefusal};
use serde_json::{Value, json};

/// For how many minutes the same refusal is written down once: whoever tries again and again fills no log.
const ONCE_IN_MINUTES: i64 = 10;

/// Keeps why a try came to nothing, for the page that tells it, and for the audit log.
pub(super) async fn keep(
    context: &OrganizationContext<'_>,
    attempt: &Attempt,
    refusal: &SsoRefusal,
) -> Result<()> {
    let mut transaction = context.app().pool.begin().await?;
    sqlx::query!(
        "update sso_login_flows set refusal = $3 where organization_id = $1 and id = $2",
        context.organization_id(),
        attempt.id,
        as_json(refusal)
    )
    .execute(&mut *transaction)
    .await?;
    if let Some(email) = logged(refusal) {
        let details = json!({ "reason": refusal.code(), "connection": attempt.connection.name });
        let again = sqlx::query_scalar!(
            "select exists (
                select from audit_events
                where organization_id = $1 and action = 'sso.sign_in_refused' and at > $2 and details = $3
                    and target_email is not distinct from $4
             ) as \"again!\"",
            context.organization_id(),
            context.now - TimeDelta::minutes(ONCE_IN_MINUTES),
            details,
            email
        )
        .fetch_one(&mut *transaction)
        .await?;
        if !again {
            let mut targets = Targets::default();
            match email {
                Some(email) => targets.push_address(email),
                None => targets = Targets::resource(attempt.connection.id.0),
            }
            let actor = Actor::Unauthenticated { email: email.unwrap_or("somebody who is not known") };
            audit::record(&mut transaction, context, &actor, "sso.sign_in_refused", &targets, &details)
                .await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Whether a refusal stands in the audit log, and under which address. What anybody can bring about with a made-up code
/// stays out, and so does an address that nobody has checked.
#[expect(clippy::option_option, reason = "not written down, written down without an address, or with one")]
fn logged(refusal: &SsoRefusal) -> Option<Option<&str>> {
    match refusal {
        SsoRefusal::Over | SsoRefusal::ProviderAway | SsoRefusal::Cancelled | SsoRefusal::ProviderRefused => {
            None
        }
        SsoRefusal::Misconfigured | SsoRefusal::NotGenuine | SsoRefusal::Unverified => Some(None),
        SsoRefusal::Suspended { email }
        | SsoRefusal::DomainNotAllowed { email }
        | SsoRefusal::Stranger { email }
        | SsoRefusal::OtherPerson { email }
        | SsoRefusal::Mismatch { came: email, .. } => Some(Some(email)),
    }
}

pub(super) fn as_json(refusal: &SsoRefusal) -> Value {
    serde_json::to_value(refusal).unwrap_or_default()
}

/// Why the last try of this browser came to nothing. Another browser learns nothing of it.
pub async fn refused_page(context: &OrganizationContext<'_>, browser: Option<&Token>) -> Result<RefusedPage> {
    let over = RefusedPage { refusal: SsoRefusal::Over, connection: None };
    let Some(browser) = browser else { return Ok(over) };
    let row = sqlx::query!(
        "select a.refusal, c.id, c.name from sso_login_flows a
         join sso_connections c on c.organization_id = a.organization_id and c.id = a.connection_id
         where a.organization_id = $1 and a.browser_hash = $2 and a.used_at > $3
         order by a.used_at desc, a.id desc limit 1",
        context.organization_id(),
        browser.hash(),
        context.now - TimeDelta::minutes(ATTEMPT_MINUTES)
    )
    .fetch_optional(&context.app().pool)
    .await?;
    let Some(row) = row else { return Ok(over) };
    let refusal = row.refusal.and_then(|refusal| serde_json::from_value(refusal).ok());
    Ok(RefusedPage {
        refusal: refusal.unwrap_or(SsoRefusal::Over),
        connection: Some(ConnectionName { id: ConnectionId(row.id), name: row.name }),
    })
}
