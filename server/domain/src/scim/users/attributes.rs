//! What a directory says of a user beyond what we need ourselves: kept, and given back.

use super::UserUpdate;
use crate::audit::{self, Targets};
use crate::scim::schema::{Attribute, ENTERPRISE, Kind, Resource};
use crate::scim::{ScimUser, sql};
use crate::{ApiClient, Principal, Result};
use model::UserId;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use std::collections::BTreeSet;

pub(super) async fn change_kept(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    before: &ScimUser,
    form: &UserUpdate,
) -> Result<()> {
    if before.external_id == form.external_id && before.attributes == form.attributes {
        return Ok(());
    }
    write_kept(&mut *transaction, api_client, before.id, form).await?;
    sqlx::query!(
        "update users set modified_at = now() where organization_id = $1 and id = $2",
        api_client.organization_id(),
        before.id.0
    )
    .execute(&mut *transaction)
    .await?;
    let names: BTreeSet<&String> = before.attributes.keys().chain(form.attributes.keys()).collect();
    let changed = names.into_iter().filter(|name| before.attributes.get(*name) != form.attributes.get(*name));
    let mut changed: Vec<&str> =
        changed.map(|name| if name == ENTERPRISE { "enterprise" } else { name }).collect();
    if before.external_id != form.external_id {
        changed.push("externalId");
    }
    let targets = Targets::one(before.id, form.email.as_str());
    let (actor, details) = (Principal::from(api_client).actor, json!({ "attributes": changed }));
    audit::record(transaction, api_client, &actor, "user.attributes_changed", &targets, &details).await
}

pub(super) async fn write_kept(
    transaction: &mut PgConnection,
    api_client: &ApiClient<'_>,
    user: UserId,
    form: &UserUpdate,
) -> Result<()> {
    sqlx::query!(
        "insert into scim_users (organization_id, user_id, external_id, attributes, search_tokens)
         values ($1, $2, $3, $4, $5)
         on conflict (organization_id, user_id) do update
         set external_id = excluded.external_id, attributes = excluded.attributes, search_tokens = excluded.search_tokens",
        api_client.organization_id(),
        user.0,
        form.external_id,
        Value::Object(form.attributes.clone()),
        &words(&form.attributes)
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// What can be looked up of the attributes.
fn words(attributes: &Map<String, Value>) -> Vec<String> {
    let mut words = BTreeSet::new();
    gather(Resource::User.attributes(), attributes, &mut Vec::new(), &mut words);
    if let (Some(extension), Some(Value::Object(kept))) =
        (Resource::User.extension(), attributes.get(ENTERPRISE))
    {
        gather(extension.inside(), kept, &mut vec![ENTERPRISE], &mut words);
    }
    words.into_iter().collect()
}

fn gather<'a>(
    attributes: &'static [Attribute],
    kept: &'a Map<String, Value>,
    path: &mut Vec<&'a str>,
    words: &mut BTreeSet<String>,
) {
    for attribute in attributes {
        let Some(value) = kept.get(attribute.name) else { continue };
        path.push(attribute.name);
        match (&attribute.kind, value) {
            (Kind::Complex(inside), Value::Array(values)) => {
                for value in values.iter().filter_map(Value::as_object) {
                    gather(inside, value, path, words);
                }
            }
            (Kind::Complex(inside), Value::Object(value)) => gather(inside, value, path, words),
            (_, Value::String(text)) => {
                words.insert(sql::word(path, text).0);
            }
            _ => {}
        }
        path.pop();
    }
}
