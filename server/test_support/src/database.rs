//! Typed helpers for what tests read from the database and write to it directly.

use crate::TestApp;
use chrono::{DateTime, Utc};
use domain::Token;
use model::{InvitationId, UserId};
use sqlx::{AssertSqlSafe, PgPool};

/// Counts rows; `from` is the `from` clause of the query, such as `users where role = 'admin'`.
pub(crate) async fn count(pool: &PgPool, from: &str) -> usize {
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {from}")))
        .fetch_one(pool)
        .await
        .unwrap();
    usize::try_from(count).unwrap()
}

/// Users, invitations and invitation requests.
impl TestApp {
    /// The id of the user with this address.
    pub async fn user(&self, email: &str) -> UserId {
        UserId(self.fetch("select id from users where email = $1", email).await)
    }

    pub async fn count_users(&self, status: &str) -> usize {
        self.count(&format!("users where status = '{status}'")).await
    }

    pub async fn count_active_admins(&self) -> usize {
        self.count("users where role = 'admin' and status = 'active'").await
    }

    /// Inserts a user directly, as if they had joined in a way that leaves their open request alone.
    pub async fn insert_user(&self, email: &str, status: &str, joined_by: &str) {
        self.execute(
            "insert into users
                (organization_id, id, email, email_normalized, status, role, joined_at, joined_by, created_at)
             select id, gen_random_uuid(), $1, $1, $2, 'member', now(), $3, now() from organizations where slug = 'blobsrus'",
            &[email, status, joined_by],
        )
        .await;
    }

    /// Writes a value that this version doesn't know to a column of this user.
    pub async fn corrupt_user(&self, user: UserId, column: &str) {
        self.run(&format!("alter table users drop constraint users_{column}_known")).await;
        self.run(&format!("update users set {column} = 'unheard_of' where id = '{user}'")).await;
    }

    /// The token in the newest invitation email to this address.
    pub async fn token(&self, email: &str) -> Token {
        let newest =
            "select id from invitations where email = $1 order by status = 'open' desc, id desc limit 1";
        let invitation = InvitationId(self.fetch(newest, email).await);
        self.context.keys.invitation_token(self.organization, invitation).unwrap()
    }

    pub async fn expires_at(&self, email: &str) -> DateTime<Utc> {
        self.fetch("select expires_at from invitations where email = $1 and status = 'open'", email).await
    }

    pub async fn count_open_invitations(&self) -> usize {
        self.count("invitations where status = 'open'").await
    }

    /// Ends the invitation period of this address, as if the clock had passed it.
    pub async fn expire_invitation(&self, email: &str) {
        self.execute("update invitations set expires_at = created_at where email = $1", &[email]).await;
    }

    /// Makes all invitations expire now.
    pub async fn expire_invitations(&self) {
        self.execute("update invitations set expires_at = created_at", &[]).await;
    }

    /// Makes all invitations valid for 7 days again.
    pub async fn restore_invitations(&self) {
        self.execute("update invitations set expires_at = created_at + interval '7 days'", &[]).await;
    }

    /// Ends an invitation without cancelling its email.
    pub async fn end_invitation(&self, email: &str, status: &str) {
        self.execute(
            "update invitations set status = $2, ended_at = now() where email = $1",
            &[email, status],
        )
        .await;
    }

    pub async fn rename_inviter(&self, name: &str) {
        self.execute("update invitations set inviter_name = $1", &[name]).await;
    }

    /// Inserts a confirmed invitation request of this address, waiting for review.
    pub async fn insert_open_request(&self, email: &str) {
        self.insert_request(email, "open").await;
    }

    pub async fn insert_dismissed_request(&self, email: &str) {
        self.insert_request(email, "dismissed").await;
    }

    async fn insert_request(&self, email: &str, status: &str) {
        self.execute(
            "insert into invitation_requests
                (organization_id, id, email, email_normalized, status, proof, created_at, ended_at)
             select id, gen_random_uuid(), $1, $1, $2, 'email', now(), case when $2 <> 'open' then now() end
             from organizations where slug = 'blobsrus'",
            &[email, status],
        )
        .await;
    }

    pub async fn count_requests(&self, status: &str) -> usize {
        self.count(&format!("invitation_requests where status = '{status}'")).await
    }

    pub async fn count_open_requests(&self, email: &str) -> usize {
        self.count(&format!("invitation_requests where status = 'open' and email_normalized = '{email}'"))
            .await
    }
}

/// Settings, audit log, sign-ins.
impl TestApp {
    pub async fn rename_organization(&self, name: &str) {
        self.execute("update organizations set name = $1", &[name]).await;
    }

    /// Lets anyone request an invitation.
    pub async fn enable_requests(&self) {
        self.run("update organizations set requests_enabled = true").await;
    }

    pub async fn disable_requests(&self) {
        self.run("update organizations set requests_enabled = false").await;
    }

    pub async fn count_audit_events(&self, action: &str) -> usize {
        self.count(&format!("audit_events where action = '{action}'")).await
    }

    /// The details of the only audit event with this action.
    pub async fn audit_details(&self, action: &str) -> serde_json::Value {
        self.fetch("select details from audit_events where action = $1", action).await
    }

    /// Sign-ins whose email was sent and whose link still works.
    pub async fn count_usable_sign_ins(&self) -> usize {
        self.count("sign_ins where used_at is null and link_hash is not null").await
    }
}

/// Deliveries.
impl TestApp {
    pub async fn clear_outbox(&self) {
        self.run("delete from deliveries").await;
    }

    /// Records a permanent failure, as another worker would.
    pub async fn fail_delivery(&self, email: &str, reply: &str) {
        self.execute(
            "update deliveries set state = 'failed', due_at = null, reply = $2, ended_at = created_at
             where email = $1",
            &[email, reply],
        )
        .await;
    }

    /// Deliveries of this kind, such as `invitation`.
    pub async fn count_deliveries(&self, kind: &str) -> usize {
        self.count(&format!("deliveries where kind = '{kind}'")).await
    }

    pub async fn count_deliveries_to(&self, email: &str) -> usize {
        self.count(&format!("deliveries where email = '{email}'")).await
    }

    pub async fn count_state(&self, state: &str) -> usize {
        self.count(&format!("deliveries where state = '{state}'")).await
    }

    /// Deliveries that have not ended.
    pub async fn count_due(&self) -> usize {
        self.count("deliveries where due_at is not null").await
    }

    /// Deliveries with a lease. Tests that use this don't advance the clock, so only a lease lies in the future.
    pub async fn count_leased(&self) -> usize {
        self.count(&format!("deliveries where due_at > '{}'", self.now())).await
    }

    pub async fn count_leased_sign_ins(&self) -> usize {
        self.count(&format!("deliveries where kind = 'sign_in' and due_at > '{}'", self.now())).await
    }

    pub async fn count_reply(&self, reply: &str) -> usize {
        self.count(&format!("deliveries where reply = '{reply}'")).await
    }
}

/// For statements of a single test.
impl TestApp {
    /// Counts rows; `from` is the `from` clause of the query, such as `users where role = 'admin'`.
    pub async fn count(&self, from: &str) -> usize {
        count(&self.context.pool, from).await
    }

    pub async fn run(&self, sql: &str) {
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&self.context.pool).await.unwrap();
    }

    async fn execute(&self, sql: &'static str, values: &[&str]) {
        let mut query = sqlx::query(sql);
        for value in values {
            query = query.bind(*value);
        }
        query.execute(&self.context.pool).await.unwrap();
    }

    /// The only column of the only row.
    async fn fetch<T>(&self, sql: &'static str, value: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(sql).bind(value).fetch_one(&self.context.pool).await.unwrap()
    }
}
