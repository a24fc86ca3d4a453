//! Every path of the interface, in one place, so that a link can't be mistyped.

use form_urlencoded::Serializer;
use model::audit_log::AuditQuery;
use model::requests::RequestsQuery;
use model::users::{UserSort, UsersQuery};
use model::{ConnectionId, GroupId, OrganizationRole, UserId, UserStatus};
use uuid::Uuid;

/// What the Users page shows: which rows, and which dialog is open. All of it is in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UsersView {
    pub query: UsersQuery,
    pub dialog: Option<UsersDialog>,
}

/// A dialog of the Users page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UsersDialog {
    /// Inviting, with these addresses in the field.
    Invite(String),
    /// What can be done to the users that were chosen.
    Chosen(Vec<UserId>),
    /// Sending every expired invitation again.
    InviteAllAgain,
}

/// What stands over a page that has a list and dialogs for one of its things, such as groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CrudView {
    pub dialog: Option<CrudDialog>,
}

/// A dialog for a thing; the id is of its kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CrudDialog {
    New,
    Edit(Uuid),
    Delete(Uuid),
}

impl CrudView {
    /// Reads the part of the URL behind its question mark.
    pub fn read(search: &str) -> Self {
        let get = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(search.trim_start_matches('?').as_bytes());
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
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
    /// The part of the URL that opens it.
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

pub fn request_invitation(organization: &str) -> String {
    format!("/o/{organization}/request-invitation")
}

pub fn account(organization: &str) -> String {
    format!("/o/{organization}/account")
}

pub fn groups(organization: &str) -> String {
    format!("/o/{organization}/settings/groups")
}

/// The people of a group.
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

/// Where a form goes that begins a sign-in by a provider.
pub fn sso_start(organization: &str) -> String {
    format!("/o/{organization}/sso/start")
}

/// Why the last sign-in by a provider came to nothing.
pub fn sso_refused(organization: &str) -> String {
    format!("/o/{organization}/sso/refused")
}

/// Where somebody goes who has signed out of a session that began at a provider.
pub fn signed_out(organization: &str, connection: ConnectionId) -> String {
    format!("/o/{organization}/signed-out?of={connection}")
}

/// The connection in the URL of that page.
pub fn signed_out_of(search: &str) -> Option<ConnectionId> {
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

/// Reads the part of the URL of the requests behind its question mark.
pub fn read_requests(search: &str) -> RequestsQuery {
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

/// The same rows as a file.
pub fn audit_export(organization: &str, query: &AuditQuery) -> String {
    let whole = AuditQuery { before: None, ..query.clone() };
    format!("/o/{organization}/settings/audit-log.csv{}", audit_search(&whole))
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

/// Reads the part of the log's URL behind its question mark; what it does not know is as if it were not there.
pub fn read_audit(search: &str) -> AuditQuery {
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
    search.extend_pairs(users_fields(view));
    match &view.dialog {
        None => {}
        Some(UsersDialog::Invite(addresses)) => {
            search.append_pair("dialog", "invite");
            if !addresses.is_empty() {
                search.append_pair("email", addresses);
            }
        }
        Some(UsersDialog::Chosen(users)) => {
            search.append_pair("dialog", "chosen");
            for user in users {
                search.append_pair("user", &user.to_string());
            }
        }
        Some(UsersDialog::InviteAllAgain) => {
            search.append_pair("dialog", "invite-all-again");
        }
    }
    let search = search.finish();
    let mark = if search.is_empty() { "" } else { "?" };
    format!("/o/{organization}/settings/users{mark}{search}")
}

/// The parameters that tell which rows there are; those that say nothing are left out.
pub fn users_fields(view: &UsersView) -> Vec<(&'static str, String)> {
    let query = &view.query;
    let group = query.group.map(|group| group.to_string()).unwrap_or_default();
    let fields = [
        ("q", query.search.as_str()),
        ("status", query.status.map_or("", UserStatus::code)),
        ("role", query.role.map_or("", OrganizationRole::code)),
        ("group", group.as_str()),
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
                "after" => query.after = Some(value.into_owned()).filter(|place| !place.is_empty()),
                "before" => query.before = Some(value.into_owned()).filter(|place| !place.is_empty()),
                "dialog" => dialog = value.into_owned(),
                // Several come from a form of boxes.
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
            "chosen" => Some(UsersDialog::Chosen(users)),
            "invite-all-again" => Some(UsersDialog::InviteAllAgain),
            _ => None,
        };
        view
    }

    /// The same rows in the same order, from the beginning: for whatever changes which rows there are.
    #[must_use]
    pub fn from_start(&self) -> Self {
        Self { query: UsersQuery { after: None, before: None, ..self.query.clone() }, dialog: None }
    }
}

#[cfg(test)]
mod tests;
