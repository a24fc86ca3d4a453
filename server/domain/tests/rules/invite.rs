//! Inviting a list of addresses, and classifying it beforehand.

use crate::test_app::{ADMIN, SLUG, TestApp, found, refusal};
use domain::invitations::{self, invite};
use model::field::FieldError;
use model::invitations::AddressClass;
use model::transitions::Refusal;
use model::{OrganizationRole, Problem};
use sqlx::PgPool;

const BLOBBY: &str = "blobby@blobsrus.com";

fn refused(why: Refusal) -> AddressClass {
    AddressClass::Refused { why }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn unknown_address_gets_email_and_audit_event(pool: PgPool) {
    let app = TestApp::new(pool).await;
    assert_eq!(app.invite_one(BLOBBY).await, AddressClass::New);
    assert_eq!(app.count("users where email = 'blobby@blobsrus.com' and status = 'invited'").await, 1);
    assert_eq!(app.count_open_invitations().await, 1);
    assert_eq!(app.count("deliveries where kind = 'invitation' and state = 'queued'").await, 1);
    assert_eq!(
        app.count("audit_events where action = 'user.invited' and target_email = 'blobby@blobsrus.com'")
            .await,
        1
    );
    assert_eq!(app.expires_at(BLOBBY).await, app.context.clock.now() + chrono::TimeDelta::days(7));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invited_address_is_refused(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    assert_eq!(app.invite_one(" BLOBBY@BlobsRUs.com").await, refused(Refusal::AlreadyInvited));
    assert_eq!(app.count("invitations").await, 1);
    assert_eq!(app.count_invitation_emails().await, 1);
    assert_eq!(app.count_audit_events("user.invited").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn reinvite_restarts_expiry_with_the_new_role(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_as(BLOBBY, OrganizationRole::Admin).await;
    app.wait_days(7);
    assert_eq!(app.invite_one(BLOBBY).await, AddressClass::Again);
    assert_eq!(app.count("users where email = 'blobby@blobsrus.com' and role = 'member'").await, 1);
    assert_eq!(app.count_open_invitations().await, 1);
    assert_eq!(app.count_invitation_emails().await, 2);
    assert_eq!(app.expires_at(BLOBBY).await, app.context.clock.now() + chrono::TimeDelta::days(7));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn active_user_is_refused_with_the_exact_text(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let class = app.invite_one(BLOBBY).await;
    assert_eq!(class, refused(Refusal::UserExists));
    assert_eq!(Refusal::UserExists.to_string(), "user already exists in the organization");
    assert_eq!(app.invite_one(ADMIN).await, refused(Refusal::UserExists));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn suspended_user_is_refused(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    app.suspend(BLOBBY).await;
    assert_eq!(app.invite_one(BLOBBY).await, refused(Refusal::Suspended));
    assert_eq!(app.count_invitation_emails().await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn mixed_list_reports_each_entry(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active("known@blobsrus.com").await;
    app.invite("waiting@blobsrus.com").await;
    let list =
        "new@blobsrus.com, not an address; NEW@blobsrus.com\nKnown <known@blobsrus.com>,waiting@blobsrus.com";
    let before = invitations::classify(&app.admin.admin(SLUG).await.unwrap(), list).await.unwrap();
    let after = app.invite(list).await;
    assert_eq!(before, after, "the result matches the classification before");
    let classes: Vec<_> = after.addresses.iter().map(|address| &address.class).collect();
    assert_eq!(after.invited(), 1);
    assert_eq!(classes[0], &AddressClass::New);
    assert!(matches!(classes[1], AddressClass::Malformed { .. }));
    assert!(classes.contains(&&AddressClass::Duplicate { of: 0 }));
    assert!(classes.contains(&&refused(Refusal::UserExists)));
    assert!(classes.contains(&&refused(Refusal::AlreadyInvited)));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn classify_reports_open_requests(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active("known@blobsrus.com").await;
    app.insert_open_request(BLOBBY).await;
    app.insert_open_request("known@blobsrus.com").await;
    app.insert_dismissed_request("dismissed@blobsrus.com").await;
    let list = "Blobby@BlobsRUs.com, known@blobsrus.com, dismissed@blobsrus.com, new@blobsrus.com";
    let result = invitations::classify(&app.admin.admin(SLUG).await.unwrap(), list).await.unwrap();
    let has_open_request: Vec<bool> =
        result.addresses.iter().map(|address| address.has_open_request).collect();
    assert_eq!(has_open_request, [true, true, false, false]);
    assert_eq!(result.addresses[0].class, AddressClass::New);
    assert_eq!(result.addresses[1].class, refused(Refusal::UserExists));
    // Inviting the address approves the request.
    app.invite(list).await;
    assert_eq!(app.count_open_requests(BLOBBY).await, 0);
    let other = found(&app.context, "other", "eve@other.example").await;
    let foreign =
        invitations::classify(&other.admin("other").await.unwrap(), "known@blobsrus.com").await.unwrap();
    assert!(!foreign.addresses[0].has_open_request);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn classify_changes_nothing(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let users = app.count("users").await;
    invitations::classify(&admin, "a@blobsrus.com, b@blobsrus.com").await.unwrap();
    assert_eq!(app.count("users").await, users);
    assert_eq!(app.count("deliveries").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn empty_and_oversized_lists_are_field_errors(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let problem = refusal(invite(&admin, " ,;\n", &OrganizationRole::Member.into()).await);
    assert_eq!(problem, Problem::field("addresses", FieldError::NoAddress));
    let oversized: String = (0..=10_000).map(|n| format!("blob{n}@blobsrus.com\n")).collect();
    let problem = refusal(invite(&admin, &oversized, &OrganizationRole::Member.into()).await);
    let error = FieldError::TooManyAddresses { count: 10_001, most: 10_000 };
    assert_eq!(problem, Problem::field("addresses", error));
    assert_eq!(app.count("deliveries").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invite_accepts_ten_thousand_addresses(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let list: String = (0..10_000).map(|n| format!("blob{n}@blobsrus.com\n")).collect();
    assert_eq!(app.invite(&list).await.invited(), 10_000);
    for table in
        ["invitations", "deliveries where state = 'queued'", "audit_events where action = 'user.invited'"]
    {
        assert_eq!(app.count(table).await, 10_000, "{table}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn only_admins_of_the_organization_have_access(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let member = app.make_active(BLOBBY).await;
    assert_eq!(refusal(member.admin(SLUG).await), Problem::NotFound);
    let outsider = found(&app.context, "other", "eve@other.example").await;
    assert_eq!(refusal(outsider.admin(SLUG).await), Problem::SignedOut);
    assert_eq!(refusal(outsider.organization("nowhere").await), Problem::NotFound);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn same_address_is_one_user_per_organization(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let other = found(&app.context, "other", "eve@other.example").await;
    let result =
        invite(&other.admin("other").await.unwrap(), BLOBBY, &OrganizationRole::Member.into()).await.unwrap();
    assert_eq!(result.invited(), 1);
}
