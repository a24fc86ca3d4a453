//! SCIM: creating users, a full sync, and filtering by `userName`, each compared with the same SQL run by `pgbench`.

use super::Result;
use super::config::{Config, SMALL};
use super::database::{Database, LARGE_ID, LARGE_SLUG, Pgbench, pgbench};
use super::http::{Client, Response, post_server_fn};
use super::load::run_clients;
use super::report::{Row, percentile};
use super::server::{MailTarget, Server};
use super::statements::{fresh_script, record, script};
use axum::http::Request;
use serde_json::{Value, json};
use std::time::Instant;

const CONCURRENCY: usize = 16;
const USERS: usize = 1_000;
/// Users per page of the full sync.
const PAGE_SIZE: usize = 100;
/// The allowed ratio of the server's time to that of `pgbench`.
const MAX_RATIO: f64 = 3.0;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let Some(small) = Harness::new(config, SMALL).await? else {
        eprintln!("- this build has no SCIM: skipped");
        return Ok(Vec::new());
    };
    let create = small.bench_create(config).await?;
    let sync = small.bench_sync(config).await?;
    let large = Harness::new(config, config.large()).await?.ok_or("no API key was created")?;
    Ok(vec![create, sync, large.bench_filter(config).await?])
}

/// A server with an API key.
struct Harness {
    database: Database,
    server: Server,
    key: String,
}

impl Harness {
    /// Returns `None` if the server has no API keys.
    async fn new(config: &Config, users: usize) -> Result<Option<Self>> {
        let database = Database::with_users(config, users).await?;
        let server = Server::start(config, &database, MailTarget::Unreachable).await?;
        let cookie = super::users_page::sign_in_admin(config, &database, &server).await?;
        let fields = [
            ("org", LARGE_SLUG),
            ("name", "bench"),
            ("scopes[0]", "users:read"),
            ("scopes[1]", "users:write"),
            ("lifetime", ""),
        ];
        let created =
            Client::new(server.address).send(&post_server_fn("/api/keys/create", &cookie, &fields)).await?;
        if created.status == 404 {
            return Ok(None);
        }
        let created: Value = serde_json::from_slice(&created.expect_status(200)?.body)?;
        let key = created["token"].as_str().ok_or("no token in the response")?.to_owned();
        Ok(Some(Self { database, server, key }))
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Response> {
        Client::new(self.server.address).send(&request(method, path, &self.key, body)).await
    }

    async fn bench_create(&self, config: &Config) -> Result<Row> {
        let (mut measured, mut baseline) = (Vec::new(), Vec::new());
        let statements = async || record(config, &self.database, async || self.create_user().await).await;
        // Values that differ between two runs become variables of the script.
        let (script, variables) = fresh_script(&statements().await?, &statements().await?);
        for repeat in 0..config.scaled(3, 1) {
            measured.push(percentile(&self.create_concurrently(repeat).await?, 50));
            let before = self.count_users().await?;
            let per_client = USERS / CONCURRENCY;
            let mut variables = variables.clone();
            variables.push(("repeat".to_owned(), repeat.to_string()));
            let result = pgbench(config, &self.database, CONCURRENCY, per_client, &script, &variables)?;
            if self.count_users().await? != before + CONCURRENCY * per_client {
                return Err("pgbench created a different number of users".into());
            }
            baseline.push(percentile(&result.millis, 50));
        }
        let name = format!("scim: create, {CONCURRENCY} at once, p50");
        Ok(Row::new(name, "ms", measured).with_baseline(baseline).ratio_at_most(MAX_RATIO))
    }

    async fn count_users(&self) -> Result<usize> {
        let query = format!("select count(*) from users where organization_id = '{LARGE_ID}'");
        Ok(usize::try_from(self.database.query_number(&query).await?)?)
    }

    async fn create_user(&self) -> Result<()> {
        let count = self.count_users().await?;
        self.call("POST", "/Users", Some(&user_json(&format!("one{count}"))))
            .await?
            .expect_status(201)
            .map(|_| ())
    }

    async fn create_concurrently(&self, repeat: usize) -> Result<Vec<f64>> {
        let before = self.count_users().await?;
        let key = self.key.clone();
        let load = run_clients(self.server.address, CONCURRENCY, USERS, async move |client, index| {
            let user = user_json(&format!("new{repeat}.{index}"));
            client.send(&request("POST", "/Users", &key, Some(&user))).await?.expect_status(201).map(|_| ())
        });
        let load = load.await?;
        if self.count_users().await? == before + load.millis.len() {
            Ok(load.millis)
        } else {
            Err("some users were not created".into())
        }
    }

    /// Reads all users page by page, as an identity provider does.
    async fn bench_sync(&self, config: &Config) -> Result<Row> {
        let (mut measured, mut baseline) = (Vec::new(), Vec::new());
        let (script, variables) =
            script(&record(config, &self.database, async || self.read_all().await).await?);
        for _ in 0..config.scaled(3, 1) {
            let start = Instant::now();
            self.read_all().await?;
            measured.push(start.elapsed().as_secs_f64() * 1000.0);
            let Pgbench { millis, .. } = pgbench(config, &self.database, 1, 1, &script, &variables)?;
            baseline.push(millis.iter().sum());
        }
        let name = format!("scim: full sync of {SMALL} users in pages of {PAGE_SIZE}");
        Ok(Row::new(name, "ms", measured).with_baseline(baseline).ratio_at_most(MAX_RATIO))
    }

    async fn read_all(&self) -> Result<()> {
        let mut client = Client::new(self.server.address);
        let (mut read, mut total) = (0, 1);
        while read < total {
            let path = format!("/Users?startIndex={}&count={PAGE_SIZE}", read + 1);
            let page: Value = serde_json::from_slice(
                &client.send(&request("GET", &path, &self.key, None)).await?.expect_status(200)?.body,
            )?;
            let rows = page["Resources"].as_array().map_or(0, Vec::len);
            total = page["totalResults"]
                .as_u64()
                .and_then(|total| usize::try_from(total).ok())
                .ok_or("totalResults is missing")?;
            if rows == 0 {
                return Err(format!("{read} of {total} users were read").into());
            }
            read += rows;
        }
        if read >= SMALL * 9 / 10 { Ok(()) } else { Err(format!("only {read} users were read").into()) }
    }

    /// Finds a user by `userName` among a million.
    async fn bench_filter(&self, config: &Config) -> Result<Row> {
        let email = "select email from users where organization_id = $1 and status = 'active' order by id desc limit 1";
        let email: String = sqlx::query_scalar(email)
            .bind(LARGE_ID.parse::<uuid::Uuid>()?)
            .fetch_one(&self.database.pool)
            .await?;
        let filter: String =
            form_urlencoded::byte_serialize(format!("userName eq \"{email}\"").as_bytes()).collect();
        let path = format!("/Users?filter={filter}");
        let statements = record(config, &self.database, async || {
            self.call("GET", &path, None).await?.expect_status(200).map(|_| ())
        });
        let (script, variables) = script(&statements.await?);
        let (mut measured, mut baseline) = (Vec::new(), Vec::new());
        for _ in 0..config.scaled(3, 1) {
            let (request, email) = (request("GET", &path, &self.key, None), email.clone());
            let load = run_clients(self.server.address, CONCURRENCY, 1_600, async move |client, _| {
                let response = client.send(&request).await?.expect_status(200)?;
                if response.text().contains(&email) { Ok(()) } else { Err("the user was not found".into()) }
            });
            measured.push(load.await?.p50());
            baseline.push(percentile(
                &pgbench(config, &self.database, CONCURRENCY, 100, &script, &variables)?.millis,
                50,
            ));
        }
        let name = format!("scim: find by userName at {} users, {CONCURRENCY} at once, p50", config.large());
        Ok(Row::new(name, "ms", measured).with_baseline(baseline).ratio_at_most(MAX_RATIO))
    }
}

fn user_json(name: &str) -> Value {
    let email = format!("{name}@scim.example");
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": email,
        "externalId": format!("directory-{name}"),
        "active": true,
        "name": { "givenName": "Blobby", "familyName": "Blob" },
        "emails": [{ "value": email, "type": "work", "primary": true }],
    })
}

/// A SCIM request (RFC 7644) with an API key. `path` is relative to the SCIM base URL of the large organization.
fn request(method: &str, path: &str, key: &str, body: Option<&Value>) -> Request<String> {
    let uri = format!("/o/{LARGE_SLUG}/scim/v2{path}");
    let request = Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {key}"));
    let request = request.header("content-type", "application/scim+json");
    request.body(body.map(ToString::to_string).unwrap_or_default()).unwrap_or_default()
}
