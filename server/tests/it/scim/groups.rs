//! Groups: their members, and large groups.

use super::{ScimClient, assert_snapshot};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Instant;
use uuid::Uuid;

/// Inserts 10,000 users directly into the database.
async fn insert_users(scim: &ScimClient) -> Vec<String> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "insert into users (organization_id, id, email, email_normalized, status, role, joined_at, joined_by, created_at)
         select o.id, gen_random_uuid(), 'u' || n || '@blobs.example', 'u' || n || '@blobs.example', 'active', 'member',
            now(), 'scim', now()
         from organizations o, generate_series(1, 10000) n where o.slug = 'blobsrus' returning id",
    )
    .fetch_all(&scim.server.app.context.pool)
    .await
    .unwrap();
    ids.into_iter().map(|id| id.to_string()).collect()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn patch_adds_and_removes_10000_members(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let ids = insert_users(&scim).await;
    let group = scim.create_group("All", &[]).await;
    let path = format!("/Groups/{group}");
    let members = |ids: &[String]| -> Value {
        ids.iter().map(|id| json!({ "value": id, "display": "u@blobs.example" })).collect()
    };
    let start = Instant::now();
    let all = json!([{ "op": "add", "path": "members", "value": members(&ids) }]);
    assert_eq!(scim.patch(&path, all).await.status, StatusCode::NO_CONTENT);
    let add_time = start.elapsed();
    assert_eq!(scim.count_members().await, 10_000);
    let group = scim.get(&path).await.ok();
    assert_eq!(group["members"].as_array().unwrap().len(), 10_000);
    // Okta sends one operation per removed member; a replace sends the new list.
    let removals = ids[5_000..]
        .iter()
        .map(|id| json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") }));
    assert_eq!(scim.patch(&path, removals.collect()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(scim.count_members().await, 5_000);
    let start = Instant::now();
    let replacement = json!([{ "op": "replace", "path": "members", "value": members(&ids[2_000..7_000]) }]);
    assert_eq!(scim.patch(&path, replacement).await.status, StatusCode::NO_CONTENT);
    println!("10,000 members added in {add_time:?}, replaced by 5,000 in {:?}", start.elapsed());
    assert_eq!(scim.count_members().await, 5_000);
    assert_eq!(scim.count_events("group.members_added").await, 12_000);
    assert_eq!(
        scim.patch(&path, json!([{ "op": "remove", "path": "members" }])).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(scim.count_members().await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn only_users_of_the_organization_can_be_members(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let user = scim.create_user("blob@blobs.example").await;
    let group = scim.create_group("Blobs", &[]).await;
    let path = format!("/Groups/{group}");
    let add = async |member: Value| {
        scim.patch(&path, json!([{ "op": "add", "path": "members", "value": [member] }])).await
    };
    let missing = "00000000-0000-7000-8000-000000000000";
    let detail = add(json!({ "value": missing })).await.error(400, Some("invalidValue"));
    assert!(detail.contains(missing), "{detail}");
    add(json!({ "value": "u1091" })).await.error(400, Some("invalidValue"));
    add(json!({ "display": "Blob" })).await.error(400, Some("invalidValue"));
    add(json!({ "value": group, "type": "Group" })).await.error(400, Some("invalidValue"));
    let change = json!([{ "op": "replace", "path": "members[value eq \"x\"].display", "value": "y" }]);
    scim.patch(&path, change).await.error(400, Some("mutability"));
    let by_type = json!([{ "op": "remove", "path": "members[type eq \"User\"]" }]);
    scim.patch(&path, by_type).await.error(400, Some("invalidFilter"));
    scim.patch(&path, json!([{ "op": "remove", "path": "displayName" }]))
        .await
        .error(400, Some("mutability"));
    scim.put(&path, &json!({ "members": [] })).await.error(400, Some("invalidValue"));
    scim.put(&path, &json!({ "displayName": "x".repeat(101) })).await.error(400, Some("invalidValue"));
    // A user of another organization doesn't exist here.
    scim.server.create_other_organization().await;
    let other_user: Uuid = sqlx::query_scalar("select id from users where email = 'eve@other.example'")
        .fetch_one(&scim.server.app.context.pool)
        .await
        .unwrap();
    add(json!({ "value": other_user })).await.error(400, Some("invalidValue"));
    assert_eq!(scim.count_members().await, 0);
    // The operations are applied in order.
    let operations = json!([
        { "op": "add", "path": "members", "value": [{ "value": user }] },
        { "op": "remove", "path": "members" },
        { "op": "add", "value": { "members": [{ "value": user }] } },
        { "op": "remove", "path": format!("members[value eq \"{missing}\" or value eq \"{group}\"]") },
    ]);
    assert_eq!(scim.patch(&path, operations).await.status, StatusCode::NO_CONTENT);
    assert_eq!(scim.count_members().await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn groups_created_in_the_ui_are_scim_groups(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let admin = scim.server.app.admin.admin("blobsrus").await.unwrap();
    let id = domain::groups::save(&admin, None, "Guides", "Show the way", &[]).await.unwrap();
    let version = scim.get(&format!("/Groups/{id}")).await.ok()["meta"]["version"].clone();
    let user = scim.create_user("blob@blobs.example").await;
    domain::groups::change_members(&admin, model::permission::GroupChange::Add, id, &[user.parse().unwrap()])
        .await
        .unwrap();
    let group = scim.get(&format!("/Groups/{id}?attributes=members.value")).await.ok();
    assert_eq!(group["members"], json!([{ "value": user }]));
    let group = scim.get(&format!("/Groups/{id}")).await.ok();
    assert_ne!(group["meta"]["version"], version);
    assert_snapshot("group", &group);
    // A PUT keeps the description, which SCIM doesn't have.
    let body = json!({ "displayName": "Guides of old", "members": [] });
    scim.put(&format!("/Groups/{id}"), &body).await.ok();
    let groups = domain::groups::list(&admin).await.unwrap();
    assert_eq!(
        (groups[0].name.as_str(), groups[0].description.as_str(), groups[0].members),
        ("Guides of old", "Show the way", 0)
    );
}
