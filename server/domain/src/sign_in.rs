//! Signing in by mail: a link, and a 6-digit code for when the mail is read on another device.
//!
//! Asking looks the same for every address. Only the worker that makes the mail finds out whether anybody has it, and
//! only then do the link and the code come into being; the database keeps their hashes.
//!
//! The house's order holds here as well: the user's row is locked before that of the try.

use crate::audit::{self, Actor, Targets};
use crate::rate_limit::{self, RateLimit};
use crate::sessions::{self, NewSession};
use crate::{Error, OrganizationContext, Result, Token, mail, retention, secret};
use chrono::TimeDelta;
use model::field::{self, FieldError};
use model::sign_in::{LINK_MINUTES, SignInPage};
use model::{EmailAddress, Problem, SignInId, UserId};
use serde_json::json;
use sqlx::PgConnection;

/// How many sign-in mails one address gets, whoever asks.
const ADDRESS: RateLimit =
    RateLimit { scope: "sign_in_address", max: 20, window: TimeDelta::minutes(LINK_MINUTES) };
/// How many of them one site may ask for, so that a stranger can't use up somebody's share.
const PAIR: RateLimit =
    RateLimit { scope: "sign_in_address_ip", max: 5, window: TimeDelta::minutes(LINK_MINUTES) };
/// How many sign-in mails one source may ask for: behind one address there may be a large office.
const SOURCE: RateLimit =
    RateLimit { scope: "sign_in_ip", max: 600, window: TimeDelta::minutes(LINK_MINUTES) };
/// How many of an address' mails have a code beside the link.
const MAX_CODES: i32 = 5;
/// How many wrong codes end a try to sign in. With [`MAX_CODES`], a guesser has 25 of a million codes in 15 minutes.
const MAX_WRONG_CODES: i16 = 5;

/// A try to sign in, as the browser that asked for it keeps it.
pub struct SignInTry {
    pub id: SignInId,
    /// Shows that a code is typed into the browser that asked for it.
    pub browser: Token,
}

/// Asks for a sign-in mail. The answer is the same for every address, and so is the work done for it.
///
/// # Errors
/// When the address is no address.
pub async fn request(context: &OrganizationContext<'_>, email: &str) -> Result<SignInTry> {
    if email.trim().is_empty() {
        return Err(Error::field("email", FieldError::Empty));
    }
    let email =
        EmailAddress::parse(email).map_err(|why| Error::field("email", FieldError::Address { why }))?;
    let key = email.normalized();
    let attempt = SignInTry { id: SignInId(context.new_id()), browser: Token::random() };
    let mut transaction = context.app().pool.begin().await?;
    if let Some(count) = take(&mut transaction, context, &key).await? {
        sqlx::query!(
            "insert into sign_ins (organization_id, id, email_normalized, browser_hash, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6)",
            context.organization_id(),
            attempt.id.0,
            key,
            // Without a browser, the mail has no code.
            Some(attempt.browser.hash()).filter(|_| count <= MAX_CODES),
            context.now,
            context.now + TimeDelta::minutes(LINK_MINUTES)
        )
        .execute(&mut *transaction)
        .await?;
        mail::enqueue_sign_in(&mut transaction, context, attempt.id, email.as_str()).await?;
    }
    retention::purge_expired(&mut transaction, context).await?;
    transaction.commit().await?;
    context.app().mail_ready.notify_one();
    Ok(attempt)
}

/// Counts one more sign-in mail to this address from where it is asked for, and says how many there were lately; nothing,
/// when it is one too many.
async fn take(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    key: &str,
) -> Result<Option<i32>> {
    let pair = format!("{key} {}", rate_limit::subnet(context));
    for (quota, key) in [(SOURCE, &rate_limit::client_ip(context)), (PAIR, &pair)] {
        if rate_limit::check_and_increment(transaction, context, &quota, key).await?.is_none() {
            return Ok(None);
        }
    }
    rate_limit::check_and_increment(transaction, context, &ADDRESS, key).await
}

/// What a sign-in link's page shows. Reads only.
pub async fn link_page(context: &OrganizationContext<'_>, token: &Token) -> Result<SignInPage> {
    let row = sqlx::query!(
        "select u.email
         from sign_ins s join users u on u.organization_id = s.organization_id and u.id = s.user_id
         where s.organization_id = $1 and s.link_hash = $2 and s.used_at is null and s.expires_at > $3
            and u.status = 'active'",
        context.organization_id(),
        token.hash(),
        context.now
    )
    .fetch_optional(&context.app().pool)
    .await?;
    Ok(row.map_or(SignInPage::Unusable, |row| SignInPage::Ready { email: row.email }))
}

/// Signs in by the link from the mail.
///
/// # Errors
/// When the link was used, is too old or never was.
pub async fn by_link(context: &OrganizationContext<'_>, token: &Token) -> Result<NewSession> {
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
    let opened = sqlx::query!(
        "update sign_ins set used_at = $3
         where organization_id = $1 and link_hash = $2 and used_at is null and expires_at > $3
         returning user_id",
        context.organization_id(),
        token.hash(),
        context.now
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let user = opened.and_then(|row| row.user_id).ok_or(Problem::InvalidLink)?;
    let session =
        start(&mut transaction, context, UserId(user), "mail link").await?.ok_or(Problem::InvalidLink)?;
    transaction.commit().await?;
    Ok(session)
}

/// Signs in by the code from the mail, in the browser that asked for it.
///
/// # Errors
/// When the code is not 6 digits or not the right ones, or was tried too often, or its time is over.
pub async fn by_code(
    context: &OrganizationContext<'_>,
    attempt: &SignInTry,
    code: &str,
) -> Result<NewSession> {
    let code = field::parse_code(code).map_err(|error| Error::field("code", error))?;
    let code_hash = context.app().keys.code_hash(context.id, attempt.id, &code)?;
    let mut transaction = context.app().pool.begin().await?;
    sqlx::query!(
        "select id from users
         where organization_id = $1 and id = (select user_id from sign_ins where organization_id = $1 and id = $2)
         for update",
        context.organization_id(),
        attempt.id.0
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let tried = sqlx::query!(
        "update sign_ins
         set used_at = case when code_hash = $4 then $5::timestamptz end,
             failed_codes = failed_codes + case when code_hash = $4 then 0 else 1 end
         where organization_id = $1 and id = $2 and browser_hash = $3
            and used_at is null and expires_at > $5 and code_hash is not null and failed_codes < $6
         returning used_at is not null as \"right!\", user_id",
        context.organization_id(),
        attempt.id.0,
        attempt.browser.hash(),
        code_hash,
        context.now,
        MAX_WRONG_CODES
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let session = match tried {
        Some(row) if row.right => match row.user_id {
            Some(user) => start(&mut transaction, context, UserId(user), "mail code").await?,
            None => None,
        },
        _ => None,
    };
    // A wrong code counts, so this is kept whatever came of it.
    transaction.commit().await?;
    session.ok_or_else(|| Problem::WrongCode.into())
}

/// Starts the session of a user who has shown who they are; nothing, unless they are active.
async fn start(
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
        context.now
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
        "user.signed_in",
        &targets,
        &json!({ "by": by }),
    )
    .await?;
    Ok(Some(session))
}

/// Makes a sign-in link without mail, for whoever holds the command line, and writes that down.
///
/// # Errors
/// Not found, unless the address is an active user's.
pub async fn operator_link(context: &OrganizationContext<'_>, email: &str) -> Result<Token> {
    let mut transaction = context.app().pool.begin().await?;
    let token = write_operator_link(&mut transaction, context, email).await?;
    transaction.commit().await?;
    Ok(token)
}

pub(crate) async fn write_operator_link(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    email: &str,
) -> Result<Token> {
    let email =
        EmailAddress::parse(email).map_err(|why| Error::field("email", FieldError::Address { why }))?;
    let token = Token::random();
    let made = sqlx::query!(
        "insert into sign_ins (organization_id, id, email_normalized, user_id, link_hash, created_at, expires_at)
         select organization_id, $3, email_normalized, id, $4, $5, $6
         from users where organization_id = $1 and email_normalized = $2 and status = 'active'
         returning user_id as \"user_id!\"",
        context.organization_id(),
        email.normalized(),
        secret::id(context.now),
        token.hash(),
        context.now,
        context.now + TimeDelta::hours(1)
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(Error::not_found)?;
    let targets = Targets::one(UserId(made.user_id), email.as_str());
    audit::record(transaction, context, &Actor::Operator, "user.sign_in_link_created", &targets, &json!({}))
        .await?;
    Ok(token)
}
