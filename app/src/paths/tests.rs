use super::*;

#[test]
fn users_view_round_trips_through_url() {
    let view = UsersView {
        query: UsersQuery {
            search: "a&b=ü %".to_owned(),
            status: Some(UserStatus::Invited),
            role: Some(OrganizationRole::Admin),
            group: Some(GroupId(Uuid::from_u128(9))),
            sort: UserSort::LastLogin,
            descending: true,
            after: Some("x_y-z".to_owned()),
            before: None,
        },
        dialog: None,
    };
    let user = UserId(Uuid::from_u128(7));
    for dialog in [
        None,
        Some(UsersDialog::Invite(String::new())),
        Some(UsersDialog::Invite("a@b.example, c@d.example".to_owned())),
        Some(UsersDialog::Selected(vec![user, UserId(Uuid::from_u128(8))])),
        Some(UsersDialog::ResendAllExpired),
    ] {
        let view = UsersView { dialog, ..view.clone() };
        let url = users("blobsrus", &view);
        let (_, search) = url.split_once('?').unwrap();
        assert_eq!(UsersView::parse(search), view);
    }
}

#[test]
fn audit_query_round_trips_through_url() {
    let query = AuditQuery {
        action: "user.invited".to_owned(),
        who: "a&b ü".to_owned(),
        from: "2026-11-01".to_owned(),
        to: "2026-11-30".to_owned(),
        before: None,
    };
    let url = audit_log("blobsrus", &query);
    assert_eq!(parse_audit(url.split_once('?').unwrap().1), query);
}

#[test]
fn requests_query_round_trips_through_url() {
    let id = Some(model::RequestId(Uuid::from_u128(7)));
    for query in [
        RequestsQuery::default(),
        RequestsQuery { after: id, before: None },
        RequestsQuery { after: None, before: id },
    ] {
        let url = requests("blobsrus", &query);
        assert_eq!(parse_requests(url.split_once('?').map_or("", |(_, search)| search)), query);
    }
}

#[test]
fn after_sign_in_rejects_other_organizations() {
    let users = "/o/blobsrus/settings/users?q=a%20b";
    assert_eq!(after_sign_in("blobsrus", users), users);
    for outside in
        ["", "//evil.example", "/\\evil.example", "/o/other/account", "/o/blobsrus/../other", "https://e"]
    {
        assert_eq!(after_sign_in("blobsrus", outside), "/o/blobsrus", "{outside}");
    }
}

#[test]
fn next_round_trips_through_login_url() {
    let path = login_code("blobsrus", "/o/blobsrus/settings/users?q=a&sort=email");
    assert_eq!(parse_next(path.split_once('?').unwrap().1), "/o/blobsrus/settings/users?q=a&sort=email");
}

#[test]
fn default_users_view_has_no_query() {
    assert_eq!(users("blobsrus", &UsersView::default()), "/o/blobsrus/settings/users");
}
