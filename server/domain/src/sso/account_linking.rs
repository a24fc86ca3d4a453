//! Account linking: which user an external account signs in as.
//!
//! A linked identity is keyed by issuer and subject. The email address matters only at the first sign-in, when it
//! selects the existing user or invitation. Later, a user whose address changes remains the same user, and somebody else who gets
//! the old address does not become that user.

use super::Connection;
use super::exchange::IdentityClaims;
use super::failures::SignInError;
use crate::admission::{self, Admission};
use crate::audit::{self, Actor, Targets};
use crate::membership::{self, LockedUser, Selection};
use crate::sessions::{self, NewSession};
use crate::{Error, InOrganization, OrganizationContext, Result};
use model::audit_log::AuditAction;
use model::sso::SsoRefusal;
use model::transitions::{Action, MembershipState, Refusal};
use model::users::JoinedBy;
use model::{EmailAddress, GroupId, InvitationId, Problem, UserId};
use serde_json::json;
use sqlx::PgConnection;

/// Signs in the user that the verified claims belong to, creating or linking it where the rules allow. `invitation` is the
/// one from whose page the login flow was started. A refusal changes nothing.
pub(super) async fn sign_in(
    context: &OrganizationContext<'_>,
    connection: &Connection,
    invitation: Option<InvitationId>,
    claims: &IdentityClaims,
) -> Result<NewSession, SignInError> {
    let mut transaction = context.app().pool.begin().await?;
    let linked = lock_linked_user(&mut transaction, context, connection, claims).await?;
    let user = if let Some(user) = linked {
        check_linked(connection, claims, &user)?;
        check_invitation(&mut transaction, context, invitation, &user.email).await?;
        sign_in_linked(&mut transaction, context, connection, claims, &user).await?;
        user
    } else {
        let email = allowed_email(connection, claims)?;
        check_invitation(&mut transaction, context, invitation, email.as_str()).await?;
        link_or_provision(&mut transaction, context, connection, claims, email).await?
    };
    let session = sessions::start(&mut transaction, context, user.id).await?;
    sqlx::query!(
        "update sessions set connection_id = $3, sso_subject = $4, sso_session = $5
         where organization_id = $1 and token_hash = $2",
        context.organization_id(),
        session.token.hash(),
        connection.id.0,
        claims.subject,
        claims.session_id
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(session)
}

/// Locks and returns the user linked to this identity. `None` at the first sign-in.
async fn lock_linked_user(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    connection: &Connection,
    claims: &IdentityClaims,
) -> Result<Option<LockedUser>> {
    let linked = sqlx::query_scalar!(
        "select user_id from sso_identities
         where organization_id = $1 and connection_id = $2 and issuer = $3 and subject = $4",
        context.organization_id(),
        connection.id.0,
        claims.issuer,
        claims.subject
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(linked) = linked else { return Ok(None) };
    Ok(membership::lock_users(transaction, context, Selection::Ids(&[linked])).await?.pop())
}

/// Refuses a linked user who is suspended, or whose address at the provider is of a domain that is not allowed.
fn check_linked(
    connection: &Connection,
    claims: &IdentityClaims,
    user: &LockedUser,
) -> Result<(), SsoRefusal> {
    if user.state != MembershipState::Active {
        return Err(SsoRefusal::Suspended { email: user.email.clone() });
    }
    if !connection.allowed_domains.is_empty() {
        allowed_email(connection, claims)?;
    }
    Ok(())
}

/// Records the sign-in of a linked user, even if the address at the provider has changed since.
async fn sign_in_linked(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    connection: &Connection,
    claims: &IdentityClaims,
    user: &LockedUser,
) -> Result<()> {
    sqlx::query!(
        "update sso_identities set last_used_at = $5
         where organization_id = $1 and connection_id = $2 and issuer = $3 and subject = $4",
        context.organization_id(),
        connection.id.0,
        claims.issuer,
        claims.subject,
        context.now()
    )
    .execute(&mut *transaction)
    .await?;
    record_sign_in(transaction, context, connection, user).await
}

/// First sign-in of an identity: links it to the user with its verified address, or provisions that user just in time.
async fn link_or_provision(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    connection: &Connection,
    claims: &IdentityClaims,
    email: &EmailAddress,
) -> Result<LockedUser, SignInError> {
    let groups = default_groups(transaction, context, connection).await?;
    let admission = Admission {
        email,
        name: &claims.name,
        role: connection.default_role,
        groups: &groups,
        by: JoinedBy::Sso,
        actor: None,
    };
    let action = if connection.just_in_time { Action::SsoSignIn } else { Action::SsoSignInInvited };
    let user =
        admission::admit(transaction, context, &admission, action).await.map_err(|error| match error {
            Error::Problem(Problem::Refused { why }) => sso_refusal(why, email).into(),
            other => SignInError::Other(other),
        })?;
    if !link_identity(transaction, context, connection, claims, user.id).await? {
        return Err(SsoRefusal::LinkedToAnotherIdentity { email: email.to_string() }.into());
    }
    // Joining is audited as `user.joined`, which implies the sign-in.
    if user.state == MembershipState::Active {
        record_sign_in(transaction, context, connection, &user).await?;
    }
    Ok(user)
}

/// The verified address, if the connection allows its domain.
fn allowed_email<'a>(
    connection: &Connection,
    claims: &'a IdentityClaims,
) -> Result<&'a EmailAddress, SsoRefusal> {
    let email = claims.email.as_ref().ok_or(SsoRefusal::EmailNotVerified)?;
    if model::settings::is_domain_allowed(&connection.allowed_domains, &email.normalized()) {
        Ok(email)
    } else {
        Err(SsoRefusal::DomainNotAllowed { email: email.to_string() })
    }
}

fn sso_refusal(why: Refusal, email: &EmailAddress) -> SsoRefusal {
    let email = email.to_string();
    match why {
        Refusal::Suspended => SsoRefusal::Suspended { email },
        _ => SsoRefusal::NotInvited { email },
    }
}

/// Refuses a flow that was started on an invitation's page but returned with a different address.
async fn check_invitation(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    invitation: Option<InvitationId>,
    signed_in_as: &str,
) -> Result<(), SignInError> {
    let Some(invitation) = invitation else { return Ok(()) };
    let invited = sqlx::query_scalar!(
        "select email from invitations where organization_id = $1 and id = $2",
        context.organization_id(),
        invitation.0
    )
    .fetch_optional(transaction)
    .await?;
    let normalized = |email: &str| EmailAddress::parse(email).map(|email| email.normalized()).ok();
    match invited {
        Some(invited) if normalized(&invited) != normalized(signed_in_as) => {
            Err(SsoRefusal::InvitationMismatch { invited, signed_in_as: signed_in_as.to_owned() }.into())
        }
        _ => Ok(()),
    }
}

/// The groups of users who join through this connection without an invitation.
async fn default_groups(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    connection: &Connection,
) -> Result<Vec<GroupId>> {
    let groups = sqlx::query_scalar!(
        "select group_id from sso_connection_groups where organization_id = $1 and connection_id = $2",
        context.organization_id(),
        connection.id.0
    )
    .fetch_all(transaction)
    .await?;
    Ok(groups.into_iter().map(GroupId).collect())
}

/// Links the identity to the user. Returns false if the user is already linked to another identity of this connection,
/// or the identity to another user. The user's row is locked; unique constraints enforce the same.
async fn link_identity(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    connection: &Connection,
    claims: &IdentityClaims,
    user: UserId,
) -> Result<bool> {
    sqlx::query!(
        "insert into sso_identities
            (organization_id, connection_id, issuer, subject, user_id, created_at, last_used_at)
         values ($1, $2, $3, $4, $5, $6, $6)
         on conflict do nothing",
        context.organization_id(),
        connection.id.0,
        claims.issuer,
        claims.subject,
        user.0,
        context.now()
    )
    .execute(&mut *transaction)
    .await?;
    let linked = sqlx::query_scalar!(
        "select user_id from sso_identities
         where organization_id = $1 and connection_id = $2 and issuer = $3 and subject = $4",
        context.organization_id(),
        connection.id.0,
        claims.issuer,
        claims.subject
    )
    .fetch_optional(transaction)
    .await?;
    Ok(linked == Some(user.0))
}

async fn record_sign_in(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    connection: &Connection,
    user: &LockedUser,
) -> Result<()> {
    sqlx::query!(
        "update users set last_login_at = $3 where organization_id = $1 and id = $2",
        context.organization_id(),
        user.id.0,
        context.now()
    )
    .execute(&mut *transaction)
    .await?;
    let name = if user.name.is_empty() { &user.email } else { &user.name };
    let actor = Actor::User { id: user.id, name };
    let details = json!({ "by": "sso", "connection": connection.name });
    let targets = Targets::one(user.id, &user.email);
    audit::record(transaction, context, &actor, AuditAction::UserSignedIn, &targets, &details).await
}
