//! Settings of an organization, and what stands in their fields.

use crate::email::EmailAddress;
use crate::field::{self, FieldError};
use crate::{FieldProblem, Problem};
use serde::{Deserialize, Serialize};

/// For how many days an invitation may be made to last.
pub const INVITATION_DAYS: std::ops::RangeInclusive<i16> = 1..=30;
/// For how many hours a session may be made to last.
pub const SESSION_HOURS: std::ops::RangeInclusive<i16> = 1..=4320;
/// After how many days a dismissed address may be made to wait at most.
pub const REQUEST_COOLDOWN_DAYS: std::ops::RangeInclusive<i16> = 1..=365;
/// The most domains that an organization may name.
pub const MAX_DOMAINS: usize = 100;

/// The settings of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub name: String,
    /// Whether strangers may ask for an invitation.
    pub requests_enabled: bool,
    pub invitation_days: i16,
    pub session_hours: i16,
    /// After how many days an address whose request was dismissed may ask again.
    pub request_cooldown_days: i16,
    /// Whether a request is dismissed by itself when its address becomes a user in another way.
    pub dismiss_stale_requests: bool,
    /// Whether admins get a mail while requests wait, once an hour at most.
    pub notify_requests: bool,
    /// The domains whose addresses may be invited, in lower case; none: all.
    pub allowed_domains: Vec<String>,
}

impl Settings {
    /// Whether an address, in the form in which addresses are compared, may be invited.
    pub fn allows(&self, key: &str) -> bool {
        allows(&self.allowed_domains, key)
    }
}

/// The settings as they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsForm {
    pub name: String,
    pub requests_enabled: bool,
    pub invitation_days: String,
    pub session_hours: String,
    pub request_cooldown_days: String,
    pub dismiss_stale_requests: bool,
    pub notify_requests: bool,
    pub allowed_domains: String,
}

impl SettingsForm {
    /// What was typed, as settings.
    ///
    /// # Errors
    /// Every field that can't be so.
    pub fn check(&self) -> Result<Settings, Problem> {
        let name = field::name(&self.name);
        let days = field::number(&self.invitation_days, &INVITATION_DAYS);
        let hours = field::number(&self.session_hours, &SESSION_HOURS);
        let again = field::number(&self.request_cooldown_days, &REQUEST_COOLDOWN_DAYS);
        let domains = match parse_domains(&self.allowed_domains) {
            Ok(list) if list.len() > MAX_DOMAINS => Err(FieldError::TooMany { most: MAX_DOMAINS }),
            Ok(list) => Ok(list),
            Err(entry) => Err(FieldError::NotADomain { entry }),
        };
        let errors = [
            ("name", name.as_ref().err()),
            ("invitation_days", days.as_ref().err()),
            ("session_hours", hours.as_ref().err()),
            ("request_cooldown_days", again.as_ref().err()),
            ("allowed_domains", domains.as_ref().err()),
        ];
        let fields = errors
            .into_iter()
            .filter_map(|(field, error)| {
                Some(FieldProblem { field: field.to_owned(), error: error?.clone() })
            })
            .collect();
        let (
            Ok(name),
            Ok(invitation_days),
            Ok(session_hours),
            Ok(request_cooldown_days),
            Ok(allowed_domains),
        ) = (name, days, hours, again, domains)
        else {
            return Err(Problem::Invalid { fields });
        };
        let requests_enabled = self.requests_enabled;
        Ok(Settings {
            name,
            requests_enabled,
            invitation_days,
            session_hours,
            request_cooldown_days,
            dismiss_stale_requests: self.dismiss_stale_requests,
            notify_requests: self.notify_requests,
            allowed_domains,
        })
    }
}

/// Whether an address of this domain is among the allowed ones; where none is named, every one is.
pub fn allows(domains: &[String], key: &str) -> bool {
    let domain = key.rsplit_once('@').map_or("", |(_, domain)| domain);
    domains.is_empty() || domains.iter().any(|allowed| allowed == domain)
}

/// The domains of a list, parted by commas or white space, in the form in which addresses are compared.
///
/// # Errors
/// The first entry that is no domain.
pub fn parse_domains(text: &str) -> Result<Vec<String>, String> {
    let mut domains: Vec<String> = text
        .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let domain = entry.trim_start_matches('@');
            let address = EmailAddress::parse(&format!("x@{domain}")).map_err(|_| entry.to_owned())?;
            let key = address.normalized();
            Ok(key.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_owned()))
        })
        .collect::<Result<_, String>>()?;
    domains.sort_unstable();
    domains.dedup();
    Ok(domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_read_as_addresses_compare() {
        let domains = parse_domains("Blobs.Example, @other.example\nblobs.example Bücher.example").unwrap();
        assert_eq!(domains.len(), 3, "{domains:?}");
        for email in ["a@BLOBS.example", "b@other.example", "c@bücher.example", "c@xn--bcher-kva.example"] {
            assert!(allows(&domains, &EmailAddress::parse(email).unwrap().normalized()), "{email}");
        }
        assert!(!allows(&domains, "a@sub.blobs.example"));
        assert!(allows(&[], "a@anywhere.example"));
    }

    #[test]
    fn what_is_no_domain_is_named() {
        assert_eq!(parse_domains("blobs.example, a@b.example"), Err("a@b.example".to_owned()));
    }
}
