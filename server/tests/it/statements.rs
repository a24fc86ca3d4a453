//! The statements that a page executes.

use crate::test_server::{ADMIN, TestServer};
use sqlx::PgPool;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, filter::filter_fn};

const PAGES: [&str; 8] = [
    "account",
    "settings/users",
    "settings/groups",
    "settings/roles",
    "settings/authentication",
    "settings/provisioning",
    "settings/general",
    "settings/audit-log",
];

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn page_reads_organization_and_session_once(pool: PgPool) {
    let server = TestServer::new(pool).await;
    let admin = server.sign_in("blobsrus", ADMIN).await;
    for page in PAGES {
        let recorder = StatementRecorder::default();
        let queries = filter_fn(|metadata| metadata.target() == "sqlx::query");
        let guard = tracing_subscriber::registry().with(recorder.clone().with_filter(queries)).set_default();
        let response = server.get(&format!("/o/blobsrus/{page}"), &admin).await;
        drop(guard);
        assert_eq!(response.status, 200, "{page}");
        let statements = recorder.0.lock().unwrap().clone();
        for table in ["from organizations where slug", "from sessions s join users u"] {
            let count = statements.iter().filter(|statement| statement.contains(table)).count();
            assert_eq!(count, 1, "{page} reads {table}: {statements:#?}");
        }
    }
}

/// The statements in the order of execution, with normalized white space.
#[derive(Clone, Default)]
struct StatementRecorder(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for StatementRecorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        struct Statement(String);
        impl Visit for Statement {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.record_str(field, &format!("{value:?}"));
            }

            fn record_str(&mut self, field: &Field, value: &str) {
                // Short statements have only a summary.
                let is_statement = field.name() == "db.statement" && !value.is_empty();
                if is_statement || (field.name() == "summary" && self.0.is_empty()) {
                    self.0 = value.split_whitespace().collect::<Vec<_>>().join(" ");
                }
            }
        }
        let mut statement = Statement(String::new());
        event.record(&mut statement);
        self.0.lock().unwrap().push(statement.0);
    }
}
