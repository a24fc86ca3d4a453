//! Page weight and load times in a browser: transferred bytes, first paint, and hydration.

use super::Result;
use super::config::{Config, SMALL};
use super::database::{Database, LARGE_ID, LARGE_SLUG};
use super::fixtures::{self, Organization, addresses, store_list};
use super::http::{Client, get};
use super::program::SECRET_KEY;
use super::report::Row;
use super::server::{MailTarget, Server};
use domain::Keyring;
use model::{InvitationId, OrganizationId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::process::Command;
use uuid::Uuid;

/// Transferred before the first paint of a public page, in kB.
const MAX_KB_TO_PAINT: f64 = 20.0;
/// WebAssembly and JavaScript of a public page, in kB.
const MAX_SCRIPT_KB: f64 = 220.0;
/// WebAssembly and JavaScript that another page adds to those of the sign-in page, in kB.
const MAX_ADDED_SCRIPT_KB: f64 = 60.0;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let database = Database::with_users(config, SMALL).await?;
    let server = Server::start(config, &database, MailTarget::Unreachable).await?;
    let pages = pages(config, &database, &server).await?;
    let mut runs: Vec<Vec<Page>> = Vec::new();
    for _ in 0..config.scaled(5, 1) {
        runs.push(measure(config, &pages)?);
    }
    let mut rows = Vec::new();
    for (index, page) in runs[0].iter().enumerate() {
        let row = |what: &str, unit, value: fn(&Page) -> f64| {
            Row::new(
                format!("weight, {}: {what}", page.name),
                unit,
                runs.iter().map(|pages| value(&pages[index])).collect(),
            )
        };
        let is_public = index < PUBLIC_PAGES;
        let to_paint = row("before the first paint", "kB", |page| page.bytes_to_paint / 1000.0);
        let scripts = row("WebAssembly and JavaScript", "kB", |page| page.script_bytes / 1000.0);
        let added =
            runs.iter().map(|pages| (pages[index].script_bytes - pages[0].script_bytes) / 1000.0).collect();
        let added = Row::new(format!("weight, {}: more than at sign-in", page.name), "kB", added);
        rows.extend([
            if is_public { to_paint.at_most(MAX_KB_TO_PAINT) } else { to_paint },
            if is_public { scripts.at_most(MAX_SCRIPT_KB) } else { scripts },
        ]);
        if !is_public {
            rows.push(added.at_most(MAX_ADDED_SCRIPT_KB));
        }
        if index > PUBLIC_PAGES {
            continue;
        }
        rows.extend([
            row("total", "kB", |page| page.bytes / 1000.0),
            row("requests", "", |page| page.requests),
            row("first contentful paint", "ms", |page| page.first_paint),
            row("largest contentful paint", "ms", |page| page.largest_paint),
            row("hydrated", "ms", |page| page.usable),
            row("total blocking time", "ms", |page| page.blocking),
        ]);
    }
    Ok(rows)
}

/// How many of the pages, which come first, need no session. Of the other pages, only the first is reported in full.
const PUBLIC_PAGES: usize = 2;

/// The measurements of a page by the browser.
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
    fixtures::create_lists_table(database).await?;
    let organization = Organization { slug: LARGE_SLUG.to_owned(), id: LARGE_ID.parse()? };
    store_list(database, 0, 0, &organization, addresses(1, 0, "weight")).await?;
    database.run(&fixtures::insert_transaction(0, 0)).await?;
    let invitation: Uuid =
        sqlx::query_scalar("select invitations[1] from bench_lists").fetch_one(&database.pool).await?;
    let token = Keyring::parse(SECRET_KEY)?
        .invitation_token(OrganizationId(organization.id), InvitationId(invitation))?;
    let link = format!("/o/{LARGE_SLUG}/join/{}", token.expose());
    let opened = Client::new(server.address).send(&get(&link, "")).await?.expect_status(303)?;
    let invitation_cookie = opened.cookie(&format!("join-{LARGE_SLUG}")).ok_or("the link set no cookie")?;
    let session_cookie = super::users_page::sign_in_admin(config, database, server).await?;
    let page = |name: &str, path: &str, heading: &str, cookie: &str| {
        let cookies: Vec<Value> = cookie
            .split_once('=')
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .into_iter()
            .collect();
        let url = format!("http://{}/o/{LARGE_SLUG}/{path}", server.address);
        json!({ "name": name, "url": url, "heading": heading, "cookies": cookies })
    };
    Ok(json!([
        page("login", "login", "Sign in", ""),
        page("join", "join", "Join Many Blobs", &invitation_cookie),
        page("Users", "settings/users", "Users", &session_cookie),
        page("Groups", "settings/groups", "Groups", &session_cookie),
        page("General", "settings/general", "General", &session_cookie),
        page("Authentication", "settings/authentication", "Authentication", &session_cookie),
        page("Account", "account", "Account", &session_cookie),
    ]))
}

fn measure(config: &Config, pages: &Value) -> Result<Vec<Page>> {
    let (input, results) = (config.scratch_dir.join("pages.json"), config.scratch_dir.join("weights.json"));
    std::fs::write(&input, pages.to_string())?;
    let mut browser = Command::new(config.end2end_dir.join("node_modules/.bin/playwright"));
    browser.args(["test", "--config", "bench/playwright.config.ts"]).current_dir(&config.end2end_dir);
    let output = browser.env("BENCH_PAGES", &input).env("BENCH_RESULTS", &results).output()?;
    if !output.status.success() {
        return Err(format!("browser measurement failed: {}", String::from_utf8_lossy(&output.stdout)).into());
    }
    Ok(serde_json::from_slice(&std::fs::read(&results)?)?)
}
