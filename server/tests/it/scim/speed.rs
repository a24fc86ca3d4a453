//! How long it takes: the numbers are told, and a page must not cost more for standing at the end.

use super::{Directory, USER};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::{Duration, Instant};

const USERS: usize = 10_000;
const PAGE: usize = 100;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_full_sync_costs_the_same_from_its_first_page_to_its_last(pool: PgPool) {
    let scim = Directory::new(pool).await;
    sqlx::query(
        "with made as (
            insert into users (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by, created_at)
            select o.id, gen_random_uuid(), 'u' || n || '@blobs.example', 'u' || n || '@blobs.example', 'Blob ' || n,
                'active', 'member', now(), 'scim', now()
            from organizations o, generate_series(1, $1) n where o.slug = 'blobsrus' returning organization_id, id, name
         )
         insert into scim_users (organization_id, user_id, external_id, attributes, search_tokens)
         select organization_id, id, 'ext-' || name, jsonb_build_object('title', name), array['title=' || lower(name)] from made",
    )
    .bind(i32::try_from(USERS - 1).unwrap())
    .execute(&scim.site.context.pool)
    .await
    .unwrap();
    sqlx::query("analyze").execute(&scim.site.context.pool).await.unwrap();
    let (mut seen, mut took) = (std::collections::BTreeSet::new(), Vec::new());
    let began = Instant::now();
    for start in (1..=USERS).step_by(PAGE) {
        let began = Instant::now();
        let page = scim.get(&format!("/Users?startIndex={start}&count={PAGE}")).await.ok();
        took.push(began.elapsed());
        assert_eq!(page["totalResults"], USERS);
        seen.extend(
            page["Resources"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()),
        );
    }
    println!("{USERS} users in pages of {PAGE}: {:?}", began.elapsed());
    assert_eq!(seen.len(), USERS);
    let middle = |times: &[Duration]| {
        let mut times = times.to_vec();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (first, last) = (middle(&took[1..21]), middle(&took[80..]));
    println!("a page of the first twenty {first:?}, of the last twenty {last:?}");
    assert!(last < first * 3 + Duration::from_millis(20), "{first:?} {last:?}");
    let began = Instant::now();
    for n in (1..1_000).step_by(10) {
        scim.get(&format!("/Users?filter=userName%20eq%20%22u{n}%40blobs.example%22")).await.ok();
        scim.get(&format!("/Users?filter=title%20eq%20%22BLOB%20{n}%22")).await.ok();
    }
    println!("200 look-ups among them: {:?}", began.elapsed());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_directory_makes_many_one_after_the_other(pool: PgPool) {
    let scim = Directory::new(pool).await;
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
    let began = Instant::now();
    for n in 0..300 {
        scim.post("/Users", &body(n)).await.ok();
    }
    println!("300 creates: {:?}", began.elapsed());
    assert_eq!(scim.site.count("users where joined_by = 'scim'").await, 300);
}
