//! The requests of Microsoft Entra ID, as documented in its guide to developing a SCIM endpoint and its list of known
//! issues. User names are email addresses here.

use super::{ENTERPRISE, GROUP, ScimClient, USER, path_of, strings, url_encode};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

const USER_NAME: &str = "Test_User_00aa00aa@testuser.com";

fn new_user() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": USER_NAME,
        "active": true,
        "emails": [{ "primary": true, "type": "work", "value": "Test_User_11bb11bb@testuser.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName" },
        "roles": [],
    })
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn entra_user_lifecycle(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    // "Test connection" searches for a user that does not exist.
    let unknown_user = url_encode("userName eq \"non-existent user\"");
    assert_eq!(scim.get(&format!("/Users?filter={unknown_user}")).await.ok()["totalResults"], 0);
    scim.get("/Users/5171a35d82074e068ce2").await.error(404, None);
    let created = scim.post("/Users", &new_user()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let path = path_of(&created.json);
    for filter in [
        format!("userName eq \"{USER_NAME}\""),
        "externalId eq \"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef\"".to_owned(),
        "emails[type eq \"work\"].value eq \"test_user_11bb11bb@testuser.com\"".to_owned(),
    ] {
        assert_eq!(scim.search("Users", &filter, "userName").await, [USER_NAME], "{filter}");
    }
    let change = async |operations: Value| scim.patch(&path, operations).await.ok();
    let user = change(json!([
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updatedEmail@microsoft.com" },
        { "op": "Replace", "path": "name.familyName", "value": "updatedFamilyName" },
    ]))
    .await;
    assert_eq!(
        user["emails"],
        json!([{ "primary": true, "type": "work", "value": "updatedEmail@microsoft.com" }])
    );
    assert_eq!(user["name"]["familyName"], "updatedFamilyName");
    assert_eq!(user["displayName"], "givenName updatedFamilyName");
    // Missing values are added by value filter, one sub-attribute at a time.
    let user = change(json!([
        { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1 555 0100" },
        { "op": "Add", "path": "addresses[type eq \"work\"].country", "value": "ML" },
        { "op": "Add", "path": "addresses[type eq \"work\"].locality", "value": "Bamako" },
        { "op": "Add", "path": "nickName", "value": "Babs" },
        { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "fcd6d7d1" },
        { "op": "Replace", "path": format!("{ENTERPRISE}:employeeNumber"), "value": "Eqpj" },
    ]))
    .await;
    assert_eq!(user["phoneNumbers"], json!([{ "type": "mobile", "value": "+1 555 0100" }]));
    assert_eq!(user["addresses"], json!([{ "type": "work", "country": "ML", "locality": "Bamako" }]));
    assert_eq!(user[ENTERPRISE], json!({ "manager": { "value": "fcd6d7d1" }, "employeeNumber": "Eqpj" }));
    // Several attributes without a path: dotted and fully qualified names.
    let user = change(json!([{
        "op": "replace",
        "value": {
            "displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua",
            format!("{ENTERPRISE}:employeeNumber"): "Aklq", "emails[type eq \"work\"].value": "TestMhvaes@test.microsoft.com",
            "unknownAttribute": "x",
        },
    }]))
    .await;
    assert_eq!((&user["displayName"], &user["name"]["givenName"]), (&json!("Bjfe"), &json!("Kkom")));
    assert_eq!(user[ENTERPRISE]["employeeNumber"], "Aklq");
    assert_eq!(user["emails"][0]["value"], "TestMhvaes@test.microsoft.com");
    // The address that the user signs in with.
    let new_address = "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com";
    let user = change(json!([{ "op": "Replace", "path": "userName", "value": new_address }])).await;
    assert_eq!((&user["userName"], &user["id"]), (&json!(new_address), &created.json["id"]));
    // Without the feature flag aadOptscim062020, Entra ID sends booleans as strings.
    for (value, active) in [(json!("False"), false), (json!("True"), true), (json!(false), false)] {
        let user = change(json!([{ "op": "Replace", "path": "active", "value": value }])).await;
        assert_eq!(user["active"], active);
    }
    assert_eq!(scim.delete(&path).await.status, StatusCode::NO_CONTENT);
    scim.get(&path).await.error(404, None);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn entra_group_lifecycle(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let one = scim.create_user("one@testuser.com").await;
    let two = scim.create_user("two@testuser.com").await;
    let body = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName",
        "meta": { "resourceType": "Group" },
    });
    let created = scim.post("/Groups", &body).await;
    assert_eq!((created.status, &created.json["members"]), (StatusCode::CREATED, &json!([])));
    assert_eq!(created.json["externalId"], "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159");
    let path = path_of(&created.json);
    let filter = url_encode("displayName eq \"displayName\"");
    let matches = scim.get(&format!("/Groups?excludedAttributes=members&filter={filter}")).await.ok();
    assert_eq!(matches["totalResults"], 1);
    assert_eq!(matches["Resources"][0].get("members"), None);
    scim.post("/Groups", &body).await.error(409, Some("uniqueness"));
    let change = async |operations: Value| {
        assert_eq!(scim.patch(&path, operations).await.status, StatusCode::NO_CONTENT);
        strings(&scim.get(&path).await.ok()["members"], "value")
    };
    change(json!([{ "op": "Replace", "path": "displayName", "value": "1879db59updatedDisplayName" }])).await;
    let added = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": one }, { "value": two }] }]);
    assert_eq!(change(added).await, [one.as_str(), &two]);
    // Entra ID removes members by value, which is not in the RFC, or by value filter, which is.
    let removed = json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": one }] }]);
    assert_eq!(change(removed).await, [two.as_str()]);
    let removed = json!([{ "op": "remove", "path": format!("members[value eq \"{two}\"]") }]);
    assert_eq!(change(removed).await, [""; 0]);
    let group = scim.get(&format!("{path}?excludedAttributes=members")).await.ok();
    assert_eq!(group["displayName"], "1879db59updatedDisplayName");
    assert_eq!(scim.delete(&path).await.status, StatusCode::NO_CONTENT);
}
