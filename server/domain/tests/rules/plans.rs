//! How Postgres does what the rules ask of it, in an organization with many people among a hundred others: what stands in
//! the way of everybody must not read a whole table.

use crate::test_app::{request_context, send_mail};
use chrono::DateTime;
use domain::scim::schema::{self, Resource};
use domain::scim::{self, Filter, ListQuery, Literal, Operator, Path};
use domain::{
    AppContext, Clock, Keyring, RequestContext, Token, account, api_keys, audit_log, groups, invitations,
    requests, roles, sign_in, users,
};
use model::actions::UserAction;
use model::api_keys::{Lifetime, Scope};
use model::audit_log::AuditQuery;
use model::invitations::AccessGrant;
use model::requests::RequestsQuery;
use model::users::{UserSort, UsersQuery};
use model::{GroupId, InvitationId, OrganizationId, OrganizationRole, UserId, UserStatus};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span;
use uuid::Uuid;

const SLUG: &str = "many";
/// The tables that grow with the number of people.
const LARGE: [&str; 6] = ["users", "invitations", "sessions", "audit_events", "deliveries", "sign_ins"];

const PEOPLE: &str = include_str!("../support/users.sql");

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn no_query_reads_a_whole_table(pool: PgPool) {
    let said = "set seed.people = 1000000; set seed.each = 50; set seed.now = '2026-09-21T14:13:20Z';";
    sqlx::raw_sql(AssertSqlSafe(format!("{said} {PEOPLE}; analyze"))).execute(&pool).await.unwrap();
    // Postgres may plan for the very values, and after some times for any.
    for plans in ["force_custom_plan", "force_generic_plan"] {
        let told = Told::default();
        let _listening = tracing::subscriber::set_default(told.clone());
        let crowd = Crowd::new(&pool, plans).await;
        crowd.look().await;
        crowd.look_at_expired().await;
        crowd.find().await;
        crowd.sign_in().await;
        crowd.change().await;
        send_mail(&crowd.context, &pool).await;
        crowd.context.pool.close().await;
        let plans = told.plans();
        assert!(plans.len() > 100, "only {} plans were told", plans.len());
        let wrong: Vec<&String> = plans.iter().filter(|plan| reads_a_whole_table(plan)).collect();
        assert!(wrong.is_empty(), "{} of {} read a whole table:\n{wrong:#?}", wrong.len(), plans.len());
    }
}

fn reads_a_whole_table(plan: &str) -> bool {
    let read = plan
        .lines()
        .filter_map(|line| line.split_once("Seq Scan on "))
        .map(|(_, rest)| rest.split(' ').next());
    read.flatten().any(|table| LARGE.contains(&table))
}

/// The organization with many people, over connections that tell each plan.
struct Crowd {
    context: AppContext,
    admin: RequestContext,
    organization: OrganizationId,
    /// Connections that tell nothing, for what the test itself asks.
    plain: PgPool,
    /// How Postgres plans.
    plans: &'static str,
}

impl Crowd {
    async fn new(pool: &PgPool, plans: &'static str) -> Self {
        let explain = [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_level", "notice"),
            // What foreign keys ask, too.
            ("auto_explain.log_nested_statements", "on"),
            ("plan_cache_mode", plans),
        ];
        let options = (*pool.connect_options()).clone().options(explain);
        let context = AppContext {
            pool: PgPoolOptions::new().max_connections(4).connect_with(options).await.unwrap(),
            clock: Clock::fixed(DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()),
            keys: Arc::new(Keyring::parse("a key for tests that is long enough").unwrap()),
            base_url: "https://vestibule.example".into(),
            mail_ready: Arc::default(),
            sso: Arc::default(),
        };
        let nobody = request_context(&context, HashMap::new());
        let organization = nobody.organization(SLUG).await.unwrap();
        let email: String = sqlx::query_scalar(
            "select email from users where organization_id = $1 and role = 'admin' and status = 'active' limit 1",
        )
        .bind(organization.id.0)
        .fetch_one(pool)
        .await
        .unwrap();
        let link = sign_in::create_operator_link(&organization, &email).await.unwrap();
        let session = sign_in::redeem_link(&organization, &link).await.unwrap();
        let organization = organization.id;
        let admin = request_context(&context, HashMap::from([(SLUG.to_owned(), session.token)]));
        Self { context, admin, organization, plain: pool.clone(), plans }
    }

    fn nobody(&self) -> RequestContext {
        request_context(&self.context, HashMap::new())
    }

    /// Some users of this kind.
    async fn some(&self, kind: &str, count: usize) -> Vec<(UserId, String)> {
        let some = format!(
            "select id, email from users u where organization_id = $1 and {kind} order by reverse(id::text) limit {count}"
        );
        let some: Vec<(Uuid, String)> = sqlx::query_as(AssertSqlSafe(some))
            .bind(self.organization.0)
            .fetch_all(&self.plain)
            .await
            .unwrap();
        some.into_iter().map(|(id, email)| (UserId(id), email)).collect()
    }

    async fn look(&self) {
        let admin = self.admin.admin(SLUG).await.unwrap();
        for query in queries() {
            let page = users::list(&admin, &query).await.unwrap();
            assert!(!page.rows.is_empty(), "{query:?}");
            let next = UsersQuery { after: page.next, ..query };
            users::list(&admin, &next).await.unwrap();
        }
        for kind in ["status = 'active'", "status = 'invited'"] {
            let [(user, _)] = self.some(kind, 1).await[..] else { panic!("nobody") };
            users::profile(&admin, user).await.unwrap();
        }
        let who = AuditQuery { who: "blob".to_owned(), ..AuditQuery::default() };
        let what = AuditQuery { action: "user.joined".to_owned(), ..AuditQuery::default() };
        let day = || "2026-05-01".to_owned();
        for query in
            [AuditQuery::default(), what, who, AuditQuery { from: day(), to: day(), ..AuditQuery::default() }]
        {
            audit_log::list(&admin, &query).await.unwrap();
            audit_log::export(&admin, query).recv().await;
        }
        requests::list(&admin, &RequestsQuery::default()).await.unwrap();
        roles::list(&admin).await.unwrap();
        groups::list(&admin).await.unwrap();
        account::sessions(&self.admin.member(SLUG).await.unwrap()).await.unwrap();
    }

    /// While more of them have expired than are sorted at once.
    async fn look_at_expired(&self) {
        let change = |from: &'static str, to: &'static str| {
            let statement = format!(
                "update invitations set expires_at = {to}
                 where organization_id = $1 and status = 'open' and expires_at = {from} and hashtext(id::text) % 2 = 0"
            );
            sqlx::query(AssertSqlSafe(statement)).bind(self.organization.0).execute(&self.plain)
        };
        let (later, earlier) = ("'2026-09-26T14:13:20Z'", "'2026-09-19T14:13:20Z'");
        assert!(change(later, earlier).await.unwrap().rows_affected() > 500);
        let admin = self.admin.admin(SLUG).await.unwrap();
        for query in queries().into_iter().filter(|query| query.status == Some(UserStatus::Expired)) {
            assert!(!users::list(&admin, &query).await.unwrap().rows.is_empty(), "{query:?}");
        }
        change(earlier, later).await.unwrap();
    }

    /// As a directory does.
    async fn find(&self) {
        let admin = self.admin.admin(SLUG).await.unwrap();
        let key = api_keys::create(&admin, "Okta", &Scope::ALL, Lifetime::Forever).await.unwrap();
        let (nobody, key) = (self.nobody(), Token::from_client(key.text));
        let api_client = nobody.api_client(SLUG, Some(&key), Some(Scope::UsersRead)).await.unwrap();
        let [(user, email)] = &self.some("status = 'active'", 1).await[..] else { panic!("nobody") };
        for (name, value, found) in [("userName", email.as_str(), 1), ("externalId", "nobody's", 0)] {
            let common = [Resource::User.attributes(), Resource::User.common()];
            let attribute = common.into_iter().find_map(|some| schema::find(some, name)).unwrap();
            let path = Path { extension: false, attribute, inside: None };
            let filter = Filter::test(path, Operator::Equal, Literal::Text(value.to_owned())).ok();
            let question = ListQuery { filter, start: 1, count: 100, ..ListQuery::default() };
            assert_eq!(scim::list_users(&api_client, &question).await.unwrap().total, found, "{name}");
        }
        scim::person(&api_client, *user).await.unwrap();
    }

    async fn sign_in(&self) {
        let nobody = self.nobody();
        let context = nobody.organization(SLUG).await.unwrap();
        let [(_, email)] = &self.some("status = 'active'", 1).await[..] else { panic!("nobody") };
        let attempt = sign_in::request(&context, email).await.unwrap();
        sign_in::redeem_code(&context, &attempt, "000000").await.err().unwrap();
        sign_in::link_status(&context, &Token::random()).await.unwrap();
        sign_in::redeem_link(&context, &Token::random()).await.err().unwrap();
    }

    async fn change(&self) {
        let admin = self.admin.admin(SLUG).await.unwrap();
        let list: Vec<String> =
            (0..20).map(|n| format!("new{n}@{}.example", self.plans.replace('_', "-"))).collect();
        let known = self.some("true", 20).await;
        let list =
            list.into_iter().chain(known.into_iter().map(|(_, email)| email)).collect::<Vec<_>>().join(",");
        let group = groups::save(&admin, None, self.plans, "", &[]).await.unwrap();
        invitations::classify(&admin, &list).await.unwrap();
        let offer = AccessGrant { groups: vec![group], ..OrganizationRole::Member.into() };
        invitations::invite(&admin, &list, &offer).await.unwrap();
        self.join().await;
        for (action, kind) in [
            (UserAction::Resend, "status = 'invited'"),
            (UserAction::RevokeInvitation, "status = 'invited'"),
            (UserAction::Suspend, "status = 'active' and role = 'member'"),
            (UserAction::Reactivate, "status = 'suspended'"),
            (UserAction::MakeAdmin, "status = 'active'"),
            (UserAction::RevokeMembership, "status = 'active' and role = 'member'"),
        ] {
            let some: Vec<UserId> = self.some(kind, 20).await.into_iter().map(|(user, _)| user).collect();
            let answer = users::act(&admin, action, &some).await.unwrap();
            assert!(!answer.done.is_empty(), "{action:?}: {answer:?}");
            self.put_into(group, &some).await;
        }
        let [(user, _)] = self.some("status = 'active' and role = 'member'", 1).await[..] else {
            panic!("nobody")
        };
        users::change(&admin, user, &offer).await.unwrap();
    }

    async fn put_into(&self, group: GroupId, users: &[UserId]) {
        groups::add_members(&self.admin.admin(SLUG).await.unwrap(), group, users).await.unwrap();
    }

    async fn join(&self) {
        let nobody = self.nobody();
        let context = nobody.organization(SLUG).await.unwrap();
        for (kind, joins) in [("expires_at > $2", true), ("expires_at <= $2", false)] {
            let open = format!(
                "select id, email from invitations where organization_id = $1 and status = 'open' and {kind} limit 1"
            );
            let open = sqlx::query_as(AssertSqlSafe(open)).bind(self.organization.0).bind(context.now);
            let (invitation, email): (Uuid, String) = open.fetch_one(&self.plain).await.unwrap();
            let token =
                self.context.keys.invitation_token(self.organization, InvitationId(invitation)).unwrap();
            invitations::join_page(&context, &token).await.unwrap();
            let joined = invitations::join(&context, &token, &email, "Blobby").await;
            assert_eq!(joined.is_ok(), joins);
            requests::request_renewal(&context, &token).await.unwrap();
        }
    }
}

/// The list in every order and by every filter.
fn queries() -> Vec<UsersQuery> {
    let mut queries = Vec::new();
    for sort in UserSort::ALL {
        for descending in [false, true] {
            queries.push(UsersQuery { sort, descending, ..UsersQuery::default() });
        }
    }
    for status in UserStatus::ALL {
        for sort in UserSort::ALL {
            for descending in [false, true] {
                queries.push(UsersQuery { status: Some(status), sort, descending, ..UsersQuery::default() });
            }
        }
    }
    for search in ["mar", "kena", ".rava", "firm11.example"] {
        queries.push(UsersQuery { search: search.to_owned(), ..UsersQuery::default() });
        queries.push(UsersQuery {
            search: search.to_owned(),
            sort: UserSort::Email,
            ..UsersQuery::default()
        });
    }
    queries.push(UsersQuery { role: Some(OrganizationRole::Admin), ..UsersQuery::default() });
    queries
}

/// Gathers the plans, which Postgres tells as notices and sqlx as events.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn plans(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl tracing::Subscriber for Told {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "sqlx::postgres::notice"
    }

    fn event(&self, event: &tracing::Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
                self.0 = format!("{value:?}");
            }

            fn record_str(&mut self, _: &Field, value: &str) {
                value.clone_into(&mut self.0);
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        if message.0.contains("plan:") {
            self.0.lock().unwrap().push(message.0);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
