//! What each address of a list is, before or after inviting it.

use crate::{Admin, Error, Result};
use chrono::{DateTime, Utc};
use model::UserId;
use model::address_list::{self, Entry};
use model::field::FieldError;
use model::invitations::{AddressClass, ClassifiedAddress, InviteResult, MAX_ADDRESSES};
use model::settings::Settings;
use model::transitions::{MembershipState, Refusal};
use sqlx::PgConnection;
use std::collections::HashMap;

/// The most entries that are answered for, addresses or not.
const MAX_ENTRIES: usize = 4 * MAX_ADDRESSES;

/// Says of every address in the list what inviting it would do. Changes nothing.
pub async fn classify(admin: &Admin<'_>, list: &str) -> Result<InviteResult> {
    let entries = read(list)?;
    let keys: Vec<String> = addresses(&entries).into_keys().collect();
    let mut connection = admin.app().pool.acquire().await?;
    let mut states = states(&mut connection, admin, &keys).await?;
    for key in open_requests(&mut connection, admin, &keys).await? {
        states.entry(key).or_insert(Found::NOBODY).asked = true;
    }
    Ok(answer(entries, &states, &admin.settings))
}

/// What stood at an address.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub state: MembershipState,
    pub user: Option<UserId>,
    /// Whether a request of the address waits for the admins.
    pub asked: bool,
}

impl Found {
    pub const NOBODY: Self = Self { state: MembershipState::Unknown, user: None, asked: false };
}

/// The states of these addresses, of those that have a user.
pub(super) async fn states(
    connection: &mut PgConnection,
    admin: &Admin<'_>,
    keys: &[String],
) -> Result<HashMap<String, Found>> {
    let rows = sqlx::query!(
        "select u.id, u.email_normalized, u.status, i.expires_at as \"expires_at?\"
         from users u
         left join invitations i
            on i.organization_id = u.organization_id and i.user_id = u.id and i.status = 'open'
         where u.organization_id = $1 and u.email_normalized = any($2)",
        admin.organization_id(),
        keys
    )
    .fetch_all(connection)
    .await?;
    let found = |id, status: &str, ends| Found {
        state: state(status, ends, admin.now),
        user: Some(UserId(id)),
        asked: false,
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.email_normalized, found(row.id, &row.status, row.expires_at)))
        .collect())
}

/// Those of these addresses whose request waits for the admins.
async fn open_requests(
    connection: &mut PgConnection,
    admin: &Admin<'_>,
    keys: &[String],
) -> Result<Vec<String>> {
    let waiting = sqlx::query_scalar!(
        "select email_normalized from invitation_requests
         where organization_id = $1 and email_normalized = any($2) and status = 'open'",
        admin.organization_id(),
        keys
    )
    .fetch_all(connection)
    .await?;
    Ok(waiting)
}

/// The state of an address with a user, by the user's status and the end of the open invitation.
pub fn state(status: &str, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> MembershipState {
    match status {
        "active" => MembershipState::Active,
        "suspended" => MembershipState::Suspended,
        _ if expires_at.is_some_and(|end| end > now) => MembershipState::Invited,
        _ => MembershipState::Expired,
    }
}

/// The list's entries, when there are some and not too many.
pub fn read(list: &str) -> Result<Vec<Entry>> {
    let entries = address_list::parse(list);
    // A column of names beside the addresses does not count, as long as it is not a flood.
    let count = match entries.iter().filter(|entry| entry.address.is_ok()).count() {
        count if count <= MAX_ADDRESSES && entries.len() > MAX_ENTRIES => entries.len(),
        count => count,
    };
    if entries.is_empty() {
        Err(Error::field("addresses", FieldError::NoAddress))
    } else if count > MAX_ADDRESSES {
        let error = FieldError::TooManyAddresses { count, max: MAX_ADDRESSES };
        Err(Error::field("addresses", error))
    } else {
        Ok(entries)
    }
}

/// The well-formed addresses, once each: their key, and how mail is written to them.
pub fn addresses(entries: &[Entry]) -> HashMap<String, String> {
    entries
        .iter()
        .filter(|entry| entry.duplicate_of.is_none())
        .filter_map(|entry| entry.address.as_ref().ok())
        .map(|address| (address.normalized(), address.as_str().to_owned()))
        .collect()
}

/// The answer for each entry, from the state that its address was in; one without a state is unknown.
pub(super) fn answer(
    entries: Vec<Entry>,
    found: &HashMap<String, Found>,
    settings: &Settings,
) -> InviteResult {
    let class = |entry: Entry| match (entry.duplicate_of, entry.address) {
        (Some(of), _) => ClassifiedAddress::new(entry.text, AddressClass::Duplicate { of }),
        (None, Err(why)) => ClassifiedAddress::new(entry.text, AddressClass::Malformed { why }),
        (None, Ok(address)) => {
            let key = address.normalized();
            let Found { state, user, asked } = found.get(&key).copied().unwrap_or(Found::NOBODY);
            let class = match AddressClass::for_state(state) {
                class if class.is_invited() && !settings.allows(&key) => {
                    AddressClass::Refused { why: Refusal::DomainNotAllowed }
                }
                class => class,
            };
            ClassifiedAddress { text: address.as_str().to_owned(), class, user, has_open_request: asked }
        }
    };
    InviteResult { addresses: entries.into_iter().map(class).collect() }
}
