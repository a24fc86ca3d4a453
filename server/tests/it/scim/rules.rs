//! The rule table's rows for SCIM, as they are seen from both sides.

use super::{Directory, USER, key};
use crate::test_server::{ADMIN, FORM};
use axum::http::StatusCode;
use domain::{groups, invitations, users};
use model::actions::UserAction;
use model::invitations::AccessGrant;
use model::{OrganizationRole, UserId};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn creating_somebody_who_is_invited_takes_the_invitation(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let request_context = scim.site.admin().await;
    let admin = request_context.admin("blobsrus").await.unwrap();
    let group = groups::save(&admin, None, "Money", "", &[]).await.unwrap();
    for (email, expired) in [("open@blobs.example", false), ("late@blobs.example", true)] {
        let offer = AccessGrant { role: OrganizationRole::Admin, roles: Vec::new(), groups: vec![group] };
        invitations::invite(&admin, email, &offer).await.unwrap();
        if expired {
            sqlx::query("update invitations set expires_at = created_at where email = $1")
                .bind(email)
                .execute(&scim.site.context.pool)
                .await
                .unwrap();
        }
        let before = scim.text("select id::text from users where email = $1", email).await.unwrap();
        // Whoever is only invited a scim does not find, or it would not create them.
        assert_eq!(scim.find("Users", &format!("userName eq \"{email}\""), "id").await, [""; 0]);
        let invited = scim.get(&format!("/Users/{before}")).await.ok();
        assert_eq!(invited["active"], false);
        let made = scim.post("/Users", &json!({ "userName": email, "displayName": "Blob" })).await;
        assert_eq!(made.status, StatusCode::CREATED);
        assert_eq!(made.json["id"], json!(before));
        assert_eq!(made.json["groups"][0]["display"], "Money");
        let row = scim.text(
            "select role || ' ' || status || ' ' || joined_by || ' ' || name from users where email = $1",
            email,
        );
        assert_eq!(row.await.unwrap(), "admin active scim Blob");
        let invitation = scim.text("select status from invitations where email = $1", email).await;
        assert_eq!(invitation.unwrap(), "accepted");
        scim.post("/Users", &json!({ "userName": email })).await.refused(409, Some("uniqueness"));
    }
    let by_key = "audit_events where action = 'user.joined' and actor_kind = 'key' and actor_name = 'Okta'";
    assert_eq!(scim.site.count(by_key).await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn deactivating_ends_every_session_at_once(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let site = &scim.site;
    let id = scim.user("blob@blobs.example").await;
    let path = format!("/Users/{id}");
    let cookie = site.signed_in("blobsrus", "blob@blobs.example").await;
    let account = |cookie: String| async move { site.get("/o/blobsrus/account", &cookie).await.status };
    assert_eq!(account(cookie.clone()).await, StatusCode::OK);
    let active = async |active: bool| {
        scim.patch(&path, json!([{ "op": "replace", "path": "active", "value": active }])).await
    };
    assert_eq!(active(false).await.ok()["active"], false);
    assert_eq!(account(cookie.clone()).await, StatusCode::SEE_OTHER);
    let answer = site.call("/api/account/rename", &cookie, FORM, "org=blobsrus&name=Other").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    scim.post("/Users", &json!({ "userName": "blob@blobs.example" })).await.refused(409, Some("uniqueness"));
    // Again changes nothing, and coming back brings no session back.
    assert_eq!(active(false).await.ok()["active"], false);
    assert_eq!(active(true).await.ok()["active"], true);
    assert_eq!(active(true).await.ok()["active"], true);
    assert_eq!(account(cookie).await, StatusCode::SEE_OTHER);
    for word in ["user.suspended", "user.reactivated"] {
        assert_eq!(
            site.count(&format!("audit_events where action = '{word}' and actor_kind = 'key'")).await,
            1
        );
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn whoever_is_only_invited_is_taken_out_and_never_let_in(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let invited = async |email: &str| {
        scim.site.invited(email).await;
        format!("/Users/{}", scim.text("select id::text from users where email = $1", email).await.unwrap())
    };
    let path = invited("one@blobs.example").await;
    let user =
        scim.patch(&path, json!([{ "op": "replace", "value": { "active": true, "title": "X" } }])).await.ok();
    assert_eq!((&user["active"], user.get("title")), (&json!(false), None));
    let out = scim.patch(&path, json!([{ "op": "replace", "value": { "active": false } }])).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    scim.get(&path).await.refused(404, None);
    let path = invited("two@blobs.example").await;
    assert_eq!(scim.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(scim.site.count("invitations where status = 'revoked'").await, 2);
    assert_eq!(scim.site.count("users").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_last_admin_stays_and_the_log_says_why(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let path =
        format!("/Users/{}", scim.text("select id::text from users where email = $1", ADMIN).await.unwrap());
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    let whole = json!({ "schemas": [USER], "userName": ADMIN, "active": false, "title": "Boss" });
    for reply in
        [scim.patch(&path, off.clone()).await, scim.put(&path, &whole).await, scim.delete(&path).await]
    {
        let detail = reply.refused(409, None);
        assert!(detail.contains("is the last active Organization Admin"), "{detail}");
    }
    let user = scim.get(&path).await.ok();
    assert_eq!((&user["active"], user.get("title")), (&json!(true), None));
    // A scim's word for a role makes nobody an admin.
    let other = scim.user("blob@blobs.example").await;
    let roles = json!([{ "op": "add", "path": "roles", "value": [{ "value": "admin" }] }]);
    scim.patch(&format!("/Users/{other}"), roles).await.ok();
    scim.patch(&path, off.clone()).await.refused(409, None);
    let request_context = scim.site.admin().await;
    let admin = request_context.admin("blobsrus").await.unwrap();
    let other: UserId = other.parse().unwrap();
    users::act(&admin, UserAction::MakeAdmin, &[other]).await.unwrap();
    assert_eq!(scim.patch(&path, off).await.ok()["active"], false);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_changed_address_is_the_address_that_signs_in(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let site = &scim.site;
    let id = scim.user("old@blobs.example").await;
    let other = scim.user("other@blobs.example").await;
    let path = format!("/Users/{id}");
    let cookie = site.signed_in("blobsrus", "old@blobs.example").await;
    let request_context = site.request_context();
    let context = request_context.organization("blobsrus").await.unwrap();
    let link = domain::sign_in::create_operator_link(&context, "old@blobs.example").await.unwrap();
    let user = scim
        .patch(&path, json!([{ "op": "replace", "path": "userName", "value": "New@blobs.example" }]))
        .await
        .ok();
    assert_eq!(
        (&user["userName"], &user["emails"][0]["value"]),
        (&json!("New@blobs.example"), &json!("New@blobs.example"))
    );
    // Who is signed in stays so; a link that went to the old mailbox opens nothing.
    assert_eq!(site.get("/o/blobsrus/account", &cookie).await.status, StatusCode::OK);
    assert!(domain::sign_in::redeem_link(&context, &link).await.is_err());
    site.signed_in("blobsrus", "new@blobs.example").await;
    let log =
        "select details::text from audit_events where action = 'user.email_changed' and target_email = $1";
    let log = scim.text(log, "New@blobs.example").await.unwrap();
    assert!(log.contains("old@blobs.example") && log.contains("New@blobs.example"), "{log}");
    let taken = json!([{ "op": "replace", "path": "userName", "value": "NEW@blobs.example" }]);
    scim.patch(&format!("/Users/{other}"), taken).await.refused(409, Some("uniqueness"));
    scim.user("old@blobs.example").await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_request_of_somebody_who_was_provisioned_is_stale(pool: PgPool) {
    let scim = Directory::new(pool).await;
    sqlx::query(
        "insert into invitation_requests (organization_id, id, created_at, email, email_normalized, status, proof)
         select id, gen_random_uuid(), now(), 'asks@blobs.example', 'asks@blobs.example', 'open', 'email' from organizations",
    )
    .execute(&scim.site.context.pool)
    .await
    .unwrap();
    scim.user("asks@blobs.example").await;
    let cookie = scim.site.signed_in("blobsrus", ADMIN).await;
    let page = scim.site.get("/o/blobsrus/settings/requests", &cookie).await;
    assert!(page.body.contains("Already a member") && page.body.contains("by SCIM"), "{}", page.body);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn names_that_people_gave_themselves_stay_until_the_directory_says_another(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let body =
        json!({ "userName": "blob@blobs.example", "name": { "givenName": "Bob", "familyName": "Blob" } });
    let made = scim.post("/Users", &body).await.ok();
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let cookie = scim.site.signed_in("blobsrus", "blob@blobs.example").await;
    scim.site.call("/api/account/rename", &cookie, FORM, "org=blobsrus&name=Bobby").await;
    assert_eq!(scim.put(&path, &body).await.ok()["displayName"], "Bobby");
    let title = json!([{ "op": "add", "path": "title", "value": "Guide" }]);
    assert_eq!(scim.patch(&path, title).await.ok()["displayName"], "Bobby");
    let named = json!([{ "op": "add", "path": "displayName", "value": "Robert" }]);
    assert_eq!(scim.patch(&path, named).await.ok()["displayName"], "Robert");
    scim.patch(&path, json!([{ "op": "add", "path": "displayName", "value": "x".repeat(200) }]))
        .await
        .refused(400, Some("invalidValue"));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nothing_that_is_as_it_was_is_written_or_logged(pool: PgPool) {
    let scim = Directory::new(pool).await;
    let body =
        json!({ "userName": "blob@blobs.example", "displayName": "Blob", "title": "Guide", "active": true });
    let made = scim.post("/Users", &body).await.ok();
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    let group = scim.group("Blobs", &[made["id"].as_str().unwrap()]).await;
    let before = scim.site.count("audit_events").await;
    let read = scim.get(&path).await.ok();
    assert_eq!(scim.put(&path, &read).await.ok(), read);
    let group = format!("/Groups/{group}");
    let read = scim.get(&group).await.ok();
    assert_eq!(scim.put(&group, &read).await.ok(), read);
    assert_eq!(scim.site.count("audit_events").await, before);
    let other = key(&scim.site, &[model::api_keys::Scope::UsersRead]).await;
    assert_ne!(other, scim.key);
}
