//! The audit log as a file.

use crate::test_server::{ADMIN, TestServer};
use axum::http::{StatusCode, header};
use sqlx::PgPool;

const FILE: &str = "/o/blobsrus/settings/audit-log.csv";

async fn write_events(site: &TestServer, count: i32) {
    sqlx::query(
        "insert into audit_events
            (organization_id, id, at, action, actor_kind, actor_name, target_email, source, details)
         select o.id, gen_random_uuid(), now(), 'user.invited', 'user', '=cmd()', 'blob' || n || '@blobsrus.com',
            '192.0.2.1', '{\"role\": \"a \\\"quoted\\\" word\"}'
         from organizations o, generate_series(1, $1) n where o.slug = 'blobsrus'",
    )
    .bind(count)
    .execute(&site.context.pool)
    .await
    .unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn the_file_has_every_row_once_however_many(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    write_events(&site, 2_500).await;
    let answer = site.get(&format!("{FILE}?action=user.invited"), &admin).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
    assert_eq!(
        answer.headers[header::CONTENT_DISPOSITION],
        "attachment; filename=\"blobsrus-audit-log.csv\""
    );
    let mut lines: Vec<&str> = answer.body.trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "when,who,action,what,to_whom,from,details");
    assert_eq!(lines.len(), 2_500);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 2_500);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_name_is_never_a_formula(pool: PgPool) {
    let site = TestServer::new(pool).await;
    let admin = site.signed_in("blobsrus", ADMIN).await;
    write_events(&site, 1).await;
    let answer = site.get(&format!("{FILE}?who=cmd"), &admin).await;
    let row = answer.body.trim_end().split("\r\n").nth(1).unwrap();
    assert!(
        row.contains(r#","'=cmd()","user.invited","invited","blob1@blobsrus.com","192.0.2.1","#),
        "{row}"
    );
    assert!(row.ends_with(r#""{""role"":""a \""quoted\"" word""}""#), "{row}");
}
