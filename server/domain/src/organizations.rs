//! Creating organizations.

use crate::audit::{self, Actor, Targets};
use crate::{Error, RequestContext, Result, Token, access, secret, sign_in};
use model::audit_log::AuditAction;
use model::field::{self, FieldError};
use model::{EmailAddress, UserId};
use serde_json::json;

/// Creates an organization with its first Organization Admin and returns the token of a one-time sign-in link for them.
/// Only for the command line, since it doesn't check any permission.
///
/// # Errors
/// The slug is taken or invalid, the name is empty, or the admin's email address is invalid.
pub async fn create(request: &RequestContext, slug: &str, name: &str, admin: &str) -> Result<Token> {
    let name = field::parse_name(name).map_err(|error| Error::field("name", error))?;
    let email =
        EmailAddress::parse(admin).map_err(|why| Error::field("admin", FieldError::Address { why }))?;
    let now = request.app.clock.now();
    let id = secret::uuid_v7(now);
    let mut transaction = request.app.pool.begin().await?;
    sqlx::query!(
        "insert into organizations (id, slug, name, created_at) values ($1, $2, $3, $4)",
        id,
        slug,
        name,
        now
    )
    .execute(&mut *transaction)
    .await?;
    let organization = access::load_organization(&mut *transaction, request, slug).await?;
    let user = UserId(secret::uuid_v7(now));
    sqlx::query!(
        "insert into users
            (organization_id, id, email, email_normalized, status, role, joined_at, joined_by, created_at)
         values ($1, $2, $3, $4, 'active', 'admin', $5, 'setup', $5)",
        id,
        user.0,
        email.as_str(),
        email.normalized(),
        now
    )
    .execute(&mut *transaction)
    .await?;
    let target = Targets::one(user, email.as_str());
    let details = json!({ "slug": slug });
    audit::record(
        &mut transaction,
        &organization,
        &Actor::Operator,
        AuditAction::OrganizationCreated,
        &target,
        &details,
    )
    .await?;
    let token = sign_in::insert_operator_link(&mut transaction, &organization, email.as_str()).await?;
    transaction.commit().await?;
    Ok(token)
}
