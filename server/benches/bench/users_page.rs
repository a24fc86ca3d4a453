//! Latency of the Users page, as HTML and as JSON from its server function, with 16 concurrent clients, at a million users and
//! at 10,000. Baseline: the SQL of the same page by `pgbench`.

use super::Result;
use super::config::{Config, SMALL};
use super::database::{Database, LARGE_ID, LARGE_SLUG, pgbench};
use super::http::{Client, get, post_server_fn_json};
use super::load::run_clients;
use super::report::{Row, percentile};
use super::server::{MailTarget, Server};
use super::statements::{record, script};
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

const CLIENTS: usize = 16;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let small = Instance::new(config, SMALL).await?;
    let large = Instance::new(config, config.large()).await?;
    let mut rows = Vec::new();
    for (small_view, large_view) in small.views.iter().zip(&large.views) {
        for format in [Format::Json, Format::Html] {
            rows.extend(compare(config, format, (&small, small_view), (&large, large_view)).await?);
        }
    }
    Ok(rows)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Html,
}

/// A sort order, filter, search or page of the list.
struct View {
    name: &'static str,
    /// The argument of the server function.
    query: Value,
    /// The query string of the page.
    query_string: String,
}

/// A server whose large organization has a given number of users, and the views of its list.
struct Instance {
    database: Database,
    server: Server,
    cookie: String,
    views: Vec<View>,
}

async fn compare(
    config: &Config,
    format: Format,
    (small, small_view): (&Instance, &View),
    (large, large_view): (&Instance, &View),
) -> Result<Vec<Row>> {
    let (mut p50, mut p50_baseline) = (Vec::new(), Vec::new());
    let (mut p99, mut p99_small) = (Vec::new(), Vec::new());
    let (script, variables) = large.pgbench_script(config, format, large_view).await?;
    for _ in 0..config.scaled(3, 1) {
        let small_millis = small.measure(config, format, small_view).await?;
        let large_millis = large.measure(config, format, large_view).await?;
        let baseline =
            pgbench(config, &large.database, CLIENTS, config.requests_per_client(), &script, &variables)?;
        p50.push(percentile(&large_millis, 50));
        p50_baseline.push(percentile(&baseline.millis, 50));
        p99.push(percentile(&large_millis, 99));
        p99_small.push(percentile(&small_millis, 99));
    }
    let (label, max_ratio) = if format == Format::Json { ("JSON", 3.0) } else { ("HTML", 6.0) };
    let name = large_view.name;
    Ok(vec![
        Row::new(format!("list, {label}: {name}, p50"), "ms", p50)
            .with_baseline(p50_baseline)
            .ratio_at_most(max_ratio),
        Row::new(format!("list, {label}: {name}, p99 beside {SMALL} users"), "ms", p99)
            .with_baseline(p99_small)
            .ratio_at_most(1.5),
    ])
}

/// Signs in an admin of the large organization, and returns the session cookie.
pub async fn sign_in_admin(config: &Config, database: &Database, server: &Server) -> Result<String> {
    let query = "select email from users where organization_id = $1 and role = 'admin' and status = 'active' order by id limit 1";
    let email: String =
        sqlx::query_scalar(query).bind(LARGE_ID.parse::<uuid::Uuid>()?).fetch_one(&database.pool).await?;
    server.sign_in(config, database, LARGE_SLUG, &email).await
}

impl Instance {
    async fn new(config: &Config, users: usize) -> Result<Self> {
        let database = Database::with_users(config, users).await?;
        let server = Server::start(config, &database, MailTarget::Unreachable).await?;
        let cookie = sign_in_admin(config, &database, &server).await?;
        let mut instance = Self { database, server, cookie, views: Vec::new() };
        instance.views = instance.load_views().await?;
        Ok(instance)
    }

    async fn load_views(&self) -> Result<Vec<View>> {
        // The user in the middle of the list.
        let query = format!(
            "select lower(name), id, split_part(split_part(email, '@', 1), '.', 2) from users
             where organization_id = '{LARGE_ID}' and status = 'active' order by lower(coalesce(nullif(name, ''), email)), id
             offset (select count(*) / 2 from users where organization_id = '{LARGE_ID}') limit 1"
        );
        let (name, id, last_name): (String, uuid::Uuid, String) =
            sqlx::query_as(AssertSqlSafe(query)).fetch_one(&self.database.pool).await?;
        // A cursor, as in the links of the pager.
        let cursor = URL_SAFE_NO_PAD.encode(json!([name, id]).to_string());
        let view = |name, query, query_string: String| View { name, query, query_string };
        let by = |name, field: &str, value: &str, parameter: &str| {
            view(name, json!({ field: value }), format!("?{parameter}={value}"))
        };
        Ok(vec![
            view("first page", json!({}), String::new()),
            by("a page in the middle", "after", &cursor, "after"),
            by("search by 3 letters", "search", &last_name[..3], "q"),
            by("search by 8 letters", "search", &last_name[..8], "q"),
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

    fn request(&self, format: Format, view: &View) -> Request<String> {
        match format {
            Format::Json => self.call(&view.query),
            Format::Html => {
                get(&format!("/o/{LARGE_SLUG}/settings/users{}", view.query_string), &self.cookie)
            }
        }
    }

    fn call(&self, query: &Value) -> Request<String> {
        post_server_fn_json("/api/users/list", &self.cookie, &json!({ "org": LARGE_SLUG, "query": query }))
    }

    async fn list(&self, query: &Value) -> Result<Value> {
        let response = Client::new(self.server.address).send(&self.call(query)).await?.expect_status(200)?;
        Ok(serde_json::from_slice(&response.body)?)
    }

    /// The duration of each request, in milliseconds. Fails if a response has another number of rows than expected.
    async fn measure(&self, config: &Config, format: Format, view: &View) -> Result<Vec<f64>> {
        let rows = self.list(&view.query).await?["rows"].as_array().map_or(0, Vec::len);
        if rows == 0 {
            return Err(format!("{}: the list is empty", view.name).into());
        }
        let row_marker =
            if format == Format::Json { "\"last_login_at\":" } else { "class=\"stretched-link\"" };
        let load = |count| {
            let request = self.request(format, view);
            run_clients(self.server.address, CLIENTS, count, async move |client, _| {
                let response = client.send(&request).await?.expect_status(200)?;
                let shown = response.text().matches(row_marker).count();
                if shown == rows { Ok(()) } else { Err(format!("expected {rows} rows, got {shown}").into()) }
            })
        };
        // Warm up the connections and caches of the database.
        load(2 * CLIENTS).await?;
        Ok(load(CLIENTS * config.requests_per_client()).await?.millis)
    }

    /// The statements that the server sends for this view, as a `pgbench` script.
    async fn pgbench_script(
        &self,
        config: &Config,
        format: Format,
        view: &View,
    ) -> Result<(String, Vec<(String, String)>)> {
        let request = self.request(format, view);
        let statements = record(config, &self.database, async || {
            Client::new(self.server.address).send(&request).await?.expect_status(200).map(|_| ())
        });
        Ok(script(&statements.await?))
    }
}
