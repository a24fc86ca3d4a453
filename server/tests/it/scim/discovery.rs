//! What the service tells of itself, and whether it is so.

use super::{Directory, ENTERPRISE, GROUP, USER, encoded};
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn it_tells_what_it_can_do(pool: PgPool) {
    let directory = Directory::new(pool).await;
    let config = directory.get("/ServiceProviderConfig").await.ok();
    for can in ["patch", "filter", "sort", "etag"] {
        assert_eq!(config[can]["supported"], true, "{can}");
    }
    for can_not in ["bulk", "changePassword"] {
        assert_eq!(config[can_not]["supported"], false, "{can_not}");
    }
    assert_eq!(config["authenticationSchemes"][0]["type"], "oauthbearertoken");
    let most = config["filter"]["maxResults"].as_u64().unwrap();
    assert_eq!(directory.get(&format!("/Users?count={}", most + 1)).await.ok()["itemsPerPage"], 1);
    let types = directory.get("/ResourceTypes").await.ok();
    assert_eq!(types["totalResults"], 2);
    for kind in types["Resources"].as_array().unwrap() {
        let name = kind["id"].as_str().unwrap();
        assert_eq!(&directory.get(&format!("/ResourceTypes/{name}")).await.ok(), kind);
        directory.get(kind["endpoint"].as_str().unwrap()).await.ok();
        directory.get(&format!("/Schemas/{}", kind["schema"].as_str().unwrap())).await.ok();
    }
    directory.get("/ResourceTypes/Device").await.refused(404, None);
    directory.get("/Schemas/urn:nothing").await.refused(404, None);
    directory.get("/Schemas?filter=id%20pr").await.refused(403, None);
    directory.get("/Me").await.refused(501, None);
    directory.post("/Bulk", &json!({})).await.refused(501, None);
    directory.get("/Devices").await.refused(404, None);
    directory.get("").await.refused(404, None);
}

/// Every attribute of the schemas can be written where they say so, is told as it was, and can be asked for.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_schemas_are_true(pool: PgPool) {
    let directory = Directory::new(pool).await;
    let schemas = directory.get("/Schemas").await.ok();
    let schemas = schemas["Resources"].as_array().unwrap();
    let ids: Vec<&Value> = schemas.iter().map(|schema| &schema["id"]).collect();
    assert_eq!(ids, [USER, ENTERPRISE, GROUP]);
    let mut user = filled(&schemas[0]["attributes"]);
    user["userName"] = json!("blob@blobs.example");
    user[ENTERPRISE] = filled(&schemas[1]["attributes"]);
    let made = directory.post("/Users", &user).await.ok();
    for (name, value) in user.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    for (at, schema) in schemas.iter().enumerate() {
        assert_eq!(
            &directory.get(&format!("/Schemas/{}", schema["id"].as_str().unwrap())).await.ok(),
            schema
        );
        let kind = if at == 2 { "Groups" } else { "Users" };
        for attribute in schema["attributes"].as_array().unwrap() {
            let name = format!("{}:{}", schema["id"].as_str().unwrap(), attribute["name"].as_str().unwrap());
            let filter = encoded(&format!("{name} pr"));
            directory.get(&format!("/{kind}?filter={filter}&sortBy={}", encoded(&name))).await.ok();
            for inside in attribute["subAttributes"].as_array().into_iter().flatten() {
                let inside = inside["name"].as_str().unwrap();
                if inside == "$ref" {
                    continue;
                }
                let filter = encoded(&format!("{name}.{inside} pr"));
                directory.get(&format!("/{kind}?filter={filter}")).await.ok();
            }
        }
    }
}

/// A value for everything that may be written.
fn filled(attributes: &Value) -> Value {
    let mut filled = json!({});
    for attribute in attributes.as_array().unwrap() {
        if attribute["mutability"] == "readOnly" {
            continue;
        }
        let name = attribute["name"].as_str().unwrap();
        let value = match attribute["type"].as_str().unwrap() {
            "boolean" => json!(true),
            "complex" => crate::scim::discovery::filled(&attribute["subAttributes"]),
            _ => json!(format!("Some {name}")),
        };
        filled[name] = if attribute["multiValued"] == true { json!([value]) } else { value };
    }
    filled
}
