//! Time from the start of the process until it is ready, with the schema already migrated.

use super::Result;
use super::config::Config;
use super::database::Database;
use super::report::Row;
use super::server::{MailTarget, Server};

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::empty(config).await?;
    let mut times = Vec::new();
    for _ in 0..config.scaled(15, 3) {
        let server = Server::start(config, &database, MailTarget::Unreachable).await?;
        times.push(server.startup_time.as_secs_f64() * 1000.0);
    }
    Ok(vec![Row::new("start, to ready", "ms", times).at_most(300.0)])
}
