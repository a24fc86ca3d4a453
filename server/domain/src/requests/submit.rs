//! Submitting a request from the login page.

use super::rate_limit;
use crate::mail::RequestDelivery;
use crate::{Error, InOrganization, OrganizationContext, Result, mail, retention};
use chrono::TimeDelta;
use model::field::{self, FieldError};
use model::requests::CONFIRM_HOURS;
use model::{EmailAddress, FieldErrors, RequestId};

/// Stores an unconfirmed request and queues its email. Response and work are the same for every address. Beyond a rate limit
/// the response is still the same, but no email is sent.
///
/// # Errors
/// `NotFound` if requests are turned off; otherwise all invalid fields.
pub async fn submit(context: &OrganizationContext<'_>, email: &str, name: &str, message: &str) -> Result<()> {
    if !context.settings().requests_enabled {
        return Err(Error::not_found());
    }
    let (email, name, message) = validate(email, name, message)?;
    let request = RequestId(context.new_id());
    let mut transaction = context.app().pool.begin().await?;
    if rate_limit::check_and_increment(&mut transaction, context, &email.normalized()).await? {
        sqlx::query!(
            "insert into invitation_requests
                (organization_id, id, email, email_normalized, name, message, status, created_at, confirm_expires_at)
             values ($1, $2, $3, $4, $5, $6, 'unconfirmed', $7, $8)",
            context.organization_id(),
            request.0,
            email.as_str(),
            email.normalized(),
            name,
            message,
            context.now(),
            context.now() + TimeDelta::hours(CONFIRM_HOURS)
        )
        .execute(&mut *transaction)
        .await?;
        let mails = [(request, email.as_str())];
        mail::enqueue_requests(&mut transaction, context, RequestDelivery::Confirmation, &mails).await?;
    }
    retention::purge_expired(&mut transaction, context).await?;
    transaction.commit().await?;
    context.app().mail_ready.notify_one();
    Ok(())
}

fn validate(email: &str, name: &str, message: &str) -> Result<(EmailAddress, String, String)> {
    let email = match email.trim() {
        "" => Err(FieldError::Empty),
        input => EmailAddress::parse(input).map_err(|why| FieldError::Address { why }),
    };
    let mut fields = FieldErrors::default();
    let email = fields.check("email", email);
    let name = fields.check("name", field::parse_name(name));
    let message = fields.check("message", field::parse_description(message));
    Ok(fields.finish(|| Some((email?, name?, message?)))?)
}
