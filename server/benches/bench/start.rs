//! From the start of the process to "ready", with the schema as it should be.

use super::Result;
use super::database::Database;
use super::report::Row;
use super::server::{Mail, Server};
use super::setting::Setting;

pub async fn run(setting: &Setting) -> Result<Vec<Row>> {
    let database = Database::empty(setting).await?;
    let mut took = Vec::new();
    for _ in 0..setting.many(15, 3) {
        let server = Server::start(setting, &database, Mail::Away).await?;
        took.push(server.started_in.as_secs_f64() * 1000.0);
    }
    Ok(vec![Row::new("start, to ready", "ms", took).at_most(300.0)])
}
