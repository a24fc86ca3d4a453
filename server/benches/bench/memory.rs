//! What the server holds in memory (its resident set): idle, and the most during the heaviest work.

use super::Result;
use super::config::{Config, FEW};
use super::database::{Database, MANY};
use super::fixtures::{self, addresses, admin_of};
use super::http::{Client, call_form, get};
use super::load::crowd;
use super::mail::drain_outbox;
use super::report::Row;
use super::server::{Mail, Server};
use super::sink::Sink;
use std::time::Duration;
use tokio::time::sleep;

const MAX_IDLE: f64 = 40.0;
const MAX_PEAK: f64 = 120.0;
const AT_ONCE: usize = 16;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let row =
        |what: &str, mib: f64, most: f64| Row::new(format!("memory: {what}"), "MiB", vec![mib]).at_most(most);
    let (idle, listing) = listing(config).await?;
    Ok(vec![
        row("idle", idle, MAX_IDLE),
        row("most while 10,000 are invited, 5 times", inviting(config).await?, MAX_PEAK),
        row("most while lists are shown", listing, MAX_PEAK),
        row("most while 10,000 mails leave, 3 times", mailing(config).await?, MAX_PEAK),
    ])
}

/// Idle after one page was shown, and the most while 16 at once look at pages.
async fn listing(config: &Config) -> Result<(f64, f64)> {
    let database = Database::with_people(config, FEW).await?;
    let server = Server::start(config, &database, Mail::Away).await?;
    let cookie = super::users_page::admin(config, &database, &server).await?;
    let page = get(&format!("/o/{MANY}/settings/users"), &cookie);
    Client::new(server.address).send(&page).await?.with(200)?;
    sleep(Duration::from_secs(2)).await;
    let (idle, _) = server.memory()?;
    server.forget_peak()?;
    let looked = crowd(server.address, AT_ONCE, config.many(2_000, 200), async move |client, _| {
        client.send(&page).await?.with(200).map(|_| ())
    });
    looked.await?;
    Ok((idle, server.memory()?.1))
}

async fn inviting(config: &Config) -> Result<f64> {
    let database = Database::empty(config).await?;
    let organization = fixtures::organization(&database, "memory").await?;
    let server = Server::start(config, &database, Mail::Away).await?;
    let cookie = server.sign_in(config, &database, &organization.slug, &admin_of(&organization.slug)).await?;
    server.forget_peak()?;
    for round in 0..5 {
        let list = addresses(10_000, round, "memory").join("\n");
        let request =
            call_form("/api/users/invite", &cookie, &[("org", &organization.slug), ("addresses", &list)]);
        Client::new(server.address).send(&request).await?.with(200)?;
    }
    database.expect(50_000, "users where status = 'invited'").await?;
    Ok(server.memory()?.1)
}

async fn mailing(config: &Config) -> Result<f64> {
    let database = Database::empty(config).await?;
    fixtures::make_table(&database).await?;
    let organization = fixtures::organization(&database, "memory").await?;
    let sink = Sink::start(config)?;
    let server = Server::start(config, &database, Mail::Port(sink.port)).await?;
    server.forget_peak()?;
    for round in 0..3 {
        drain_outbox(&database, &server, &organization, round, 10_000).await?;
    }
    Ok(server.memory()?.1)
}
