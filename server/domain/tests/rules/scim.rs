//! Concurrent SCIM requests: two clients, a client and an admin, the last admin.

use ::scim::{IfMatch, Resource};
use domain::scim::{self, GroupUpdate, MemberChanges, ScimUser, UpdateOutcome, UserUpdate};
use domain::{Error, RequestContext, Token, api_keys, sign_in, users};
use model::actions::UserAction;
use model::api_keys::{Lifetime, Scope};
use model::invitations::AccessGrant;
use model::transitions::Refusal;
use model::{EmailAddress, OrganizationRole, Problem, UserId};
use serde_json::{Map, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::HashMap;
use std::sync::Arc;
use test_support::{ADMIN, SLUG, TestApp, refusal, request_context};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const TASKS: usize = 20;

/// An app with a connection for every task, and an API key.
async fn concurrent_app(options: PgConnectOptions) -> (Arc<TestApp>, Token) {
    let max_connections = u32::try_from(2 * TASKS).unwrap();
    let pool = PgPoolOptions::new().max_connections(max_connections).connect_with(options).await.unwrap();
    let app = Arc::new(TestApp::new(pool).await);
    let key = app.key().await;
    (app, key)
}

fn new_user(email: &str) -> UserUpdate {
    UserUpdate {
        email: EmailAddress::parse(email).unwrap(),
        name: "Some Blob".to_owned(),
        active: true,
        external_id: None,
        attributes: Map::new(),
    }
}

/// An update that changes nothing.
fn unchanged(user: &ScimUser) -> UserUpdate {
    UserUpdate {
        email: EmailAddress::parse(&user.email).unwrap(),
        name: user.name.clone(),
        active: user.active,
        external_id: user.external_id.clone(),
        attributes: user.attributes.clone(),
    }
}

async fn sign_in_as(app: &TestApp, email: &str) -> RequestContext {
    let nobody = app.anonymous();
    let context = nobody.organization(SLUG).await.unwrap();
    let link = sign_in::create_operator_link(&context, email).await.unwrap();
    let session = sign_in::redeem_link(&context, &link).await.unwrap();
    request_context(&app.context, HashMap::from([(SLUG.to_owned(), session.token)]))
}

async fn create_user(
    request_context: &RequestContext,
    key: &Token,
    update: &UserUpdate,
) -> domain::Result<ScimUser> {
    let api_client = request_context.api_client(SLUG, Some(key), Some(Scope::UsersWrite)).await?;
    scim::create_user(&api_client, update).await
}

async fn update_user(
    request_context: &RequestContext,
    key: &Token,
    user: UserId,
    change: impl Fn(&mut UserUpdate) + Sync,
) -> domain::Result<UpdateOutcome> {
    let api_client = request_context.api_client(SLUG, Some(key), Some(Scope::UsersWrite)).await?;
    let change = |user: &ScimUser| -> domain::Result<UserUpdate> {
        let mut update = unchanged(user);
        change(&mut update);
        Ok(update)
    };
    scim::update_user(&api_client, user, &IfMatch::Any, change).await
}

async fn delete_user(app: &TestApp, key: &Token, user: UserId) -> domain::Result<()> {
    let request_context = app.anonymous();
    let api_client = request_context.api_client(SLUG, Some(key), None).await?;
    scim::delete_user(&api_client, user, &IfMatch::Any).await
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_creates_make_one_user(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = concurrent_app(options).await;
    app.invite("invited@blobsrus.com").await;
    for round in 0..10 {
        let email =
            if round == 0 { "invited@blobsrus.com".to_owned() } else { format!("blob{round}@blobsrus.com") };
        let start = Arc::new(Barrier::new(TASKS));
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (app, start, key, email) = (Arc::clone(&app), Arc::clone(&start), key.clone(), email.clone());
            tasks.spawn(async move {
                start.wait().await;
                create_user(&app.anonymous(), &key, &new_user(&email)).await
            });
        }
        let results = tasks.join_all().await;
        let is_conflict = |result: &domain::Result<ScimUser>| {
            matches!(result, Err(Error::Problem(Problem::Refused { why: Refusal::UserExists })))
        };
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "round {round}");
        assert_eq!(results.iter().filter(|result| is_conflict(result)).count(), TASKS - 1, "round {round}");
    }
    assert_eq!(app.count("users where joined_by = 'scim'").await, 10);
    assert_eq!(app.count("audit_events where action = 'user.joined' and actor_kind = 'api_key'").await, 10);
    assert_eq!(app.count_open_invitations().await, 0);
}

/// SCIM clients and an admin change, suspend and delete the same user. Each change is applied completely or not at all.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_scim_and_admin_changes_serialize(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = concurrent_app(options).await;
    for round in 0..10 {
        let email = format!("blob{round}@blobsrus.com");
        let user = create_user(&app.anonymous(), &key, &new_user(&email)).await.unwrap().id;
        let mut tasks = JoinSet::new();
        for n in 0..TASKS {
            let (app, key) = (Arc::clone(&app), key.clone());
            tasks.spawn(async move {
                let result = match n % 4 {
                    0 => {
                        let admin = app.admin.admin(SLUG).await.unwrap();
                        let action = if n % 8 == 0 { UserAction::Suspend } else { UserAction::MakeAdmin };
                        users::apply_action(&admin, action, &[user]).await.map(|_| ())
                    }
                    1 => update_user(&app.anonymous(), &key, user, |update| update.active = n % 8 == 1)
                        .await
                        .map(|_| ()),
                    2 => update_user(&app.anonymous(), &key, user, |update| {
                        update.attributes.insert("title".to_owned(), json!(format!("T{n}")));
                        update.attributes.insert("userType".to_owned(), json!(format!("T{n}")));
                    })
                    .await
                    .map(|_| ()),
                    _ if n == TASKS - 1 && round % 2 == 0 => delete_user(&app, &key, user).await,
                    _ => {
                        update_user(&app.anonymous(), &key, user, |update| update.name = format!("Blob {n}"))
                            .await
                            .map(|_| ())
                    }
                };
                // The user may have been deleted by another task.
                assert!(matches!(result, Ok(()) | Err(Error::Problem(Problem::NotFound))), "{result:?}");
            });
        }
        tasks.join_all().await;
        let torn_writes =
            "scim_users where attributes ->> 'title' is distinct from attributes ->> 'userType'";
        assert_eq!(app.count(torn_writes).await, 0);
        let users = app.count(&format!("users where email = '{email}'")).await;
        assert_eq!(users, usize::from(round % 2 != 0), "round {round}");
        let orphaned_sessions = "sessions s join users u on u.id = s.user_id where u.status <> 'active'";
        assert_eq!(app.count(orphaned_sessions).await, 0);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_address_swap_keeps_both_users(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = concurrent_app(options).await;
    let one = create_user(&app.anonymous(), &key, &new_user("one@blobsrus.com")).await.unwrap().id;
    let two = create_user(&app.anonymous(), &key, &new_user("two@blobsrus.com")).await.unwrap().id;
    for _ in 0..20 {
        let set_email = |email: &'static str| {
            move |update: &mut UserUpdate| update.email = EmailAddress::parse(email).unwrap()
        };
        let (a, b) = (app.anonymous(), app.anonymous());
        let (a, b) = tokio::join!(
            update_user(&a, &key, one, set_email("two@blobsrus.com")),
            update_user(&b, &key, two, set_email("one@blobsrus.com"))
        );
        // An address can only be assigned once the other user has given it up.
        for result in [a, b] {
            if result.is_err() {
                assert_eq!(refusal(result), Problem::Refused { why: Refusal::UserExists });
            }
        }
        assert_eq!(app.count("users where email in ('one@blobsrus.com', 'two@blobsrus.com')").await, 2);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_suspensions_keep_one_admin(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = concurrent_app(options).await;
    app.make_active("second@blobsrus.com").await;
    let (ada, second) = (app.user(ADMIN).await, app.user("second@blobsrus.com").await);
    for round in 0..20 {
        app.run("update users set role = 'admin', status = 'active'").await;
        let start = Barrier::new(2);
        let by_scim = async {
            let request_context = app.anonymous();
            start.wait().await;
            update_user(&request_context, &key, ada, |update| update.active = false).await.is_ok()
        };
        // A new session: the suspension in the previous round ended the last one.
        let admin = sign_in_as(&app, ADMIN).await;
        let by_admin = async {
            let admin = admin.admin(SLUG).await.unwrap();
            start.wait().await;
            let result = users::apply_action(&admin, UserAction::Suspend, &[second]).await;
            result.is_ok_and(|result| result.done.len() == 1)
        };
        let (by_scim, by_admin) = tokio::join!(by_scim, by_admin);
        assert!(by_scim != by_admin, "round {round}: {by_scim} {by_admin}");
        assert_eq!(app.count_active_admins().await, 1, "round {round}");
        app.run("update users set status = 'active'").await;
    }
}

/// Tasks add and remove the same users in different orders, which must not fail with a deadlock.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_group_changes_succeed(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = concurrent_app(options).await;
    let mut users = Vec::new();
    for n in 0..10 {
        let update = new_user(&format!("blob{n}@blobsrus.com"));
        users.push(create_user(&app.anonymous(), &key, &update).await.unwrap().id);
    }
    let request_context = app.anonymous();
    let api_client = request_context.api_client(SLUG, Some(&key), None).await.unwrap();
    let mut groups = Vec::new();
    for name in ["One", "Two"] {
        let update = GroupUpdate { name: Some(name.to_owned()), ..GroupUpdate::default() };
        groups.push(scim::create_group(&api_client, &update).await.unwrap().id);
    }
    let mut tasks = JoinSet::new();
    for n in 0..4 * TASKS {
        let (app, key, users, group) = (Arc::clone(&app), key.clone(), users.clone(), groups[n % 2]);
        tasks.spawn(async move {
            if n % 5 == 0 {
                let admin = app.admin.admin(SLUG).await.unwrap();
                let grant = AccessGrant {
                    role: OrganizationRole::Member,
                    roles: Vec::new(),
                    groups: if n % 10 == 0 { vec![group] } else { Vec::new() },
                };
                users::set_access(&admin, users[n % 10], &grant).await.unwrap();
                return;
            }
            let request_context = app.anonymous();
            let api_client = request_context.api_client(SLUG, Some(&key), None).await.unwrap();
            let mut members = MemberChanges::default();
            match n % 3 {
                0 => members.add(users.iter().rev().copied()),
                1 => members.remove(users.iter().copied().skip(n % 7)),
                _ => {
                    members.clear();
                    members.add(users.iter().copied().take(n % 9));
                }
            }
            let update = GroupUpdate { members, ..GroupUpdate::default() };
            scim::update_group(&api_client, group, &IfMatch::Any, &update).await.unwrap();
        });
    }
    tasks.join_all().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_updates_with_if_match_apply_once(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = concurrent_app(options).await;
    let user = create_user(&app.anonymous(), &key, &new_user("blob@blobsrus.com")).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..TASKS {
        let (app, key, version, id) = (Arc::clone(&app), key.clone(), user.version(), user.id);
        tasks.spawn(async move {
            let request_context = app.anonymous();
            let api_client = request_context.api_client(SLUG, Some(&key), None).await.unwrap();
            let change = |user: &ScimUser| -> domain::Result<UserUpdate> {
                Ok(UserUpdate { name: format!("Blob {n}"), ..unchanged(user) })
            };
            scim::update_user(&api_client, id, &IfMatch::OneOf(vec![version]), change).await
        });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let is_stale = |result: &domain::Result<UpdateOutcome>| {
        matches!(result, Err(Error::Problem(Problem::PreconditionFailed)))
    };
    assert_eq!(results.iter().filter(|result| is_stale(result)).count(), TASKS - 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn api_key_expires_and_records_its_last_use(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, _) = concurrent_app(options).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let new = api_keys::create(&admin, "Entra", &[Scope::UsersRead], Lifetime::Month).await.unwrap();
    let key = Token::from_client(new.token);
    let nobody = app.anonymous();
    nobody.api_client(SLUG, Some(&key), Some(Scope::UsersRead)).await.unwrap();
    assert_eq!(
        refusal(nobody.api_client(SLUG, Some(&key), Some(Scope::UsersWrite)).await),
        Problem::InsufficientScope
    );
    app.wait_days(29);
    nobody.api_client(SLUG, Some(&key), None).await.unwrap();
    let admin = app.admin.admin(SLUG).await.unwrap();
    let listed = api_keys::provisioning(&admin).await.unwrap();
    let listed = listed.keys.iter().find(|key| key.id == new.id).unwrap();
    assert_eq!(listed.last_used_at, Some(app.now()));
    assert_eq!((listed.name.as_str(), listed.created_by.as_str()), ("Entra", ADMIN));
    app.wait_days(1);
    assert_eq!(refusal(nobody.api_client(SLUG, Some(&key), None).await), Problem::InvalidApiKey);
    assert_eq!(refusal(nobody.api_client("nowhere", Some(&key), None).await), Problem::InvalidApiKey);
    assert_eq!(refusal(nobody.api_client(SLUG, None, None).await), Problem::InvalidApiKey);
    let empty = api_keys::create(&admin, " ", &[], Lifetime::Year).await;
    let Problem::Invalid { fields } = refusal(empty) else { panic!("it was not the fields") };
    assert_eq!(fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["name", "scopes"]);
}
