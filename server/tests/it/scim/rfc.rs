//! The examples of RFC 7644, section 3, with addresses for names: here userName is one.

use super::{Directory, ENTERPRISE, PATCH, USER, encoded};
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

const BJENSEN: &str = "bjensen@example.com";

fn bjensen() -> Value {
    json!({
        "schemas": [USER],
        "userName": BJENSEN,
        "externalId": "bjensen",
        "name": { "formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara" },
    })
}

/// Section 3.3.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn creating(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let reply = scim.post("/Users", &bjensen()).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/scim+json");
    let user = &reply.json;
    let location = format!("http://localhost:3000/o/blobsrus/scim/v2/Users/{}", user["id"].as_str().unwrap());
    assert_eq!(reply.headers[header::LOCATION], location.as_str());
    assert_eq!(user["meta"]["location"], json!(location));
    assert_eq!(user["meta"]["resourceType"], "User");
    assert_eq!(user["meta"]["version"], json!(reply.headers[header::ETAG].to_str().unwrap()));
    assert_eq!(user["externalId"], "bjensen");
    assert_eq!(user["userName"], BJENSEN);
    assert_eq!(user["name"]["familyName"], "Jensen");
    assert_eq!(user["displayName"], "Barbara Jensen");
    assert_eq!(user["active"], true);
    assert_eq!(user["emails"], json!([{ "value": BJENSEN, "type": "work", "primary": true }]));
    assert_eq!(user["groups"], json!([]));
    let detail = scim.post("/Users", &bjensen()).await.refused(409, Some("uniqueness"));
    assert_eq!(detail, "userName: user already exists in the organization.");
    // Another letter case is the same address.
    let shouted = json!({ "userName": "BJensen@Example.COM" });
    scim.post("/Users", &shouted).await.refused(409, Some("uniqueness"));
}

/// Section 3.4.1, and 3.9.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn retrieving_a_known_resource(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let made = scim.post("/Users", &bjensen()).await.ok();
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    assert_eq!(scim.get(&path).await.ok(), made);
    let some = scim.get(&format!("{path}?attributes=userName,NAME.familyname,nothing")).await.ok();
    assert_eq!(
        some,
        json!({ "schemas": [USER], "id": made["id"], "userName": BJENSEN, "name": { "familyName": "Jensen" } })
    );
    let without = scim.get(&format!("{path}?excludedAttributes=id,emails,meta.created,name.formatted")).await;
    let without = without.ok();
    assert_eq!(without["id"], made["id"]);
    assert_eq!(without.get("emails"), None);
    assert_eq!(without["meta"].get("created"), None);
    assert_eq!(without["name"], json!({ "familyName": "Jensen", "givenName": "Barbara" }));
    scim.get("/Users/2819c223-7f76-453a-919d-413861904646").await.refused(404, None);
}

/// Sections 3.4.2 and 3.4.3.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn querying(pool: PgPool) {
    let scim = Directory::new(pool).await;
    for name in ["smith", "jones", "adams", "jensen", "jennings"] {
        scim.post(
            "/Users",
            &json!({ "userName": format!("{name}@example.com"), "displayName": format!("Mr. {name}") }),
        )
        .await
        .ok();
    }
    let list = scim.get("/Users?attributes=userName&startIndex=2&count=2&sortBy=userName").await.ok();
    assert_eq!(list["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
    // The admin, who came in otherwise, is one of them.
    assert_eq!(
        (&list["totalResults"], &list["startIndex"], &list["itemsPerPage"]),
        (&json!(6), &json!(2), &json!(2))
    );
    let names: Vec<&Value> =
        list["Resources"].as_array().unwrap().iter().map(|one| &one["userName"]).collect();
    assert_eq!(names, ["adams@example.com", "jennings@example.com"]);
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["displayName", "userName"],
        "filter": "displayName sw \"mr. j\"",
        "sortBy": "displayName",
        "sortOrder": "descending",
        "startIndex": 1,
        "count": 10,
    });
    let found = scim.post("/Users/.search", &search).await.ok();
    let names: Vec<&Value> =
        found["Resources"].as_array().unwrap().iter().map(|one| &one["displayName"]).collect();
    assert_eq!(names, ["Mr. jones", "Mr. jensen", "Mr. jennings"]);
    scim.group("Mr. Group", &[]).await;
    let search = json!({ "filter": "displayName sw \"mr.\"", "startIndex": 5, "count": 5 });
    let both = scim.post("/.search", &search).await.ok();
    assert_eq!(both["totalResults"], 6);
    let kinds: Vec<&Value> =
        both["Resources"].as_array().unwrap().iter().map(|one| &one["meta"]["resourceType"]).collect();
    assert_eq!(kinds, ["User", "Group"]);
    // No page, a page before the first and one behind the last.
    let none = scim.get("/Users?count=0").await.ok();
    assert_eq!((&none["totalResults"], &none["itemsPerPage"]), (&json!(6), &json!(0)));
    let first = scim.get("/Users?startIndex=-5&count=-1").await.ok();
    assert_eq!((&first["startIndex"], &first["itemsPerPage"]), (&json!(1), &json!(0)));
    let behind = scim.get("/Users?startIndex=100").await.ok();
    assert_eq!((&behind["totalResults"], &behind["Resources"]), (&json!(6), &json!([])));
    scim.get("/Users?count=many").await.refused(400, Some("invalidValue"));
    scim.get(&format!("/Users?filter={}", encoded("userName is blob")))
        .await
        .refused(400, Some("invalidFilter"));
    scim.get("/Users?sortBy=nothing").await.refused(400, Some("invalidValue"));
}

/// Section 3.5.1.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn replacing(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let made = scim.post("/Users", &bjensen()).await.ok();
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let replaced = scim
        .put(
            &path,
            &json!({
                "schemas": [USER],
                "id": "another",
                "meta": { "created": "1999-01-01T00:00:00Z" },
                "groups": [{ "value": "nothing" }],
                "nothingOfOurs": { "a": 1 },
                "USERNAME": BJENSEN,
                "externalId": "bjensen",
                "name": { "givenName": "Barbara", "familyName": "Jensen", "middleName": "Jane" },
                "roles": [],
                "emails": [{ "value": BJENSEN }, { "value": "babs@jensen.org", "type": "home" }],
            }),
        )
        .await
        .ok();
    assert_eq!((&replaced["id"], &replaced["meta"]["created"]), (&made["id"], &made["meta"]["created"]));
    assert_eq!(
        replaced["name"],
        json!({ "givenName": "Barbara", "familyName": "Jensen", "middleName": "Jane" })
    );
    assert_eq!(replaced["emails"].as_array().unwrap().len(), 2);
    assert_eq!((&replaced["active"], &replaced["groups"]), (&json!(true), &json!([])));
    assert_eq!((replaced.get("roles"), replaced.get("nothingOfOurs")), (None, None));
    assert_ne!(replaced["meta"]["version"], made["meta"]["version"]);
    scim.put(&path, &json!({ "name": {} })).await.refused(400, Some("invalidValue"));
    let detail = scim.put(&path, &json!({ "userName": "bjensen" })).await.refused(400, Some("invalidValue"));
    assert!(detail.contains("userName is the mail address"), "{detail}");
}

/// Section 3.5.2.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn changing(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let made = scim.post("/Users", &bjensen()).await.ok();
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let change = async |operations: Value| scim.patch(&path, operations).await.ok();
    let user = change(json!([{
        "op": "add",
        "value": { "emails": [{ "value": "babs@jensen.org", "type": "home" }], "nickname": "Babs" },
    }]))
    .await;
    assert_eq!(user["nickName"], "Babs");
    assert_eq!(user["emails"].as_array().unwrap().len(), 2);
    // What is there already is not added twice.
    let again = change(
        json!([{ "op": "add", "path": "emails", "value": [{ "value": "babs@jensen.org", "type": "home" }] }]),
    )
    .await;
    assert_eq!(again, user);
    let user = change(json!([{
        "op": "replace",
        "path": "addresses",
        "value": [
            { "type": "work", "streetAddress": "911 Universal City Plaza", "primary": true },
            { "type": "home", "streetAddress": "456 Hollywood Blvd" },
        ],
    }]))
    .await;
    assert_eq!(user["addresses"].as_array().unwrap().len(), 2);
    let user = change(json!([
        { "op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "1010 Broadway Ave" },
        { "op": "remove", "path": "addresses[type eq \"home\" and streetAddress ew \"Blvd\"]" },
        { "op": "add", "path": "addresses", "value": { "type": "other", "country": "US", "primary": true } },
        { "op": "replace", "path": "name", "value": { "givenName": "Barb" } },
        { "op": "remove", "path": "name.formatted" },
        { "op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Tours" },
        { "op": "add", "path": ENTERPRISE, "value": { "costCenter": "4130", "manager": { "value": "26118915" } } },
        { "op": "remove", "path": format!("{ENTERPRISE}:department") },
        { "op": "remove", "path": "emails[type eq \"home\"]" },
    ]))
    .await;
    assert_eq!(
        user["addresses"],
        json!([
            { "type": "work", "streetAddress": "1010 Broadway Ave" },
            { "type": "other", "country": "US", "primary": true },
        ])
    );
    assert_eq!(user["name"], json!({ "familyName": "Jensen", "givenName": "Barb" }));
    assert_eq!(user["displayName"], "Barb Jensen");
    assert_eq!(user["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!(user[ENTERPRISE], json!({ "costCenter": "4130", "manager": { "value": "26118915" } }));
    assert_eq!(user["emails"].as_array().unwrap().len(), 1);
    let refused = async |status: u16, kind: &str, operations: Value| {
        scim.patch(&path, operations).await.refused(status, Some(kind));
    };
    refused(
        400,
        "noTarget",
        json!([{ "op": "replace", "path": "addresses[type eq \"moon\"].country", "value": "X" }]),
    )
    .await;
    refused(400, "noTarget", json!([{ "op": "replace", "path": "nothingOfOurs", "value": "X" }])).await;
    refused(400, "noTarget", json!([{ "op": "remove" }])).await;
    refused(400, "invalidPath", json!([{ "op": "remove", "path": "addresses[type eq" }])).await;
    refused(400, "invalidSyntax", json!([{ "op": "move", "path": "title" }])).await;
    refused(400, "invalidSyntax", json!({ "op": "add" })).await;
    refused(400, "invalidValue", json!([{ "op": "replace", "path": "active", "value": "perhaps" }])).await;
    refused(400, "invalidValue", json!([{ "op": "add", "value": "text" }])).await;
    refused(400, "mutability", json!([{ "op": "replace", "path": "id", "value": "1" }])).await;
    refused(400, "mutability", json!([{ "op": "add", "path": "groups", "value": [{ "value": "1" }] }])).await;
    refused(400, "mutability", json!([{ "op": "remove", "path": "userName" }])).await;
    // One that is refused undoes the others.
    refused(
        400,
        "noTarget",
        json!([
            { "op": "replace", "path": "title", "value": "Guide" },
            { "op": "remove", "path": "nothingOfOurs" },
        ]),
    )
    .await;
    assert_eq!(scim.get(&path).await.ok(), user);
}

/// Section 3.6.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn deleting(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let user = scim.user(BJENSEN).await;
    let path = format!("/Users/{user}");
    let gone = scim.delete(&path).await;
    assert_eq!((gone.status, gone.json), (StatusCode::NO_CONTENT, Value::Null));
    scim.get(&path).await.refused(404, None);
    scim.delete(&path).await.refused(404, None);
    scim.patch(&path, json!([{ "op": "replace", "value": { "active": true } }])).await.refused(404, None);
    assert_eq!(scim.find("Users", &format!("userName eq \"{BJENSEN}\""), "id").await, [""; 0]);
    // The same address is somebody new.
    assert_ne!(scim.user(BJENSEN).await, user);
}

/// Section 3.14.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn versions(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let made = scim.post("/Users", &bjensen()).await.ok();
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let version = made["meta"]["version"].as_str().unwrap();
    assert!(version.starts_with("W/\""), "{version}");
    let same = scim.with(Method::GET, &path, None, &[("if-none-match", version)]).await;
    assert_eq!((same.status, &same.json), (StatusCode::NOT_MODIFIED, &Value::Null));
    assert_eq!(same.headers[header::ETAG], version);
    let change =
        json!({ "schemas": [PATCH], "Operations": [{ "op": "add", "path": "title", "value": "Guide" }] });
    let with = async |method: Method, if_match: &str| {
        let body = Some(&change).filter(|_| method == Method::PATCH);
        scim.with(method, &path, body, &[("if-match", if_match)]).await
    };
    with(Method::PATCH, "W/\"other\"").await.refused(412, None);
    let changed = with(Method::PATCH, version).await.ok();
    with(Method::PATCH, version).await.refused(412, None);
    with(Method::DELETE, version).await.refused(412, None);
    let fresh = scim.with(Method::GET, &path, None, &[("if-none-match", version)]).await;
    assert_eq!(fresh.status, StatusCode::OK);
    // A group that somebody comes into is part of what they are.
    scim.group("Guides", &[made["id"].as_str().unwrap()]).await;
    assert_ne!(scim.get(&path).await.ok()["meta"]["version"], changed["meta"]["version"]);
    assert_eq!(with(Method::DELETE, "*").await.status, StatusCode::NO_CONTENT);
}
