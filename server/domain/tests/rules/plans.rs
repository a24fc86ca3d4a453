//! Query plans, recorded in a large organization among a hundred others: no query may scan a large table sequentially.

use ::scim::{Filter, ListQuery, ResourceType};
use domain::scim;
use domain::{
    AppContext, RequestContext, Token, account, api_keys, audit_log, groups, invitations, requests, roles,
    sign_in, users,
};
use model::actions::UserAction;
use model::api_keys::{Lifetime, Scope};
use model::audit_log::AuditQuery;
use model::invitations::AccessGrant;
use model::permission::GroupChange;
use model::requests::RequestsQuery;
use model::users::{UserSort, UsersQuery};
use model::{GroupId, InvitationId, OrganizationId, OrganizationRole, UserId, UserStatus};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use test_support::{USERS_SQL, request_context, send_mail, test_clock};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use uuid::Uuid;

const SLUG: &str = "many";
/// The tables that grow with the number of users.
const LARGE: [&str; 6] = ["users", "invitations", "sessions", "audit_events", "deliveries", "sign_ins"];

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn no_query_scans_a_large_table(pool: PgPool) {
    let parameters =
        "set seed.users = 1000000; set seed.users_per_other = 50; set seed.now = '2026-09-21T14:13:20Z';";
    sqlx::raw_sql(AssertSqlSafe(format!("{parameters} {USERS_SQL}; analyze"))).execute(&pool).await.unwrap();
    // Postgres plans a prepared statement for its parameter values at first, and later may switch to a generic plan.
    for plan_cache_mode in ["force_custom_plan", "force_generic_plan"] {
        let recorder = PlanRecorder::default();
        let notices = filter_fn(|metadata| metadata.target() == "sqlx::postgres::notice");
        let _guard = tracing_subscriber::registry().with(recorder.clone().with_filter(notices)).set_default();
        let fixture = Fixture::new(&pool, plan_cache_mode).await;
        fixture.view_pages().await;
        fixture.view_expired_invitations().await;
        fixture.search_by_scim().await;
        fixture.sign_in().await;
        fixture.change_users().await;
        send_mail(&fixture.context, &pool).await;
        fixture.context.pool.close().await;
        let plans = recorder.plans();
        assert!(plans.len() > 100, "only {} plans were recorded", plans.len());
        let scans: Vec<&String> = plans.iter().filter(|plan| scans_large_table(plan)).collect();
        assert!(scans.is_empty(), "{} of {} plans scan a large table:\n{scans:#?}", scans.len(), plans.len());
    }
}

fn scans_large_table(plan: &str) -> bool {
    let scanned = plan
        .lines()
        .filter_map(|line| line.split_once("Seq Scan on "))
        .map(|(_, rest)| rest.split(' ').next());
    scanned.flatten().any(|table| LARGE.contains(&table))
}

/// The large organization, over connections that report the plan of each statement.
struct Fixture {
    context: AppContext,
    admin: RequestContext,
    organization: OrganizationId,
    /// Connections without plan reports, for the queries of the test itself.
    unrecorded: PgPool,
    plan_cache_mode: &'static str,
}

impl Fixture {
    async fn new(pool: &PgPool, plan_cache_mode: &'static str) -> Self {
        let explain = [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_level", "notice"),
            // Includes the queries that check foreign keys.
            ("auto_explain.log_nested_statements", "on"),
            ("plan_cache_mode", plan_cache_mode),
        ];
        let options = (*pool.connect_options()).clone().options(explain);
        let pool_with_plans = PgPoolOptions::new().max_connections(4).connect_with(options).await.unwrap();
        let context =
            test_support::context(pool_with_plans, "https://vestibule.example").with_clock(test_clock());
        let nobody = request_context(&context, HashMap::new());
        let organization = nobody.organization(SLUG).await.unwrap();
        let email: String = sqlx::query_scalar(
            "select email from users where organization_id = $1 and role = 'admin' and status = 'active' limit 1",
        )
        .bind(organization.id().0)
        .fetch_one(pool)
        .await
        .unwrap();
        let link = sign_in::create_operator_link(&organization, &email).await.unwrap();
        let session = sign_in::redeem_link(&organization, &link).await.unwrap();
        let organization = organization.id();
        let admin = request_context(&context, HashMap::from([(SLUG.to_owned(), session.token)]));
        Self { context, admin, organization, unrecorded: pool.clone(), plan_cache_mode }
    }

    fn anonymous(&self) -> RequestContext {
        request_context(&self.context, HashMap::new())
    }

    /// Up to `count` users that match the condition.
    async fn select_users(&self, condition: &str, count: usize) -> Vec<(UserId, String)> {
        let query = format!(
            "select id, email from users u where organization_id = $1 and {condition} order by reverse(id::text) limit {count}"
        );
        let users: Vec<(Uuid, String)> = sqlx::query_as(AssertSqlSafe(query))
            .bind(self.organization.0)
            .fetch_all(&self.unrecorded)
            .await
            .unwrap();
        users.into_iter().map(|(id, email)| (UserId(id), email)).collect()
    }

    async fn view_pages(&self) {
        let admin = self.admin.admin(SLUG).await.unwrap();
        for query in queries() {
            let page = users::list(&admin, &query).await.unwrap();
            assert!(!page.rows.is_empty(), "{query:?}");
            let next = UsersQuery { after: page.next, ..query };
            users::list(&admin, &next).await.unwrap();
        }
        for condition in ["status = 'active'", "status = 'invited'"] {
            let [(user, _)] = self.select_users(condition, 1).await[..] else { panic!("no such user") };
            users::profile(&admin, user).await.unwrap();
        }
        let by_user = AuditQuery { who: "blob".to_owned(), ..AuditQuery::default() };
        let by_action = AuditQuery { action: "user.joined".to_owned(), ..AuditQuery::default() };
        let day = || "2026-05-01".to_owned();
        for query in [
            AuditQuery::default(),
            by_action,
            by_user,
            AuditQuery { from: day(), to: day(), ..AuditQuery::default() },
        ] {
            audit_log::list(&admin, &query).await.unwrap();
            audit_log::export(&admin, query).recv().await;
        }
        requests::list(&admin, &RequestsQuery::default()).await.unwrap();
        roles::list(&admin).await.unwrap();
        groups::list(&admin).await.unwrap();
        account::sessions(&self.admin.member(SLUG).await.unwrap()).await.unwrap();
    }

    /// Lists expired invitations while there are too many of them to be sorted in memory.
    async fn view_expired_invitations(&self) {
        let move_expiry = |from: &'static str, to: &'static str| {
            let statement = format!(
                "update invitations set expires_at = {to}
                 where organization_id = $1 and status = 'open' and expires_at = {from} and hashtext(id::text) % 2 = 0"
            );
            sqlx::query(AssertSqlSafe(statement)).bind(self.organization.0).execute(&self.unrecorded)
        };
        let (later, earlier) = ("'2026-09-26T14:13:20Z'", "'2026-09-19T14:13:20Z'");
        assert!(move_expiry(later, earlier).await.unwrap().rows_affected() > 500);
        let admin = self.admin.admin(SLUG).await.unwrap();
        for query in queries().into_iter().filter(|query| query.status == Some(UserStatus::Expired)) {
            assert!(!users::list(&admin, &query).await.unwrap().rows.is_empty(), "{query:?}");
        }
        move_expiry(earlier, later).await.unwrap();
    }

    async fn search_by_scim(&self) {
        let admin = self.admin.admin(SLUG).await.unwrap();
        let key = api_keys::create(&admin, "Okta", Scope::ALL, Lifetime::Unlimited).await.unwrap();
        let (nobody, key) = (self.anonymous(), Token::from_client(key.token));
        let api_client = nobody.api_client(SLUG, Some(&key), Some(Scope::UsersRead)).await.unwrap();
        let [(user, email)] = &self.select_users("status = 'active'", 1).await[..] else {
            panic!("no such user")
        };
        for (filter, total) in
            [(format!("userName eq \"{email}\""), 1), ("externalId eq \"nobody's\"".to_owned(), 0)]
        {
            let parsed = Filter::parse(ResourceType::User, &filter).unwrap();
            let query =
                ListQuery { filter: Some(parsed), start_index: 1, count: 100, ..ListQuery::default() };
            assert_eq!(scim::list_users(&api_client, &query).await.unwrap().total, total, "{filter}");
        }
        scim::get_user(&api_client, *user).await.unwrap();
    }

    async fn sign_in(&self) {
        let nobody = self.anonymous();
        let context = nobody.organization(SLUG).await.unwrap();
        let [(_, email)] = &self.select_users("status = 'active'", 1).await[..] else {
            panic!("no such user")
        };
        let attempt = sign_in::request(&context, email).await.unwrap();
        sign_in::redeem_code(&context, &attempt, "000000").await.err().unwrap();
        sign_in::link_status(&context, &Token::random()).await.unwrap();
        sign_in::redeem_link(&context, &Token::random()).await.err().unwrap();
    }

    async fn change_users(&self) {
        let admin = self.admin.admin(SLUG).await.unwrap();
        let list: Vec<String> =
            (0..20).map(|n| format!("new{n}@{}.example", self.plan_cache_mode.replace('_', "-"))).collect();
        let existing = self.select_users("true", 20).await;
        let list = list
            .into_iter()
            .chain(existing.into_iter().map(|(_, email)| email))
            .collect::<Vec<_>>()
            .join(",");
        let group = groups::save(&admin, None, self.plan_cache_mode, "", &[]).await.unwrap();
        invitations::classify(&admin, &list).await.unwrap();
        let grant = AccessGrant { groups: vec![group], ..OrganizationRole::Member.into() };
        invitations::invite(&admin, &list, &grant).await.unwrap();
        self.join().await;
        for (action, condition) in [
            (UserAction::Resend, "status = 'invited'"),
            (UserAction::RevokeInvitation, "status = 'invited'"),
            (UserAction::Suspend, "status = 'active' and role = 'member'"),
            (UserAction::Reactivate, "status = 'suspended'"),
            (UserAction::MakeAdmin, "status = 'active'"),
            (UserAction::RevokeMembership, "status = 'active' and role = 'member'"),
        ] {
            let selection: Vec<UserId> =
                self.select_users(condition, 20).await.into_iter().map(|(user, _)| user).collect();
            let result = users::apply_action(&admin, action, &selection).await.unwrap();
            assert!(!result.done.is_empty(), "{action:?}: {result:?}");
            self.add_members(group, &selection).await;
        }
        let [(user, _)] = self.select_users("status = 'active' and role = 'member'", 1).await[..] else {
            panic!("no such user")
        };
        users::set_access(&admin, user, &grant).await.unwrap();
    }

    async fn add_members(&self, group: GroupId, users: &[UserId]) {
        groups::change_members(&self.admin.admin(SLUG).await.unwrap(), GroupChange::Add, group, users)
            .await
            .unwrap();
    }

    async fn join(&self) {
        let nobody = self.anonymous();
        let context = nobody.organization(SLUG).await.unwrap();
        for (condition, joins) in [("expires_at > $2", true), ("expires_at <= $2", false)] {
            let open = format!(
                "select id, email from invitations where organization_id = $1 and status = 'open' and {condition} limit 1"
            );
            let open =
                sqlx::query_as(AssertSqlSafe(open)).bind(self.organization.0).bind(self.context.clock.now());
            let (invitation, email): (Uuid, String) = open.fetch_one(&self.unrecorded).await.unwrap();
            let token =
                self.context.keys.invitation_token(self.organization, InvitationId(invitation)).unwrap();
            invitations::join_page(&context, &token).await.unwrap();
            let joined = invitations::join(&context, &token, &email, "Blobby").await;
            assert_eq!(joined.is_ok(), joins);
            requests::request_renewal(&context, &token).await.unwrap();
        }
    }
}

/// The users list in every sort order and with every filter.
fn queries() -> Vec<UsersQuery> {
    let mut queries = Vec::new();
    for &sort in UserSort::ALL {
        for descending in [false, true] {
            queries.push(UsersQuery { sort, descending, ..UsersQuery::default() });
        }
    }
    for &status in UserStatus::ALL {
        for &sort in UserSort::ALL {
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

/// Records the plans. `auto_explain` reports them as notices, which sqlx logs as tracing events.
#[derive(Clone, Default)]
struct PlanRecorder(Arc<Mutex<Vec<String>>>);

impl PlanRecorder {
    fn plans(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl<S: Subscriber> Layer<S> for PlanRecorder {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
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
}
