//! What people may do: the answer of the database, against one that is worked out by hand.

use crate::test_app::{ADMIN, SLUG, TestApp, create_organization, refusal};
use domain::{grants, groups, invitations, roles, users};
use model::field::FieldError;
use model::invitations::AccessGrant;
use model::permission::{GroupChange, Permission};
use model::{GroupId, OrganizationRole, Problem, RoleId};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const BLOBBY: &str = "blobby@blobsrus.com";
const WORDS: [&str; 6] = ["a:read", "a:write", "a:*", "b:read", "b:*", "c:pay"];
const PEOPLE: [&str; 3] = ["a@blobsrus.com", "b@blobsrus.com", "c@blobsrus.com"];

/// Roles by their permissions, groups by their roles, people by their roles and groups, and what is deleted at the end:
/// all by index, where what is beyond the end is left out.
#[derive(Clone, Debug)]
struct Case {
    roles: Vec<BTreeSet<usize>>,
    groups: Vec<BTreeSet<usize>>,
    people: Vec<(BTreeSet<usize>, BTreeSet<usize>)>,
    deleted_roles: BTreeSet<usize>,
    deleted_groups: BTreeSet<usize>,
}

fn cases() -> impl Strategy<Value = Case> {
    let some = || btree_set(0..4_usize, 0..4);
    (
        vec(btree_set(0..WORDS.len(), 1..4), 0..4),
        vec(some(), 0..4),
        vec((some(), some()), PEOPLE.len()),
        btree_set(0..4_usize, 0..2),
        btree_set(0..4_usize, 0..2),
    )
        .prop_map(|(roles, groups, people, deleted_roles, deleted_groups)| Case {
            roles,
            groups,
            people,
            deleted_roles,
            deleted_groups,
        })
}

/// Permission → the names of the role and, through a group, of the group.
type Effective = BTreeMap<String, BTreeSet<(String, Option<String>)>>;

/// The same by hand: for each role that somebody has in some way, each of its permissions.
fn by_hand(case: &Case, person: usize) -> Effective {
    let mut effective = Effective::new();
    let role_is_there = |role: &usize| *role < case.roles.len() && !case.deleted_roles.contains(role);
    let (own, groups) = &case.people[person];
    let mut add = |role: usize, group: Option<usize>| {
        for word in &case.roles[role] {
            let source = (format!("role {role}"), group.map(|group| format!("group {group}")));
            effective.entry(WORDS[*word].to_owned()).or_default().insert(source);
        }
    };
    for role in own.iter().filter(|role| role_is_there(role)) {
        add(*role, None);
    }
    for group in
        groups.iter().filter(|group| **group < case.groups.len() && !case.deleted_groups.contains(group))
    {
        for role in case.groups[*group].iter().filter(|role| role_is_there(role)) {
            add(*role, Some(*group));
        }
    }
    effective
}

async fn by_the_rules(app: &TestApp, case: &Case) -> Vec<Effective> {
    let admin = app.admin.admin(SLUG).await.unwrap();
    for role in roles::list(&admin).await.unwrap() {
        roles::delete(&admin, role.id).await.unwrap();
    }
    for group in groups::list(&admin).await.unwrap() {
        groups::delete(&admin, group.id).await.unwrap();
    }
    let mut role_ids = Vec::new();
    for (at, words) in case.roles.iter().enumerate() {
        let list: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
        role_ids.push(roles::save(&admin, None, &format!("role {at}"), &list.join(" ")).await.unwrap());
    }
    let pick = |wanted: &BTreeSet<usize>| -> Vec<RoleId> {
        wanted.iter().filter_map(|at| role_ids.get(*at).copied()).collect()
    };
    let mut group_ids: Vec<GroupId> = Vec::new();
    for (at, wanted) in case.groups.iter().enumerate() {
        group_ids.push(groups::save(&admin, None, &format!("group {at}"), "", &pick(wanted)).await.unwrap());
    }
    for ((own, wanted), email) in case.people.iter().zip(PEOPLE) {
        let groups = wanted.iter().filter_map(|at| group_ids.get(*at).copied()).collect();
        let offer = AccessGrant { role: OrganizationRole::Member, roles: pick(own), groups };
        users::change(&admin, app.user(email).await, &offer).await.unwrap();
    }
    for at in &case.deleted_roles {
        if let Some(role) = role_ids.get(*at) {
            roles::delete(&admin, *role).await.unwrap();
        }
    }
    for at in &case.deleted_groups {
        if let Some(group) = group_ids.get(*at) {
            groups::delete(&admin, *group).await.unwrap();
        }
    }
    let mut all = Vec::new();
    for email in PEOPLE {
        let permissions = grants::effective_permissions(&admin, app.user(email).await).await.unwrap();
        let words: Vec<&Permission> = permissions.iter().map(|one| &one.permission).collect();
        assert!(words.is_sorted(), "{words:?}");
        let sources = permissions.into_iter().map(|one| {
            let sources =
                one.sources.into_iter().map(|from| (from.role.name, from.group.map(|group| group.name)));
            (one.permission.to_string(), sources.collect())
        });
        all.push(sources.collect());
    }
    all
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
#[expect(clippy::result_large_err, reason = "it is the runner's own error")]
async fn permissions_are_the_union_of_all_roles_with_all_they_come_from(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    // The runner is not async, so it has a thread and a runtime of its own.
    let checked = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let app = runtime.block_on(async {
            let app = TestApp::new(PgPoolOptions::new().connect_with(options).await.unwrap()).await;
            app.invite(&PEOPLE.join(",")).await;
            app
        });
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(40) });
        runner.run(&cases(), |case| {
            let effective = runtime.block_on(by_the_rules(&app, &case));
            for (person, effective) in effective.into_iter().enumerate() {
                prop_assert_eq!(effective, by_hand(&case, person), "{}", PEOPLE[person]);
            }
            Ok(())
        })
    });
    checked.await.unwrap().unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn nothing_comes_back_after_a_revocation(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let role = roles::save(&admin, None, "Reader", "a:read").await.unwrap();
    let group = groups::save(&admin, None, "Readers", "", &[role]).await.unwrap();
    let offer = AccessGrant { role: OrganizationRole::Admin, roles: vec![role], groups: vec![group] };
    invitations::invite(&admin, BLOBBY, &offer).await.unwrap();
    let before = app.user(BLOBBY).await;
    assert_eq!(grants::effective_permissions(&admin, before).await.unwrap()[0].sources.len(), 2);
    app.revoke(BLOBBY).await;
    app.invite(BLOBBY).await;
    let after = app.user(BLOBBY).await;
    assert_ne!(before, after);
    assert_eq!(grants::effective_permissions(&admin, after).await.unwrap(), []);
    assert_eq!(app.count("users where email = 'blobby@blobsrus.com' and role = 'member'").await, 1);
    assert_eq!(app.count("user_roles").await + app.count("group_members").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_expired_invitation_keeps_what_it_had_when_resent_and_gets_what_is_chosen_when_invited(
    pool: PgPool,
) {
    let app = TestApp::new(pool).await;
    let role = {
        let admin = app.admin.admin(SLUG).await.unwrap();
        let role = roles::save(&admin, None, "Reader", "a:read").await.unwrap();
        let offer = AccessGrant { roles: vec![role], ..AccessGrant::default() };
        invitations::invite(&admin, BLOBBY, &offer).await.unwrap();
        role
    };
    app.wait_days(8);
    app.act(model::actions::UserAction::Resend, BLOBBY).await;
    assert_eq!(app.count(&format!("user_roles where role_id = '{role}'")).await, 1);
    app.wait_days(8);
    app.invite(BLOBBY).await;
    assert_eq!(app.count("user_roles").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn what_is_not_there_is_given_to_nobody(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let other = create_organization(&app.context, "other", "eve@other.example").await;
    let eve = other.admin("other").await.unwrap();
    let theirs = roles::save(&eve, None, "Theirs", "a:read").await.unwrap();
    let their_group = groups::save(&eve, None, "Theirs", "", &[theirs]).await.unwrap();
    let admin = app.admin.admin(SLUG).await.unwrap();
    let ada = app.user(ADMIN).await;
    let no_choice = |field| Problem::field(field, FieldError::InvalidChoice);
    for (offer, field) in [
        (AccessGrant { roles: vec![theirs], ..AccessGrant::default() }, "roles"),
        (AccessGrant { groups: vec![their_group], ..AccessGrant::default() }, "groups"),
        (AccessGrant { roles: vec![RoleId(Uuid::from_u128(7))], ..AccessGrant::default() }, "roles"),
    ] {
        assert_eq!(refusal(invitations::invite(&admin, BLOBBY, &offer).await), no_choice(field));
        let offer = AccessGrant { role: OrganizationRole::Admin, ..offer };
        assert_eq!(refusal(users::change(&admin, ada, &offer).await), no_choice(field));
    }
    assert_eq!(refusal(groups::save(&admin, None, "Ours", "", &[theirs]).await), no_choice("roles"));
    assert_eq!(app.count("users where email = 'blobby@blobsrus.com'").await, 0);
    for gone in [
        refusal(roles::save(&admin, Some(theirs), "Ours", "a:b").await),
        refusal(roles::delete(&admin, theirs).await),
        refusal(groups::save(&admin, Some(their_group), "Ours", "", &[]).await),
        refusal(groups::delete(&admin, their_group).await),
        refusal(groups::add_members(&admin, their_group, &[ada]).await),
        refusal(groups::remove_members(&admin, their_group, &[ada]).await),
    ] {
        assert_eq!(gone, Problem::NotFound);
    }
    assert_eq!(roles::list(&admin).await.unwrap(), []);
    assert_eq!(roles::list(&eve).await.unwrap()[0].name, "Theirs");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn names_are_taken_without_regard_to_letter_case_and_mistakes_are_named(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    roles::save(&admin, None, "Reader", "a:read").await.unwrap();
    let taken = Problem::field("name", FieldError::Taken);
    assert_eq!(refusal(roles::save(&admin, None, "READER", "a:read").await), taken);
    groups::save(&admin, None, "Readers", "", &[]).await.unwrap();
    assert_eq!(refusal(groups::save(&admin, None, "readers ", "", &[]).await), taken);
    let problem = refusal(roles::save(&admin, None, " ", "a:read b").await);
    assert_eq!(problem.of_field("name"), Some(FieldError::Empty));
    assert!(
        matches!(problem.of_field("permissions"), Some(FieldError::InvalidPermission { entry, .. }) if entry == "b")
    );
    assert_eq!(
        refusal(roles::save(&admin, None, "Empty", " ").await),
        Problem::field("permissions", FieldError::Empty)
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_thousand_join_a_group_and_leave_it_with_a_row_in_the_log_each(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let list: Vec<String> = (0..1_000).map(|n| format!("blob{n}@blobsrus.com")).collect();
    app.invite(&list.join(",")).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let group = groups::save(&admin, None, "All", "", &[]).await.unwrap();
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from users where status = 'invited'")
        .fetch_all(&app.context.pool)
        .await
        .unwrap();
    let people: Vec<model::UserId> = ids.into_iter().map(model::UserId).collect();
    assert_eq!(groups::add_members(&admin, group, &people[..10]).await.unwrap().done, 10);
    assert_eq!(groups::add_members(&admin, group, &people).await.unwrap().done, 990);
    assert_eq!(app.count("audit_events where action = 'group.members_added'").await, 1_000);
    assert_eq!(groups::list(&admin).await.unwrap()[0].members, 1_000);
    assert_eq!(groups::remove_members(&admin, group, &people[..10]).await.unwrap().done, 10);
    assert_eq!(groups::remove_members(&admin, group, &people).await.unwrap().done, 990);
    assert_eq!(groups::remove_members(&admin, group, &people).await.unwrap().done, 0);
    assert_eq!(app.count("audit_events where action = 'group.members_removed'").await, 1_000);
    assert_eq!(groups::list(&admin).await.unwrap()[0].members, 0);
    assert_eq!(app.count("users").await, 1_001, "they stay in the organization");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn whoever_leaves_a_group_loses_what_it_gave_and_nothing_else(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(&PEOPLE.join(",")).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let role = roles::save(&admin, None, "Reader", "a:read").await.unwrap();
    let own = roles::save(&admin, None, "Payer", "c:pay").await.unwrap();
    let group = groups::save(&admin, None, "Readers", "", &[role]).await.unwrap();
    let [leaves, stays] = [app.user(PEOPLE[0]).await, app.user(PEOPLE[1]).await];
    for user in [leaves, stays] {
        let offer = AccessGrant { roles: vec![own], groups: vec![group], ..AccessGrant::default() };
        users::change(&admin, user, &offer).await.unwrap();
    }
    let answer = groups::remove_members(&admin, group, &[leaves]).await.unwrap();
    assert_eq!((answer.group.as_str(), answer.done), ("Readers", 1));
    let words = async |user| -> Vec<String> {
        let all = grants::effective_permissions(&admin, user).await.unwrap();
        all.into_iter().map(|one| one.permission.to_string()).collect()
    };
    assert_eq!(words(leaves).await, ["c:pay"]);
    assert_eq!(words(stays).await, ["a:read", "c:pay"]);
    for (users, error) in
        [(vec![], FieldError::Empty), (vec![leaves; 1_001], FieldError::TooMany { max: 1_000 })]
    {
        let problem = Problem::field("users", error);
        assert_eq!(refusal(groups::add_members(&admin, group, &users).await), problem);
        assert_eq!(refusal(groups::remove_members(&admin, group, &users).await), problem);
    }
}

/// The history has both, and the end is one of the two.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn adding_and_removing_at_once_is_one_after_the_other(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(&PEOPLE.join(",")).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let group = groups::save(&admin, None, "All", "", &[]).await.unwrap();
    let mut people = Vec::new();
    for email in PEOPLE {
        people.push(app.user(email).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..40 {
        let (request_context, mut people) = (app.admin_from("192.0.2.1"), people.clone());
        if turn % 3 == 0 {
            people.reverse();
        }
        tasks.spawn(async move {
            let admin = request_context.admin(SLUG).await.unwrap();
            if turn % 2 == 0 {
                groups::add_members(&admin, group, &people).await.unwrap()
            } else {
                groups::remove_members(&admin, group, &people).await.unwrap()
            }
        });
    }
    let (mut added, mut removed) = (0, 0);
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.unwrap();
        match answer.change {
            GroupChange::Add => added += answer.done,
            GroupChange::Remove => removed += answer.done,
        }
    }
    let members = app.count("group_members").await;
    assert_eq!(i64::try_from(added).unwrap() - i64::try_from(removed).unwrap(), members);
    assert_eq!(
        app.count("audit_events where action = 'group.members_added'").await,
        i64::try_from(added).unwrap()
    );
}
