//! The Users page, as HTML and as the server function behind it, at a million users and at 10,000, 16 at once; beside the
//! page's own SQL by `pgbench`.

use super::Result;
use super::config::{Config, FEW};
use super::database::{Database, MANY, MANY_ID, pgbench};
use super::http::{Client, call_json, get};
use super::load::crowd;
use super::report::{Row, percentile};
use super::server::{Mail, Server};
use super::statements::{asked, script};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

const AT_ONCE: usize = 16;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let few = Place::new(config, FEW).await?;
    let many = Place::new(config, config.people()).await?;
    let mut rows = Vec::new();
    for (at_few, at_many) in few.views.iter().zip(&many.views) {
        for kind in [Kind::Json, Kind::Html] {
            rows.extend(view(config, kind, (&few, at_few), (&many, at_many)).await?);
        }
    }
    Ok(rows)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Html,
}

/// One way to look at the list.
struct View {
    name: &'static str,
    /// The server function's query.
    query: Value,
    /// The page's URL.
    search: String,
}

/// A list of so many users, and ways to look at it.
struct Place {
    database: Database,
    server: Server,
    cookie: String,
    views: Vec<View>,
}

async fn view(config: &Config, kind: Kind, few: (&Place, &View), many: (&Place, &View)) -> Result<Vec<Row>> {
    let (mut p50, mut limit) = (Vec::new(), Vec::new());
    let (mut p99, mut p99_few) = (Vec::new(), Vec::new());
    let own = many.0.own_sql(config, kind, many.1).await?;
    for _ in 0..config.many(3, 1) {
        let (at_few, at_many) =
            (few.0.looked(config, kind, few.1).await?, many.0.looked(config, kind, many.1).await?);
        let bare = pgbench(config, &many.0.database, AT_ONCE, config.each(), &own.0, &own.1)?;
        p50.push(percentile(&at_many, 50));
        limit.push(percentile(&bare.millis, 50));
        p99.push(percentile(&at_many, 99));
        p99_few.push(percentile(&at_few, 99));
    }
    let (word, most) = if kind == Kind::Json { ("JSON", 3.0) } else { ("HTML", 6.0) };
    let name = many.1.name;
    Ok(vec![
        Row::new(format!("list, {word}: {name}, p50"), "ms", p50).beside(limit).ratio_at_most(most),
        Row::new(format!("list, {word}: {name}, p99 beside {FEW} users"), "ms", p99)
            .beside(p99_few)
            .ratio_at_most(1.5),
    ])
}

/// Signs in an admin of the organization with many people.
pub async fn admin(config: &Config, database: &Database, server: &Server) -> Result<String> {
    let admin = "select email from users where organization_id = $1 and role = 'admin' and status = 'active' order by id limit 1";
    let admin: String =
        sqlx::query_scalar(admin).bind(MANY_ID.parse::<uuid::Uuid>()?).fetch_one(&database.pool).await?;
    server.sign_in(config, database, MANY, &admin).await
}

impl Place {
    async fn new(config: &Config, users: usize) -> Result<Self> {
        let database = Database::with_people(config, users).await?;
        let server = Server::start(config, &database, Mail::Away).await?;
        let cookie = admin(config, &database, &server).await?;
        let mut place = Self { database, server, cookie, views: Vec::new() };
        place.views = place.views().await?;
        Ok(place)
    }

    async fn views(&self) -> Result<Vec<View>> {
        // Somebody who stands in the middle.
        let person = format!(
            "select lower(name), id, split_part(split_part(email, '@', 1), '.', 2) from users
             where organization_id = '{MANY_ID}' and status = 'active' order by lower(coalesce(nullif(name, ''), email)), id
             offset (select count(*) / 2 from users where organization_id = '{MANY_ID}') limit 1"
        );
        let (name, id, person): (String, uuid::Uuid, String) =
            sqlx::query_as(AssertSqlSafe(person)).fetch_one(&self.database.pool).await?;
        // A place in the list, as the pager's links name it.
        let middle = URL_SAFE_NO_PAD.encode(json!([name, id]).to_string());
        let view = |name, query, search: String| View { name, query, search };
        let by = |name, field: &str, value: &str, parameter: &str| {
            view(name, json!({ field: value }), format!("?{parameter}={value}"))
        };
        Ok(vec![
            view("first page", json!({}), String::new()),
            by("a page in the middle", "after", &middle, "after"),
            by("search by 3 letters", "search", &person[..3], "q"),
            by("search by 8 letters", "search", &person[..8], "q"),
            by("only active", "status", "active", "status"),
            by("only invited", "status", "invited", "status"),
            by("only expired", "status", "expired", "status"),
            by("only suspended", "status", "suspended", "status"),
            by("sorted by address", "sort", "email", "sort"),
            by("sorted by status", "sort", "status", "sort"),
            by("sorted by role", "sort", "role", "sort"),
            by("sorted by last login", "sort", "last_login", "sort"),
        ])
    }

    fn request(&self, kind: Kind, view: &View) -> Vec<u8> {
        match kind {
            Kind::Json => self.call(&view.query),
            Kind::Html => get(&format!("/o/{MANY}/settings/users{}", view.search), &self.cookie),
        }
    }

    fn call(&self, query: &Value) -> Vec<u8> {
        call_json("/api/users/list", &self.cookie, &json!({ "org": MANY, "query": query }))
    }

    async fn list(&self, query: &Value) -> Result<Value> {
        let answer = Client::new(self.server.address).send(&self.call(query)).await?.with(200)?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// How long each look took. Every answer must hold the rows that the database has.
    async fn looked(&self, config: &Config, kind: Kind, view: &View) -> Result<Vec<f64>> {
        let rows = self.list(&view.query).await?["rows"].as_array().map_or(0, Vec::len);
        if rows == 0 {
            return Err(format!("{}: nobody is there", view.name).into());
        }
        let mark = if kind == Kind::Json { "\"last_login_at\":" } else { "class=\"whole-row\"" };
        let look = |count| {
            let request = self.request(kind, view);
            crowd(self.server.address, AT_ONCE, count, async move |client, _| {
                let answer = client.send(&request).await?.with(200)?;
                let shown = answer.text().matches(mark).count();
                if shown == rows { Ok(()) } else { Err(format!("{shown} rows in place of {rows}").into()) }
            })
        };
        // The first to look finds the database's connections new, and nothing in its memory.
        look(2 * AT_ONCE).await?;
        Ok(look(AT_ONCE * config.each()).await?.millis)
    }

    /// What the server asks the database for this view, as a script.
    async fn own_sql(
        &self,
        config: &Config,
        kind: Kind,
        view: &View,
    ) -> Result<(String, Vec<(String, String)>)> {
        let request = self.request(kind, view);
        let statements = asked(config, &self.database, async || {
            Client::new(self.server.address).send(&request).await?.with(200).map(|_| ())
        });
        Ok(script(&statements.await?))
    }
}
