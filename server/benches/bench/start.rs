//! From the start of the process to "ready", with the schema as it should be.

use super::Result;
use super::config::Config;
use super::database::Database;
use super::report::Row;
use super::server::{Mail, Server};

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::empty(config).await?;
    let mut took = Vec::new();
    for _ in 0..config.many(15, 3) {
        let server = Server::start(config, &database, Mail::Away).await?;
        took.push(server.started_in.as_secs_f64() * 1000.0);
    }
    Ok(vec![Row::new("start, to ready", "ms", took).at_most(300.0)])
}
