//! Rough timings, printed with `--nocapture`. They fail only if a late page costs much more than an early one.

use super::{ScimClient, USER, strings};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::{Duration, Instant};

const USERS: usize = 10_000;
const PAGE: usize = 100;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn late_pages_cost_as_much_as_early_pages(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    sqlx::query(
        "with inserted as (
            insert into users (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by, created_at)
            select o.id, gen_random_uuid(), 'u' || n || '@blobs.example', 'u' || n || '@blobs.example', 'Blob ' || n,
                'active', 'member', now(), 'scim', now()
            from organizations o, generate_series(1, $1) n where o.slug = 'blobsrus' returning organization_id, id, name
         )
         insert into scim_users (organization_id, user_id, external_id, attributes, search_tokens)
         select organization_id, id, 'ext-' || name, jsonb_build_object('title', name), array['title=' || lower(name)] from inserted",
    )
    .bind(i32::try_from(USERS - 1).unwrap())
    .execute(&scim.server.app.context.pool)
    .await
    .unwrap();
    sqlx::query("analyze").execute(&scim.server.app.context.pool).await.unwrap();
    let (mut ids, mut times) = (std::collections::BTreeSet::new(), Vec::new());
    let sync_start = Instant::now();
    for start_index in (1..=USERS).step_by(PAGE) {
        let page_start = Instant::now();
        let page = scim.get(&format!("/Users?startIndex={start_index}&count={PAGE}")).await.ok();
        times.push(page_start.elapsed());
        assert_eq!(page["totalResults"], USERS);
        ids.extend(strings(&page["Resources"], "id"));
    }
    println!("{USERS} users in pages of {PAGE}: {:?}", sync_start.elapsed());
    assert_eq!(ids.len(), USERS);
    let median = |times: &[Duration]| {
        let mut times = times.to_vec();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (first, last) = (median(&times[1..21]), median(&times[80..]));
    println!("median of the first 20 pages {first:?}, of the last 20 {last:?}");
    assert!(last < first * 3 + Duration::from_millis(20), "{first:?} {last:?}");
    let start = Instant::now();
    for n in (1..1_000).step_by(10) {
        scim.get(&format!("/Users?filter=userName%20eq%20%22u{n}%40blobs.example%22")).await.ok();
        scim.get(&format!("/Users?filter=title%20eq%20%22BLOB%20{n}%22")).await.ok();
    }
    println!("200 filters: {:?}", start.elapsed());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sequential_creates(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let body = |n: usize| -> Value {
        json!({
            "schemas": [USER],
            "userName": format!("u{n}@blobs.example"),
            "externalId": format!("ext-{n}"),
            "name": { "givenName": "Blob", "familyName": n.to_string() },
            "emails": [{ "value": format!("u{n}@blobs.example"), "type": "work", "primary": true }],
            "active": true,
        })
    };
    let start = Instant::now();
    for n in 0..300 {
        scim.post("/Users", &body(n)).await.ok();
    }
    println!("300 creates: {:?}", start.elapsed());
    assert_eq!(scim.server.app.count("users where joined_by = 'scim'").await, 300);
}
