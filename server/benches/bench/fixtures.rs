//! Lists of addresses, and the same laid ready in a table: what inviting them writes at least, by bare SQL.

use super::Result;
use super::database::Database;
use uuid::Uuid;

/// An organization without anybody but its admin.
pub struct Organization {
    pub slug: String,
    pub id: Uuid,
}

pub fn admin_of(slug: &str) -> String {
    format!("admin@{slug}.example")
}

/// Makes one, as `vestibule organization create` does.
pub async fn organization(database: &Database, slug: &str) -> Result<Organization> {
    let organization = Organization { slug: slug.to_owned(), id: Ids::new().next() };
    let admin = Ids::new().next();
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
    .bind(admin_of(slug))
    .execute(&database.pool)
    .await?;
    Ok(organization)
}

/// Addresses of people that nobody knows yet, in no order.
pub fn addresses(count: usize, list: usize, domain: &str) -> Vec<String> {
    let names = ["ada", "blobby", "casper.melville", "d", "eleanor.van.den.berg", "fred_flint"];
    let address = |n: usize| {
        let mixed = n.wrapping_mul(2_654_435_761) % 1_000_003;
        format!("{}.{mixed:06}.{n}.{list}@{domain}.example", names[mixed % names.len()])
    };
    (0..count).map(address).collect()
}

/// The table with lists that are laid ready. `client` and `round` tell them apart.
pub async fn make_table(database: &Database) -> Result<()> {
    let table = "drop table if exists bench_lists;
        create table bench_lists (
            client integer, round integer, organization uuid, emails text[],
            users uuid[], invitations uuid[], deliveries uuid[], events uuid[],
            primary key (client, round)
        )";
    database.run(table).await
}

/// Lays a list ready, sorted as the rule sorts it.
pub async fn lay_ready(
    database: &Database,
    client: usize,
    round: usize,
    organization: &Organization,
    mut emails: Vec<String>,
) -> Result<()> {
    emails.sort();
    let mut ids = Ids::new();
    let mut ids = || -> Vec<Uuid> { emails.iter().map(|_| ids.next()).collect() };
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

/// The rows that inviting a list writes, by four bare statements. `{list}` names the list that was laid ready.
pub const ROWS: [&str; 4] = [
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

/// All four in one transaction.
pub fn transaction(client: usize, round: usize) -> String {
    let list = format!("l.client = {client} and l.round = {round}");
    format!("begin; {}; commit", ROWS.join("; ").replace("{list}", &list))
}

/// Whether everybody is invited, with mail and audit row.
pub async fn expect_invited(database: &Database, organization: &Organization, count: usize) -> Result<()> {
    let id = organization.id;
    database.expect(count, &format!("users where organization_id = '{id}' and status = 'invited'")).await?;
    database
        .expect(count, &format!("invitations where organization_id = '{id}' and status = 'open'"))
        .await?;
    database
        .expect(count, &format!("deliveries where organization_id = '{id}' and kind = 'invitation'"))
        .await?;
    database
        .expect(count, &format!("audit_events where organization_id = '{id}' and action = 'user.invited'"))
        .await
}

/// Ids like those of the rules: all of one time, and else random.
struct Ids(u64);

impl Ids {
    fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        Self(RandomState::new().hash_one("ids"))
    }

    fn next(&mut self) -> Uuid {
        let mut random = || {
            // SplitMix64, by Steele, Lea and Flood.
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        let bytes = (u128::from(random()) << 64 | u128::from(random())).to_be_bytes();
        let mut ten = [0; 10];
        ten.copy_from_slice(&bytes[..10]);
        uuid::Builder::from_unix_timestamp_millis(1_790_000_000_000, &ten).into_uuid()
    }
}
