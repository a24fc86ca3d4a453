//! What the server holds in memory (its resident set): idle, and the most during the heaviest work.

use super::Result;
use super::database::{Database, MANY};
use super::http::{Client, call_form, get};
use super::lists::{self, addresses, admin_of};
use super::load::crowd;
use super::mail::drained;
use super::report::Row;
use super::server::{Mail, Server};
use super::setting::{FEW, Setting};
use super::sink::Sink;
use std::time::Duration;
use tokio::time::sleep;

const IDLE_MOST: f64 = 40.0;
const PEAK_MOST: f64 = 120.0;
const AT_ONCE: usize = 16;

pub async fn run(setting: &Setting) -> Result<Vec<Row>> {
    let row =
        |what: &str, mib: f64, most: f64| Row::new(format!("memory: {what}"), "MiB", vec![mib]).at_most(most);
    let (idle, listing) = listing(setting).await?;
    Ok(vec![
        row("idle", idle, IDLE_MOST),
        row("most while 10,000 are invited, 5 times", inviting(setting).await?, PEAK_MOST),
        row("most while lists are shown", listing, PEAK_MOST),
        row("most while 10,000 mails leave, 3 times", mailing(setting).await?, PEAK_MOST),
    ])
}

/// Idle after one page was shown, and the most while 16 at once look at pages.
async fn listing(setting: &Setting) -> Result<(f64, f64)> {
    let database = Database::with_people(setting, FEW).await?;
    let server = Server::start(setting, &database, Mail::Away).await?;
    let cookie = super::list::admin(setting, &database, &server).await?;
    let page = get(&format!("/o/{MANY}/settings/users"), &cookie);
    Client::new(server.address).send(&page).await?.with(200)?;
    sleep(Duration::from_secs(2)).await;
    let (idle, _) = server.memory()?;
    server.forget_peak()?;
    let looked = crowd(server.address, AT_ONCE, setting.many(2_000, 200), async move |client, _| {
        client.send(&page).await?.with(200).map(|_| ())
    });
    looked.await?;
    Ok((idle, server.memory()?.1))
}

async fn inviting(setting: &Setting) -> Result<f64> {
    let database = Database::empty(setting).await?;
    let organization = lists::organization(&database, "memory").await?;
    let server = Server::start(setting, &database, Mail::Away).await?;
    let cookie =
        server.sign_in(setting, &database, &organization.slug, &admin_of(&organization.slug)).await?;
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

async fn mailing(setting: &Setting) -> Result<f64> {
    let database = Database::empty(setting).await?;
    lists::make_table(&database).await?;
    let organization = lists::organization(&database, "memory").await?;
    let sink = Sink::start(setting)?;
    let server = Server::start(setting, &database, Mail::Port(sink.port)).await?;
    server.forget_peak()?;
    for round in 0..3 {
        drained(&database, &server, &organization, round, 10_000).await?;
    }
    Ok(server.memory()?.1)
}
