//! What pages weigh in a browser, and how soon they are painted and can be used.

use super::Result;
use super::config::{Config, FEW};
use super::database::{Database, MANY, MANY_ID};
use super::fixtures::{self, Organization, addresses, lay_ready};
use super::http::{Client, get};
use super::report::Row;
use super::server::{Mail, SECRET_KEY, Server};
use domain::Keyring;
use model::{InvitationId, OrganizationId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::process::Command;
use uuid::Uuid;

/// Before the first paint of a public page, in kB.
const MAX_PAINT: f64 = 20.0;
/// WebAssembly and JavaScript where people sign in, in kB.
const MAX_SCRIPTS: f64 = 220.0;
/// What a page for whoever is signed in brings besides, in kB.
const MAX_PAGE: f64 = 60.0;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::with_people(config, FEW).await?;
    let server = Server::start(config, &database, Mail::Away).await?;
    let pages = pages(config, &database, &server).await?;
    let mut all: Vec<Vec<Page>> = Vec::new();
    for _ in 0..config.many(5, 1) {
        all.push(measure(config, &pages)?);
    }
    let mut rows = Vec::new();
    for (at, page) in all[0].iter().enumerate() {
        let row = |what: &str, unit, value: fn(&Page) -> f64| {
            Row::new(
                format!("weight, {}: {what}", page.name),
                unit,
                all.iter().map(|pages| value(&pages[at])).collect(),
            )
        };
        let public = at < PUBLIC;
        let to_paint = row("before the first paint", "kB", |page| page.bytes_to_paint / 1000.0);
        let scripts = row("WebAssembly and JavaScript", "kB", |page| page.script_bytes / 1000.0);
        let more =
            all.iter().map(|pages| (pages[at].script_bytes - pages[0].script_bytes) / 1000.0).collect();
        let more = Row::new(format!("weight, {}: more than at sign-in", page.name), "kB", more);
        rows.extend([
            if public { to_paint.at_most(MAX_PAINT) } else { to_paint },
            if public { scripts.at_most(MAX_SCRIPTS) } else { scripts },
        ]);
        if !public {
            rows.push(more.at_most(MAX_PAGE));
        }
        if at > PUBLIC {
            continue;
        }
        rows.extend([
            row("all", "kB", |page| page.bytes / 1000.0),
            row("requests", "", |page| page.requests),
            row("first contentful paint", "ms", |page| page.first_paint),
            row("largest contentful paint", "ms", |page| page.largest_paint),
            row("taken over by WebAssembly", "ms", |page| page.usable),
            row("total blocking time", "ms", |page| page.blocking),
        ]);
    }
    Ok(rows)
}

/// How many of the pages are for whoever is not signed in. Of the others the first is told of in full.
const PUBLIC: usize = 2;

/// What the browser measured.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    name: String,
    bytes_to_paint: f64,
    bytes: f64,
    script_bytes: f64,
    requests: f64,
    first_paint: f64,
    largest_paint: f64,
    usable: f64,
    blocking: f64,
}

async fn pages(config: &Config, database: &Database, server: &Server) -> Result<Value> {
    fixtures::make_table(database).await?;
    let organization = Organization { slug: MANY.to_owned(), id: MANY_ID.parse()? };
    lay_ready(database, 0, 0, &organization, addresses(1, 0, "weight")).await?;
    database.run(&fixtures::transaction(0, 0)).await?;
    let invitation: Uuid =
        sqlx::query_scalar("select invitations[1] from bench_lists").fetch_one(&database.pool).await?;
    let token = Keyring::parse(SECRET_KEY)?
        .invitation_token(OrganizationId(organization.id), InvitationId(invitation))?;
    let link = format!("/o/{MANY}/join/{}", token.expose());
    let opened = Client::new(server.address).send(&get(&link, "")).await?.with(303)?;
    let invited = opened.cookie(&format!("join-{MANY}")).ok_or("the link left no cookie")?;
    let admin = super::users_page::admin(config, database, server).await?;
    let page = |name: &str, path: &str, heading: &str, cookie: &str| {
        let cookie: Vec<Value> = cookie
            .split_once('=')
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .into_iter()
            .collect();
        let url = format!("http://{}/o/{MANY}/{path}", server.address);
        json!({ "name": name, "url": url, "heading": heading, "cookies": cookie })
    };
    Ok(json!([
        page("login", "login", "Sign in", ""),
        page("join", "join", "Join Many Blobs", &invited),
        page("Users", "settings/users", "Users", &admin),
        page("Groups", "settings/groups", "Groups", &admin),
        page("General", "settings/general", "General", &admin),
        page("Authentication", "settings/authentication", "Authentication", &admin),
        page("Account", "account", "Account", &admin),
    ]))
}

fn measure(config: &Config, pages: &Value) -> Result<Vec<Page>> {
    let (wanted, results) = (config.scratch.join("pages.json"), config.scratch.join("weights.json"));
    std::fs::write(&wanted, pages.to_string())?;
    let mut browser = Command::new(config.end2end.join("node_modules/.bin/playwright"));
    browser.args(["test", "--config", "bench/playwright.config.ts"]).current_dir(&config.end2end);
    let output = browser.env("BENCH_PAGES", &wanted).env("BENCH_RESULTS", &results).output()?;
    if !output.status.success() {
        return Err(format!("the browser: {}", String::from_utf8_lossy(&output.stdout)).into());
    }
    Ok(serde_json::from_slice(&std::fs::read(&results)?)?)
}
