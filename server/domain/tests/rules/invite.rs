//! Inviting a list of addresses, and classifying it beforehand.

use domain::invitations::{self, invite};
use model::field::FieldError;
use model::invitations::AddressClass;
use model::transitions::Refusal;
use model::{OrganizationRole, Problem};
use sqlx::{ConnectOptions, PgPool};
use test_support::{ADMIN, SLUG, TestApp, create_organization, refusal};

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
    assert_eq!(app.expires_at(BLOBBY).await, app.now() + chrono::TimeDelta::days(7));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invited_address_is_refused(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(BLOBBY).await;
    assert_eq!(app.invite_one(" BLOBBY@BlobsRUs.com").await, refused(Refusal::AlreadyInvited));
    assert_eq!(app.count("invitations").await, 1);
    assert_eq!(app.count_deliveries("invitation").await, 1);
    assert_eq!(app.count_audit_events("user.invited").await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn reinvite_restarts_expiry_with_the_new_role(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite_as(BLOBBY, OrganizationRole::Admin).await;
    app.wait_days(7);
    assert_eq!(app.invite_one(BLOBBY).await, AddressClass::Expired);
    assert_eq!(app.count("users where email = 'blobby@blobsrus.com' and role = 'member'").await, 1);
    assert_eq!(app.count_open_invitations().await, 1);
    assert_eq!(app.count_deliveries("invitation").await, 2);
    assert_eq!(app.expires_at(BLOBBY).await, app.now() + chrono::TimeDelta::days(7));
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
    assert_eq!(app.count_deliveries("invitation").await, 1);
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
    assert_eq!(after.count_invited(), 1);
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
    let other = create_organization(&app.context, "other", "eve@other.example").await;
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
    let error = FieldError::TooManyAddresses { count: 10_001, max: 10_000 };
    assert_eq!(problem, Problem::field("addresses", error));
    assert_eq!(app.count("deliveries").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invite_accepts_ten_thousand_addresses(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let list: String = (0..10_000).map(|n| format!("blob{n}@blobsrus.com\n")).collect();
    assert_eq!(app.invite(&list).await.count_invited(), 10_000);
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
    let outsider = create_organization(&app.context, "other", "eve@other.example").await;
    assert_eq!(refusal(outsider.admin(SLUG).await), Problem::SignedOut);
    assert_eq!(refusal(outsider.organization("nowhere").await), Problem::NotFound);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn same_address_is_one_user_per_organization(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active(BLOBBY).await;
    let other = create_organization(&app.context, "other", "eve@other.example").await;
    let result =
        invite(&other.admin("other").await.unwrap(), BLOBBY, &OrganizationRole::Member.into()).await.unwrap();
    assert_eq!(result.count_invited(), 1);
}

/// Autovacuum analyzes a table while a bulk insert is in progress, or after one was rolled back.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn bulk_invite_reads_each_row_once_or_twice(pool: PgPool) {
    const COUNT: i64 = 3_000;
    let app = TestApp::new(pool.clone()).await;
    let mut rolled_back = pool.begin().await.unwrap();
    for statement in [
        "insert into users (organization_id, id, email, email_normalized, status, role, created_at)
         select $1, gen_random_uuid(), n || '@other.example', n || '@other.example', 'invited', 'member', now()
         from generate_series(1, $2) n",
        "insert into invitations (organization_id, id, user_id, email, status, inviter_name, created_at, expires_at)
         select organization_id, gen_random_uuid(), id, email, 'open', '', now(), now() + interval '1 day'
         from users where organization_id = $1 limit $2",
    ] {
        sqlx::query(statement).bind(app.organization.0).bind(COUNT).execute(&mut *rolled_back).await.unwrap();
    }
    sqlx::raw_sql("analyze users; analyze invitations").execute(&pool).await.unwrap();
    rolled_back.rollback().await.unwrap();

    let list: Vec<String> = (0..COUNT).map(|n| format!("blob{n}@blobsrus.com")).collect();
    assert_eq!(app.invite(&list.join("\n")).await.addresses.len(), list.len());

    let reads = index_reads(pool, &["users", "invitations"]).await;
    assert!(reads < 20 * COUNT, "{reads} index entries were read to invite {COUNT} users");
}

/// The number of index entries of the tables that were read so far. Closes the pool, because connections report their
/// statistics when they end.
async fn index_reads(pool: PgPool, tables: &[&str]) -> i64 {
    let options = pool.connect_options();
    pool.close().await;
    let mut connection = options.connect().await.unwrap();
    let others = "select count(*) from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()";
    while sqlx::query_scalar::<_, i64>(others).fetch_one(&mut connection).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    sqlx::query_scalar("select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = any($1)")
        .bind(tables)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}
