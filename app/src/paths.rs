//! Every path of the interface, in one place, so that a link can't be mistyped.

use form_urlencoded::Serializer;
use model::users::{UserSort, UsersQuery};
use model::{OrganizationRole, UserId, UserStatus};

/// What the Users page shows: which rows, and whether the invite dialog is open. All of it is in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UsersView {
    pub query: UsersQuery,
    pub inviting: bool,
}

pub fn login(organization: &str) -> String {
    format!("/o/{organization}/login")
}

/// The login page that leads back to where somebody wanted to go.
pub fn login_then(organization: &str, next: &str) -> String {
    with_next(login(organization), next)
}

/// The second step of signing in: the code from the mail.
pub fn login_code(organization: &str, next: &str) -> String {
    with_next(format!("/o/{organization}/login/code"), next)
}

/// Where the server sends everybody on: an admin to the users, a member to the account, others to the login page.
pub fn home(organization: &str) -> String {
    format!("/o/{organization}")
}

/// Where somebody goes who has signed in: to the page they had asked for, if it is one of this organization's.
pub fn after_sign_in(organization: &str, next: &str) -> String {
    if inside(organization, next) { next.to_owned() } else { home(organization) }
}

/// Where somebody goes who has signed out.
pub fn after_sign_out(organization: &str, next: &str) -> String {
    if inside(organization, next) { next.to_owned() } else { login(organization) }
}

/// Whether a path that came from outside stays inside this organization. Anything that a browser could read as
/// another address is out.
fn inside(organization: &str, path: &str) -> bool {
    let pages = format!("/o/{organization}/");
    path.starts_with(&pages)
        && !path.contains("..")
        && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

fn with_next(path: String, next: &str) -> String {
    if next.is_empty() {
        return path;
    }
    let search = Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{path}?{search}")
}

/// The page that somebody had asked for before signing in, from the URL of the login page.
pub fn next(search: &str) -> String {
    let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
    pairs.find(|(name, _)| name == "next").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub fn join(organization: &str) -> String {
    format!("/o/{organization}/join")
}

pub fn account(organization: &str) -> String {
    format!("/o/{organization}/account")
}

pub fn user(organization: &str, user: UserId) -> String {
    format!("/o/{organization}/settings/users/{user}")
}

pub fn users(organization: &str, view: &UsersView) -> String {
    let mut search = Serializer::new(String::new());
    search.extend_pairs(users_fields(view));
    if view.inviting {
        search.append_pair("dialog", "invite");
    }
    let search = search.finish();
    let mark = if search.is_empty() { "" } else { "?" };
    format!("/o/{organization}/settings/users{mark}{search}")
}

/// The parameters that tell which rows there are; those that say nothing are left out.
pub fn users_fields(view: &UsersView) -> Vec<(&'static str, String)> {
    let query = &view.query;
    let fields = [
        ("q", query.search.as_str()),
        ("status", query.status.map_or("", UserStatus::code)),
        ("role", query.role.map_or("", OrganizationRole::code)),
        ("sort", if query.sort == UserSort::default() { "" } else { query.sort.code() }),
        ("order", if query.descending { "desc" } else { "" }),
        ("after", query.after.as_deref().unwrap_or_default()),
        ("before", query.before.as_deref().unwrap_or_default()),
    ];
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

impl UsersView {
    /// Reads the part of the URL behind its question mark; what it does not know is as if it were not there.
    ///
    /// The router's own map of parameters is left aside: it takes a plus sign, which forms write for a space, as it is.
    pub fn read(search: &str) -> Self {
        let mut view = Self::default();
        for (name, value) in form_urlencoded::parse(search.trim_start_matches('?').as_bytes()) {
            let query = &mut view.query;
            match &*name {
                "q" => value.trim().clone_into(&mut query.search),
                "status" => query.status = value.parse().ok(),
                "role" => query.role = value.parse().ok(),
                "sort" => query.sort = value.parse().unwrap_or_default(),
                "order" => query.descending = value == "desc",
                "after" => query.after = Some(value.into_owned()).filter(|place| !place.is_empty()),
                "before" => query.before = Some(value.into_owned()).filter(|place| !place.is_empty()),
                "dialog" => view.inviting = value == "invite",
                _ => {}
            }
        }
        view
    }

    /// The same rows in the same order, from the beginning: for whatever changes which rows there are.
    #[must_use]
    pub fn from_start(&self) -> Self {
        Self { query: UsersQuery { after: None, before: None, ..self.query.clone() }, inviting: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_survives_its_url() {
        let view = UsersView {
            query: UsersQuery {
                search: "a&b=ü %".to_owned(),
                status: Some(UserStatus::Invited),
                role: Some(OrganizationRole::Admin),
                sort: UserSort::LastLogin,
                descending: true,
                after: Some("x_y-z".to_owned()),
                before: None,
            },
            inviting: true,
        };
        let url = users("blobsrus", &view);
        let (_, search) = url.split_once('?').unwrap();
        assert_eq!(UsersView::read(search), view);
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
}
