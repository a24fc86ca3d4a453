//! The requests of Okta, as documented in its SCIM 2.0 protocol reference.

use super::{GROUP, ScimClient, USER, path_of, url_encode};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

const USER_NAME: &str = "test.user@okta.local";

fn new_user() -> Value {
    json!({
        "schemas": [USER],
        "userName": USER_NAME,
        "name": { "givenName": "Test", "familyName": "User" },
        "emails": [{ "primary": true, "value": USER_NAME, "type": "work" }],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    })
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn okta_user_lifecycle(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    // "Test Connector Configuration".
    assert_eq!(scim.get("/Users?startIndex=1&count=2").await.ok()["totalResults"], 1);
    assert_eq!(scim.get("/Groups?startIndex=1&count=100").await.ok()["totalResults"], 0);
    // Okta searches for the user before it creates one.
    let filter = url_encode(&format!("userName eq \"{USER_NAME}\""));
    let search = format!("/Users?filter={filter}&startIndex=1&count=100");
    let no_match = scim.get(&search).await.ok();
    assert_eq!(
        no_match,
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
        })
    );
    let created = scim.post("/Users", &new_user()).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let created = created.json;
    let path = path_of(&created);
    assert_eq!(
        (&created["locale"], &created["externalId"]),
        (&json!("en-US"), &json!("00ujl29u0le5T6Aj10h7"))
    );
    assert_eq!(created.get("password"), None);
    let stored: i64 = sqlx::query_scalar("select count(*) from scim_users d where d::text like '%1mz050nq%'")
        .fetch_one(&scim.server.app.context.pool)
        .await
        .unwrap();
    assert_eq!(stored, 0, "the password was stored");
    assert_eq!(scim.get(&search).await.ok()["Resources"], json!([created]));
    // An update reads the user and sends it back with the changes.
    let mut read = scim.get(&path).await.ok();
    read["name"] = json!({ "givenName": "Another", "middleName": "", "familyName": "User" });
    read["emails"][0]["display"] = json!(USER_NAME);
    let put = scim.put(&path, &read).await.ok();
    assert_eq!(put["name"], json!({ "givenName": "Another", "familyName": "User" }));
    assert_eq!(put["displayName"], "Another User");
    // Deactivated and reactivated, without a path.
    for active in [false, true] {
        let body = json!([{ "op": "replace", "value": { "active": active } }]);
        assert_eq!(scim.patch(&path, body).await.ok()["active"], active);
        let status = if active { "active" } else { "suspended" };
        assert_eq!(scim.user_status(USER_NAME).await, status);
    }
    // Custom integrations send the whole user.
    let mut user = scim.get(&path).await.ok();
    user["active"] = json!(false);
    assert_eq!(scim.put(&path, &user).await.ok()["active"], false);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn okta_group_push(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let one = scim.create_user("one@okta.local").await;
    let two = scim.create_user("two@okta.local").await;
    let body = json!({ "schemas": [GROUP], "displayName": "Test SCIMv2", "members": [] });
    let created = scim.post("/Groups", &body).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let id = created.json["id"].as_str().unwrap().to_owned();
    assert_eq!(created.json["members"], json!([]));
    let path = path_of(&created.json);
    // The new name, with the read-only id in the value.
    let renamed = json!([{ "op": "replace", "value": { "id": id, "displayName": "Test SCIMv20" } }]);
    assert!(scim.patch(&path, renamed).await.status.is_success());
    let operations = json!([
        { "op": "remove", "path": format!("members[value eq \"{two}\"]") },
        { "op": "add", "path": "members", "value": [{ "value": one, "display": "one@okta.local" }] },
    ]);
    assert!(scim.patch(&path, operations).await.status.is_success());
    let group = scim.get(&path).await.ok();
    assert_eq!(group["displayName"], "Test SCIMv20");
    assert_eq!(group["members"].as_array().unwrap().len(), 1);
    assert_eq!((&group["members"][0]["value"], &group["members"][0]["type"]), (&json!(one), &json!("User")));
    // All members.
    let all = json!([{ "op": "replace", "path": "members", "value": [{ "value": two, "display": "two@okta.local" }] }]);
    assert!(scim.patch(&path, all).await.status.is_success());
    assert_eq!(scim.get(&path).await.ok()["members"][0]["value"], json!(two));
    assert_eq!(scim.get(&format!("/Users/{two}")).await.ok()["groups"][0]["display"], "Test SCIMv20");
    // Custom integrations send the whole group.
    let put = json!({ "schemas": [GROUP], "displayName": "Test SCIMv20", "members": [{ "value": one }, { "value": two }] });
    assert_eq!(scim.put(&path, &put).await.ok()["members"].as_array().unwrap().len(), 2);
    assert_eq!(scim.delete(&path).await.status, StatusCode::NO_CONTENT);
    scim.get(&path).await.error(404, None);
    assert_eq!(scim.get(&format!("/Users/{two}")).await.ok()["groups"], json!([]));
}
