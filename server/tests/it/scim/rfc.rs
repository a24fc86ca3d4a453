//! The examples of RFC 7644, section 3. Their user names are email addresses here.

use super::{ENTERPRISE, PATCH, ScimClient, USER, assert_snapshot, path_of, strings, url_encode};
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
async fn post_creates_a_user(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let reply = scim.post("/Users", &bjensen()).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    assert_eq!(reply.headers[header::CONTENT_TYPE], "application/scim+json");
    let user = &reply.json;
    let location = format!("http://localhost:3000/o/blobsrus/scim/v2{}", path_of(user));
    assert_eq!(reply.headers[header::LOCATION], location.as_str());
    assert_eq!(user["meta"]["location"], json!(location));
    assert_eq!(user["meta"]["version"], json!(reply.headers[header::ETAG].to_str().unwrap()));
    assert_snapshot("user", user);
    let duplicate = scim.post("/Users", &bjensen()).await;
    duplicate.error(409, Some("uniqueness"));
    assert_snapshot("error", &duplicate.json);
    // Another letter case is the same address.
    let upper_case = json!({ "userName": "BJensen@Example.COM" });
    scim.post("/Users", &upper_case).await.error(409, Some("uniqueness"));
}

/// Section 3.4.1, and 3.9.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn get_returns_the_requested_attributes(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let created = scim.post("/Users", &bjensen()).await.ok();
    let path = path_of(&created);
    assert_eq!(scim.get(&path).await.ok(), created);
    let projected = scim.get(&format!("{path}?attributes=userName,NAME.familyname,unknown")).await.ok();
    assert_eq!(
        projected,
        json!({ "schemas": [USER], "id": created["id"], "userName": BJENSEN, "name": { "familyName": "Jensen" } })
    );
    let excluded =
        scim.get(&format!("{path}?excludedAttributes=id,emails,meta.created,name.formatted")).await;
    let excluded = excluded.ok();
    assert_eq!(excluded["id"], created["id"]);
    assert_eq!(excluded.get("emails"), None);
    assert_eq!(excluded["meta"].get("created"), None);
    assert_eq!(excluded["name"], json!({ "familyName": "Jensen", "givenName": "Barbara" }));
    scim.get("/Users/2819c223-7f76-453a-919d-413861904646").await.error(404, None);
}

/// Sections 3.4.2 and 3.4.3.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn list_filters_sorts_and_pages(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    for name in ["smith", "jones", "adams", "jensen", "jennings"] {
        scim.post(
            "/Users",
            &json!({ "userName": format!("{name}@example.com"), "displayName": format!("Mr. {name}") }),
        )
        .await
        .ok();
    }
    let list = scim.get("/Users?attributes=userName&startIndex=2&count=2&sortBy=userName").await.ok();
    // The list includes the admin, who joined without SCIM.
    assert_snapshot("list", &list);
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["displayName", "userName"],
        "filter": "displayName sw \"mr. j\"",
        "sortBy": "displayName",
        "sortOrder": "descending",
        "startIndex": 1,
        "count": 10,
    });
    let matches = scim.post("/Users/.search", &search).await.ok();
    assert_eq!(strings(&matches["Resources"], "displayName"), ["Mr. jones", "Mr. jensen", "Mr. jennings"]);
    scim.create_group("Mr. Group", &[]).await;
    let search = json!({ "filter": "displayName sw \"mr.\"", "startIndex": 5, "count": 5 });
    let mixed = scim.post("/.search", &search).await.ok();
    assert_eq!(mixed["totalResults"], 6);
    let resources = mixed["Resources"].as_array().unwrap();
    let types: Vec<&Value> = resources.iter().map(|resource| &resource["meta"]["resourceType"]).collect();
    assert_eq!(types, ["User", "Group"]);
    // An empty page, a page before the first and one after the last.
    let empty_page = scim.get("/Users?count=0").await.ok();
    assert_eq!((&empty_page["totalResults"], &empty_page["itemsPerPage"]), (&json!(6), &json!(0)));
    let first = scim.get("/Users?startIndex=-5&count=-1").await.ok();
    assert_eq!((&first["startIndex"], &first["itemsPerPage"]), (&json!(1), &json!(0)));
    let after_last = scim.get("/Users?startIndex=100").await.ok();
    assert_eq!((&after_last["totalResults"], &after_last["Resources"]), (&json!(6), &json!([])));
    scim.get("/Users?count=many").await.error(400, Some("invalidValue"));
    scim.get(&format!("/Users?filter={}", url_encode("userName is blob")))
        .await
        .error(400, Some("invalidFilter"));
    scim.get("/Users?sortBy=unknown").await.error(400, Some("invalidValue"));
}

/// Section 3.5.1.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn put_replaces_the_user(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let created = scim.post("/Users", &bjensen()).await.ok();
    let path = path_of(&created);
    let replaced = scim
        .put(
            &path,
            &json!({
                "schemas": [USER],
                "id": "another",
                "meta": { "created": "1999-01-01T00:00:00Z" },
                "groups": [{ "value": "unknown" }],
                "unknownAttribute": { "a": 1 },
                "USERNAME": BJENSEN,
                "externalId": "bjensen",
                "name": { "givenName": "Barbara", "familyName": "Jensen", "middleName": "Jane" },
                "roles": [],
                "emails": [{ "value": BJENSEN }, { "value": "babs@jensen.org", "type": "home" }],
            }),
        )
        .await
        .ok();
    assert_eq!(
        (&replaced["id"], &replaced["meta"]["created"]),
        (&created["id"], &created["meta"]["created"])
    );
    assert_eq!(
        replaced["name"],
        json!({ "givenName": "Barbara", "familyName": "Jensen", "middleName": "Jane" })
    );
    assert_eq!(replaced["emails"].as_array().unwrap().len(), 2);
    assert_eq!((&replaced["active"], &replaced["groups"]), (&json!(true), &json!([])));
    assert_eq!((replaced.get("roles"), replaced.get("unknownAttribute")), (None, None));
    assert_ne!(replaced["meta"]["version"], created["meta"]["version"]);
    scim.put(&path, &json!({ "name": {} })).await.error(400, Some("invalidValue"));
    let detail = scim.put(&path, &json!({ "userName": "bjensen" })).await.error(400, Some("invalidValue"));
    assert!(detail.contains("userName must be the email address"), "{detail}");
}

/// Section 3.5.2.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn patch_applies_all_operations_or_none(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let created = scim.post("/Users", &bjensen()).await.ok();
    let path = path_of(&created);
    let change = async |operations: Value| scim.patch(&path, operations).await.ok();
    let user = change(json!([{
        "op": "add",
        "value": { "emails": [{ "value": "babs@jensen.org", "type": "home" }], "nickname": "Babs" },
    }]))
    .await;
    assert_eq!(user["nickName"], "Babs");
    assert_eq!(user["emails"].as_array().unwrap().len(), 2);
    // Adding an existing value again has no effect.
    let unchanged = change(
        json!([{ "op": "add", "path": "emails", "value": [{ "value": "babs@jensen.org", "type": "home" }] }]),
    )
    .await;
    assert_eq!(unchanged, user);
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
    let assert_error = async |status: u16, scim_type: &str, operations: Value| {
        scim.patch(&path, operations).await.error(status, Some(scim_type));
    };
    assert_error(
        400,
        "noTarget",
        json!([{ "op": "replace", "path": "addresses[type eq \"moon\"].country", "value": "X" }]),
    )
    .await;
    assert_error(400, "noTarget", json!([{ "op": "replace", "path": "unknownAttribute", "value": "X" }]))
        .await;
    assert_error(400, "noTarget", json!([{ "op": "remove" }])).await;
    assert_error(400, "invalidPath", json!([{ "op": "remove", "path": "addresses[type eq" }])).await;
    assert_error(400, "invalidSyntax", json!([{ "op": "move", "path": "title" }])).await;
    assert_error(400, "invalidSyntax", json!({ "op": "add" })).await;
    assert_error(400, "invalidValue", json!([{ "op": "replace", "path": "active", "value": "perhaps" }]))
        .await;
    assert_error(400, "invalidValue", json!([{ "op": "add", "value": "text" }])).await;
    assert_error(400, "mutability", json!([{ "op": "replace", "path": "id", "value": "1" }])).await;
    assert_error(400, "mutability", json!([{ "op": "add", "path": "groups", "value": [{ "value": "1" }] }]))
        .await;
    assert_error(400, "mutability", json!([{ "op": "remove", "path": "userName" }])).await;
    // An invalid operation undoes the ones before it.
    assert_error(
        400,
        "noTarget",
        json!([
            { "op": "replace", "path": "title", "value": "Guide" },
            { "op": "remove", "path": "unknownAttribute" },
        ]),
    )
    .await;
    assert_eq!(scim.get(&path).await.ok(), user);
}

/// Section 3.6.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn delete_removes_the_user(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let user = scim.create_user(BJENSEN).await;
    let path = format!("/Users/{user}");
    let deleted = scim.delete(&path).await;
    assert_eq!((deleted.status, deleted.json), (StatusCode::NO_CONTENT, Value::Null));
    scim.get(&path).await.error(404, None);
    scim.delete(&path).await.error(404, None);
    scim.patch(&path, json!([{ "op": "replace", "value": { "active": true } }])).await.error(404, None);
    assert_eq!(scim.search("Users", &format!("userName eq \"{BJENSEN}\""), "id").await, [""; 0]);
    // The same address becomes a new user.
    assert_ne!(scim.create_user(BJENSEN).await, user);
}

/// Section 3.14.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn stale_if_match_returns_412(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let created = scim.post("/Users", &bjensen()).await.ok();
    let path = path_of(&created);
    let version = created["meta"]["version"].as_str().unwrap();
    assert!(version.starts_with("W/\""), "{version}");
    let unchanged = scim.call_with_headers(Method::GET, &path, None, &[("if-none-match", version)]).await;
    assert_eq!((unchanged.status, &unchanged.json), (StatusCode::NOT_MODIFIED, &Value::Null));
    assert_eq!(unchanged.headers[header::ETAG], version);
    let change =
        json!({ "schemas": [PATCH], "Operations": [{ "op": "add", "path": "title", "value": "Guide" }] });
    let call_if_match = async |method: Method, if_match: &str| {
        let body = Some(&change).filter(|_| method == Method::PATCH);
        scim.call_with_headers(method, &path, body, &[("if-match", if_match)]).await
    };
    call_if_match(Method::PATCH, "W/\"other\"").await.error(412, None);
    // Neither the comma nor the version inside the quotation marks ends the tag.
    call_if_match(Method::PATCH, &format!("\"a, {}, b\"", version.trim_matches(['W', '/', '"'])))
        .await
        .error(412, None);
    let changed = call_if_match(Method::PATCH, &format!("\"a, b\", {version}")).await.ok();
    call_if_match(Method::PATCH, version).await.error(412, None);
    call_if_match(Method::DELETE, version).await.error(412, None);
    let modified = scim.call_with_headers(Method::GET, &path, None, &[("if-none-match", version)]).await;
    assert_eq!(modified.status, StatusCode::OK);
    // The groups of a user are part of the user.
    scim.create_group("Guides", &[created["id"].as_str().unwrap()]).await;
    assert_ne!(scim.get(&path).await.ok()["meta"]["version"], changed["meta"]["version"]);
    assert_eq!(call_if_match(Method::DELETE, "*").await.status, StatusCode::NO_CONTENT);
}
