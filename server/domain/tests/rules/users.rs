//! The list of users.

use crate::world::{ADMIN, SLUG, World};
use domain::groups;
use domain::users::{list, profile};
use model::users::{UserSort, UsersPage, UsersQuery};
use model::{OrganizationRole, Problem, UserId, UserStatus};
use sqlx::PgPool;
use uuid::Uuid;

async fn page(world: &World, query: UsersQuery) -> UsersPage {
    list(&world.admin.admin(SLUG).await.unwrap(), &query).await.unwrap()
}

fn emails(page: &UsersPage) -> Vec<String> {
    page.rows.iter().map(|row| row.email.clone()).collect()
}

/// Users enough for three pages.
async fn crowded(pool: PgPool) -> World {
    let world = World::new(pool).await;
    let addresses: String = (0..119).map(|n| format!("blob{n:03}@blobsrus.com\n")).collect();
    world.invite(&addresses).await;
    world.run("update users set name = 'Blob ' || (hashtext(email) % 7) where status = 'invited'").await;
    world
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn pages_forth_and_back_show_every_user_once_in_every_order(pool: PgPool) {
    let world = crowded(pool).await;
    for sort in UserSort::ALL {
        for descending in [false, true] {
            let query = UsersQuery { sort, descending, ..UsersQuery::default() };
            let first = page(&world, query.clone()).await;
            assert_eq!((first.rows.len(), first.previous.clone()), (50, None));
            let second = page(&world, UsersQuery { after: first.next.clone(), ..query.clone() }).await;
            let third = page(&world, UsersQuery { after: second.next.clone(), ..query.clone() }).await;
            assert_eq!((third.rows.len(), third.next.clone()), (20, None));
            let mut all = [emails(&first), emails(&second), emails(&third)].concat();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 120, "{sort:?} {descending}");
            let back = page(&world, UsersQuery { before: third.previous.clone(), ..query.clone() }).await;
            assert_eq!(back, second, "{sort:?} {descending}");
            let start = page(&world, UsersQuery { before: second.previous.clone(), ..query }).await;
            assert_eq!(start, first, "{sort:?} {descending}");
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn an_expired_invitation_leaves_the_list_for_its_own_tab_by_the_clock_alone(pool: PgPool) {
    let world = World::new(pool).await;
    world.invite("late@blobsrus.com").await;
    let before = page(&world, UsersQuery::default()).await;
    assert_eq!((before.counts.users.counted, before.counts.expired.counted), (2, 0));
    assert_eq!(before.rows.iter().filter(|row| row.status == UserStatus::Invited).count(), 1);
    world.wait_days(7);
    let after = page(&world, UsersQuery::default()).await;
    assert_eq!(emails(&after), [ADMIN]);
    assert_eq!((after.counts.users.counted, after.counts.expired.counted), (1, 1));
    let tab = page(&world, UsersQuery { status: Some(UserStatus::Expired), ..UsersQuery::default() }).await;
    assert_eq!(emails(&tab), ["late@blobsrus.com"]);
    assert_eq!(tab.rows[0].status, UserStatus::Expired);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn search_finds_parts_of_names_and_addresses_and_takes_every_sign_as_it_is(pool: PgPool) {
    let world = crowded(pool).await;
    let search = |text: &str| UsersQuery { search: text.to_owned(), ..UsersQuery::default() };
    assert_eq!(emails(&page(&world, search(" LOB04")).await).len(), 10);
    assert_eq!(emails(&page(&world, search("ada@")).await), [ADMIN]);
    for nothing in ["%", "_", "\\", "' or true --"] {
        assert!(page(&world, search(nothing)).await.rows.is_empty(), "{nothing}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn filters_hold_together_with_pages(pool: PgPool) {
    let world = crowded(pool).await;
    let admins = UsersQuery { role: Some(OrganizationRole::Admin), ..UsersQuery::default() };
    assert_eq!(emails(&page(&world, admins).await), [ADMIN]);
    let invited = UsersQuery { status: Some(UserStatus::Invited), ..UsersQuery::default() };
    let first = page(&world, invited.clone()).await;
    let second = page(&world, UsersQuery { after: first.next.clone(), ..invited }).await;
    assert_eq!(second.rows.len(), 50);
    assert!(second.rows.iter().all(|row| row.status == UserStatus::Invited));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_group_s_people_are_all_there_and_nobody_else(pool: PgPool) {
    let world = crowded(pool).await;
    let admin = world.admin.admin(SLUG).await.unwrap();
    let group = groups::save(&admin, None, "Blobs", "", &[]).await.unwrap();
    let ids: Vec<Uuid> =
        sqlx::query_scalar("select id from users where email < 'blob070' and status = 'invited'")
            .fetch_all(&world.domain.pool)
            .await
            .unwrap();
    let people: Vec<UserId> = ids.into_iter().map(UserId).collect();
    assert_eq!(groups::add_members(&admin, group, &people).await.unwrap().done, 70);
    let query = UsersQuery { group: Some(group), sort: UserSort::Email, ..UsersQuery::default() };
    let first = page(&world, query.clone()).await;
    assert_eq!(first.group.as_ref().map(|group| group.name.as_str()), Some("Blobs"));
    let second = page(&world, UsersQuery { after: first.next.clone(), ..query.clone() }).await;
    assert_eq!((first.rows.len(), second.rows.len(), second.next.clone()), (50, 20, None));
    assert!(emails(&second).iter().all(|email| email.as_str() < "blob070"));
    let found = UsersQuery { search: "blob01".to_owned(), ..query.clone() };
    assert_eq!(page(&world, found).await.rows.len(), 10);
    // The expired are in the group as before, so they are in its list.
    world.wait_days(7);
    assert_eq!(page(&world, query.clone()).await.rows.len(), 50);
    assert_eq!(page(&world, query).await.rows[0].status, UserStatus::Expired);
    // Another organization's group is as one that is not there.
    let other = crate::world::found(&world.domain, "other", "eve@other.example").await;
    let ours = UsersQuery { group: Some(group), ..UsersQuery::default() };
    let theirs = list(&other.admin("other").await.unwrap(), &ours).await.unwrap();
    assert_eq!((theirs.rows, theirs.group), (vec![], None));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_mistyped_place_starts_at_the_beginning(pool: PgPool) {
    let world = crowded(pool).await;
    let wrong = UsersQuery { after: Some("nonsense".to_owned()), ..UsersQuery::default() };
    assert_eq!(page(&world, wrong).await, page(&world, UsersQuery::default()).await);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn a_profile_is_its_organizations_alone(pool: PgPool) {
    let world = World::new(pool).await;
    world.make_active("blobby@blobsrus.com").await;
    let id: Uuid = sqlx::query_scalar("select id from users where email = 'blobby@blobsrus.com'")
        .fetch_one(&world.domain.pool)
        .await
        .unwrap();
    let seen = profile(&world.admin.admin(SLUG).await.unwrap(), UserId(id)).await.unwrap();
    assert_eq!((seen.user.status, seen.deliveries.len()), (UserStatus::Active, 1));
    let other = crate::world::found(&world.domain, "other", "eve@other.example").await;
    let hidden = profile(&other.admin("other").await.unwrap(), UserId(id)).await;
    assert_eq!(crate::world::refusal(hidden), Problem::NotFound);
}
