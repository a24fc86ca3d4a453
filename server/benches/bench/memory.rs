//! Memory of the server (resident set size): idle, and the peak under the heaviest workloads.

use super::Result;
use super::config::{Config, SMALL};
use super::database::{Database, LARGE_SLUG};
use super::fixtures::{self, addresses, admin_email};
use super::http::{Client, get, post_server_fn};
use super::load::run_clients;
use super::mail::drain_outbox;
use super::report::Row;
use super::server::{MailTarget, Server};
use super::sink::Sink;
use std::time::Duration;
use tokio::time::sleep;

/// In MiB.
const MAX_IDLE: f64 = 40.0;
/// In MiB.
const MAX_PEAK: f64 = 120.0;
const CLIENTS: usize = 16;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let row =
        |what: &str, mib: f64, max: f64| Row::new(format!("memory: {what}"), "MiB", vec![mib]).at_most(max);
    let (idle, listing_peak) = measure_listing(config).await?;
    Ok(vec![
        row("idle", idle, MAX_IDLE),
        row("peak while 10,000 are invited, 5 times", measure_inviting(config).await?, MAX_PEAK),
        row("peak while lists are shown", listing_peak, MAX_PEAK),
        row("peak while 10,000 emails are sent, 3 times", measure_mailing(config).await?, MAX_PEAK),
    ])
}

/// Memory after one page was loaded, and the peak while 16 concurrent clients load pages.
async fn measure_listing(config: &Config) -> Result<(f64, f64)> {
    let database = Database::with_users(config, SMALL).await?;
    let server = Server::start(config, &database, MailTarget::Unreachable).await?;
    let cookie = super::users_page::sign_in_admin(config, &database, &server).await?;
    let page = get(&format!("/o/{LARGE_SLUG}/settings/users"), &cookie);
    Client::new(server.address).send(&page).await?.expect_status(200)?;
    sleep(Duration::from_secs(2)).await;
    let (idle, _) = server.memory()?;
    server.reset_peak_memory()?;
    let load = run_clients(server.address, CLIENTS, config.scaled(2_000, 200), async move |client, _| {
        client.send(&page).await?.expect_status(200).map(|_| ())
    });
    load.await?;
    Ok((idle, server.memory()?.1))
}

async fn measure_inviting(config: &Config) -> Result<f64> {
    let database = Database::empty(config).await?;
    let organization = fixtures::create_organization(&database, "memory").await?;
    let server = Server::start(config, &database, MailTarget::Unreachable).await?;
    let cookie =
        server.sign_in(config, &database, &organization.slug, &admin_email(&organization.slug)).await?;
    server.reset_peak_memory()?;
    for round in 0..5 {
        let list = addresses(10_000, round, "memory").join("\n");
        let request = post_server_fn(
            "/api/users/invite",
            &cookie,
            &[("org", &organization.slug), ("addresses", &list)],
        );
        Client::new(server.address).send(&request).await?.expect_status(200)?;
    }
    database.expect_rows(50_000, "users where status = 'invited'").await?;
    Ok(server.memory()?.1)
}

async fn measure_mailing(config: &Config) -> Result<f64> {
    let database = Database::empty(config).await?;
    fixtures::create_lists_table(&database).await?;
    let organization = fixtures::create_organization(&database, "memory").await?;
    let sink = Sink::start(config)?;
    let server = Server::start(config, &database, MailTarget::Smtp(sink.port)).await?;
    server.reset_peak_memory()?;
    for round in 0..3 {
        drain_outbox(&database, &server, &organization, round, 10_000).await?;
    }
    Ok(server.memory()?.1)
}
