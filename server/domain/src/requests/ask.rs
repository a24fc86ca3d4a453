//! Asking on the login page.

use super::quota;
use crate::{Error, Result, Visitor, mail, retention};
use chrono::TimeDelta;
use model::field::{self, FieldError};
use model::requests::CONFIRM_HOURS;
use model::{EmailAddress, FieldProblem, Problem, RequestId};

/// Writes a wish for an invitation down, and queues its mail. The answer and the work are the same for every address;
/// beyond a quota the answer is the same too, and nothing is sent.
///
/// # Errors
/// Not found, where strangers may not ask; every field that can't be so.
pub async fn ask(visitor: &Visitor<'_>, email: &str, name: &str, message: &str) -> Result<()> {
    if !visitor.settings.requests_open {
        return Err(Error::not_found());
    }
    let (email, name, message) = check(email, name, message)?;
    let request = RequestId(visitor.new_id());
    let mut transaction = visitor.domain().pool.begin().await?;
    if quota::take(&mut transaction, visitor, &email.key()).await? {
        sqlx::query!(
            "insert into invitation_requests
                (organization_id, id, email, email_key, name, message, status, created_at, confirm_until)
             values ($1, $2, $3, $4, $5, $6, 'asked', $7, $8)",
            visitor.organization(),
            request.0,
            email.as_str(),
            email.key(),
            name,
            message,
            visitor.now,
            visitor.now + TimeDelta::hours(CONFIRM_HOURS)
        )
        .execute(&mut *transaction)
        .await?;
        let mails = [(request, email.as_str())];
        mail::queue_requests(&mut transaction, visitor, "request", &mails).await?;
    }
    retention::forget(&mut transaction, visitor).await?;
    transaction.commit().await?;
    visitor.domain().mail_bell.notify_one();
    Ok(())
}

fn check(email: &str, name: &str, message: &str) -> Result<(EmailAddress, String, String)> {
    let email = match email.trim() {
        "" => Err(FieldError::Empty),
        typed => EmailAddress::parse(typed).map_err(|why| FieldError::Address { why }),
    };
    match (email, field::name(name), field::description(message)) {
        (Ok(email), Ok(name), Ok(message)) => Ok((email, name, message)),
        (email, name, message) => {
            let errors = [("email", email.err()), ("name", name.err()), ("message", message.err())];
            let fields = errors
                .into_iter()
                .filter_map(|(field, error)| Some(FieldProblem { field: field.to_owned(), error: error? }));
            Err(Problem::Invalid { fields: fields.collect() }.into())
        }
    }
}
