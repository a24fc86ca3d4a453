use super::*;

#[test]
fn a_view_survives_its_url() {
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
        Some(UsersDialog::Chosen(vec![user, UserId(Uuid::from_u128(8))])),
        Some(UsersDialog::InviteAllAgain),
    ] {
        let view = UsersView { dialog, ..view.clone() };
        let url = users("blobsrus", &view);
        let (_, search) = url.split_once('?').unwrap();
        assert_eq!(UsersView::read(search), view);
    }
}

#[test]
fn a_view_of_the_log_survives_its_url() {
    let query = AuditQuery {
        action: "user.invited".to_owned(),
        who: "a&b ü".to_owned(),
        from: "2026-11-01".to_owned(),
        to: "2026-11-30".to_owned(),
        before: None,
    };
    let url = audit_log("blobsrus", &query);
    assert_eq!(read_audit(url.split_once('?').unwrap().1), query);
}

#[test]
fn a_page_of_requests_survives_its_url() {
    let id = Some(model::RequestId(Uuid::from_u128(7)));
    for query in [
        RequestsQuery::default(),
        RequestsQuery { after: id, before: None },
        RequestsQuery { after: None, before: id },
    ] {
        let url = requests("blobsrus", &query);
        assert_eq!(read_requests(url.split_once('?').map_or("", |(_, search)| search)), query);
    }
}

#[test]
fn nobody_is_sent_out_of_the_organization() {
    let users = "/o/blobsrus/settings/users?q=a%20b";
    assert_eq!(after_sign_in("blobsrus", users), users);
    for outside in
        ["", "//evil.example", "/\\evil.example", "/o/other/account", "/o/blobsrus/../other", "https://e"]
    {
        assert_eq!(after_sign_in("blobsrus", outside), "/o/blobsrus", "{outside}");
    }
}

#[test]
fn the_page_asked_for_survives_the_way_through_the_login() {
    let path = login_code("blobsrus", "/o/blobsrus/settings/users?q=a&sort=email");
    assert_eq!(next(path.split_once('?').unwrap().1), "/o/blobsrus/settings/users?q=a&sort=email");
}

#[test]
fn the_plain_view_has_a_plain_url() {
    assert_eq!(users("blobsrus", &UsersView::default()), "/o/blobsrus/settings/users");
}
