//! Discovery documents.

use scim::schema::{Attribute, ENTERPRISE, GROUP, USER};
use scim::{AttributePath, ResourceType, discovery};
use serde_json::{Value, json};

const BASE: &str = "https://id.example/scim/v2";

#[test]
fn schemas_describe_every_attribute() {
    let schemas = discovery::schemas(BASE);
    let schemas = schemas["Resources"].as_array().unwrap();
    let ids: Vec<&Value> = schemas.iter().map(|schema| &schema["id"]).collect();
    assert_eq!(ids, [USER, ENTERPRISE, GROUP]);
    let tables = [
        ResourceType::User.attributes(),
        ResourceType::User.extension().unwrap().sub_attributes(),
        ResourceType::Group.attributes(),
    ];
    for (schema, table) in schemas.iter().zip(tables) {
        check_attributes(&schema["attributes"], table);
        let id = schema["id"].as_str().unwrap();
        assert_eq!(&discovery::schema(&id.to_uppercase(), BASE).unwrap(), schema);
        assert_eq!(schema["meta"]["location"], json!(format!("{BASE}/Schemas/{id}")));
    }
    assert!(discovery::schema("urn:unknown", BASE).is_err());
}

fn check_attributes(described: &Value, table: &[Attribute]) {
    let described = described.as_array().unwrap();
    assert_eq!(described.len(), table.len());
    for (described, attribute) in described.iter().zip(table) {
        assert_eq!(described["name"], attribute.name);
        assert_eq!(described["multiValued"], attribute.multi_valued);
        assert_eq!(described["mutability"] == "readOnly", attribute.is_read_only(), "{}", attribute.name);
        assert!(!attribute.description.is_empty(), "{}", attribute.name);
        if described["type"] == "complex" {
            check_attributes(&described["subAttributes"], attribute.sub_attributes());
        }
    }
}

#[test]
fn resource_types_name_their_schemas() {
    let types = discovery::resource_types(BASE);
    assert_eq!(types["totalResults"], 2);
    for resource_type in types["Resources"].as_array().unwrap() {
        let name = resource_type["id"].as_str().unwrap();
        assert_eq!(&discovery::resource_type(name, BASE).unwrap(), resource_type);
        assert!(discovery::schema(resource_type["schema"].as_str().unwrap(), BASE).is_ok());
    }
    assert_eq!(
        types["Resources"][0]["schemaExtensions"],
        json!([{ "schema": ENTERPRISE, "required": false }])
    );
    assert!(discovery::resource_type("Device", BASE).is_err());
}

#[test]
fn discovery_lists_reject_filters() {
    assert!(discovery::reject_filter("count=5").is_ok());
    let error = discovery::reject_filter("count=5&FILTER=id%20pr").unwrap_err();
    assert_eq!(
        (error.status.as_u16(), error.to_json()["schemas"][0].as_str()),
        (403, Some("urn:ietf:params:scim:api:messages:2.0:Error"))
    );
}

#[test]
fn attribute_paths_ignore_letter_case() {
    for (text, canonical) in [
        ("USERNAME", Some("userName".to_owned())),
        ("name.FAMILYNAME", Some("name.familyName".to_owned())),
        ("meta.created", Some("meta.created".to_owned())),
        (&format!("{}:username", USER.to_lowercase()), Some("userName".to_owned())),
        (&format!("{ENTERPRISE}:Manager.Value"), Some(format!("{ENTERPRISE}:manager.value"))),
        // Common attributes belong to no schema, and those of an extension need its URN.
        (&format!("{USER}:id"), None),
        ("department", None),
        ("name.unknown", None),
        ("userName.value", None),
        (ENTERPRISE, None),
        ("", None),
    ] {
        let path = AttributePath::parse(ResourceType::User, text);
        assert_eq!(path.map(|path| path.to_string()), canonical, "{text}");
    }
    assert!(AttributePath::parse(ResourceType::Group, "userName").is_none());
}
