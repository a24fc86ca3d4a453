//! The discovery endpoints, and whether the service does what they announce.

use super::{ENTERPRISE, ScimClient, assert_snapshot, url_encode};
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn service_provider_config(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let config = scim.get("/ServiceProviderConfig").await.ok();
    assert_snapshot("service_provider_config", &config);
    let max_results = config["filter"]["maxResults"].as_u64().unwrap();
    assert_eq!(scim.get(&format!("/Users?count={}", max_results + 1)).await.ok()["itemsPerPage"], 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn resource_types(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let types = scim.get("/ResourceTypes").await.ok();
    assert_snapshot("resource_types", &types);
    for resource_type in types["Resources"].as_array().unwrap() {
        let name = resource_type["id"].as_str().unwrap();
        assert_eq!(&scim.get(&format!("/ResourceTypes/{name}")).await.ok(), resource_type);
        scim.get(resource_type["endpoint"].as_str().unwrap()).await.ok();
        scim.get(&format!("/Schemas/{}", resource_type["schema"].as_str().unwrap())).await.ok();
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unknown_and_unsupported_endpoints(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    scim.get("/ResourceTypes/Device").await.error(404, None);
    scim.get("/Schemas/urn:unknown").await.error(404, None);
    scim.get("/Schemas?filter=id%20pr").await.error(403, None);
    scim.get("/Me").await.error(501, None);
    scim.post("/Bulk", &json!({})).await.error(501, None);
    scim.get("/Devices").await.error(404, None);
    scim.get("").await.error(404, None);
}

/// Every attribute can be written if its mutability says so, is returned as written, and can be filtered and sorted by.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn schemas_match_behavior(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let schemas = scim.get("/Schemas").await.ok();
    assert_snapshot("schemas", &schemas);
    let schemas = schemas["Resources"].as_array().unwrap();
    let mut user = sample(&schemas[0]["attributes"]);
    user["userName"] = json!("blob@blobs.example");
    user[ENTERPRISE] = sample(&schemas[1]["attributes"]);
    let created = scim.post("/Users", &user).await.ok();
    for (name, value) in user.as_object().unwrap() {
        assert_eq!(&created[name], value, "{name}");
    }
    for (index, schema) in schemas.iter().enumerate() {
        assert_eq!(&scim.get(&format!("/Schemas/{}", schema["id"].as_str().unwrap())).await.ok(), schema);
        let endpoint = if index == 2 { "Groups" } else { "Users" };
        for attribute in schema["attributes"].as_array().unwrap() {
            let name = format!("{}:{}", schema["id"].as_str().unwrap(), attribute["name"].as_str().unwrap());
            let filter = url_encode(&format!("{name} pr"));
            scim.get(&format!("/{endpoint}?filter={filter}&sortBy={}", url_encode(&name))).await.ok();
            for sub_attribute in attribute["subAttributes"].as_array().into_iter().flatten() {
                let sub_attribute = sub_attribute["name"].as_str().unwrap();
                if sub_attribute == "$ref" {
                    continue;
                }
                let filter = url_encode(&format!("{name}.{sub_attribute} pr"));
                scim.get(&format!("/{endpoint}?filter={filter}")).await.ok();
            }
        }
    }
}

/// An object with a value for every writable attribute.
fn sample(attributes: &Value) -> Value {
    let mut sample = json!({});
    for attribute in attributes.as_array().unwrap() {
        if attribute["mutability"] == "readOnly" {
            continue;
        }
        let name = attribute["name"].as_str().unwrap();
        let value = match attribute["type"].as_str().unwrap() {
            "boolean" => json!(true),
            "complex" => self::sample(&attribute["subAttributes"]),
            _ => json!(format!("Some {name}")),
        };
        sample[name] = if attribute["multiValued"] == true { json!([value]) } else { value };
    }
    sample
}
