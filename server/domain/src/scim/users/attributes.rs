//! Attributes that are stored and returned without a meaning of their own here, with their search tokens.

use super::UserUpdate;
use crate::audit::{self, Targets};
use crate::scim::{ScimUser, sql};
use crate::{ApiClient, InOrganization, Result};
use model::UserId;
use model::audit_log::AuditAction;
use scim::ResourceType;
use scim::schema::{Attribute, DataType, ENTERPRISE};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// Stores the attributes if they differ, and records which ones changed.
pub(super) async fn update_attributes(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    before: &ScimUser,
    update: &UserUpdate,
) -> Result<()> {
    if before.external_id == update.external_id && before.attributes == update.attributes {
        return Ok(());
    }
    store_attributes(&mut *transaction, api_client, before.id, update).await?;
    sqlx::query!(
        "update users set modified_at = now() where organization_id = $1 and id = $2",
        api_client.organization_id(),
        before.id.0
    )
    .execute(&mut *transaction)
    .await?;
    let names: BTreeSet<&String> = before.attributes.keys().chain(update.attributes.keys()).collect();
    let changed =
        names.into_iter().filter(|name| before.attributes.get(*name) != update.attributes.get(*name));
    let mut changed: Vec<&str> =
        changed.map(|name| if name == ENTERPRISE { "enterprise" } else { name }).collect();
    if before.external_id != update.external_id {
        changed.push("externalId");
    }
    let targets = Targets::one(before.id, update.email.as_str());
    let (actor, details) = (api_client.actor(), json!({ "attributes": changed }));
    audit::record(
        transaction,
        api_client.context(),
        &actor,
        AuditAction::UserAttributesChanged,
        &targets,
        &details,
    )
    .await
}

pub(super) async fn store_attributes(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    user: UserId,
    update: &UserUpdate,
) -> Result<()> {
    sqlx::query!(
        "insert into scim_users (organization_id, user_id, external_id, attributes, search_tokens)
         values ($1, $2, $3, $4, $5)
         on conflict (organization_id, user_id) do update
         set external_id = excluded.external_id, attributes = excluded.attributes, search_tokens = excluded.search_tokens",
        api_client.organization_id(),
        user.0,
        update.external_id,
        Value::Object(update.attributes.clone()),
        &search_tokens(&update.attributes)
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// The tokens of all strings in the attributes.
fn search_tokens(attributes: &Map<String, Value>) -> Vec<String> {
    let mut tokens = BTreeSet::new();
    collect_tokens(ResourceType::User.attributes(), attributes, &mut Vec::new(), &mut tokens);
    if let (Some(extension), Some(Value::Object(values))) =
        (ResourceType::User.extension(), attributes.get(ENTERPRISE))
    {
        collect_tokens(extension.sub_attributes(), values, &mut vec![ENTERPRISE], &mut tokens);
    }
    tokens.into_iter().collect()
}

fn collect_tokens<'a>(
    attributes: &'static [Attribute],
    object: &'a Map<String, Value>,
    path: &mut Vec<&'a str>,
    tokens: &mut BTreeSet<String>,
) {
    for attribute in attributes {
        let Some(value) = object.get(attribute.name) else { continue };
        path.push(attribute.name);
        match (&attribute.data_type, value) {
            (DataType::Complex(sub_attributes), Value::Array(values)) => {
                for value in values.iter().filter_map(Value::as_object) {
                    collect_tokens(sub_attributes, value, path, tokens);
                }
            }
            (DataType::Complex(sub_attributes), Value::Object(value)) => {
                collect_tokens(sub_attributes, value, path, tokens);
            }
            (_, Value::String(text)) => {
                tokens.insert(sql::search_token(path, text).0);
            }
            _ => {}
        }
        path.pop();
    }
}
