//! The paths of all pages, and the page state that is kept in their query strings.

use form_urlencoded::Serializer;
use model::audit_log::AuditQuery;
use model::requests::RequestsQuery;
use model::users::{UserSort, UsersQuery};
use model::{ConnectionId, GroupId, OrganizationRole, UserId, UserStatus};
use uuid::Uuid;

/// The state of the Users page, all of it in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UsersView {
    pub query: UsersQuery,
    pub dialog: Option<UsersDialog>,
}

/// A dialog of the Users page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UsersDialog {
    /// Invite users; the addresses prefill the field.
    Invite(String),
    /// Actions for the selected users.
    Selected(Vec<UserId>),
    /// Resend all expired invitations.
    ResendAllExpired,
}

/// The state of a page that lists items and edits them in dialogs, such as groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CrudView {
    pub dialog: Option<CrudDialog>,
}

/// A dialog for one item, by its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CrudDialog {
    New,
    Edit(Uuid),
    Delete(Uuid),
}

impl CrudView {
    /// Parses a query string, with or without the question mark.
    pub fn parse(search: &str) -> Self {
        let get = |key: &str| {
            let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
            pairs.find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
        };
        let id = get("id").and_then(|id| id.parse().ok());
        let dialog = match (get("dialog").as_deref(), id) {
            (Some("new"), _) => Some(CrudDialog::New),
            (Some("edit"), Some(id)) => Some(CrudDialog::Edit(id)),
            (Some("delete"), Some(id)) => Some(CrudDialog::Delete(id)),
            _ => None,
        };
        Self { dialog }
    }
}

impl CrudDialog {
    /// The query string that opens the dialog.
    pub fn search(&self) -> String {
        match self {
            Self::New => "?dialog=new".to_owned(),
            Self::Edit(id) => format!("?dialog=edit&id={id}"),
            Self::Delete(id) => format!("?dialog=delete&id={id}"),
        }
    }
}

pub fn login(organization: &str) -> String {
    format!("/o/{organization}/login")
}

/// The login page, which returns to `next` after signing in.
pub fn login_with_next(organization: &str, next: &str) -> String {
    with_next(login(organization), next)
}

/// The second step of signing in: entering the code from the email.
pub fn login_code(organization: &str, next: &str) -> String {
    with_next(format!("/o/{organization}/login/code"), next)
}

/// The server redirects from here: admins to the users, members to their account, everyone else to the login page.
pub fn home(organization: &str) -> String {
    format!("/o/{organization}")
}

/// Where to go after signing in: to `next` if it is a page of this organization, otherwise to [`home`].
pub fn after_sign_in(organization: &str, next: &str) -> String {
    if is_within(organization, next) { next.to_owned() } else { home(organization) }
}

/// Where to go after signing out: to `next` if it is a page of this organization, otherwise to [`login`].
pub fn after_sign_out(organization: &str, next: &str) -> String {
    if is_within(organization, next) { next.to_owned() } else { login(organization) }
}

/// Whether an untrusted path leads to a page of this organization. Rejects anything that a browser could resolve to another
/// site or organization, to prevent open redirects.
fn is_within(organization: &str, path: &str) -> bool {
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

/// The page to return to after signing in, from the query string of the login page.
pub fn parse_next(search: &str) -> String {
    let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
    pairs.find(|(name, _)| name == "next").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub fn join(organization: &str) -> String {
    format!("/o/{organization}/join")
}

pub fn request_invitation(organization: &str) -> String {
    format!("/o/{organization}/request-invitation")
}

pub fn account(organization: &str) -> String {
    format!("/o/{organization}/account")
}

pub fn groups(organization: &str) -> String {
    format!("/o/{organization}/settings/groups")
}

/// The Users page, filtered by group.
pub fn group_users(organization: &str, group: GroupId) -> String {
    let query = UsersQuery { group: Some(group), ..UsersQuery::default() };
    users(organization, &UsersView { query, dialog: None })
}

pub fn roles(organization: &str) -> String {
    format!("/o/{organization}/settings/roles")
}

pub fn general(organization: &str) -> String {
    format!("/o/{organization}/settings/general")
}

pub fn authentication(organization: &str) -> String {
    format!("/o/{organization}/settings/authentication")
}

/// Where a form posts to start an SSO login flow.
pub fn sso_start(organization: &str) -> String {
    format!("/o/{organization}/sso/start")
}

/// The page that says why the last SSO sign-in failed.
pub fn sso_refused(organization: &str) -> String {
    format!("/o/{organization}/sso/refused")
}

/// The page after signing out of a session that was started through a connection.
pub fn signed_out(organization: &str, connection: ConnectionId) -> String {
    format!("/o/{organization}/signed-out?of={connection}")
}

/// The connection in the query string of the signed-out page.
pub fn parse_signed_out(search: &str) -> Option<ConnectionId> {
    let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
    pairs.find(|(name, _)| name == "of").and_then(|(_, id)| id.parse().ok())
}

pub fn provisioning(organization: &str) -> String {
    format!("/o/{organization}/settings/provisioning")
}

pub fn requests(organization: &str, query: &RequestsQuery) -> String {
    let path = format!("/o/{organization}/settings/requests");
    match (query.after, query.before) {
        (Some(after), _) => format!("{path}?after={after}"),
        (None, Some(before)) => format!("{path}?before={before}"),
        (None, None) => path,
    }
}

/// Parses the query string of the requests page, with or without the question mark.
pub fn parse_requests(search: &str) -> RequestsQuery {
    let mut query = RequestsQuery::default();
    for (name, value) in form_urlencoded::parse(search.trim_start_matches('?').as_bytes()) {
        match &*name {
            "after" => query.after = value.parse().ok(),
            "before" => query.before = value.parse().ok(),
            _ => {}
        }
    }
    query
}

pub fn audit_log(organization: &str, query: &AuditQuery) -> String {
    format!("/o/{organization}/settings/audit-log{}", audit_search(query))
}

/// All events that match the query, as CSV.
pub fn audit_export(organization: &str, query: &AuditQuery) -> String {
    let unpaged = AuditQuery { before: None, ..query.clone() };
    format!("/o/{organization}/settings/audit-log.csv{}", audit_search(&unpaged))
}

fn audit_search(query: &AuditQuery) -> String {
    let fields = [
        ("action", query.action.clone()),
        ("who", query.who.clone()),
        ("from", query.from.clone()),
        ("to", query.to.clone()),
        ("before", query.before.map(|id| id.to_string()).unwrap_or_default()),
    ];
    let mut search = Serializer::new(String::new());
    search.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
    let search = search.finish();
    if search.is_empty() { search } else { format!("?{search}") }
}

/// Parses the query string of the audit log, with or without the question mark. Ignores unknown and invalid parameters.
pub fn parse_audit(search: &str) -> AuditQuery {
    let mut query = AuditQuery::default();
    for (name, value) in form_urlencoded::parse(search.trim_start_matches('?').as_bytes()) {
        match &*name {
            "action" => query.action = value.into_owned(),
            "who" => value.trim().clone_into(&mut query.who),
            "from" => query.from = value.into_owned(),
            "to" => query.to = value.into_owned(),
            "before" => query.before = value.parse().ok(),
            _ => {}
        }
    }
    query
}

pub fn user(organization: &str, user: UserId) -> String {
    format!("/o/{organization}/settings/users/{user}")
}

pub fn users(organization: &str, view: &UsersView) -> String {
    let mut search = Serializer::new(String::new());
    search.extend_pairs(users_params(view));
    match &view.dialog {
        None => {}
        Some(UsersDialog::Invite(addresses)) => {
            search.append_pair("dialog", "invite");
            if !addresses.is_empty() {
                search.append_pair("email", addresses);
            }
        }
        Some(UsersDialog::Selected(users)) => {
            search.append_pair("dialog", "chosen");
            for user in users {
                search.append_pair("user", &user.to_string());
            }
        }
        Some(UsersDialog::ResendAllExpired) => {
            search.append_pair("dialog", "invite-all-again");
        }
    }
    let search = search.finish();
    let separator = if search.is_empty() { "" } else { "?" };
    format!("/o/{organization}/settings/users{separator}{search}")
}

/// The query parameters that select the rows, without those that have their default value.
pub fn users_params(view: &UsersView) -> Vec<(&'static str, String)> {
    let query = &view.query;
    let group = query.group.map(|group| group.to_string()).unwrap_or_default();
    let params = [
        ("q", query.search.as_str()),
        ("status", query.status.map_or("", UserStatus::code)),
        ("role", query.role.map_or("", OrganizationRole::code)),
        ("group", group.as_str()),
        ("sort", if query.sort == UserSort::default() { "" } else { query.sort.code() }),
        ("order", if query.descending { "desc" } else { "" }),
        ("after", query.after.as_deref().unwrap_or_default()),
        ("before", query.before.as_deref().unwrap_or_default()),
    ];
    params
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

impl UsersView {
    /// Parses a query string, with or without the question mark. Ignores unknown and invalid parameters.
    ///
    /// The router's parameter map does not work here: it does not decode a plus sign, which forms write for a space.
    pub fn parse(search: &str) -> Self {
        let mut view = Self::default();
        let (mut dialog, mut addresses, mut users) = (String::new(), String::new(), Vec::new());
        for (name, value) in form_urlencoded::parse(search.trim_start_matches('?').as_bytes()) {
            let query = &mut view.query;
            match &*name {
                "q" => value.trim().clone_into(&mut query.search),
                "status" => query.status = value.parse().ok(),
                "role" => query.role = value.parse().ok(),
                "group" => query.group = value.parse().ok(),
                "sort" => query.sort = value.parse().unwrap_or_default(),
                "order" => query.descending = value == "desc",
                "after" => query.after = Some(value.into_owned()).filter(|cursor| !cursor.is_empty()),
                "before" => query.before = Some(value.into_owned()).filter(|cursor| !cursor.is_empty()),
                "dialog" => dialog = value.into_owned(),
                // A form with checkboxes sends several.
                "email" | "email[]" => {
                    if !addresses.is_empty() {
                        addresses.push_str(", ");
                    }
                    addresses.push_str(&value);
                }
                "user" => users.extend(value.parse::<UserId>().ok()),
                _ => {}
            }
        }
        view.dialog = match dialog.as_str() {
            "invite" => Some(UsersDialog::Invite(addresses)),
            "chosen" => Some(UsersDialog::Selected(users)),
            "invite-all-again" => Some(UsersDialog::ResendAllExpired),
            _ => None,
        };
        view
    }

    /// The same filters and order on the first page: for links that change the rows, which invalidates the cursor.
    #[must_use]
    pub fn from_start(&self) -> Self {
        Self { query: UsersQuery { after: None, before: None, ..self.query.clone() }, dialog: None }
    }
}

#[cfg(test)]
mod tests;
