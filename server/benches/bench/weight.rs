//! What pages weigh in a browser, and how soon they are painted and can be used.

use super::Result;
use super::database::{Database, MANY, MANY_ID};
use super::http::{Client, get};
use super::lists::{self, Organization, addresses, lay_ready};
use super::report::Row;
use super::server::{Mail, SECRET_KEY, Server};
use super::setting::{FEW, Setting};
use domain::Keyring;
use model::{InvitationId, OrganizationId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::process::Command;
use uuid::Uuid;

/// Before the first paint of a public page, in kB.
const PAINT_MOST: f64 = 20.0;
/// WebAssembly and JavaScript where people sign in, in kB.
const SCRIPTS_MOST: f64 = 220.0;
/// What a page for whoever is signed in brings besides, in kB.
const PAGE_MOST: f64 = 60.0;

pub async fn run(setting: &Setting) -> Result<Vec<Row>> {
    let database = Database::with_people(setting, FEW).await?;
    let server = Server::start(setting, &database, Mail::Away).await?;
    let pages = pages(setting, &database, &server).await?;
    let mut all: Vec<Vec<Page>> = Vec::new();
    for _ in 0..setting.many(5, 1) {
        all.push(measure(setting, &pages)?);
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
            if public { to_paint.at_most(PAINT_MOST) } else { to_paint },
            if public { scripts.at_most(SCRIPTS_MOST) } else { scripts },
        ]);
        if !public {
            rows.push(more.at_most(PAGE_MOST));
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

async fn pages(setting: &Setting, database: &Database, server: &Server) -> Result<Value> {
    lists::make_table(database).await?;
    let organization = Organization { slug: MANY.to_owned(), id: MANY_ID.parse()? };
    lay_ready(database, 0, 0, &organization, addresses(1, 0, "weight")).await?;
    database.run(&lists::transaction(0, 0)).await?;
    let invitation: Uuid =
        sqlx::query_scalar("select invitations[1] from bench_lists").fetch_one(&database.pool).await?;
    let token = Keyring::parse(SECRET_KEY)?
        .invitation_token(OrganizationId(organization.id), InvitationId(invitation))?;
    let link = format!("/o/{MANY}/join/{}", token.reveal());
    let opened = Client::new(server.address).send(&get(&link, "")).await?.with(303)?;
    let invited = opened.cookie(&format!("join-{MANY}")).ok_or("the link left no cookie")?;
    let admin = super::list::admin(setting, database, server).await?;
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

fn measure(setting: &Setting, pages: &Value) -> Result<Vec<Page>> {
    let (wanted, results) = (setting.scratch.join("pages.json"), setting.scratch.join("weights.json"));
    std::fs::write(&wanted, pages.to_string())?;
    let mut browser = Command::new(setting.end2end.join("node_modules/.bin/playwright"));
    browser.args(["test", "--config", "bench/playwright.config.ts"]).current_dir(&setting.end2end);
    let output = browser.env("BENCH_PAGES", &wanted).env("BENCH_RESULTS", &results).output()?;
    if !output.status.success() {
        return Err(format!("the browser: {}", String::from_utf8_lossy(&output.stdout)).into());
    }
    Ok(serde_json::from_slice(&std::fs::read(&results)?)?)
}
