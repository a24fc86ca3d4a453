//! One POST of many new addresses by a signed-in admin, to the answer; beside the same rows by bare SQL.

use super::Result;
use super::config::Config;
use super::database::Database;
use super::fixtures::{self, addresses, admin_of, expect_invited, lay_ready};
use super::http::{Client, call_form};
use super::report::Row;
use super::server::{Mail, Server};
use std::time::Instant;

/// How many addresses, and how often.
const SIZES: [(usize, usize); 3] = [(100, 21), (1_000, 11), (10_000, 7)];

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::empty(config).await?;
    fixtures::make_table(&database).await?;
    let server = Server::start(config, &database, Mail::Away).await?;
    let mut rows = Vec::new();
    for (size, repeats) in SIZES {
        let repeats = config.many(repeats, 3);
        rows.push(one_size(config, &database, &server, size, repeats).await?);
    }
    Ok(rows)
}

async fn one_size(
    config: &Config,
    database: &Database,
    server: &Server,
    size: usize,
    repeats: usize,
) -> Result<Row> {
    let ours = fixtures::organization(database, &format!("ours-{size}")).await?;
    let bare = fixtures::organization(database, &format!("bare-{size}")).await?;
    let cookie = server.sign_in(config, database, &ours.slug, &admin_of(&ours.slug)).await?;
    let mut client = Client::new(server.address);
    let (mut took, mut limit) = (Vec::new(), Vec::new());
    // The first of each warms both up.
    for round in 0..=repeats {
        let list = addresses(size, round, "laid-ready").join(",\n");
        lay_ready(database, size, round, &bare, addresses(size, round, "laid-ready")).await?;
        let request = call_form(
            "/api/users/invite",
            &cookie,
            &[("org", &ours.slug), ("role", "member"), ("addresses", &list)],
        );
        database.run("checkpoint").await?;
        let from = Instant::now();
        let answer = client.send(&request).await?.with(200)?;
        let posted = from.elapsed();
        let answer: serde_json::Value = serde_json::from_slice(&answer.body)?;
        let entries = answer["addresses"].as_array().ok_or("that is no answer")?;
        if entries.iter().filter(|entry| entry["class"] == "new").count() != size {
            return Err(format!("not all of {size} addresses were invited").into());
        }
        let transaction = fixtures::transaction(size, round);
        database.run("checkpoint").await?;
        let from = Instant::now();
        database.run(&transaction).await?;
        let written = from.elapsed();
        if round > 0 {
            took.push(posted.as_secs_f64() * 1000.0);
            limit.push(written.as_secs_f64() * 1000.0);
        }
    }
    expect_invited(database, &ours, size * (repeats + 1)).await?;
    expect_invited(database, &bare, size * (repeats + 1)).await?;
    Ok(Row::new(format!("invite {size} addresses"), "ms", took).beside(limit).ratio_at_most(1.5))
}
