//! The CSV export of the audit log.

use crate::test_server::{ADMIN, TestServer};
use axum::http::{StatusCode, header};
use sqlx::PgPool;

const CSV: &str = "/o/blobsrus/settings/audit-log.csv";

async fn insert_audit_events(server: &TestServer, count: i32) {
    sqlx::query(
        "insert into audit_events
            (organization_id, id, at, action, actor_kind, actor_name, target_email, source, details)
         select o.id, gen_random_uuid(), now(), 'user.invited', 'user', '=cmd()', 'blob' || n || '@blobsrus.com',
            '192.0.2.1', '{\"role\": \"a \\\"quoted\\\" word\"}'
         from organizations o, generate_series(1, $1) n where o.slug = 'blobsrus'",
    )
    .bind(count)
    .execute(&server.app.context.pool)
    .await
    .unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn csv_export_contains_every_event_once(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    insert_audit_events(&server, 2_500).await;
    let response = server.get(&format!("{CSV}?action=user.invited"), &admin).await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
    assert_eq!(
        response.headers[header::CONTENT_DISPOSITION],
        "attachment; filename=\"blobsrus-audit-log.csv\""
    );
    // The header and the events.
    let mut lines: Vec<&str> = response.body.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 2_501);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 2_501);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn csv_export_escapes_formulas(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    insert_audit_events(&server, 1).await;
    let response = server.get(&format!("{CSV}?who=cmd"), &admin).await;
    let masks = [(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "[time]")];
    insta::with_settings!({ filters => masks }, { insta::assert_snapshot!("audit_log", response.body) });
}
