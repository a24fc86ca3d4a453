//! Effective permissions, checked against a model; roles, groups and their members.

use domain::{grants, groups, invitations, roles, users};
use model::actions::UserAction;
use model::field::FieldError;
use model::invitations::AccessGrant;
use model::permission::{EffectivePermission, GroupChange, Permission};
use model::{GroupId, OrganizationRole, Problem, RoleId};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::{BTreeMap, BTreeSet};
use test_support::{ADMIN, SLUG, TestApp, create_organization, refusal};
use uuid::Uuid;

const BLOBBY: &str = "blobby@blobsrus.com";
const PERMISSIONS: [&str; 6] = ["a:read", "a:write", "a:*", "b:read", "b:*", "c:pay"];
const USERS: [&str; 3] = ["a@blobsrus.com", "b@blobsrus.com", "c@blobsrus.com"];

/// A generated organization: roles with permissions, groups with roles, users with roles and groups, and the roles and
/// groups that are deleted at the end. All are indexes; those out of range are ignored.
#[derive(Clone, Debug)]
struct Case {
    roles: Vec<BTreeSet<usize>>,
    groups: Vec<BTreeSet<usize>>,
    users: Vec<(BTreeSet<usize>, BTreeSet<usize>)>,
    deleted_roles: BTreeSet<usize>,
    deleted_groups: BTreeSet<usize>,
}

fn cases() -> impl Strategy<Value = Case> {
    let indexes = || btree_set(0..4_usize, 0..4);
    (
        vec(btree_set(0..PERMISSIONS.len(), 1..4), 0..4),
        vec(indexes(), 0..4),
        vec((indexes(), indexes()), USERS.len()),
        btree_set(0..4_usize, 0..2),
        btree_set(0..4_usize, 0..2),
    )
        .prop_map(|(roles, groups, users, deleted_roles, deleted_groups)| Case {
            roles,
            groups,
            users,
            deleted_roles,
            deleted_groups,
        })
}

/// Each permission with its sources: the name of the role and, if the role comes through a group, of the group.
type Effective = BTreeMap<String, BTreeSet<(String, Option<String>)>>;

/// The model: all permissions of every role that the user has, directly or through a group.
fn expected_permissions(case: &Case, user: usize) -> Effective {
    let mut effective = Effective::new();
    let role_exists = |role: &usize| *role < case.roles.len() && !case.deleted_roles.contains(role);
    let (own_roles, groups) = &case.users[user];
    let mut add = |role: usize, group: Option<usize>| {
        for permission in &case.roles[role] {
            let source = (format!("role {role}"), group.map(|group| format!("group {group}")));
            effective.entry(PERMISSIONS[*permission].to_owned()).or_default().insert(source);
        }
    };
    for role in own_roles.iter().filter(|role| role_exists(role)) {
        add(*role, None);
    }
    for group in
        groups.iter().filter(|group| **group < case.groups.len() && !case.deleted_groups.contains(group))
    {
        for role in case.groups[*group].iter().filter(|role| role_exists(role)) {
            add(*role, Some(*group));
        }
    }
    effective
}

async fn actual_permissions(app: &TestApp, case: &Case) -> Vec<Effective> {
    let admin = app.admin.admin(SLUG).await.unwrap();
    for role in roles::list(&admin).await.unwrap() {
        roles::delete(&admin, role.id).await.unwrap();
    }
    for group in groups::list(&admin).await.unwrap() {
        groups::delete(&admin, group.id).await.unwrap();
    }
    let mut role_ids = Vec::new();
    for (index, permissions) in case.roles.iter().enumerate() {
        let list: Vec<&str> = permissions.iter().map(|index| PERMISSIONS[*index]).collect();
        role_ids.push(roles::save(&admin, None, &format!("role {index}"), &list.join(" ")).await.unwrap());
    }
    let select_roles = |indexes: &BTreeSet<usize>| -> Vec<RoleId> {
        indexes.iter().filter_map(|index| role_ids.get(*index).copied()).collect()
    };
    let mut group_ids: Vec<GroupId> = Vec::new();
    for (index, roles) in case.groups.iter().enumerate() {
        group_ids.push(
            groups::save(&admin, None, &format!("group {index}"), "", &select_roles(roles)).await.unwrap(),
        );
    }
    for ((own_roles, groups), email) in case.users.iter().zip(USERS) {
        let groups = groups.iter().filter_map(|index| group_ids.get(*index).copied()).collect();
        let grant = AccessGrant { role: OrganizationRole::Member, roles: select_roles(own_roles), groups };
        users::set_access(&admin, app.user(email).await, &grant).await.unwrap();
    }
    for index in &case.deleted_roles {
        if let Some(role) = role_ids.get(*index) {
            roles::delete(&admin, *role).await.unwrap();
        }
    }
    for index in &case.deleted_groups {
        if let Some(group) = group_ids.get(*index) {
            groups::delete(&admin, *group).await.unwrap();
        }
    }
    let mut effective = Vec::new();
    for email in USERS {
        let permissions = grants::effective_permissions(&admin, app.user(email).await).await.unwrap();
        let sorted: Vec<&Permission> = permissions.iter().map(|effective| &effective.permission).collect();
        assert!(sorted.is_sorted(), "{sorted:?}");
        let with_sources = permissions.into_iter().map(|EffectivePermission { permission, sources }| {
            let sources =
                sources.into_iter().map(|source| (source.role.name, source.group.map(|group| group.name)));
            (permission.to_string(), sources.collect())
        });
        effective.push(with_sources.collect());
    }
    effective
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
#[expect(clippy::result_large_err, reason = "the error type of the proptest runner")]
async fn effective_permissions_match_the_model(_: PgPoolOptions, options: PgConnectOptions) {
    // The proptest runner is synchronous, so it gets its own thread and runtime.
    let checked = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let app = runtime.block_on(async {
            let app = TestApp::new(PgPoolOptions::new().connect_with(options).await.unwrap()).await;
            app.invite(&USERS.join(",")).await;
            app
        });
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(40) });
        runner.run(&cases(), |case| {
            let effective = runtime.block_on(actual_permissions(&app, &case));
            for (user, effective) in effective.into_iter().enumerate() {
                prop_assert_eq!(effective, expected_permissions(&case, user), "{}", USERS[user]);
            }
            Ok(())
        })
    });
    checked.await.unwrap().unwrap();
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn reinvitation_restores_no_access(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let role = roles::save(&admin, None, "Reader", "a:read").await.unwrap();
    let group = groups::save(&admin, None, "Readers", "", &[role]).await.unwrap();
    let grant = AccessGrant { role: OrganizationRole::Admin, roles: vec![role], groups: vec![group] };
    invitations::invite(&admin, BLOBBY, &grant).await.unwrap();
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

/// Invites Blobby with a role, lets the invitation expire, and returns the role.
async fn expired_invitation_with_role(app: &TestApp) -> RoleId {
    let admin = app.admin.admin(SLUG).await.unwrap();
    let role = roles::save(&admin, None, "Reader", "a:read").await.unwrap();
    let grant = AccessGrant { roles: vec![role], ..AccessGrant::default() };
    invitations::invite(&admin, BLOBBY, &grant).await.unwrap();
    app.wait_days(8);
    role
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn resend_keeps_old_grants(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let role = expired_invitation_with_role(&app).await;
    app.act(UserAction::Resend, BLOBBY).await;
    assert_eq!(app.count(&format!("user_roles where role_id = '{role}'")).await, 1);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn reinvite_replaces_grants(pool: PgPool) {
    let app = TestApp::new(pool).await;
    expired_invitation_with_role(&app).await;
    app.invite(BLOBBY).await;
    assert_eq!(app.count("user_roles").await, 0);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn roles_and_groups_of_others_are_rejected(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let other = create_organization(&app.context, "other", "eve@other.example").await;
    let eve = other.admin("other").await.unwrap();
    let foreign_role = roles::save(&eve, None, "Theirs", "a:read").await.unwrap();
    let foreign_group = groups::save(&eve, None, "Theirs", "", &[foreign_role]).await.unwrap();
    let admin = app.admin.admin(SLUG).await.unwrap();
    let ada = app.user(ADMIN).await;
    let no_choice = |field| Problem::field(field, FieldError::InvalidChoice);
    for (grant, field) in [
        (AccessGrant { roles: vec![foreign_role], ..AccessGrant::default() }, "roles"),
        (AccessGrant { groups: vec![foreign_group], ..AccessGrant::default() }, "groups"),
        (AccessGrant { roles: vec![RoleId(Uuid::from_u128(7))], ..AccessGrant::default() }, "roles"),
    ] {
        assert_eq!(refusal(invitations::invite(&admin, BLOBBY, &grant).await), no_choice(field));
        let grant = AccessGrant { role: OrganizationRole::Admin, ..grant };
        assert_eq!(refusal(users::set_access(&admin, ada, &grant).await), no_choice(field));
    }
    assert_eq!(refusal(groups::save(&admin, None, "Ours", "", &[foreign_role]).await), no_choice("roles"));
    assert_eq!(app.count("users where email = 'blobby@blobsrus.com'").await, 0);
    for problem in [
        refusal(roles::save(&admin, Some(foreign_role), "Ours", "a:b").await),
        refusal(roles::delete(&admin, foreign_role).await),
        refusal(groups::save(&admin, Some(foreign_group), "Ours", "", &[]).await),
        refusal(groups::delete(&admin, foreign_group).await),
        refusal(groups::change_members(&admin, GroupChange::Add, foreign_group, &[ada]).await),
        refusal(groups::change_members(&admin, GroupChange::Remove, foreign_group, &[ada]).await),
    ] {
        assert_eq!(problem, Problem::NotFound);
    }
    assert_eq!(roles::list(&admin).await.unwrap(), []);
    assert_eq!(roles::list(&eve).await.unwrap()[0].name, "Theirs");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn role_and_group_names_are_validated(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    roles::save(&admin, None, "Reader", "a:read").await.unwrap();
    let taken = Problem::field("name", FieldError::Taken);
    assert_eq!(refusal(roles::save(&admin, None, "READER", "a:read").await), taken);
    groups::save(&admin, None, "Readers", "", &[]).await.unwrap();
    assert_eq!(refusal(groups::save(&admin, None, "readers ", "", &[]).await), taken);
    let problem = refusal(roles::save(&admin, None, " ", "a:read b").await);
    assert_eq!(problem.field_error("name"), Some(FieldError::Empty));
    assert!(
        matches!(problem.field_error("permissions"), Some(FieldError::InvalidPermission { entry, .. }) if entry == "b")
    );
    assert_eq!(
        refusal(roles::save(&admin, None, "Empty", " ").await),
        Problem::field("permissions", FieldError::Empty)
    );
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn bulk_membership_changes_are_audited_per_user(pool: PgPool) {
    let app = TestApp::new(pool).await;
    let list: Vec<String> = (0..1_000).map(|n| format!("blob{n}@blobsrus.com")).collect();
    app.invite(&list.join(",")).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let group = groups::save(&admin, None, "All", "", &[]).await.unwrap();
    let ids: Vec<Uuid> = sqlx::query_scalar("select id from users where status = 'invited'")
        .fetch_all(&app.context.pool)
        .await
        .unwrap();
    let users: Vec<model::UserId> = ids.into_iter().map(model::UserId).collect();
    assert_eq!(groups::change_members(&admin, GroupChange::Add, group, &users[..10]).await.unwrap().done, 10);
    assert_eq!(groups::change_members(&admin, GroupChange::Add, group, &users).await.unwrap().done, 990);
    assert_eq!(app.count_audit_events("group.members_added").await, 1_000);
    assert_eq!(groups::list(&admin).await.unwrap()[0].members, 1_000);
    assert_eq!(
        groups::change_members(&admin, GroupChange::Remove, group, &users[..10]).await.unwrap().done,
        10
    );
    assert_eq!(groups::change_members(&admin, GroupChange::Remove, group, &users).await.unwrap().done, 990);
    assert_eq!(groups::change_members(&admin, GroupChange::Remove, group, &users).await.unwrap().done, 0);
    assert_eq!(app.count_audit_events("group.members_removed").await, 1_000);
    assert_eq!(groups::list(&admin).await.unwrap()[0].members, 0);
    assert_eq!(app.count("users").await, 1_001, "former members stay in the organization");
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn removed_member_loses_only_the_group_roles(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(&USERS.join(",")).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let role = roles::save(&admin, None, "Reader", "a:read").await.unwrap();
    let own_role = roles::save(&admin, None, "Payer", "c:pay").await.unwrap();
    let group = groups::save(&admin, None, "Readers", "", &[role]).await.unwrap();
    let [removed, remaining] = [app.user(USERS[0]).await, app.user(USERS[1]).await];
    for user in [removed, remaining] {
        let grant = AccessGrant { roles: vec![own_role], groups: vec![group], ..AccessGrant::default() };
        users::set_access(&admin, user, &grant).await.unwrap();
    }
    let result = groups::change_members(&admin, GroupChange::Remove, group, &[removed]).await.unwrap();
    assert_eq!((result.group.as_str(), result.done), ("Readers", 1));
    let permissions = async |user| -> Vec<String> {
        let effective = grants::effective_permissions(&admin, user).await.unwrap();
        effective.into_iter().map(|effective| effective.permission.to_string()).collect()
    };
    assert_eq!(permissions(removed).await, ["c:pay"]);
    assert_eq!(permissions(remaining).await, ["a:read", "c:pay"]);
    for (users, error) in
        [(vec![], FieldError::Empty), (vec![removed; 1_001], FieldError::TooMany { max: 1_000 })]
    {
        let problem = Problem::field("users", error);
        assert_eq!(refusal(groups::change_members(&admin, GroupChange::Add, group, &users).await), problem);
        assert_eq!(
            refusal(groups::change_members(&admin, GroupChange::Remove, group, &users).await),
            problem
        );
    }
}

/// The audit log contains exactly the changes that lead to the final members.
#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn concurrent_membership_changes_are_serialized(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite(&USERS.join(",")).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let group = groups::save(&admin, None, "All", "", &[]).await.unwrap();
    let mut users = Vec::new();
    for email in USERS {
        users.push(app.user(email).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..40 {
        let (request_context, mut users) = (app.admin_from("192.0.2.1"), users.clone());
        if turn % 3 == 0 {
            users.reverse();
        }
        tasks.spawn(async move {
            let admin = request_context.admin(SLUG).await.unwrap();
            let change = if turn % 2 == 0 { GroupChange::Add } else { GroupChange::Remove };
            groups::change_members(&admin, change, group, &users).await.unwrap()
        });
    }
    let (mut added, mut removed) = (0, 0);
    while let Some(result) = tasks.join_next().await {
        let result = result.unwrap();
        match result.change {
            GroupChange::Add => added += result.done,
            GroupChange::Remove => removed += result.done,
        }
    }
    let members = app.count("group_members").await;
    assert_eq!(added - removed, members);
    assert_eq!(app.count_audit_events("group.members_added").await, added);
}
