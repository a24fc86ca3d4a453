//! Random requests never cause a panic, an internal error or a slow response.

use super::{PATCH, ScimClient, url_encode};
use axum::http::{Method, StatusCode};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::path::Path;
use std::time::{Duration, Instant};

const CASES: usize = 400;

/// Tokens of filters and paths, and arbitrary text.
fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "userName", "emails", "emails.value", "name.givenName", "active", "externalId", "id", "groups", "members",
            "members.value", "displayName", "meta.created", "meta.lastModified", "title", "schemas", "roles",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "phoneNumbers[type eq \"fax\"]",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName", "addresses[primary eq true].country", "$ref", "value",
        ]).prop_map(str::to_owned),
        4 => prop::sample::select(vec![
            "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr", "and", "or", "not", "(", ")", "[", "]", ".", "not(",
        ]).prop_map(str::to_owned),
        3 => prop::sample::select(vec![
            "true", "False", "null", "5", "-1.5e9", "\"x\"", "\"2011-05-13T04:42:34Z\"", "\"\\u0000\"", "\"%_\\\\\"", "\"",
            "\"'; drop table users; --\"", "\"00000000-0000-7000-8000-000000000000\"", "\"\\ud800\"", "\"é\"", "1e999",
            "\"9999999-01-01T00:00:00Z\"", "\"-0001-01-01T00:00:00Z\"",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => any::<String>().prop_map(|text| text.chars().take(20).collect()),
    ]
}

/// Tokens in random order.
fn tokens() -> impl Strategy<Value = String> {
    (prop::collection::vec(token(), 0..14), prop::sample::select(vec![" ", ""]))
        .prop_map(|(tokens, separator)| tokens.join(separator))
}

/// Valid filters, whose SQL is executed.
fn filter() -> impl Strategy<Value = String> {
    let attribute = prop::sample::select(vec![
        "userName",
        "externalId",
        "displayName",
        "title",
        "name.familyName",
        "emails.value",
        "emails",
        "id",
        "groups.value",
        "groups.display",
        "phoneNumbers.value",
        "emails.type",
        "nickName",
        "members.value",
        "members.display",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        "meta.resourceType",
    ]);
    let operator = prop::sample::select(vec!["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
    let value = "[a-zA-Z0-9@.%_ äß'İ-]{0,12}";
    let expression = prop_oneof![
        6 => (attribute.clone(), operator, value).prop_map(|(a, o, v)| format!("{a} {o} {}", json!(v))),
        1 => attribute.prop_map(|a| format!("{a} pr")),
        1 => prop::sample::select(vec![
            "active eq true", "active ne false", "meta.created gt \"2020-01-01T00:00:00Z\"", "name pr", "emails pr",
            "emails[type eq \"work\" and not (value co \"x\")]", "emails[type eq \"work\"].value eq \"a@b.c\"",
            "addresses[primary eq true or country eq null]", "title eq null", "members[value pr]", "groups[type eq \"direct\"]",
            "meta.lastModified le \"2030-01-01T00:00:00+05:00\"",
        ]).prop_map(str::to_owned),
    ];
    expression.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

/// The seeds of a fuzz target.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| std::fs::read(file).unwrap()).collect()
}

/// Sends a request and checks that the response is quick and not a server error. `input` is shown on failure.
async fn call(
    scim: &ScimClient,
    method: Method,
    path: &str,
    body: Option<&Value>,
    input: &str,
) -> StatusCode {
    let start = Instant::now();
    let reply = scim.call(method, path, body).await;
    assert!(!reply.status.is_server_error(), "{input:?}: {}", reply.json);
    assert!(start.elapsed() < Duration::from_secs(5), "{input:?} took {:?}", start.elapsed());
    reply.status
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn random_filters(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    scim.create_user("blob@blobs.example").await;
    let mut runner = TestRunner::deterministic();
    let (mut valid, mut total) = (0, 0);
    for n in 0..CASES {
        let filter = if n % 2 == 0 {
            tokens().new_tree(&mut runner).unwrap().current()
        } else {
            filter().new_tree(&mut runner).unwrap().current()
        };
        for endpoint in ["Users", "Groups"] {
            let sort = ["", "&sortBy=title", "&sortBy=emails&sortOrder=descending", "&sortBy=active"][n % 4];
            let path = format!("/{endpoint}?startIndex={}&filter={}{sort}", n % 3, url_encode(&filter));
            total += 1;
            valid += usize::from(call(&scim, Method::GET, &path, None, &filter).await.is_success());
        }
    }
    assert!(valid > total / 5, "only {valid} of {total} filters were valid");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn random_patches(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let user = scim.create_user("blob@blobs.example").await;
    let group = scim.create_group("Blobs", &[&user]).await;
    let mut runner = TestRunner::deterministic();
    let value = prop_oneof![
        Just(json!(null)),
        Just(json!("blob@blobs.example")),
        Just(json!("True")),
        Just(json!(true)),
        Just(json!(5)),
        Just(json!([])),
        Just(json!({})),
        Just(json!({ "value": user })),
        Just(
            json!([{ "value": "a@b.c", "type": "work", "primary": true }, { "value": "d", "primary": true }])
        ),
        Just(
            json!({ "active": "false", "title": "\u{0}", "emails[type eq \"x\"].value": "y", "name.givenName": "Z" })
        ),
        Just(
            json!({ "members": [{ "value": user }], "displayName": "Blobs", "externalId": "x".repeat(600) })
        ),
        any::<String>().prop_map(|text| json!(text)),
    ];
    let path = prop_oneof![1 => Just(None), 6 => tokens().prop_map(Some)];
    let operation = (prop::sample::select(vec!["add", "Replace", "REMOVE", "move"]), path, value);
    for _ in 0..CASES {
        let (op, path, value) = operation.new_tree(&mut runner).unwrap().current();
        let operation = json!({ "op": op, "path": path, "value": value });
        let body = json!({ "schemas": [PATCH], "Operations": [operation] });
        for resource in [format!("/Users/{user}"), format!("/Groups/{group}")] {
            call(&scim, Method::PATCH, &resource, Some(&body), &operation.to_string()).await;
        }
    }
    // The stored resources are still readable.
    scim.get(&format!("/Users/{user}")).await.ok();
    scim.get(&format!("/Groups/{group}")).await.ok();
}

/// The seeds of the fuzzer (server/fuzz), executed by the database.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn fuzz_seeds(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let user = scim.create_user("blob@blobs.example").await;
    let group = scim.create_group("Blobs", &[&user]).await;
    let resources = [format!("/Users/{user}"), format!("/Groups/{group}")];
    for filter in seeds("scim_filter") {
        let input = String::from_utf8_lossy(&filter);
        let filter: String = form_urlencoded::byte_serialize(&filter).collect();
        for endpoint in ["Users", "Groups"] {
            let path = format!("/{endpoint}?filter={filter}");
            let status = call(&scim, Method::GET, &path, None, &input).await;
            assert!(matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST), "{input:?}: {status}");
        }
    }
    for path in seeds("scim_path") {
        let path = String::from_utf8_lossy(&path);
        for op in ["add", "remove"] {
            let operation = json!({ "op": op, "path": path, "value": "work" });
            let body = json!({ "schemas": [PATCH], "Operations": [operation] });
            for resource in &resources {
                call(&scim, Method::PATCH, resource, Some(&body), &path).await;
            }
        }
    }
    for body in seeds("scim_patch") {
        let Ok(body) = serde_json::from_slice::<Value>(&body) else { continue };
        for resource in &resources {
            call(&scim, Method::PATCH, resource, Some(&body), &body.to_string()).await;
        }
    }
    for resource in &resources {
        scim.get(resource).await.ok();
    }
}
