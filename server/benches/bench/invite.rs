//! Response time of a POST that invites many new addresses. Baseline: the same rows by plain SQL.

use super::Result;
use super::config::Config;
use super::database::Database;
use super::fixtures::{self, addresses, admin_email, expect_invited, store_list};
use super::http::{Client, post_server_fn};
use super::report::Row;
use super::server::{MailTarget, Server};
use std::time::Instant;

/// Number of addresses, and number of repeats.
const SIZES: [(usize, usize); 3] = [(100, 21), (1_000, 11), (10_000, 7)];

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::empty(config).await?;
    fixtures::create_lists_table(&database).await?;
    let server = Server::start(config, &database, MailTarget::Unreachable).await?;
    let mut rows = Vec::new();
    for (size, repeats) in SIZES {
        let repeats = config.scaled(repeats, 3);
        rows.push(measure_size(config, &database, &server, size, repeats).await?);
    }
    Ok(rows)
}

async fn measure_size(
    config: &Config,
    database: &Database,
    server: &Server,
    size: usize,
    repeats: usize,
) -> Result<Row> {
    let server_org = fixtures::create_organization(database, &format!("server-{size}")).await?;
    let baseline_org = fixtures::create_organization(database, &format!("baseline-{size}")).await?;
    let cookie = server.sign_in(config, database, &server_org.slug, &admin_email(&server_org.slug)).await?;
    let mut client = Client::new(server.address);
    let (mut times, mut baseline_times) = (Vec::new(), Vec::new());
    // The first round is a warm-up.
    for round in 0..=repeats {
        let list = addresses(size, round, "invited").join(",\n");
        store_list(database, size, round, &baseline_org, addresses(size, round, "invited")).await?;
        let request = post_server_fn(
            "/api/users/invite",
            &cookie,
            &[("org", &server_org.slug), ("role", "member"), ("addresses", &list)],
        );
        database.run("checkpoint").await?;
        let start = Instant::now();
        let response = client.send(&request).await?.expect_status(200)?;
        let time = start.elapsed();
        let result: serde_json::Value = serde_json::from_slice(&response.body)?;
        let entries = result["addresses"].as_array().ok_or("unexpected response")?;
        if entries.iter().filter(|entry| entry["class"] == "new").count() != size {
            return Err(format!("not all of {size} addresses were invited").into());
        }
        let transaction = fixtures::insert_transaction(size, round);
        database.run("checkpoint").await?;
        let start = Instant::now();
        database.run(&transaction).await?;
        let baseline_time = start.elapsed();
        if round > 0 {
            times.push(time.as_secs_f64() * 1000.0);
            baseline_times.push(baseline_time.as_secs_f64() * 1000.0);
        }
    }
    expect_invited(database, &server_org, size * (repeats + 1)).await?;
    expect_invited(database, &baseline_org, size * (repeats + 1)).await?;
    Ok(Row::new(format!("invite {size} addresses"), "ms", times)
        .with_baseline(baseline_times)
        .ratio_at_most(1.5))
}
