//! A provisioning run of Okta's, in the shapes of its documentation (SCIM 2.0 protocol reference).

use super::{Directory, GROUP, USER, encoded};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

const WHO: &str = "test.user@okta.local";

fn new_user() -> Value {
    json!({
        "schemas": [USER],
        "userName": WHO,
        "name": { "givenName": "Test", "familyName": "User" },
        "emails": [{ "primary": true, "value": WHO, "type": "work" }],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    })
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn users_come_change_rest_and_come_back(pool: PgPool) {
    let scim = Directory::new(pool).await;
    // Testing the connection.
    assert_eq!(scim.get("/Users?startIndex=1&count=2").await.ok()["totalResults"], 1);
    assert_eq!(scim.get("/Groups?startIndex=1&count=100").await.ok()["totalResults"], 0);
    // Is the user there?
    let filter = encoded(&format!("userName eq \"{WHO}\""));
    let asked = format!("/Users?filter={filter}&startIndex=1&count=100");
    let nobody = scim.get(&asked).await.ok();
    assert_eq!(
        nobody,
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
        })
    );
    let made = scim.post("/Users", &new_user()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json;
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    assert_eq!((&made["locale"], &made["externalId"]), (&json!("en-US"), &json!("00ujl29u0le5T6Aj10h7")));
    assert_eq!(made.get("password"), None);
    let kept: i64 = sqlx::query_scalar("select count(*) from scim_users d where d::text like '%1mz050nq%'")
        .fetch_one(&scim.site.context.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0, "a password that nobody needs is kept");
    assert_eq!(scim.get(&asked).await.ok()["Resources"], json!([made]));
    // An update reads the user, and sends it back with what changed.
    let mut read = scim.get(&path).await.ok();
    read["name"] = json!({ "givenName": "Another", "middleName": "", "familyName": "User" });
    read["emails"][0]["display"] = json!(WHO);
    let put = scim.put(&path, &read).await.ok();
    assert_eq!(put["name"], json!({ "givenName": "Another", "familyName": "User" }));
    assert_eq!(put["displayName"], "Another User");
    // Deactivated and reactivated, without a path.
    for active in [false, true] {
        let body = json!([{ "op": "replace", "value": { "active": active } }]);
        assert_eq!(scim.patch(&path, body).await.ok()["active"], active);
        let status = if active { "active" } else { "suspended" };
        assert_eq!(scim.text("select status from users where email = $1", WHO).await.unwrap(), status);
    }
    // Integrations of one's own do so with the whole user.
    let mut whole = scim.get(&path).await.ok();
    whole["active"] = json!(false);
    assert_eq!(scim.put(&path, &whole).await.ok()["active"], false);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn groups_are_pushed(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let one = scim.user("one@okta.local").await;
    let two = scim.user("two@okta.local").await;
    let body = json!({ "schemas": [GROUP], "displayName": "Test SCIMv2", "members": [] });
    let made = scim.post("/Groups", &body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let id = made.json["id"].as_str().unwrap().to_owned();
    assert_eq!(made.json["members"], json!([]));
    let path = format!("/Groups/{id}");
    // The name, with an id in the value that nobody may change.
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
    // All members at once.
    let all = json!([{ "op": "replace", "path": "members", "value": [{ "value": two, "display": "two@okta.local" }] }]);
    assert!(scim.patch(&path, all).await.status.is_success());
    assert_eq!(scim.get(&path).await.ok()["members"][0]["value"], json!(two));
    assert_eq!(scim.get(&format!("/Users/{two}")).await.ok()["groups"][0]["display"], "Test SCIMv20");
    // As integrations of one's own do it.
    let put = json!({ "schemas": [GROUP], "displayName": "Test SCIMv20", "members": [{ "value": one }, { "value": two }] });
    assert_eq!(scim.put(&path, &put).await.ok()["members"].as_array().unwrap().len(), 2);
    assert_eq!(scim.delete(&path).await.status, StatusCode::NO_CONTENT);
    scim.get(&path).await.refused(404, None);
    assert_eq!(scim.get(&format!("/Users/{two}")).await.ok()["groups"], json!([]));
}
