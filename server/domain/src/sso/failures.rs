//! Refused SSO sign-ins: the refusal that the browser's error page shows, and its audit event.

use super::Connection;
use crate::DatabaseInconsistency;
use crate::audit::{self, Actor, Targets};
use crate::{Error, InOrganization, OrganizationContext, Result, Token};
use chrono::TimeDelta;
use model::ConnectionId;
use model::audit_log::AuditAction;
use model::sso::{ConnectionName, LOGIN_FLOW_TTL, SsoRefusal, SsoRefusalDetails};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// The same refusal is audited once within this time, so that repeated attempts can't fill the log.
const AUDIT_INTERVAL: TimeDelta = TimeDelta::minutes(10);

/// Why a login flow signs nobody in.
pub(super) enum SignInError {
    /// The rules refuse it. The login flow records why.
    Refused(SsoRefusal),
    Other(Error),
}

impl From<SsoRefusal> for SignInError {
    fn from(refusal: SsoRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for SignInError {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<sqlx::Error> for SignInError {
    fn from(error: sqlx::Error) -> Self {
        Self::Other(error.into())
    }
}

/// Stores why a login flow failed, for the error page, and audits it.
pub(super) async fn record_failure(
    context: &OrganizationContext<'_>,
    flow: Uuid,
    connection: &Connection,
    refusal: &SsoRefusal,
) -> Result<()> {
    let mut transaction = context.app().pool.begin().await?;
    sqlx::query!(
        "update sso_login_flows set refusal = $3 where organization_id = $1 and id = $2",
        context.organization_id(),
        flow,
        refusal_json(refusal)
    )
    .execute(&mut *transaction)
    .await?;
    audit_failure(&mut transaction, context, connection, refusal).await?;
    transaction.commit().await?;
    Ok(())
}

/// What the audit event of a refusal is about.
enum AuditTarget<'a> {
    /// The refusal is not audited.
    None,
    Connection,
    Email(&'a str),
}

/// Leaves out what anybody can cause with a made-up code, and addresses that no provider has verified.
fn audit_target(refusal: &SsoRefusal) -> AuditTarget<'_> {
    match refusal {
        SsoRefusal::FlowExpired
        | SsoRefusal::ProviderUnreachable
        | SsoRefusal::Canceled
        | SsoRefusal::ProviderError => AuditTarget::None,
        SsoRefusal::Misconfigured | SsoRefusal::VerificationFailed | SsoRefusal::EmailNotVerified => {
            AuditTarget::Connection
        }
        SsoRefusal::Suspended { email }
        | SsoRefusal::DomainNotAllowed { email }
        | SsoRefusal::NotInvited { email }
        | SsoRefusal::LinkedToAnotherIdentity { email }
        | SsoRefusal::InvitationMismatch { signed_in_as: email, .. } => AuditTarget::Email(email),
    }
}

async fn audit_failure(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    connection: &Connection,
    refusal: &SsoRefusal,
) -> Result<()> {
    let (email, targets) = match audit_target(refusal) {
        AuditTarget::None => return Ok(()),
        AuditTarget::Connection => (None, Targets::resource(connection.id.0)),
        AuditTarget::Email(email) => {
            let mut targets = Targets::default();
            targets.push_address(email);
            (Some(email), targets)
        }
    };
    let details = json!({ "reason": refusal.reason(), "connection": connection.name });
    let already_audited = sqlx::query_scalar!(
        "select exists (
            select from audit_events
            where organization_id = $1 and action = 'sso.sign_in_refused' and at > $2 and details = $3
                and target_email is not distinct from $4
         ) as \"already_audited!\"",
        context.organization_id(),
        context.now() - AUDIT_INTERVAL,
        details,
        email
    )
    .fetch_one(&mut *transaction)
    .await?;
    if already_audited {
        return Ok(());
    }
    let actor = Actor::Unauthenticated { email: email.unwrap_or("Unknown") };
    audit::record(transaction, context, &actor, AuditAction::SsoSignInRefused, &targets, &details).await
}

pub(super) fn refusal_json(refusal: &SsoRefusal) -> Value {
    serde_json::to_value(refusal).unwrap_or_default()
}

/// Why the last login flow of this browser was refused. Other browsers learn nothing about it.
pub async fn last_refusal(
    context: &OrganizationContext<'_>,
    browser_token: Option<&Token>,
) -> Result<SsoRefusalDetails> {
    let expired = SsoRefusalDetails { refusal: SsoRefusal::FlowExpired, connection: None };
    let Some(browser_token) = browser_token else { return Ok(expired) };
    let row = sqlx::query!(
        "select f.id as flow_id, f.refusal, c.id, c.name from sso_login_flows f
         join sso_connections c on c.organization_id = f.organization_id and c.id = f.connection_id
         where f.organization_id = $1 and f.browser_hash = $2 and f.used_at > $3
         order by f.used_at desc, f.id desc limit 1",
        context.organization_id(),
        browser_token.hash(),
        context.now() - LOGIN_FLOW_TTL
    )
    .fetch_optional(&context.app().pool)
    .await?;
    let Some(row) = row else { return Ok(expired) };
    let refusal = row.refusal.map(serde_json::from_value).transpose();
    let refusal =
        refusal.map_err(|_| DatabaseInconsistency::new("sso_login_flows", "refusal", row.flow_id))?;
    Ok(SsoRefusalDetails {
        refusal: refusal.unwrap_or(SsoRefusal::FlowExpired),
        connection: Some(ConnectionName { id: ConnectionId(row.id), name: row.name }),
    })
}
