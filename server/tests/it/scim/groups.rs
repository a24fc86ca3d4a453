//! Groups: what may be in them, and how large they get.

use super::{Directory, GROUP};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Instant;
use uuid::Uuid;

/// Ten thousand users, without the way in.
async fn crowd(scim: &Directory) -> Vec<String> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "insert into users (organization_id, id, email, email_normalized, status, role, joined_at, joined_by, created_at)
         select o.id, gen_random_uuid(), 'u' || n || '@blobs.example', 'u' || n || '@blobs.example', 'active', 'member',
            now(), 'scim', now()
         from organizations o, generate_series(1, 10000) n where o.slug = 'blobsrus' returning id",
    )
    .fetch_all(&scim.site.context.pool)
    .await
    .unwrap();
    ids.into_iter().map(|id| id.to_string()).collect()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn ten_thousand_members_come_and_go_in_one_call(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let ids = crowd(&scim).await;
    let group = scim.group("All", &[]).await;
    let path = format!("/Groups/{group}");
    let members = |ids: &[String]| -> Value {
        ids.iter().map(|id| json!({ "value": id, "display": "u@blobs.example" })).collect()
    };
    let began = Instant::now();
    let all = json!([{ "op": "add", "path": "members", "value": members(&ids) }]);
    assert_eq!(scim.patch(&path, all).await.status, StatusCode::NO_CONTENT);
    let added = began.elapsed();
    assert_eq!(scim.site.count("group_members").await, 10_000);
    let read = scim.get(&path).await.ok();
    assert_eq!(read["members"].as_array().unwrap().len(), 10_000);
    // Some of them go one by one in one call, as Okta does it; the others with a new list.
    let half = ids[5_000..]
        .iter()
        .map(|id| json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") }));
    assert_eq!(scim.patch(&path, half.collect()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(scim.site.count("group_members").await, 5_000);
    let began = Instant::now();
    let rest = json!([{ "op": "replace", "path": "members", "value": members(&ids[2_000..7_000]) }]);
    assert_eq!(scim.patch(&path, rest).await.status, StatusCode::NO_CONTENT);
    println!("10,000 members added in {added:?}, replaced by 5,000 in {:?}", began.elapsed());
    assert_eq!(scim.site.count("group_members").await, 5_000);
    assert_eq!(scim.site.count("audit_events where action = 'group.members_added'").await, 12_000);
    assert_eq!(
        scim.patch(&path, json!([{ "op": "remove", "path": "members" }])).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(scim.site.count("group_members").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn users_alone_are_in_a_group(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let user = scim.user("blob@blobs.example").await;
    let group = scim.group("Blobs", &[]).await;
    let path = format!("/Groups/{group}");
    let add = async |member: Value| {
        scim.patch(&path, json!([{ "op": "add", "path": "members", "value": [member] }])).await
    };
    let missing = "00000000-0000-7000-8000-000000000000";
    let detail = add(json!({ "value": missing })).await.refused(400, Some("invalidValue"));
    assert!(detail.contains(missing), "{detail}");
    add(json!({ "value": "u1091" })).await.refused(400, Some("invalidValue"));
    add(json!({ "display": "Blob" })).await.refused(400, Some("invalidValue"));
    add(json!({ "value": group, "type": "Group" })).await.refused(400, Some("invalidValue"));
    let odd = json!([{ "op": "replace", "path": "members[value eq \"x\"].display", "value": "y" }]);
    scim.patch(&path, odd).await.refused(400, Some("mutability"));
    let odd = json!([{ "op": "remove", "path": "members[type eq \"User\"]" }]);
    scim.patch(&path, odd).await.refused(400, Some("invalidFilter"));
    scim.patch(&path, json!([{ "op": "remove", "path": "displayName" }]))
        .await
        .refused(400, Some("mutability"));
    scim.put(&path, &json!({ "members": [] })).await.refused(400, Some("invalidValue"));
    scim.put(&path, &json!({ "displayName": "x".repeat(101) })).await.refused(400, Some("invalidValue"));
    // Another organization's user is nobody here.
    scim.site.create_other_organization().await;
    let stranger: Uuid = sqlx::query_scalar("select id from users where email = 'eve@other.example'")
        .fetch_one(&scim.site.context.pool)
        .await
        .unwrap();
    add(json!({ "value": stranger })).await.refused(400, Some("invalidValue"));
    assert_eq!(scim.site.count("group_members").await, 0);
    // One operation after the other: what comes last counts.
    let operations = json!([
        { "op": "add", "path": "members", "value": [{ "value": user }] },
        { "op": "remove", "path": "members" },
        { "op": "add", "value": { "members": [{ "value": user }] } },
        { "op": "remove", "path": format!("members[value eq \"{missing}\" or value eq \"{group}\"]") },
    ]);
    assert_eq!(scim.patch(&path, operations).await.status, StatusCode::NO_CONTENT);
    assert_eq!(scim.site.count("group_members").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_group_of_ours_is_a_group_of_theirs(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let request_context = scim.site.admin().await;
    let admin = request_context.admin("blobsrus").await.unwrap();
    let made = domain::groups::save(&admin, None, "Guides", "Who show the way", &[]).await.unwrap();
    let read = scim.get(&format!("/Groups/{made}")).await.ok();
    assert_eq!((&read["displayName"], &read["schemas"]), (&json!("Guides"), &json!([GROUP])));
    let version = read["meta"]["version"].clone();
    let user = scim.user("blob@blobs.example").await;
    domain::groups::add_members(&admin, made, &[user.parse().unwrap()]).await.unwrap();
    let read = scim.get(&format!("/Groups/{made}?attributes=members.value")).await.ok();
    assert_eq!(read["members"], json!([{ "value": user }]));
    let read = scim.get(&format!("/Groups/{made}")).await.ok();
    assert_ne!(read["meta"]["version"], version);
    // What ours has and theirs not stays.
    let body = json!({ "displayName": "Guides of old", "members": [] });
    scim.put(&format!("/Groups/{made}"), &body).await.ok();
    let groups = domain::groups::list(&admin).await.unwrap();
    assert_eq!(
        (groups[0].name.as_str(), groups[0].description.as_str(), groups[0].members),
        ("Guides of old", "Who show the way", 0)
    );
}
