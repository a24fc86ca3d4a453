//! What the service tells of itself, and whether it is so.

use super::{Directory, ENTERPRISE, GROUP, USER, encoded};
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn it_tells_what_it_can_do(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let config = scim.get("/ServiceProviderConfig").await.ok();
    for can in ["patch", "filter", "sort", "etag"] {
        assert_eq!(config[can]["supported"], true, "{can}");
    }
    for can_not in ["bulk", "changePassword"] {
        assert_eq!(config[can_not]["supported"], false, "{can_not}");
    }
    assert_eq!(config["authenticationSchemes"][0]["type"], "oauthbearertoken");
    let most = config["filter"]["maxResults"].as_u64().unwrap();
    assert_eq!(scim.get(&format!("/Users?count={}", most + 1)).await.ok()["itemsPerPage"], 1);
    let types = scim.get("/ResourceTypes").await.ok();
    assert_eq!(types["totalResults"], 2);
    for kind in types["Resources"].as_array().unwrap() {
        let name = kind["id"].as_str().unwrap();
        assert_eq!(&scim.get(&format!("/ResourceTypes/{name}")).await.ok(), kind);
        scim.get(kind["endpoint"].as_str().unwrap()).await.ok();
        scim.get(&format!("/Schemas/{}", kind["schema"].as_str().unwrap())).await.ok();
    }
    scim.get("/ResourceTypes/Device").await.refused(404, None);
    scim.get("/Schemas/urn:nothing").await.refused(404, None);
    scim.get("/Schemas?filter=id%20pr").await.refused(403, None);
    scim.get("/Me").await.refused(501, None);
    scim.post("/Bulk", &json!({})).await.refused(501, None);
    scim.get("/Devices").await.refused(404, None);
    scim.get("").await.refused(404, None);
}

/// Every attribute of the schemas can be written where they say so, is told as it was, and can be asked for.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_schemas_are_true(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let schemas = scim.get("/Schemas").await.ok();
    let schemas = schemas["Resources"].as_array().unwrap();
    let ids: Vec<&Value> = schemas.iter().map(|schema| &schema["id"]).collect();
    assert_eq!(ids, [USER, ENTERPRISE, GROUP]);
    let mut user = filled(&schemas[0]["attributes"]);
    user["userName"] = json!("blob@blobs.example");
    user[ENTERPRISE] = filled(&schemas[1]["attributes"]);
    let made = scim.post("/Users", &user).await.ok();
    for (name, value) in user.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    for (at, schema) in schemas.iter().enumerate() {
        assert_eq!(&scim.get(&format!("/Schemas/{}", schema["id"].as_str().unwrap())).await.ok(), schema);
        let kind = if at == 2 { "Groups" } else { "Users" };
        for attribute in schema["attributes"].as_array().unwrap() {
            let name = format!("{}:{}", schema["id"].as_str().unwrap(), attribute["name"].as_str().unwrap());
            let filter = encoded(&format!("{name} pr"));
            scim.get(&format!("/{kind}?filter={filter}&sortBy={}", encoded(&name))).await.ok();
            for inside in attribute["subAttributes"].as_array().into_iter().flatten() {
                let inside = inside["name"].as_str().unwrap();
                if inside == "$ref" {
                    continue;
                }
                let filter = encoded(&format!("{name}.{inside} pr"));
                scim.get(&format!("/{kind}?filter={filter}")).await.ok();
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
