//! A directory beside everybody else: two syncs at once, a sync and an admin, the last admin.

use crate::test_app::{ADMIN, SLUG, TestApp, refusal, request_context};
use domain::scim::{self, Edited, GroupForm, IfMatch, Members, ScimUser, UserUpdate};
use domain::{Error, RequestContext, Token, api_keys, sign_in, users};
use model::actions::UserAction;
use model::api_keys::{Lifetime, Scope};
use model::transitions::Refusal;
use model::{EmailAddress, OrganizationRole, Problem, UserId};
use serde_json::{Map, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const TASKS: usize = 20;

async fn crowd(options: PgConnectOptions) -> (Arc<TestApp>, Token) {
    let most = u32::try_from(2 * TASKS).unwrap();
    let pool = PgPoolOptions::new().max_connections(most).connect_with(options).await.unwrap();
    let app = Arc::new(TestApp::new(pool).await);
    let key = app.key().await;
    (app, key)
}

fn form(email: &str) -> UserUpdate {
    UserUpdate {
        email: EmailAddress::parse(email).unwrap(),
        name: "Some Blob".to_owned(),
        active: true,
        external_id: None,
        attributes: Map::new(),
    }
}

fn as_is(person: &ScimUser) -> UserUpdate {
    UserUpdate {
        email: EmailAddress::parse(&person.email).unwrap(),
        name: person.name.clone(),
        active: person.active,
        external_id: person.external_id.clone(),
        attributes: person.attributes.clone(),
    }
}

async fn signed_in(app: &TestApp, email: &str) -> RequestContext {
    let nobody = app.nobody();
    let context = nobody.organization(SLUG).await.unwrap();
    let link = sign_in::create_operator_link(&context, email).await.unwrap();
    let session = sign_in::redeem_link(&context, &link).await.unwrap();
    request_context(&app.context, HashMap::from([(SLUG.to_owned(), session.token)]))
}

async fn create(
    request_context: &RequestContext,
    key: &Token,
    form: &UserUpdate,
) -> domain::Result<ScimUser> {
    let api_client = request_context.api_client(SLUG, Some(key), Some(Scope::UsersWrite)).await?;
    scim::create(&api_client, form).await
}

async fn edit(
    request_context: &RequestContext,
    key: &Token,
    user: UserId,
    change: impl Fn(&mut UserUpdate) + Sync,
) -> domain::Result<Edited> {
    let api_client = request_context.api_client(SLUG, Some(key), Some(Scope::UsersWrite)).await?;
    let change = |person: &ScimUser| -> domain::Result<UserUpdate> {
        let mut form = as_is(person);
        change(&mut form);
        Ok(form)
    };
    scim::edit(&api_client, user, &IfMatch::Any, change).await
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn two_syncs_at_once_make_each_user_once(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = crowd(options).await;
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
                create(&app.nobody(), &key, &form(&email)).await
            });
        }
        let answers = tasks.join_all().await;
        let refused = |answer: &domain::Result<ScimUser>| {
            matches!(answer, Err(Error::Problem(Problem::Refused { why: Refusal::UserExists })))
        };
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "round {round}");
        assert_eq!(answers.iter().filter(|answer| refused(answer)).count(), TASKS - 1, "round {round}");
    }
    assert_eq!(app.count("users where joined_by = 'scim'").await, 10);
    assert_eq!(app.count("audit_events where action = 'user.joined' and actor_kind = 'key'").await, 10);
    assert_eq!(app.count("invitations where status = 'open'").await, 0);
}

/// Syncs and an admin change, suspend and remove the same people at once: nobody's word is half of what stands there.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_sync_and_an_admin_at_one_user_end_as_one_after_the_other(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (app, key) = crowd(options).await;
    for round in 0..10 {
        let email = format!("blob{round}@blobsrus.com");
        let user = create(&app.nobody(), &key, &form(&email)).await.unwrap().id;
        let mut tasks = JoinSet::new();
        for n in 0..TASKS {
            let (app, key) = (Arc::clone(&app), key.clone());
            tasks.spawn(async move {
                let done = match n % 4 {
                    0 => {
                        let admin = app.admin.admin(SLUG).await.unwrap();
                        let action = if n % 8 == 0 { UserAction::Suspend } else { UserAction::MakeAdmin };
                        users::act(&admin, action, &[user]).await.map(|_| ())
                    }
                    1 => edit(&app.nobody(), &key, user, |form| form.active = n % 8 == 1).await.map(|_| ()),
                    2 => edit(&app.nobody(), &key, user, |form| {
                        form.attributes.insert("title".to_owned(), json!(format!("T{n}")));
                        form.attributes.insert("userType".to_owned(), json!(format!("T{n}")));
                    })
                    .await
                    .map(|_| ()),
                    _ if n == TASKS - 1 && round % 2 == 0 => {
                        let nobody = app.nobody();
                        let api_client = nobody.api_client(SLUG, Some(&key), None).await.unwrap();
                        scim::delete(&api_client, user, &IfMatch::Any).await
                    }
                    _ => edit(&app.nobody(), &key, user, |form| form.name = format!("Blob {n}"))
                        .await
                        .map(|_| ()),
                };
                // Whoever was removed meanwhile is not there any more.
                assert!(matches!(done, Ok(()) | Err(Error::Problem(Problem::NotFound))), "{done:?}");
            });
        }
        tasks.join_all().await;
        let halves = "scim_users where attributes ->> 'title' is distinct from attributes ->> 'userType'";
        assert_eq!(app.count(halves).await, 0);
        let there = app.count(&format!("users where email = '{email}'")).await;
        assert_eq!(there, i64::from(round % 2 != 0), "round {round}");
        let orphans = "sessions s join users u on u.id = s.user_id where u.status <> 'active'";
        assert_eq!(app.count(orphans).await, 0);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn two_who_swap_their_addresses_at_once_are_two_in_the_end(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (app, key) = crowd(options).await;
    let one = create(&app.nobody(), &key, &form("one@blobsrus.com")).await.unwrap().id;
    let two = create(&app.nobody(), &key, &form("two@blobsrus.com")).await.unwrap().id;
    for _ in 0..20 {
        let to = |email: &'static str| {
            move |form: &mut UserUpdate| form.email = EmailAddress::parse(email).unwrap()
        };
        let (a, b) = (app.nobody(), app.nobody());
        let (a, b) = tokio::join!(
            edit(&a, &key, one, to("two@blobsrus.com")),
            edit(&b, &key, two, to("one@blobsrus.com"))
        );
        // Neither gives up an address before the other has left it: both are told so, or one came first.
        for answer in [a, b] {
            if answer.is_err() {
                assert_eq!(refusal(answer), Problem::Refused { why: Refusal::UserExists });
            }
        }
        assert_eq!(app.count("users where email in ('one@blobsrus.com', 'two@blobsrus.com')").await, 2);
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_directory_and_an_admin_at_once_leave_one_admin(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = crowd(options).await;
    app.make_active("second@blobsrus.com").await;
    let (ada, second) = (app.user(ADMIN).await, app.user("second@blobsrus.com").await);
    for round in 0..20 {
        app.run("update users set role = 'admin', status = 'active'").await;
        let start = Barrier::new(2);
        let by_directory = async {
            let request_context = app.nobody();
            start.wait().await;
            edit(&request_context, &key, ada, |form| form.active = false).await.is_ok()
        };
        // Whoever was suspended in the round before is signed out.
        let admin = signed_in(&app, ADMIN).await;
        let by_admin = async {
            let admin = admin.admin(SLUG).await.unwrap();
            start.wait().await;
            let answer = users::act(&admin, UserAction::Suspend, &[second]).await;
            answer.is_ok_and(|answer| answer.done.len() == 1)
        };
        let (one, two) = tokio::join!(by_directory, by_admin);
        assert!(one != two, "round {round}: {one} {two}");
        assert_eq!(app.count("users where role = 'admin' and status = 'active'").await, 1, "round {round}");
        app.run("update users set status = 'active'").await;
    }
}

/// Those who come in and go out of groups are the same people in another order each time.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn groups_are_changed_by_many_at_once(_: PgPoolOptions, options: PgConnectOptions) {
    let (app, key) = crowd(options).await;
    let mut people = Vec::new();
    for n in 0..10 {
        people.push(create(&app.nobody(), &key, &form(&format!("blob{n}@blobsrus.com"))).await.unwrap().id);
    }
    let request_context = app.nobody();
    let api_client = request_context.api_client(SLUG, Some(&key), None).await.unwrap();
    let mut groups = Vec::new();
    for name in ["One", "Two"] {
        let form = GroupForm { name: Some(name.to_owned()), ..GroupForm::default() };
        groups.push(scim::create_group(&api_client, &form).await.unwrap().id);
    }
    let mut tasks = JoinSet::new();
    for n in 0..4 * TASKS {
        let (app, key, people, group) = (Arc::clone(&app), key.clone(), people.clone(), groups[n % 2]);
        tasks.spawn(async move {
            if n % 5 == 0 {
                let admin = app.admin.admin(SLUG).await.unwrap();
                let offer = model::invitations::AccessGrant {
                    role: OrganizationRole::Member,
                    roles: Vec::new(),
                    groups: if n % 10 == 0 { vec![group] } else { Vec::new() },
                };
                users::change(&admin, people[n % 10], &offer).await.unwrap();
                return;
            }
            let request_context = app.nobody();
            let api_client = request_context.api_client(SLUG, Some(&key), None).await.unwrap();
            let mut members = Members::default();
            match n % 3 {
                0 => members.add(people.iter().rev().copied()),
                1 => members.remove(people.iter().copied().skip(n % 7)),
                _ => {
                    members.clear();
                    members.add(people.iter().copied().take(n % 9));
                }
            }
            let form = GroupForm { members, ..GroupForm::default() };
            scim::change_group(&api_client, group, &IfMatch::Any, &form).await.unwrap();
        });
    }
    tasks.join_all().await;
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn whoever_would_overwrite_what_they_have_not_seen_is_told(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (app, key) = crowd(options).await;
    let user = create(&app.nobody(), &key, &form("blob@blobsrus.com")).await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..TASKS {
        let (app, key, version, id) = (Arc::clone(&app), key.clone(), user.version(), user.id);
        tasks.spawn(async move {
            let request_context = app.nobody();
            let api_client = request_context.api_client(SLUG, Some(&key), None).await.unwrap();
            let change = |person: &ScimUser| -> domain::Result<UserUpdate> {
                Ok(UserUpdate { name: format!("Blob {n}"), ..as_is(person) })
            };
            scim::edit(&api_client, id, &IfMatch::OneOf(vec![version]), change).await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let told =
        |answer: &domain::Result<Edited>| matches!(answer, Err(Error::Problem(Problem::ChangedMeanwhile)));
    assert_eq!(answers.iter().filter(|answer| told(answer)).count(), TASKS - 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_key_lasts_as_long_as_it_says_and_its_use_is_written_down(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (app, _) = crowd(options).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let new = api_keys::create(&admin, "Entra", &[Scope::UsersRead], Lifetime::Month).await.unwrap();
    let key = Token::from_client(new.text);
    let nobody = app.nobody();
    nobody.api_client(SLUG, Some(&key), Some(Scope::UsersRead)).await.unwrap();
    assert_eq!(
        refusal(nobody.api_client(SLUG, Some(&key), Some(Scope::UsersWrite)).await),
        Problem::OutOfScope
    );
    app.wait_days(29);
    nobody.api_client(SLUG, Some(&key), None).await.unwrap();
    let admin = app.admin.admin(SLUG).await.unwrap();
    let listed = api_keys::provisioning(&admin).await.unwrap();
    let shown = listed.keys.iter().find(|one| one.id == new.id).unwrap();
    assert_eq!(shown.last_used_at, Some(app.context.clock.now()));
    assert_eq!((shown.name.as_str(), shown.created_by.as_str()), ("Entra", ADMIN));
    app.wait_days(1);
    assert_eq!(refusal(nobody.api_client(SLUG, Some(&key), None).await), Problem::KeyRefused);
    assert_eq!(refusal(nobody.api_client("nowhere", Some(&key), None).await), Problem::KeyRefused);
    assert_eq!(refusal(nobody.api_client(SLUG, None, None).await), Problem::KeyRefused);
    let empty = api_keys::create(&admin, " ", &[], Lifetime::Year).await;
    let Problem::Invalid { fields } = refusal(empty) else { panic!("it was not the fields") };
    assert_eq!(fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["name", "scopes"]);
}
