//! Classifies each entry of an address list, before and after inviting it.

use crate::column::parse_column;
use crate::{Admin, Error, InOrganization, Result, membership};
use model::UserId;
use model::address_list::{self, Entry};
use model::field::FieldError;
use model::invitations::{AddressClass, ClassifiedAddress, InviteResult, MAX_ADDRESSES};
use model::settings::Settings;
use model::transitions::{MembershipState, Refusal};
use sqlx::PgConnection;
use std::collections::HashMap;

/// Most entries of a list, valid addresses or not.
const MAX_ENTRIES: usize = 4 * MAX_ADDRESSES;

/// Reports for every entry of the list what inviting it would do. Read-only.
///
/// # Errors
/// A field error if the list has no entries or more than [`MAX_ADDRESSES`] addresses.
pub async fn classify(admin: &Admin<'_>, list: &str) -> Result<InviteResult> {
    let entries = parse_entries(list)?;
    let emails: Vec<String> = valid_addresses(&entries).into_keys().collect();
    let mut connection = admin.app().pool.acquire().await?;
    let mut statuses = load_statuses(&mut connection, admin, &emails).await?;
    for email in find_open_requests(&mut connection, admin, &emails).await? {
        statuses.entry(email).or_insert(AddressStatus::UNKNOWN).has_open_request = true;
    }
    Ok(invite_result(entries, &statuses, admin.settings()))
}

/// The status of an address in the organization.
#[derive(Clone, Copy)]
pub(super) struct AddressStatus {
    pub state: MembershipState,
    pub user: Option<UserId>,
    /// Whether an invitation request from this address is waiting for review.
    pub has_open_request: bool,
}

impl AddressStatus {
    pub const UNKNOWN: Self = Self { state: MembershipState::Unknown, user: None, has_open_request: false };
}

/// The statuses, by normalized address. Addresses without a user are left out.
pub(super) async fn load_statuses(
    connection: &mut PgConnection,
    admin: &Admin<'_>,
    emails: &[String],
) -> Result<HashMap<String, AddressStatus>> {
    let rows = sqlx::query!(
        "select u.id, u.email_normalized, u.status, i.expires_at as \"expires_at?\"
         from users u
         left join invitations i
            on i.organization_id = u.organization_id and i.user_id = u.id and i.status = 'open'
         where u.organization_id = $1 and u.email_normalized = any($2)",
        admin.organization_id(),
        emails
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let status = parse_column(&row.status, "users", "status", row.id)?;
            let status = AddressStatus {
                state: membership::state(Some(status), row.expires_at, admin.now()),
                user: Some(UserId(row.id)),
                has_open_request: false,
            };
            Ok((row.email_normalized, status))
        })
        .collect()
}

/// Those of the addresses that have an invitation request waiting for review.
async fn find_open_requests(
    connection: &mut PgConnection,
    admin: &Admin<'_>,
    emails: &[String],
) -> Result<Vec<String>> {
    let requested = sqlx::query_scalar!(
        "select email_normalized from invitation_requests
         where organization_id = $1 and email_normalized = any($2) and status = 'open'",
        admin.organization_id(),
        emails
    )
    .fetch_all(connection)
    .await?;
    Ok(requested)
}

/// Parses the list.
///
/// # Errors
/// A field error if it has no entries or more than [`MAX_ADDRESSES`] addresses.
pub(super) fn parse_entries(list: &str) -> Result<Vec<Entry>> {
    let entries = address_list::parse(list);
    // Entries that are not addresses, such as a column of names, count only if there are very many of them.
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

/// The distinct valid addresses: from the normalized form to the form that email is sent to.
pub(super) fn valid_addresses(entries: &[Entry]) -> HashMap<String, String> {
    entries
        .iter()
        .filter(|entry| entry.duplicate_of.is_none())
        .filter_map(|entry| entry.address.as_ref().ok())
        .map(|address| (address.normalized(), address.as_str().to_owned()))
        .collect()
}

/// Classifies each entry by the status of its address. An address without a status is unknown.
pub(super) fn invite_result(
    entries: Vec<Entry>,
    statuses: &HashMap<String, AddressStatus>,
    settings: &Settings,
) -> InviteResult {
    let classify = |entry: Entry| match (entry.duplicate_of, entry.address) {
        (Some(of), _) => ClassifiedAddress::new(entry.text, AddressClass::Duplicate { of }),
        (None, Err(why)) => ClassifiedAddress::new(entry.text, AddressClass::Malformed { why }),
        (None, Ok(address)) => {
            let email = address.normalized();
            let status = statuses.get(&email).copied().unwrap_or(AddressStatus::UNKNOWN);
            let AddressStatus { state, user, has_open_request } = status;
            let class = match AddressClass::for_state(state) {
                class if class.is_invited() && !settings.allows(&email) => {
                    AddressClass::Refused { why: Refusal::DomainNotAllowed }
                }
                class => class,
            };
            ClassifiedAddress { text: address.as_str().to_owned(), class, user, has_open_request }
        }
    };
    InviteResult { addresses: entries.into_iter().map(classify).collect() }
}
