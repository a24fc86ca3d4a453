//! Signing in by email: a sign-in link, and a 6-digit code for reading the email on another device.
//!
//! A request looks the same for every address. The mail worker finds out whether the address belongs to an active user,
//! and generates the link and the code only then. The database stores their hashes.
//!
//! Lock order: the user's row before the row in `sign_ins`.

use crate::audit::{self, Actor, Targets};
use crate::rate_limit::{self, RateLimit};
use crate::sessions::{self, NewSession};
use crate::{Error, InOrganization, OrganizationContext, Result, Token, mail, retention, secret};
use chrono::TimeDelta;
use model::audit_log::AuditAction;
use model::field::{self, FieldError};
use model::sign_in::{SIGN_IN_TTL, SignInLinkStatus};
use model::{EmailAddress, Problem, SignInId, UserId};
use serde_json::json;
use sqlx::PgConnection;

/// Rate limit of sign-in emails to one address, from all sources together.
const ADDRESS_LIMIT: RateLimit = RateLimit { scope: "sign_in_address", max: 20, window: SIGN_IN_TTL };
/// Rate limit of sign-in emails to one address from one subnet, so that a stranger can't use up the address's limit.
const ADDRESS_AND_SUBNET_LIMIT: RateLimit =
    RateLimit { scope: "sign_in_address_ip", max: 5, window: SIGN_IN_TTL };
/// Rate limit of sign-in emails from one client IP. A large office can share one.
const CLIENT_IP_LIMIT: RateLimit = RateLimit { scope: "sign_in_ip", max: 600, window: SIGN_IN_TTL };
/// How many emails to one address include a code, within the rate limit's window.
const MAX_CODES: i32 = 5;
/// How many wrong codes invalidate a pending sign-in. With [`MAX_CODES`], an attacker can try 25 of 1,000,000 codes in
/// 15 minutes.
const MAX_WRONG_CODES: i16 = 5;

/// How long a sign-in link created at the command line is valid.
const OPERATOR_LINK_TTL: TimeDelta = TimeDelta::hours(1);

/// A requested sign-in, as the requesting browser stores it.
pub struct PendingSignIn {
    pub id: SignInId,
    /// Proves that a code is entered in the browser that requested it.
    pub browser_token: Token,
}

/// Requests a sign-in email. Result and timing are the same for every address.
///
/// # Errors
/// When the address is malformed.
pub async fn request(context: &OrganizationContext<'_>, email: &str) -> Result<PendingSignIn> {
    if email.trim().is_empty() {
        return Err(Error::field("email", FieldError::Empty));
    }
    let email =
        EmailAddress::parse(email).map_err(|why| Error::field("email", FieldError::Address { why }))?;
    let key = email.normalized();
    let pending = PendingSignIn { id: SignInId(context.new_id()), browser_token: Token::random() };
    let mut transaction = context.app().pool.begin().await?;
    if let Some(count) = check_rate_limits(&mut transaction, context, &key).await? {
        sqlx::query!(
            "insert into sign_ins (organization_id, id, email_normalized, browser_hash, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6)",
            context.organization_id(),
            pending.id.0,
            key,
            // The worker adds a code to the email only if there is a browser hash.
            Some(pending.browser_token.hash()).filter(|_| count <= MAX_CODES),
            context.now(),
            context.now() + SIGN_IN_TTL
        )
        .execute(&mut *transaction)
        .await?;
        mail::enqueue_sign_in(&mut transaction, context, pending.id, email.as_str()).await?;
    }
    retention::purge_expired(&mut transaction, context).await?;
    transaction.commit().await?;
    context.app().mail_ready.notify_one();
    Ok(pending)
}

/// Counts a request for a sign-in email against all rate limits. Returns the count for the address, or `None` if a
/// limit is exceeded.
async fn check_rate_limits(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    address: &str,
) -> Result<Option<i32>> {
    let address_and_subnet = format!("{address} {}", rate_limit::subnet(context));
    for (limit, key) in
        [(CLIENT_IP_LIMIT, &rate_limit::client_ip(context)), (ADDRESS_AND_SUBNET_LIMIT, &address_and_subnet)]
    {
        if rate_limit::check_and_increment(transaction, context, &limit, key).await?.is_none() {
            return Ok(None);
        }
    }
    rate_limit::check_and_increment(transaction, context, &ADDRESS_LIMIT, address).await
}

/// Whether a sign-in link can be used. Changes nothing, because mail scanners open links.
pub async fn link_status(context: &OrganizationContext<'_>, token: &Token) -> Result<SignInLinkStatus> {
    let row = sqlx::query!(
        "select u.email
         from sign_ins s join users u on u.organization_id = s.organization_id and u.id = s.user_id
         where s.organization_id = $1 and s.link_hash = $2 and s.used_at is null and s.expires_at > $3
            and u.status = 'active'",
        context.organization_id(),
        token.hash(),
        context.now()
    )
    .fetch_optional(&context.app().pool)
    .await?;
    Ok(row.map_or(SignInLinkStatus::Invalid, |row| SignInLinkStatus::Valid { email: row.email }))
}

/// Signs in with the link from the email.
///
/// # Errors
/// When the link is used, expired or unknown.
pub async fn redeem_link(context: &OrganizationContext<'_>, token: &Token) -> Result<NewSession> {
    let mut transaction = context.app().pool.begin().await?;
    sqlx::query!(
        "select id from users
         where organization_id = $1
            and id = (select user_id from sign_ins where organization_id = $1 and link_hash = $2)
         for update",
        context.organization_id(),
        token.hash()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let sign_in = sqlx::query!(
        "update sign_ins set used_at = $3
         where organization_id = $1 and link_hash = $2 and used_at is null and expires_at > $3
         returning user_id",
        context.organization_id(),
        token.hash(),
        context.now()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let user = sign_in.and_then(|row| row.user_id).ok_or(Problem::InvalidLink)?;
    let session = start_session(&mut transaction, context, UserId(user), "email link")
        .await?
        .ok_or(Problem::InvalidLink)?;
    transaction.commit().await?;
    Ok(session)
}

/// Signs in with the code from the email, in the browser that requested it.
///
/// # Errors
/// When the code is malformed, wrong, expired, or was tried too often.
pub async fn redeem_code(
    context: &OrganizationContext<'_>,
    pending: &PendingSignIn,
    code: &str,
) -> Result<NewSession> {
    let code = field::parse_code(code).map_err(|error| Error::field("code", error))?;
    let code_hash = context.app().keys.code_hash(context.id(), pending.id, &code)?;
    let mut transaction = context.app().pool.begin().await?;
    sqlx::query!(
        "select id from users
         where organization_id = $1 and id = (select user_id from sign_ins where organization_id = $1 and id = $2)
         for update",
        context.organization_id(),
        pending.id.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let sign_in = sqlx::query!(
        "update sign_ins
         set used_at = case when code_hash = $4 then $5::timestamptz end,
             failed_codes = failed_codes + case when code_hash = $4 then 0 else 1 end
         where organization_id = $1 and id = $2 and browser_hash = $3
            and used_at is null and expires_at > $5 and code_hash is not null and failed_codes < $6
         returning used_at is not null as \"is_correct!\", user_id",
        context.organization_id(),
        pending.id.0,
        pending.browser_token.hash(),
        code_hash,
        context.now(),
        MAX_WRONG_CODES
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let session = match sign_in {
        Some(row) if row.is_correct => match row.user_id {
            Some(user) => start_session(&mut transaction, context, UserId(user), "email code").await?,
            None => None,
        },
        _ => None,
    };
    // Commit even after a wrong code, so that it is counted.
    transaction.commit().await?;
    session.ok_or_else(|| Problem::WrongCode.into())
}

/// Starts a session for an authenticated user. `None` unless the user is active.
async fn start_session(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    user: UserId,
    by: &str,
) -> Result<Option<NewSession>> {
    let row = sqlx::query!(
        "update users set last_login_at = $3 where organization_id = $1 and id = $2 and status = 'active'
         returning name, email",
        context.organization_id(),
        user.0,
        context.now()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let session = sessions::start(transaction, context, user).await?;
    let name = if row.name.is_empty() { &row.email } else { &row.name };
    let targets = Targets::one(user, &row.email);
    audit::record(
        transaction,
        context,
        &Actor::User { id: user, name },
        AuditAction::UserSignedIn,
        &targets,
        &json!({ "by": by }),
    )
    .await?;
    Ok(Some(session))
}

/// Creates a sign-in link without an email, for an operator at the command line. Audited.
///
/// # Errors
/// Not found, unless the address belongs to an active user.
pub async fn create_operator_link(context: &OrganizationContext<'_>, email: &str) -> Result<Token> {
    let mut transaction = context.app().pool.begin().await?;
    let token = insert_operator_link(&mut transaction, context, email).await?;
    transaction.commit().await?;
    Ok(token)
}

pub(crate) async fn insert_operator_link(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    email: &str,
) -> Result<Token> {
    let email =
        EmailAddress::parse(email).map_err(|why| Error::field("email", FieldError::Address { why }))?;
    let token = Token::random();
    let sign_in = sqlx::query!(
        "insert into sign_ins (organization_id, id, email_normalized, user_id, link_hash, created_at, expires_at)
         select organization_id, $3, email_normalized, id, $4, $5, $6
         from users where organization_id = $1 and email_normalized = $2 and status = 'active'
         returning user_id as \"user_id!\"",
        context.organization_id(),
        email.normalized(),
        secret::uuid_v7(context.now()),
        token.hash(),
        context.now(),
        context.now() + OPERATOR_LINK_TTL
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    let targets = Targets::one(UserId(sign_in.user_id), email.as_str());
    audit::record(
        transaction,
        context,
        &Actor::Operator,
        AuditAction::UserSignInLinkCreated,
        &targets,
        &json!({}),
    )
    .await?;
    Ok(token)
}
