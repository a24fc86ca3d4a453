//! Helpers for users, invitations and invitation requests.

use super::TestApp;
use chrono::TimeDelta;

impl TestApp {
    /// Ends the invitation period of this address, as if the clock had passed it.
    pub async fn expire_invitation(&self, email: &str) {
        sqlx::query("update invitations set expires_at = $1 where email = $2")
            .bind(self.context.clock.now() - TimeDelta::seconds(1))
            .bind(email)
            .execute(&self.context.pool)
            .await
            .unwrap();
    }

    /// Inserts a confirmed invitation request of this address, waiting for review.
    pub async fn insert_open_request(&self, email: &str) {
        self.insert_request(email, "open").await;
    }

    pub async fn insert_dismissed_request(&self, email: &str) {
        self.insert_request(email, "dismissed").await;
    }

    async fn insert_request(&self, email: &str, status: &str) {
        sqlx::query(
            "insert into invitation_requests
                (organization_id, id, email, email_normalized, status, proof, created_at, ended_at)
             values ($1, gen_random_uuid(), $2, $2, $3, 'email', now(), case when $3 <> 'open' then now() end)",
        )
        .bind(self.organization.0)
        .bind(email)
        .bind(status)
        .execute(&self.context.pool)
        .await
        .unwrap();
    }

    pub async fn count_open_requests(&self, email: &str) -> i64 {
        self.count(&format!("invitation_requests where status = 'open' and email_normalized = '{email}'"))
            .await
    }

    pub async fn count_open_invitations(&self) -> i64 {
        self.count("invitations where status = 'open'").await
    }

    pub async fn count_invitation_emails(&self) -> i64 {
        self.count("deliveries where kind = 'invitation'").await
    }

    pub async fn count_active_admins(&self) -> i64 {
        self.count("users where role = 'admin' and status = 'active'").await
    }
}
