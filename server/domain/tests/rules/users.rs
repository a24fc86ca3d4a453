//! The users list and profiles.

use domain::groups;
use domain::users::{list, profile};
use model::permission::GroupChange;
use model::users::{UserSort, UsersPage, UsersQuery};
use model::{OrganizationRole, Problem, UserId, UserStatus};
use sqlx::PgPool;
use test_support::{ADMIN, SLUG, TestApp, create_organization, refusal};
use uuid::Uuid;

async fn page(app: &TestApp, query: UsersQuery) -> UsersPage {
    list(&app.admin.admin(SLUG).await.unwrap(), &query).await.unwrap()
}

fn emails(page: &UsersPage) -> Vec<String> {
    page.rows.iter().map(|row| row.email.clone()).collect()
}

/// An app with 120 users, enough for three pages.
async fn app_with_three_pages(pool: PgPool) -> TestApp {
    let app = TestApp::new(pool).await;
    let addresses: String = (0..119).map(|n| format!("blob{n:03}@blobsrus.com\n")).collect();
    app.invite(&addresses).await;
    app.run("update users set name = 'Blob ' || (hashtext(email) % 7) where status = 'invited'").await;
    app
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn pages_cover_every_user_once_in_both_directions(pool: PgPool) {
    let app = app_with_three_pages(pool).await;
    for &sort in UserSort::ALL {
        for descending in [false, true] {
            let query = UsersQuery { sort, descending, ..UsersQuery::default() };
            let first = page(&app, query.clone()).await;
            assert_eq!((first.rows.len(), first.previous.clone()), (50, None));
            let second = page(&app, UsersQuery { after: first.next.clone(), ..query.clone() }).await;
            let third = page(&app, UsersQuery { after: second.next.clone(), ..query.clone() }).await;
            assert_eq!((third.rows.len(), third.next.clone()), (20, None));
            let mut all = [emails(&first), emails(&second), emails(&third)].concat();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 120, "{sort:?} {descending}");
            let back = page(&app, UsersQuery { before: third.previous.clone(), ..query.clone() }).await;
            assert_eq!(back, second, "{sort:?} {descending}");
            let start = page(&app, UsersQuery { before: second.previous.clone(), ..query }).await;
            assert_eq!(start, first, "{sort:?} {descending}");
        }
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn expired_invitation_moves_to_its_own_tab(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.invite("late@blobsrus.com").await;
    let before = page(&app, UsersQuery::default()).await;
    assert_eq!((before.counts.users.counted, before.counts.expired.counted), (2, 0));
    assert_eq!(before.rows.iter().filter(|row| row.status == UserStatus::Invited).count(), 1);
    app.wait_days(7);
    let after = page(&app, UsersQuery::default()).await;
    assert_eq!(emails(&after), [ADMIN]);
    assert_eq!((after.counts.users.counted, after.counts.expired.counted), (1, 1));
    let tab = page(&app, UsersQuery { status: Some(UserStatus::Expired), ..UsersQuery::default() }).await;
    assert_eq!(emails(&tab), ["late@blobsrus.com"]);
    assert_eq!(tab.rows[0].status, UserStatus::Expired);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn search_matches_substrings_literally(pool: PgPool) {
    let app = app_with_three_pages(pool).await;
    let search = |text: &str| UsersQuery { search: text.to_owned(), ..UsersQuery::default() };
    assert_eq!(emails(&page(&app, search(" LOB04")).await).len(), 10);
    assert_eq!(emails(&page(&app, search("ada@")).await), [ADMIN]);
    for text in ["%", "_", "\\", "' or true --"] {
        assert!(page(&app, search(text)).await.rows.is_empty(), "{text}");
    }
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn filters_combine_with_pagination(pool: PgPool) {
    let app = app_with_three_pages(pool).await;
    let admins = UsersQuery { role: Some(OrganizationRole::Admin), ..UsersQuery::default() };
    assert_eq!(emails(&page(&app, admins).await), [ADMIN]);
    let invited = UsersQuery { status: Some(UserStatus::Invited), ..UsersQuery::default() };
    let first = page(&app, invited.clone()).await;
    let second = page(&app, UsersQuery { after: first.next.clone(), ..invited }).await;
    assert_eq!(second.rows.len(), 50);
    assert!(second.rows.iter().all(|row| row.status == UserStatus::Invited));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn group_filter_lists_exactly_its_members(pool: PgPool) {
    let app = app_with_three_pages(pool).await;
    let admin = app.admin.admin(SLUG).await.unwrap();
    let group = groups::save(&admin, None, "Blobs", "", &[]).await.unwrap();
    let ids: Vec<Uuid> =
        sqlx::query_scalar("select id from users where email < 'blob070' and status = 'invited'")
            .fetch_all(&app.context.pool)
            .await
            .unwrap();
    let members: Vec<UserId> = ids.into_iter().map(UserId).collect();
    assert_eq!(groups::change_members(&admin, GroupChange::Add, group, &members).await.unwrap().done, 70);
    let query = UsersQuery { group: Some(group), sort: UserSort::Email, ..UsersQuery::default() };
    let first = page(&app, query.clone()).await;
    assert_eq!(first.group.as_ref().map(|group| group.name.as_str()), Some("Blobs"));
    let second = page(&app, UsersQuery { after: first.next.clone(), ..query.clone() }).await;
    assert_eq!((first.rows.len(), second.rows.len(), second.next.clone()), (50, 20, None));
    assert!(emails(&second).iter().all(|email| email.as_str() < "blob070"));
    let search = UsersQuery { search: "blob01".to_owned(), ..query.clone() };
    assert_eq!(page(&app, search).await.rows.len(), 10);
    // Users whose invitation has expired stay in the group, and in its list.
    app.wait_days(7);
    assert_eq!(page(&app, query.clone()).await.rows.len(), 50);
    assert_eq!(page(&app, query).await.rows[0].status, UserStatus::Expired);
    // A group of another organization is treated like one that does not exist.
    let other = create_organization(&app.context, "other", "eve@other.example").await;
    let query = UsersQuery { group: Some(group), ..UsersQuery::default() };
    let foreign = list(&other.admin("other").await.unwrap(), &query).await.unwrap();
    assert_eq!((foreign.rows, foreign.group), (vec![], None));
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn invalid_cursor_starts_at_the_first_page(pool: PgPool) {
    let app = app_with_three_pages(pool).await;
    let invalid = UsersQuery { after: Some("nonsense".to_owned()), ..UsersQuery::default() };
    assert_eq!(page(&app, invalid).await, page(&app, UsersQuery::default()).await);
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn profile_of_another_organization_is_not_found(pool: PgPool) {
    let app = TestApp::new(pool).await;
    app.make_active("blobby@blobsrus.com").await;
    let user = app.user("blobby@blobsrus.com").await;
    let own = profile(&app.admin.admin(SLUG).await.unwrap(), user).await.unwrap();
    assert_eq!((own.user.status, own.deliveries.len()), (UserStatus::Active, 1));
    let other = create_organization(&app.context, "other", "eve@other.example").await;
    let foreign = profile(&other.admin("other").await.unwrap(), user).await;
    assert_eq!(refusal(foreign), Problem::NotFound);
}
