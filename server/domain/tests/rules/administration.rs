//! Settings, the user's own account, and the audit log.

use chrono::{NaiveDate, TimeDelta};
use domain::{account, audit_log, settings};
use model::Problem;
use model::audit_log::{AuditPage, AuditQuery};
use model::field::FieldError;
use model::settings::SettingsForm;
use sqlx::PgPool;
use test_support::{ADMIN, SLUG, TestApp, create_organization, refusal};

fn form() -> SettingsForm {
    SettingsForm {
        name: "Blobs R Us".to_owned(),
        requests_enabled: false,
        invitation_days: "7".to_owned(),
        session_hours: "24".to_owned(),
        request_cooldown_days: "30".to_owned(),
        dismiss_stale_requests: false,
        notify_requests: true,
        allowed_domains: String::new(),
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invalid_settings_are_all_reported_and_not_saved(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let invalid = SettingsForm {
        name: " ".to_owned(),
        requests_enabled: true,
        invitation_days: "0".to_owned(),
        session_hours: "4321".to_owned(),
        request_cooldown_days: "x".to_owned(),
        dismiss_stale_requests: true,
        notify_requests: true,
        allowed_domains: "blobs.example not/a/domain".to_owned(),
    };
    let problem = refusal(settings::save(&admin, &invalid).await);
    assert_eq!(problem.field_error("name"), Some(FieldError::Empty));
    assert_eq!(problem.field_error("invitation_days"), Some(FieldError::OutOfRange { min: 1, max: 30 }));
    assert_eq!(problem.field_error("session_hours"), Some(FieldError::OutOfRange { min: 1, max: 4320 }));
    let entry = "not/a/domain".to_owned();
    assert_eq!(problem.field_error("allowed_domains"), Some(FieldError::InvalidDomain { entry }));
    assert_eq!(app.count("organizations where requests_enabled").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn settings_event_contains_only_changed_settings(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    settings::save(&admin, &form()).await.unwrap();
    assert_eq!(app.count_audit_events("organization.settings_updated").await, 0);
    settings::save(&admin, &SettingsForm { session_hours: "48".to_owned(), ..form() }).await.unwrap();
    let details = app.audit_details("organization.settings_updated").await;
    assert_eq!(details, serde_json::json!({ "session_hours": { "from": 24, "to": 48 } }));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn session_last_used_at_is_written_every_5_minutes(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let last_used_at = async || {
        let member = app.admin.member(SLUG).await.unwrap();
        let list = account::sessions(&member).await.unwrap();
        assert_eq!(list.sessions.len(), 1);
        assert!(list.sessions[0].is_current);
        list.sessions[0].last_used_at
    };
    let first = last_used_at().await;
    app.context.clock.advance(TimeDelta::minutes(4));
    assert_eq!(last_used_at().await, first);
    app.context.clock.advance(TimeDelta::minutes(2));
    assert_eq!(last_used_at().await, app.now());
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn sessions_can_be_ended_only_by_their_owner(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let blobby = app.make_active("blobby@blobsrus.com").await;
    let ada = app.admin.member(SLUG).await.unwrap();
    let ada_session = account::sessions(&ada).await.unwrap().sessions[0].id;
    let member = blobby.member(SLUG).await.unwrap();
    assert_eq!(refusal(account::end_session(&member, ada_session).await), Problem::NotFound);
    account::sign_out_everywhere(&member).await.unwrap();
    assert_eq!(refusal(blobby.member(SLUG).await.map(drop)), Problem::SignedOut);
    assert!(app.admin.member(SLUG).await.is_ok());
    account::end_session(&ada, ada_session).await.unwrap();
    assert_eq!(refusal(app.admin.member(SLUG).await.map(drop)), Problem::SignedOut);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn rename_event_contains_old_and_new_name(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let member = app.admin.member(SLUG).await.unwrap();
    account::rename(&member, " Ada  Blob ").await.unwrap();
    assert_eq!(refusal(account::rename(&member, "").await), Problem::field("name", FieldError::Empty));
    assert_eq!(app.admin.member(SLUG).await.unwrap().user().name, "Ada Blob");
    assert_eq!(app.audit_details("user.renamed").await, serde_json::json!({ "from": "", "to": "Ada Blob" }));
}

async fn page(app: &TestApp, query: &AuditQuery) -> AuditPage {
    audit_log::list(&app.admin.admin(SLUG).await.unwrap(), query).await.unwrap()
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn audit_log_export_matches_its_pages(pool: PgPool) {
    let app = TestApp::new(pool).await;
    create_organization(&app.context, "other", "eve@other.example").await;
    let list: Vec<String> = (0..1_234).map(|n| format!("blob{n}@blobsrus.com")).collect();
    app.invite(&list.join(",")).await;
    let mut query = AuditQuery { action: "user.invited".to_owned(), ..AuditQuery::default() };
    let mut paged = Vec::new();
    loop {
        let page = page(&app, &query).await;
        paged.extend(page.rows.into_iter().map(|row| row.id));
        match page.next {
            Some(next) => query.before = Some(next),
            None => break,
        }
    }
    assert_eq!(paged.len(), 1_234);
    query.before = None;
    let mut rows = audit_log::export(&app.admin.admin(SLUG).await.unwrap(), query);
    let mut exported = Vec::new();
    while let Some(row) = rows.recv().await {
        exported.push(row.unwrap().event.id);
    }
    assert_eq!(exported, paged);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn audit_log_filters_are_combined(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("blob_by@blobsrus.com, blobxby@blobsrus.com").await;
    app.wait_days(1);
    app.act(model::actions::UserAction::Resend, "blob_by@blobsrus.com").await;
    let targets = async |query: AuditQuery| {
        let rows = page(&app, &query).await.rows;
        rows.into_iter().map(|row| (row.action, row.target.unwrap_or_default())).collect::<Vec<_>>()
    };
    let invited = |email: &str| ("user.invited".to_owned(), email.to_owned());
    let resent = ("invitation.resent".to_owned(), "blob_by@blobsrus.com".to_owned());
    // The underscore is not a wildcard.
    let who = AuditQuery { who: "Blob_by".to_owned(), ..AuditQuery::default() };
    assert_eq!(targets(who.clone()).await, [resent.clone(), invited("blob_by@blobsrus.com")]);
    let action = AuditQuery { action: "user.invited".to_owned(), ..who.clone() };
    assert_eq!(targets(action).await, [invited("blob_by@blobsrus.com")]);
    let today: NaiveDate = app.now().date_naive();
    assert_eq!(targets(AuditQuery { from: today.to_string(), ..who.clone() }).await, [resent]);
    assert_eq!(
        targets(AuditQuery { to: today.pred_opt().unwrap().to_string(), ..who.clone() }).await,
        [invited("blob_by@blobsrus.com")]
    );
    assert_eq!(targets(AuditQuery { from: today.succ_opt().unwrap().to_string(), ..who.clone() }).await, []);
    assert_eq!(targets(AuditQuery { from: "soon".to_owned(), ..who.clone() }).await, targets(who).await);
    let by_ada =
        AuditQuery { who: ADMIN.to_owned(), action: "invitation.resent".to_owned(), ..AuditQuery::default() };
    assert_eq!(targets(by_ada).await.len(), 1);
}
