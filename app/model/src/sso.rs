//! Single sign-on: connections to identity providers, and what comes of signing in by one.

use crate::field::{self, FieldError};
use crate::permission::GroupName;
use crate::settings::{MAX_DOMAINS, parse_domains};
use crate::{ConnectionId, FieldProblem, GroupId, OrganizationRole, Problem};
use serde::{Deserialize, Serialize};

/// For how many minutes a try to sign in by a provider can be finished.
pub const ATTEMPT_MINUTES: i64 = 10;

/// How old the provider's own sign-in may be made to be at most, in minutes.
pub const MAX_AGE_MINUTES: std::ops::RangeInclusive<i16> = 1..=30_000;

/// The longest address, client id or secret that is taken, in characters.
const MAX_TEXT: usize = 1_000;

/// A connection as the login page has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionName {
    pub id: ConnectionId,
    pub name: String,
}

/// The ways to sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ways {
    pub connections: Vec<ConnectionName>,
    /// Whether the email link is the admins' alone.
    pub email_links_disabled: bool,
}

/// A connection to a provider that speaks `OpenID Connect`. Its secret is not here: nobody sees it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    /// Whether somebody who is not invited becomes a user by signing in.
    pub just_in_time: bool,
    /// What such a user is.
    pub default_role: OrganizationRole,
    pub groups: Vec<GroupId>,
    /// The domains whose addresses may come in; none: all.
    pub allowed_domains: Vec<String>,
    /// How old the provider's own sign-in may be; nothing: as old as the provider likes.
    pub max_age_minutes: Option<i16>,
}

/// A connection in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRow {
    pub id: ConnectionId,
    pub connection: Connection,
    /// How many users have signed in by it.
    pub users: i64,
}

/// The page Settings > Authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    pub connections: Vec<ConnectionRow>,
    pub groups: Vec<GroupName>,
    pub addresses: Addresses,
    pub email_links_disabled: bool,
    /// How many active members have never signed in by a connection.
    pub never_by_sso: i64,
}

/// The addresses of ours that a provider wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    pub redirect: String,
    pub after_sign_out: String,
    pub back_channel_logout: String,
}

/// A connection as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionForm {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    /// Empty: the one that is kept.
    pub client_secret: String,
    pub just_in_time: bool,
    pub default_role: String,
    pub groups: Vec<GroupId>,
    pub allowed_domains: String,
    pub max_age_minutes: String,
}

impl ConnectionForm {
    /// What was typed, as a connection and its secret. Only a connection that has one may leave it out.
    ///
    /// # Errors
    /// Every field that can't be so.
    pub fn check(&self, has_secret: bool) -> Result<(Connection, Option<String>), Problem> {
        let name = field::parse_name(&self.name);
        let issuer = issuer(&self.issuer);
        let client_id = text(&self.client_id);
        let secret = match self.client_secret.trim() {
            "" if has_secret => Ok(None),
            secret => text(secret).map(Some),
        };
        let role = self.default_role.parse::<OrganizationRole>().map_err(|_| FieldError::InvalidChoice);
        let domains = match parse_domains(&self.allowed_domains) {
            Ok(list) if list.len() > MAX_DOMAINS => Err(FieldError::TooMany { max: MAX_DOMAINS }),
            Ok(list) => Ok(list),
            Err(entry) => Err(FieldError::InvalidDomain { entry }),
        };
        let max_age = match self.max_age_minutes.trim() {
            "" => Ok(None),
            minutes => field::parse_number(minutes, &MAX_AGE_MINUTES).map(Some),
        };
        let errors = [
            ("name", name.as_ref().err()),
            ("issuer", issuer.as_ref().err()),
            ("client_id", client_id.as_ref().err()),
            ("client_secret", secret.as_ref().err()),
            ("default_role", role.as_ref().err()),
            ("allowed_domains", domains.as_ref().err()),
            ("max_age_minutes", max_age.as_ref().err()),
        ];
        let fields = errors
            .into_iter()
            .filter_map(|(field, error)| {
                Some(FieldProblem { field: field.to_owned(), error: error?.clone() })
            })
            .collect();
        let (
            Ok(name),
            Ok(issuer),
            Ok(client_id),
            Ok(secret),
            Ok(default_role),
            Ok(allowed_domains),
            Ok(max_age_minutes),
        ) = (name, issuer, client_id, secret, role, domains, max_age)
        else {
            return Err(Problem::Invalid { fields });
        };
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        let connection = Connection {
            name,
            issuer,
            client_id,
            just_in_time: self.just_in_time,
            default_role,
            groups,
            allowed_domains,
            max_age_minutes,
        };
        Ok((connection, secret))
    }
}

fn text(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        Err(FieldError::Empty)
    } else if text.chars().count() > MAX_TEXT {
        Err(FieldError::TooLong { max: MAX_TEXT })
    } else if text.chars().any(char::is_control) {
        Err(FieldError::Unprintable)
    } else {
        Ok(text.to_owned())
    }
}

/// An issuer as the provider writes it: it is compared letter by letter (`OpenID Connect Discovery` 1.0, section 4.3).
/// Whether plain http may be spoken with it, the server decides, which knows where it stands.
fn issuer(typed: &str) -> Result<String, FieldError> {
    let issuer = text(typed)?;
    let rest = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
    let plain = issuer.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'@'));
    match rest {
        Some(rest) if plain && !rest.is_empty() && !rest.starts_with('/') => Ok(issuer),
        _ => Err(FieldError::NotHttps),
    }
}

/// What "Test connection" found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionTestResult {
    /// Discovery and keys are there, and the secret can be read.
    Works { signs_out: bool },
    /// The provider does not answer, or not in words that we know.
    Away,
    /// It answers, and calls itself otherwise than "Issuer URL" has it.
    OtherIssuer { issuer: String },
    /// It has no key that we could check a signature with.
    NoKeys,
    /// It has no token endpoint, or no code flow with it.
    NoCodeFlow,
    /// The secret was kept under a key that is gone.
    SecretUnreadable,
}

/// What "Test connection" found of which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    pub connection: String,
    pub answer: ConnectionTestResult,
}

/// Why a sign-in by a provider came to nothing. Each is a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SsoRefusal {
    /// The try was used, is too old, was begun in another browser, or never was: they answer the same.
    Over,
    /// The provider does not answer.
    ProviderAway,
    /// The provider does not take the client ID or the secret, or we can't read the secret any more.
    Misconfigured,
    /// The person said no there.
    Cancelled,
    /// The provider said no.
    ProviderRefused,
    /// What the provider said can't be believed.
    NotGenuine,
    /// The provider has not checked the address.
    Unverified,
    DomainNotAllowed {
        email: String,
    },
    /// A stranger, where nobody joins by signing in.
    Stranger {
        email: String,
    },
    Suspended {
        email: String,
    },
    /// The address belongs to somebody who signs in by another account of the provider.
    OtherPerson {
        email: String,
    },
    /// The link's invitation is for another address.
    Mismatch {
        invited: String,
        came: String,
    },
}

impl SsoRefusal {
    /// The word in the audit log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Over => "attempt over",
            Self::ProviderAway => "provider away",
            Self::Misconfigured => "client ID or secret not taken",
            Self::Cancelled => "cancelled",
            Self::ProviderRefused => "provider refused",
            Self::NotGenuine => "answer not genuine",
            Self::Unverified => "address not verified",
            Self::DomainNotAllowed { .. } => "domain not allowed",
            Self::Stranger { .. } => "not invited",
            Self::Suspended { .. } => "suspended",
            Self::OtherPerson { .. } => "address of another person",
            Self::Mismatch { .. } => "invitation for another address",
        }
    }
}

/// The page of a sign-in that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedPage {
    pub refusal: SsoRefusal,
    /// Where it was tried, as far as this browser may know.
    pub connection: Option<ConnectionName>,
}

/// The page after signing out, where the provider may still have somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOutPage {
    pub connection: String,
    /// Where the provider signs out.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> ConnectionForm {
        ConnectionForm {
            name: " Acme  SSO ".to_owned(),
            issuer: " https://idp.example/ ".to_owned(),
            client_id: "vestibule".to_owned(),
            client_secret: "hush".to_owned(),
            default_role: "member".to_owned(),
            ..ConnectionForm::default()
        }
    }

    #[test]
    fn the_issuer_is_kept_letter_by_letter() {
        let (connection, secret) = form().check(false).unwrap();
        assert_eq!(
            (connection.name.as_str(), connection.issuer.as_str()),
            ("Acme SSO", "https://idp.example/")
        );
        assert_eq!(secret.as_deref(), Some("hush"));
    }

    #[test]
    fn what_is_no_address_of_a_provider_is_told_so() {
        for issuer in [
            "idp.example",
            "ftp://idp.example",
            "https://",
            "https://idp.example/?x=y",
            "https://u@idp.example",
            "https:///x",
        ] {
            let form = ConnectionForm { issuer: issuer.to_owned(), ..form() };
            assert_eq!(
                form.check(false).unwrap_err().field_error("issuer"),
                Some(FieldError::NotHttps),
                "{issuer}"
            );
        }
    }

    #[test]
    fn only_a_connection_that_has_a_secret_may_leave_it_out() {
        let form = ConnectionForm { client_secret: " ".to_owned(), ..form() };
        assert_eq!(form.check(false).unwrap_err().field_error("client_secret"), Some(FieldError::Empty));
        assert_eq!(form.check(true).unwrap().1, None);
    }
}
