//! The membership rules for SCIM, seen by the SCIM client and in the application.

use super::{ScimClient, USER, path_of};
use crate::test_server::{ADMIN, FORM};
use axum::http::StatusCode;
use domain::{groups, invitations, users};
use model::actions::UserAction;
use model::invitations::AccessGrant;
use model::{OrganizationRole, UserId};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn create_accepts_the_open_invitation(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let admin = scim.server.app.admin.admin("blobsrus").await.unwrap();
    let group = groups::save(&admin, None, "Money", "", &[]).await.unwrap();
    for (email, expired) in [("open@blobs.example", false), ("late@blobs.example", true)] {
        let grant = AccessGrant { role: OrganizationRole::Admin, roles: Vec::new(), groups: vec![group] };
        invitations::invite(&admin, email, &grant).await.unwrap();
        if expired {
            scim.server.app.expire_invitation(email).await;
        }
        let before = scim.user_id(email).await;
        // A filter does not match invited users, or the client would not create them.
        assert_eq!(scim.search("Users", &format!("userName eq \"{email}\""), "id").await, [""; 0]);
        let invited = scim.get(&format!("/Users/{before}")).await.ok();
        assert_eq!(invited["active"], false);
        let created = scim.post("/Users", &json!({ "userName": email, "displayName": "Blob" })).await;
        assert_eq!(created.status, StatusCode::CREATED);
        assert_eq!(created.json["id"], json!(before));
        assert_eq!(created.json["groups"][0]["display"], "Money");
        let user =
            "select role || ' ' || status || ' ' || joined_by || ' ' || name from users where email = $1";
        assert_eq!(scim.query(user, email).await, "admin active scim Blob");
        let invitation_status = "select status from invitations where email = $1";
        assert_eq!(scim.query(invitation_status, email).await, "accepted");
        scim.post("/Users", &json!({ "userName": email })).await.error(409, Some("uniqueness"));
    }
    let by_key =
        "audit_events where action = 'user.joined' and actor_kind = 'api_key' and actor_name = 'Okta'";
    assert_eq!(scim.server.app.count(by_key).await, 2);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn deactivating_ends_all_sessions(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let server = &scim.server;
    let id = scim.create_user("blob@blobs.example").await;
    let path = format!("/Users/{id}");
    let cookie = server.sign_in("blobsrus", "blob@blobs.example").await;
    let account = |cookie: String| async move { server.get("/o/blobsrus/account", &cookie).await.status };
    assert_eq!(account(cookie.clone()).await, StatusCode::OK);
    let set_active = async |active: bool| {
        scim.patch(&path, json!([{ "op": "replace", "path": "active", "value": active }])).await
    };
    assert_eq!(set_active(false).await.ok()["active"], false);
    assert_eq!(account(cookie.clone()).await, StatusCode::SEE_OTHER);
    let response =
        server.call_function("/api/account/rename", &cookie, FORM, "org=blobsrus&name=Other").await;
    assert_eq!(response.status, StatusCode::UNAUTHORIZED);
    scim.post("/Users", &json!({ "userName": "blob@blobs.example" })).await.error(409, Some("uniqueness"));
    // Repeating has no effect, and reactivating does not restore sessions.
    assert_eq!(set_active(false).await.ok()["active"], false);
    assert_eq!(set_active(true).await.ok()["active"], true);
    assert_eq!(set_active(true).await.ok()["active"], true);
    assert_eq!(account(cookie).await, StatusCode::SEE_OTHER);
    for action in ["user.suspended", "user.reactivated"] {
        let events = format!("audit_events where action = '{action}' and actor_kind = 'api_key'");
        assert_eq!(server.app.count(&events).await, 1, "{action}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invited_users_can_be_revoked_but_not_activated(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let invite = async |email: &str| {
        scim.server.invite(email).await;
        format!("/Users/{}", scim.user_id(email).await)
    };
    let path = invite("one@blobs.example").await;
    let user =
        scim.patch(&path, json!([{ "op": "replace", "value": { "active": true, "title": "X" } }])).await.ok();
    assert_eq!((&user["active"], user.get("title")), (&json!(false), None));
    let deactivated = scim.patch(&path, json!([{ "op": "replace", "value": { "active": false } }])).await;
    assert_eq!(deactivated.status, StatusCode::NO_CONTENT);
    scim.get(&path).await.error(404, None);
    let path = invite("two@blobs.example").await;
    assert_eq!(scim.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(scim.server.app.count("invitations where status = 'revoked'").await, 2);
    assert_eq!(scim.server.app.count("users").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn last_admin_cannot_be_deactivated_or_deleted(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let path = format!("/Users/{}", scim.user_id(ADMIN).await);
    let deactivate = json!([{ "op": "replace", "value": { "active": false } }]);
    let inactive = json!({ "schemas": [USER], "userName": ADMIN, "active": false, "title": "Boss" });
    for reply in [
        scim.patch(&path, deactivate.clone()).await,
        scim.put(&path, &inactive).await,
        scim.delete(&path).await,
    ] {
        let detail = reply.error(409, None);
        assert!(detail.contains("is the last active Organization Admin"), "{detail}");
    }
    let user = scim.get(&path).await.ok();
    assert_eq!((&user["active"], user.get("title")), (&json!(true), None));
    // The attribute `roles` does not grant a role.
    let other = scim.create_user("blob@blobs.example").await;
    let roles = json!([{ "op": "add", "path": "roles", "value": [{ "value": "admin" }] }]);
    scim.patch(&format!("/Users/{other}"), roles).await.ok();
    scim.patch(&path, deactivate.clone()).await.error(409, None);
    let admin = scim.server.app.admin.admin("blobsrus").await.unwrap();
    let other: UserId = other.parse().unwrap();
    users::apply_action(&admin, UserAction::MakeAdmin, &[other]).await.unwrap();
    assert_eq!(scim.patch(&path, deactivate).await.ok()["active"], false);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn changed_user_name_becomes_the_sign_in_address(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let server = &scim.server;
    let id = scim.create_user("old@blobs.example").await;
    let other = scim.create_user("other@blobs.example").await;
    let path = format!("/Users/{id}");
    let cookie = server.sign_in("blobsrus", "old@blobs.example").await;
    let request_context = server.app.anonymous();
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
    // Sessions continue; a link sent to the old mailbox no longer works.
    assert_eq!(server.get("/o/blobsrus/account", &cookie).await.status, StatusCode::OK);
    assert!(domain::sign_in::redeem_link(&context, &link).await.is_err());
    server.sign_in("blobsrus", "new@blobs.example").await;
    let details =
        "select details::text from audit_events where action = 'user.email_changed' and target_email = $1";
    let details = scim.query(details, "New@blobs.example").await;
    assert!(details.contains("old@blobs.example") && details.contains("New@blobs.example"), "{details}");
    let taken = json!([{ "op": "replace", "path": "userName", "value": "NEW@blobs.example" }]);
    scim.patch(&format!("/Users/{other}"), taken).await.error(409, Some("uniqueness"));
    scim.create_user("old@blobs.example").await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn request_of_a_provisioned_user_is_stale(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    scim.server.app.insert_open_request("asks@blobs.example").await;
    scim.create_user("asks@blobs.example").await;
    let cookie = scim.server.sign_in("blobsrus", ADMIN).await;
    let page = scim.server.get("/o/blobsrus/settings/requests", &cookie).await;
    assert!(page.body.contains("Already a member") && page.body.contains("via SCIM"), "{}", page.body);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn own_name_is_kept_until_scim_changes_it(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let body =
        json!({ "userName": "blob@blobs.example", "name": { "givenName": "Bob", "familyName": "Blob" } });
    let created = scim.post("/Users", &body).await.ok();
    let path = path_of(&created);
    let cookie = scim.server.sign_in("blobsrus", "blob@blobs.example").await;
    scim.server.call_function("/api/account/rename", &cookie, FORM, "org=blobsrus&name=Bobby").await;
    assert_eq!(scim.put(&path, &body).await.ok()["displayName"], "Bobby");
    let title = json!([{ "op": "add", "path": "title", "value": "Guide" }]);
    assert_eq!(scim.patch(&path, title).await.ok()["displayName"], "Bobby");
    let rename = json!([{ "op": "add", "path": "displayName", "value": "Robert" }]);
    assert_eq!(scim.patch(&path, rename).await.ok()["displayName"], "Robert");
    scim.patch(&path, json!([{ "op": "add", "path": "displayName", "value": "x".repeat(200) }]))
        .await
        .error(400, Some("invalidValue"));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unchanged_put_is_not_written_or_audited(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    let body =
        json!({ "userName": "blob@blobs.example", "displayName": "Blob", "title": "Guide", "active": true });
    let created = scim.post("/Users", &body).await.ok();
    let path = path_of(&created);
    let group = scim.create_group("Blobs", &[created["id"].as_str().unwrap()]).await;
    let before = scim.server.app.count("audit_events").await;
    let read = scim.get(&path).await.ok();
    assert_eq!(scim.put(&path, &read).await.ok(), read);
    let group = format!("/Groups/{group}");
    let read = scim.get(&group).await.ok();
    assert_eq!(scim.put(&group, &read).await.ok(), read);
    assert_eq!(scim.server.app.count("audit_events").await, before);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invisible_characters_in_a_name_return_400(pool: PgPool) {
    let scim = ScimClient::new(pool).await;
    for name in ["\u{3164}", "Bl\u{ad}ob", "\u{200d}", "Blob\u{e0041}"] {
        for user in [
            json!({ "userName": "blob@blobs.example", "displayName": name }),
            json!({ "userName": "blob@blobs.example", "name": { "givenName": name } }),
        ] {
            scim.post("/Users", &user).await.error(400, Some("invalidValue"));
        }
        scim.post("/Groups", &json!({ "displayName": name })).await.error(400, Some("invalidValue"));
    }
    // A name from before this rule doesn't prevent deactivation.
    let id = scim.create_user("blob@blobs.example").await;
    scim.query("update users set name = chr(12644) where email = $1 returning name", "blob@blobs.example")
        .await;
    let path = format!("/Users/{id}");
    let operations = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(scim.patch(&path, operations).await.ok()["active"], false);
}
