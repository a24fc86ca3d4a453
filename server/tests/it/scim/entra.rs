//! A provisioning run of Microsoft Entra ID's, in the shapes of its documentation (developing a SCIM endpoint, and its
//! known issues), with addresses for names: here userName is one.

use super::{Directory, ENTERPRISE, GROUP, USER, encoded};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

const WHO: &str = "Test_User_00aa00aa@testuser.com";

fn new_user() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": WHO,
        "active": true,
        "emails": [{ "primary": true, "type": "work", "value": "Test_User_11bb11bb@testuser.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName" },
        "roles": [],
    })
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn users_come_change_rest_and_go(pool: PgPool) {
    let scim = Directory::new(pool).await;
    // Testing the connection asks for somebody who is not there.
    let nobody = encoded("userName eq \"non-existent user\"");
    assert_eq!(scim.get(&format!("/Users?filter={nobody}")).await.ok()["totalResults"], 0);
    scim.get("/Users/5171a35d82074e068ce2").await.refused(404, None);
    let made = scim.post("/Users", &new_user()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = format!("/Users/{}", made.json["id"].as_str().unwrap());
    for filter in [
        format!("userName eq \"{WHO}\""),
        "externalId eq \"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef\"".to_owned(),
        "emails[type eq \"work\"].value eq \"test_user_11bb11bb@testuser.com\"".to_owned(),
    ] {
        assert_eq!(scim.find("Users", &filter, "userName").await, [WHO], "{filter}");
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
    // What was not there is added by a filter, and one by one.
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
    // Several at once, without a path: names with dots and schemas.
    let user = change(json!([{
        "op": "replace",
        "value": {
            "displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua",
            format!("{ENTERPRISE}:employeeNumber"): "Aklq", "emails[type eq \"work\"].value": "TestMhvaes@test.microsoft.com",
            "someExtensionOfTheirs": "x",
        },
    }]))
    .await;
    assert_eq!((&user["displayName"], &user["name"]["givenName"]), (&json!("Bjfe"), &json!("Kkom")));
    assert_eq!(user[ENTERPRISE]["employeeNumber"], "Aklq");
    assert_eq!(user["emails"][0]["value"], "TestMhvaes@test.microsoft.com");
    // The address itself.
    let moved = "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com";
    let user = change(json!([{ "op": "Replace", "path": "userName", "value": moved }])).await;
    assert_eq!((&user["userName"], &user["id"]), (&json!(moved), &made.json["id"]));
    // Disabled with a word in place of a flag, as long as its flag is not set; then as it should be.
    for (value, active) in [(json!("False"), false), (json!("True"), true), (json!(false), false)] {
        let user = change(json!([{ "op": "Replace", "path": "active", "value": value }])).await;
        assert_eq!(user["active"], active);
    }
    assert_eq!(scim.delete(&path).await.status, StatusCode::NO_CONTENT);
    scim.get(&path).await.refused(404, None);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn groups_come_change_and_go(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let one = scim.user("one@testuser.com").await;
    let two = scim.user("two@testuser.com").await;
    let body = json!({
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName",
        "meta": { "resourceType": "Group" },
    });
    let made = scim.post("/Groups", &body).await;
    assert_eq!((made.status, &made.json["members"]), (StatusCode::CREATED, &json!([])));
    assert_eq!(made.json["externalId"], "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159");
    let path = format!("/Groups/{}", made.json["id"].as_str().unwrap());
    let filter = encoded("displayName eq \"displayName\"");
    let found = scim.get(&format!("/Groups?excludedAttributes=members&filter={filter}")).await.ok();
    assert_eq!(found["totalResults"], 1);
    assert_eq!(found["Resources"][0].get("members"), None);
    scim.post("/Groups", &body).await.refused(409, Some("uniqueness"));
    let change = async |operations: Value| {
        assert_eq!(scim.patch(&path, operations).await.status, StatusCode::NO_CONTENT);
        let members = scim.get(&path).await.ok()["members"].clone();
        let members: Vec<String> =
            members.as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
        members
    };
    change(json!([{ "op": "Replace", "path": "displayName", "value": "1879db59updatedDisplayName" }])).await;
    let added = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": one }, { "value": two }] }]);
    assert_eq!(change(added).await, [one.as_str(), &two]);
    // Removed as a value, which the RFC does not have, and by a filter, which it has.
    let removed = json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": one }] }]);
    assert_eq!(change(removed).await, [two.as_str()]);
    let removed = json!([{ "op": "remove", "path": format!("members[value eq \"{two}\"]") }]);
    assert_eq!(change(removed).await, [""; 0]);
    let group = scim.get(&format!("{path}?excludedAttributes=members")).await.ok();
    assert_eq!(group["displayName"], "1879db59updatedDisplayName");
    assert_eq!(scim.delete(&path).await.status, StatusCode::NO_CONTENT);
}
