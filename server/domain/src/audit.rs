//! Recording audit events: one for each action and target, in the action's transaction. For reading them, see
//! [`audit_log`](crate::audit_log).

pub(crate) use crate::access::Actor;
use crate::{InOrganization, OrganizationContext, Result};
use model::UserId;
use model::audit_log::AuditAction;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// The users, addresses or other resources that an action affects.
#[derive(Default)]
pub struct Targets {
    ids: Vec<Option<Uuid>>,
    emails: Vec<Option<String>>,
}

impl Targets {
    /// A single user.
    pub fn one(id: UserId, email: &str) -> Self {
        Self { ids: vec![Some(id.0)], emails: vec![Some(email.to_owned())] }
    }

    /// A resource other than a user, such as a group.
    pub fn resource(id: Uuid) -> Self {
        Self { ids: vec![Some(id)], emails: vec![None] }
    }

    /// Adds a user.
    pub fn push(&mut self, id: UserId, email: &str) {
        self.ids.push(Some(id.0));
        self.emails.push(Some(email.to_owned()));
    }

    /// Adds an email address that doesn't belong to a user.
    pub fn push_address(&mut self, email: &str) {
        self.ids.push(None);
        self.emails.push(Some(email.to_owned()));
    }
}

/// The details of a change: the fields that differ, each with its old and new value. Without `before`, all fields.
pub fn diff<T: Serialize>(before: Option<&T>, after: &T) -> Map<String, Value> {
    let fields = |value: &T| match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let Some(before) = before else { return fields(after) };
    let mut old = fields(before);
    fields(after)
        .into_iter()
        .filter_map(|(name, to)| {
            let from = old.remove(&name)?;
            (from != to).then(|| (name, json!({ "from": from, "to": to })))
        })
        .collect()
}

/// The details of a changed list: the names that were added and removed, if there are any.
pub fn diff_names(field: &str, before: &[String], after: &[String]) -> Map<String, Value> {
    [("added", after, before), ("removed", before, after)]
        .into_iter()
        .filter_map(|(change, list, other)| {
            let names: Vec<&String> = list.iter().filter(|name| !other.contains(name)).collect();
            (!names.is_empty()).then(|| (format!("{field}_{change}"), json!(names)))
        })
        .collect()
}

/// Records one event for each target.
pub async fn record(
    transaction: &mut PgConnection,
    context: &OrganizationContext<'_>,
    actor: &Actor<'_>,
    action: AuditAction,
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
        context.now(),
        action.code(),
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
