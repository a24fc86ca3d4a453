//! The settings of an organization, and the form that edits them.

use crate::email::EmailAddress;
use crate::field::{self, FieldError};
use crate::{FieldErrors, Problem};
use serde::{Deserialize, Serialize};

/// Range of the invitation lifetime, in days.
pub const INVITATION_DAYS: std::ops::RangeInclusive<i16> = 1..=30;
/// Range of the session lifetime, in hours.
pub const SESSION_HOURS: std::ops::RangeInclusive<i16> = 1..=4320;
/// Range of the wait after a dismissed request, in days.
pub const REQUEST_COOLDOWN_DAYS: std::ops::RangeInclusive<i16> = 1..=365;
/// Most allowed domains.
pub const MAX_DOMAINS: usize = 100;

/// The settings of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub name: String,
    /// Whether anyone may request an invitation.
    pub requests_enabled: bool,
    /// Invitation lifetime, in days.
    pub invitation_days: i16,
    /// Session lifetime, in hours.
    pub session_hours: i16,
    /// Days after a dismissal during which new requests from the same address are counted but not shown.
    pub request_cooldown_days: i16,
    /// Whether a request is dismissed automatically when its address joins another way.
    pub dismiss_stale_requests: bool,
    /// Whether admins are emailed about open requests, at most once an hour.
    pub notify_requests: bool,
    /// Domains whose addresses may be invited, normalized; empty allows all.
    pub allowed_domains: Vec<String>,
}

impl Settings {
    /// Whether a normalized email address may be invited.
    pub fn allows(&self, email_normalized: &str) -> bool {
        is_domain_allowed(&self.allowed_domains, email_normalized)
    }
}

/// The settings as submitted.
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
    /// Validates the form.
    ///
    /// # Errors
    /// All invalid fields.
    pub fn validate(&self) -> Result<Settings, Problem> {
        let mut fields = FieldErrors::default();
        let name = fields.check("name", field::parse_name(&self.name));
        let days =
            fields.check("invitation_days", field::parse_number(&self.invitation_days, &INVITATION_DAYS));
        let hours = fields.check("session_hours", field::parse_number(&self.session_hours, &SESSION_HOURS));
        let cooldown = field::parse_number(&self.request_cooldown_days, &REQUEST_COOLDOWN_DAYS);
        let cooldown = fields.check("request_cooldown_days", cooldown);
        let domains = fields.check("allowed_domains", parse_domains(&self.allowed_domains));
        fields.finish(|| {
            Some(Settings {
                name: name?,
                requests_enabled: self.requests_enabled,
                invitation_days: days?,
                session_hours: hours?,
                request_cooldown_days: cooldown?,
                dismiss_stale_requests: self.dismiss_stale_requests,
                notify_requests: self.notify_requests,
                allowed_domains: domains?,
            })
        })
    }
}

/// Whether the domain of a normalized email address is allowed. An empty list allows all; subdomains count separately.
pub fn is_domain_allowed(domains: &[String], email_normalized: &str) -> bool {
    let domain = email_normalized.rsplit_once('@').map_or("", |(_, domain)| domain);
    domains.is_empty() || domains.iter().any(|allowed| allowed == domain)
}

/// Parses a list of domains separated by commas, semicolons or whitespace, and normalizes them.
///
/// # Errors
/// The first invalid entry, or if there are more than [`MAX_DOMAINS`].
pub fn parse_domains(text: &str) -> Result<Vec<String>, FieldError> {
    let mut domains: Vec<String> = text
        .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let domain = entry.trim_start_matches('@');
            let address = EmailAddress::parse(&format!("x@{domain}"))
                .map_err(|_| FieldError::InvalidDomain { entry: entry.to_owned() })?;
            let email = address.normalized();
            Ok(email.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_owned()))
        })
        .collect::<Result<_, FieldError>>()?;
    domains.sort_unstable();
    domains.dedup();
    if domains.len() > MAX_DOMAINS { Err(FieldError::TooMany { max: MAX_DOMAINS }) } else { Ok(domains) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_match_normalized_addresses() {
        let domains = parse_domains("Blobs.Example, @other.example\nblobs.example Bücher.example").unwrap();
        assert_eq!(domains.len(), 3, "{domains:?}");
        for email in ["a@BLOBS.example", "b@other.example", "c@bücher.example", "c@xn--bcher-kva.example"] {
            assert!(
                is_domain_allowed(&domains, &EmailAddress::parse(email).unwrap().normalized()),
                "{email}"
            );
        }
        assert!(!is_domain_allowed(&domains, "a@sub.blobs.example"));
        assert!(is_domain_allowed(&[], "a@anywhere.example"));
    }

    #[test]
    fn invalid_domain_is_named() {
        let entry = "a@b.example".to_owned();
        assert_eq!(parse_domains("blobs.example, a@b.example"), Err(FieldError::InvalidDomain { entry }));
    }
}
