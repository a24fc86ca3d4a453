//! The audit log: one row for each action, written in its transaction.

use crate::{OrganizationContext, Result};
use model::UserId;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// Who did it.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// Somebody of the organization; the name is kept for the time after them.
    User { id: UserId, name: &'a str },
    /// Somebody outside, who has shown that the mailbox is theirs.
    Stranger { email: &'a str },
    /// A api_client that holds an API key; the key's name is kept for the time after it.
    Key { id: Uuid, name: &'a str },
    /// An identity provider.
    Connection { id: Uuid, name: &'a str },
    /// Somebody at the server's command line.
    Operator,
}

impl<'a> Actor<'a> {
    /// A user by name, or by address while there is no name.
    pub fn user(user: &'a model::viewer::ViewerUser) -> Self {
        Self::User { id: user.id, name: user.shown_name() }
    }

    /// Who it is, where it is a user.
    pub const fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The name in the log.
    pub const fn name(&self) -> &'a str {
        self.columns().2
    }

    const fn columns(&self) -> (&'static str, Option<Uuid>, &'a str) {
        match self {
            Self::User { id, name } => ("user", Some(id.0), name),
            Self::Stranger { email } => ("unauthenticated", None, email),
            Self::Key { id, name } => ("api_key", Some(*id), name),
            Self::Connection { id, name } => ("connection", Some(*id), name),
            Self::Operator => ("operator", None, "command line"),
        }
    }
}

/// To whom it was done.
#[derive(Default)]
pub struct Targets {
    ids: Vec<Option<Uuid>>,
    emails: Vec<Option<String>>,
}

impl Targets {
    pub fn one(id: UserId, email: &str) -> Self {
        Self { ids: vec![Some(id.0)], emails: vec![Some(email.to_owned())] }
    }

    /// Something that is not a person, such as a group.
    pub fn thing(id: Uuid) -> Self {
        Self { ids: vec![Some(id)], emails: vec![None] }
    }

    pub fn push(&mut self, id: UserId, email: &str) {
        self.ids.push(Some(id.0));
        self.emails.push(Some(email.to_owned()));
    }

    /// Somebody who is no user.
    pub fn push_address(&mut self, email: &str) {
        self.ids.push(None);
        self.emails.push(Some(email.to_owned()));
    }
}

/// Writes one row for each target. `action` is `noun.verb`, in the past.
pub async fn record(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    actor: &Actor<'_>,
    action: &str,
    targets: &Targets,
    details: &Value,
) -> Result<()> {
    let (kind, actor_id, name) = actor.columns();
    let ids: Vec<Uuid> = targets.ids.iter().map(|_| context.new_id()).collect();
    sqlx::query!(
        "insert into audit_events
            (organization_id, id, at, action, actor_kind, actor_id, actor_name, source, details, target_id, target_email)
         select $1, row.id, $2, $3, $4, $5, $6, $7, $8, row.target_id, row.target_email
         from unnest($9::uuid[], $10::uuid[], $11::text[]) as row (id, target_id, target_email)",
        context.organization_id(),
        context.now,
        action,
        kind,
        actor_id,
        name,
        context.request.source.address,
        details,
        &ids,
        &targets.ids as &[Option<Uuid>],
        &targets.emails as &[Option<String>]
    )
    .execute(transaction)
    .await?;
    Ok(())
}
