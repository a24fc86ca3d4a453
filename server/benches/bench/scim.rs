//! Provisioning by SCIM: people are made, all are read, and one is found by name; beside the same SQL by `pgbench`.

use super::Result;
use super::config::{Config, SMALL};
use super::database::{Database, LARGE_ID, LARGE_SLUG, Pgbench, pgbench};
use super::http::{Client, Response, post_server_fn, scim};
use super::load::run_clients;
use super::report::{Row, percentile};
use super::server::{MailTarget, Server};
use super::statements::{fresh_script, record, script};
use serde_json::{Value, json};
use std::time::Instant;

const CLIENTS: usize = 16;
const PEOPLE: usize = 1_000;
/// How many users a page of the full sync has.
const PAGE: usize = 100;
const MOST: f64 = 3.0;

pub async fn run(config: &Config) -> Result<Vec<Row>> {
    let few = Place::new(config, SMALL).await?;
    let Some(few) = few else {
        eprintln!("- this build has no provisioning: nothing to measure");
        return Ok(Vec::new());
    };
    let created = few.create(config).await?;
    let synced = few.sync(config).await?;
    let many = Place::new(config, config.large()).await?.ok_or("no key was made")?;
    Ok(vec![created, synced, many.find(config).await?])
}

struct Place {
    database: Database,
    server: Server,
    key: String,
}

impl Place {
    /// Nothing, where the server knows no keys.
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
        let made =
            Client::new(server.address).send(&post_server_fn("/api/keys/create", &cookie, &fields)).await?;
        if made.status == 404 {
            return Ok(None);
        }
        let made: Value = serde_json::from_slice(&made.expect_status(200)?.body)?;
        let key = made["text"].as_str().ok_or("that is no key")?.to_owned();
        Ok(Some(Self { database, server, key }))
    }

    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Response> {
        Client::new(self.server.address).send(&scim(method, path, &self.key, body)).await
    }

    async fn create(&self, config: &Config) -> Result<Row> {
        let (mut ours, mut limit) = (Vec::new(), Vec::new());
        let one = async || record(config, &self.database, async || self.create_one().await).await;
        // What differs between two is what each brings with it.
        let (script, variables) = fresh_script(&one().await?, &one().await?);
        for repeat in 0..config.scaled(3, 1) {
            ours.push(percentile(&self.created(repeat).await?, 50));
            let before = self.users().await?;
            let each = PEOPLE / CLIENTS;
            let mut variables = variables.clone();
            variables.push(("repeat".to_owned(), repeat.to_string()));
            let bare = pgbench(config, &self.database, CLIENTS, each, &script, &variables)?;
            if self.users().await? != before + CLIENTS * each {
                return Err("pgbench did not make as many users".into());
            }
            limit.push(percentile(&bare.millis, 50));
        }
        let name = format!("scim: create, {CLIENTS} at once, p50");
        Ok(Row::new(name, "ms", ours).with_baseline(limit).ratio_at_most(MOST))
    }

    async fn users(&self) -> Result<usize> {
        let users = format!("select count(*) from users where organization_id = '{LARGE_ID}'");
        Ok(usize::try_from(self.database.query_number(&users).await?)?)
    }

    async fn create_one(&self) -> Result<()> {
        let count = self.users().await?;
        self.ask("POST", "/Users", Some(&person(&format!("one{count}"))))
            .await?
            .expect_status(201)
            .map(|_| ())
    }

    async fn created(&self, repeat: usize) -> Result<Vec<f64>> {
        let before = self.users().await?;
        let key = self.key.clone();
        let load = run_clients(self.server.address, CLIENTS, PEOPLE, async move |client, index| {
            let person = person(&format!("new{repeat}.{index}"));
            client.send(&scim("POST", "/Users", &key, Some(&person))).await?.expect_status(201).map(|_| ())
        });
        let load = load.await?;
        if self.users().await? == before + load.millis.len() {
            Ok(load.millis)
        } else {
            Err("not all were made".into())
        }
    }

    /// All users, page by page, as a directory reads them.
    async fn sync(&self, config: &Config) -> Result<Row> {
        let (mut ours, mut limit) = (Vec::new(), Vec::new());
        let (script, variables) =
            script(&record(config, &self.database, async || self.read_all().await).await?);
        for _ in 0..config.scaled(3, 1) {
            let from = Instant::now();
            self.read_all().await?;
            ours.push(from.elapsed().as_secs_f64() * 1000.0);
            let Pgbench { millis, .. } = pgbench(config, &self.database, 1, 1, &script, &variables)?;
            limit.push(millis.iter().sum());
        }
        let name = format!("scim: full sync of {SMALL} users in pages of {PAGE}");
        Ok(Row::new(name, "ms", ours).with_baseline(limit).ratio_at_most(MOST))
    }

    async fn read_all(&self) -> Result<()> {
        let mut client = Client::new(self.server.address);
        let (mut read, mut total) = (0, 1);
        while read < total {
            let path = format!("/Users?startIndex={}&count={PAGE}", read + 1);
            let page: Value = serde_json::from_slice(
                &client.send(&scim("GET", &path, &self.key, None)).await?.expect_status(200)?.body,
            )?;
            let rows = page["Resources"].as_array().map_or(0, Vec::len);
            total = page["totalResults"]
                .as_u64()
                .and_then(|total| usize::try_from(total).ok())
                .ok_or("no total")?;
            if rows == 0 {
                return Err(format!("{read} of {total} users were read").into());
            }
            read += rows;
        }
        if read >= SMALL * 9 / 10 { Ok(()) } else { Err(format!("only {read} users were read").into()) }
    }

    /// One by name, at a million.
    async fn find(&self, config: &Config) -> Result<Row> {
        let email = "select email from users where organization_id = $1 and status = 'active' order by id desc limit 1";
        let email: String = sqlx::query_scalar(email)
            .bind(LARGE_ID.parse::<uuid::Uuid>()?)
            .fetch_one(&self.database.pool)
            .await?;
        let filter: String =
            form_urlencoded::byte_serialize(format!("userName eq \"{email}\"").as_bytes()).collect();
        let path = format!("/Users?filter={filter}");
        let statements = record(config, &self.database, async || {
            self.ask("GET", &path, None).await?.expect_status(200).map(|_| ())
        });
        let (script, variables) = script(&statements.await?);
        let (mut ours, mut limit) = (Vec::new(), Vec::new());
        for _ in 0..config.scaled(3, 1) {
            let (request, email) = (scim("GET", &path, &self.key, None), email.clone());
            let load = run_clients(self.server.address, CLIENTS, 1_600, async move |client, _| {
                let answer = client.send(&request).await?.expect_status(200)?;
                if answer.text().contains(&email) { Ok(()) } else { Err("the user was not found".into()) }
            });
            ours.push(load.await?.p50());
            limit.push(percentile(
                &pgbench(config, &self.database, CLIENTS, 100, &script, &variables)?.millis,
                50,
            ));
        }
        let name = format!("scim: find by userName at {} users, {CLIENTS} at once, p50", config.large());
        Ok(Row::new(name, "ms", ours).with_baseline(limit).ratio_at_most(MOST))
    }
}

fn person(name: &str) -> Value {
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
