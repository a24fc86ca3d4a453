//! Whatever is sent is answered: never by a panic, never by our own error, never slowly.

use super::{Directory, PATCH, encoded};
use axum::http::{Method, StatusCode};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::path::Path;
use std::time::{Duration, Instant};

const CASES: usize = 400;

/// Pieces of filters and paths, and things that are none.
fn piece() -> impl Strategy<Value = String> {
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

fn text() -> impl Strategy<Value = String> {
    (prop::collection::vec(piece(), 0..14), prop::sample::select(vec![" ", ""]))
        .prop_map(|(pieces, between)| pieces.join(between))
}

/// Filters that are well formed, so that the statements that come of them run.
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
    let test = prop_oneof![
        6 => (attribute.clone(), operator, value).prop_map(|(a, o, v)| format!("{a} {o} {}", json!(v))),
        1 => attribute.prop_map(|a| format!("{a} pr")),
        1 => prop::sample::select(vec![
            "active eq true", "active ne false", "meta.created gt \"2020-01-01T00:00:00Z\"", "name pr", "emails pr",
            "emails[type eq \"work\" and not (value co \"x\")]", "emails[type eq \"work\"].value eq \"a@b.c\"",
            "addresses[primary eq true or country eq null]", "title eq null", "members[value pr]", "groups[type eq \"direct\"]",
            "meta.lastModified le \"2030-01-01T00:00:00+05:00\"",
        ]).prop_map(str::to_owned),
    ];
    test.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

/// What the fuzzer begins with, and what it once found.
fn seeds(of: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(of);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| std::fs::read(file).unwrap()).collect()
}

async fn answered(
    scim: &Directory,
    method: Method,
    path: &str,
    body: Option<&Value>,
    about: &str,
) -> StatusCode {
    let began = Instant::now();
    let reply = scim.call(method, path, body).await;
    assert!(!reply.status.is_server_error(), "{about:?}: {}", reply.json);
    assert!(began.elapsed() < Duration::from_secs(5), "{about:?} took {:?}", began.elapsed());
    reply.status
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn filters_of_any_kind(pool: PgPool) {
    let scim = Directory::new(pool).await;
    scim.user("blob@blobs.example").await;
    let mut runner = TestRunner::deterministic();
    let (mut fine, mut all) = (0, 0);
    for n in 0..CASES {
        let filter = if n % 2 == 0 {
            text().new_tree(&mut runner).unwrap().current()
        } else {
            filter().new_tree(&mut runner).unwrap().current()
        };
        for kind in ["Users", "Groups"] {
            let sort = ["", "&sortBy=title", "&sortBy=emails&sortOrder=descending", "&sortBy=active"][n % 4];
            let path = format!("/{kind}?startIndex={}&filter={}{sort}", n % 3, encoded(&filter));
            all += 1;
            fine += usize::from(answered(&scim, Method::GET, &path, None, &filter).await.is_success());
        }
    }
    assert!(fine > all / 5, "only {fine} of {all} were filters at all");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn patches_of_any_kind(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let user = scim.user("blob@blobs.example").await;
    let group = scim.group("Blobs", &[&user]).await;
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
    let path = prop_oneof![1 => Just(None), 6 => text().prop_map(Some)];
    let operation = (prop::sample::select(vec!["add", "Replace", "REMOVE", "move"]), path, value);
    for _ in 0..CASES {
        let (op, path, value) = operation.new_tree(&mut runner).unwrap().current();
        let operation = json!({ "op": op, "path": path, "value": value });
        let body = json!({ "schemas": [PATCH], "Operations": [operation] });
        for resource in [format!("/Users/{user}"), format!("/Groups/{group}")] {
            answered(&scim, Method::PATCH, &resource, Some(&body), &operation.to_string()).await;
        }
    }
    // However odd what was sent, what is kept can be told.
    scim.get(&format!("/Users/{user}")).await.ok();
    scim.get(&format!("/Groups/{group}")).await.ok();
}

/// As server/src/scim/fuzz.rs sees it, but with what the database says of it.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn all_that_the_fuzzer_begins_with(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let user = scim.user("blob@blobs.example").await;
    let group = scim.group("Blobs", &[&user]).await;
    let resources = [format!("/Users/{user}"), format!("/Groups/{group}")];
    for filter in seeds("scim_filter") {
        let about = String::from_utf8_lossy(&filter);
        let filter: String = form_urlencoded::byte_serialize(&filter).collect();
        for kind in ["Users", "Groups"] {
            let status =
                answered(&scim, Method::GET, &format!("/{kind}?filter={filter}"), None, &about).await;
            assert!(matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST), "{about:?}: {status}");
        }
    }
    for path in seeds("scim_path") {
        let path = String::from_utf8_lossy(&path);
        for op in ["add", "remove"] {
            let operation = json!({ "op": op, "path": path, "value": "work" });
            let body = json!({ "schemas": [PATCH], "Operations": [operation] });
            for resource in &resources {
                answered(&scim, Method::PATCH, resource, Some(&body), &path).await;
            }
        }
    }
    for body in seeds("scim_patch") {
        let Ok(body) = serde_json::from_slice::<Value>(&body) else { continue };
        for resource in &resources {
            answered(&scim, Method::PATCH, resource, Some(&body), &body.to_string()).await;
        }
    }
    for resource in &resources {
        scim.get(resource).await.ok();
    }
}

/// Long lists, many operations on them, many tests in each.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn patches_cost_no_more_than_their_letters(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let user = format!("/Users/{}", scim.user("blob@blobs.example").await);
    let emails = |letter: &str| -> Value {
        let value = |n: usize| json!({ "value": format!("{}{n}", letter.repeat(990)), "type": "work" });
        (0..99).map(value).collect()
    };
    let tests = |test: &str| vec![test; 199].join(" or ");
    let none = format!("emails[{}]", tests("type eq \"x\""));
    let odd = format!("emails[{}]", tests("value co \"İx\""));
    let whole = json!({ "op": "replace", "path": "emails", "value": emails("a") });
    let part = json!({ "op": "replace", "path": "emails[type eq \"work\"].type", "value": "work" });
    let names: Value = (0..1_024_u32)
        .map(|n| {
            let letters = "emailstype".chars().enumerate();
            let mut name: String =
                letters.map(|(at, c)| if n >> at & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect();
            name.insert(6, '.');
            (name, json!("home"))
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    for (letter, operation, times) in [
        ("a", whole, 25),
        ("a", part.clone(), 18_000),
        ("a", json!({ "op": "remove", "path": none }), 1_000),
        ("ß", json!({ "op": "remove", "path": odd }), 700),
        ("a", json!({ "op": "replace", "value": names }), 150),
    ] {
        let mut operations = vec![json!({ "op": "replace", "path": "emails", "value": emails(letter) })];
        operations.extend(std::iter::repeat_n(operation.clone(), times));
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        let began = Instant::now();
        let detail = scim.call(Method::PATCH, &user, Some(&body)).await.refused(400, Some("invalidSyntax"));
        assert!(detail.contains("too much for one request"), "{detail}");
        let about: String = operation.to_string().chars().take(60).collect();
        // Without an end, minutes.
        assert!(began.elapsed() < Duration::from_secs(20), "{about} took {:?}", began.elapsed());
    }
    // What somebody could really send.
    let mut operations = vec![json!({ "op": "replace", "path": "emails", "value": emails("a") })];
    operations.extend(std::iter::repeat_n(part, 50));
    scim.patch(&user, json!(operations)).await.ok();
}
