//! Organizations and lists of addresses, and a baseline for inviting them: the same rows by plain SQL, from lists that are
//! stored in a table beforehand.

use super::Result;
use super::database::Database;
use uuid::Uuid;

/// An organization whose only user is its admin.
pub struct Organization {
    pub slug: String,
    pub id: Uuid,
}

pub fn admin_email(slug: &str) -> String {
    format!("admin@{slug}.example")
}

/// Creates an organization, as `vestibule organization create` does.
pub async fn create_organization(database: &Database, slug: &str) -> Result<Organization> {
    let organization = Organization { slug: slug.to_owned(), id: generate_id() };
    let admin = generate_id();
    sqlx::query("insert into organizations (id, slug, name, created_at) values ($1, $2, $2, now())")
        .bind(organization.id)
        .bind(slug)
        .execute(&database.pool)
        .await?;
    sqlx::query(
        "insert into users (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by, created_at)
         values ($1, $2, $3, $3, 'Ada Blob', 'active', 'admin', now(), 'setup', now())",
    )
    .bind(organization.id)
    .bind(admin)
    .bind(admin_email(slug))
    .execute(&database.pool)
    .await?;
    Ok(organization)
}

/// Addresses of new users, in no particular order.
pub fn addresses(count: usize, list: usize, domain: &str) -> Vec<String> {
    let names = ["ada", "blobby", "casper.melville", "d", "eleanor.van.den.berg", "fred_flint"];
    let address = |n: usize| {
        let shuffled = n.wrapping_mul(2_654_435_761) % 1_000_003;
        format!("{}.{shuffled:06}.{n}.{list}@{domain}.example", names[shuffled % names.len()])
    };
    (0..count).map(address).collect()
}

/// Creates the table for stored lists. A list is identified by `client` and `round`.
pub async fn create_lists_table(database: &Database) -> Result<()> {
    let table = "drop table if exists bench_lists;
        create table bench_lists (
            client integer, round integer, organization uuid, emails text[],
            users uuid[], invitations uuid[], deliveries uuid[], events uuid[],
            primary key (client, round)
        )";
    database.run(table).await
}

/// Stores a list, sorted as the server sorts it, with ids for all rows that inviting it inserts.
pub async fn store_list(
    database: &Database,
    client: usize,
    round: usize,
    organization: &Organization,
    mut emails: Vec<String>,
) -> Result<()> {
    emails.sort();
    let ids = || -> Vec<Uuid> { emails.iter().map(|_| generate_id()).collect() };
    sqlx::query("insert into bench_lists values ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(i32::try_from(client)?)
        .bind(i32::try_from(round)?)
        .bind(organization.id)
        .bind(&emails)
        .bind(ids())
        .bind(ids())
        .bind(ids())
        .bind(ids())
        .execute(&database.pool)
        .await?;
    Ok(())
}

/// The statements that insert the rows of an invited list. `{list}` is replaced by the condition that selects a stored list.
pub const INSERT_STATEMENTS: [&str; 4] = [
    "insert into users (organization_id, id, email, email_normalized, status, role, created_at)
     select l.organization, row.id, row.email, row.email, 'invited', 'member', now()
     from bench_lists l, unnest(l.users, l.emails) as row (id, email) where {list}",
    "insert into invitations
        (organization_id, id, user_id, email, status, invited_by, inviter_name, created_at, expires_at)
     select l.organization, row.id, row.user_id, row.email, 'open', row.id, 'Ada Blob', now(), now() + interval '7 days'
     from bench_lists l, unnest(l.invitations, l.users, l.emails) as row (id, user_id, email) where {list}",
    "insert into audit_events
        (organization_id, id, at, action, actor_kind, actor_id, actor_name, source, details, target_id, target_email)
     select l.organization, row.id, now(), 'user.invited', 'user', l.organization, 'Ada Blob', '127.0.0.1',
        '{\"role\": \"member\"}', row.target, row.email
     from bench_lists l, unnest(l.events, l.users, l.emails) as row (id, target, email) where {list}",
    "insert into deliveries (organization_id, id, kind, invitation_id, email, state, due_at, created_at)
     select l.organization, row.id, 'invitation', row.invitation, row.email, 'queued', now(), now()
     from bench_lists l, unnest(l.deliveries, l.invitations, l.emails) as row (id, invitation, email) where {list}",
];

/// A transaction with all four statements.
pub fn insert_transaction(client: usize, round: usize) -> String {
    let list = format!("l.client = {client} and l.round = {round}");
    format!("begin; {}; commit", INSERT_STATEMENTS.join("; ").replace("{list}", &list))
}

/// Fails unless `count` users are invited, each with an email delivery and an audit event.
pub async fn expect_invited(database: &Database, organization: &Organization, count: usize) -> Result<()> {
    let id = organization.id;
    database
        .expect_rows(count, &format!("users where organization_id = '{id}' and status = 'invited'"))
        .await?;
    database
        .expect_rows(count, &format!("invitations where organization_id = '{id}' and status = 'open'"))
        .await?;
    database
        .expect_rows(count, &format!("deliveries where organization_id = '{id}' and kind = 'invitation'"))
        .await?;
    database
        .expect_rows(
            count,
            &format!("audit_events where organization_id = '{id}' and action = 'user.invited'"),
        )
        .await
}

/// An id like those of the server: UUIDv7, with one timestamp.
fn generate_id() -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(1_790_000_000_000, &rand::random()).into_uuid()
}
