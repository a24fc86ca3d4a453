//! Single sign-on: connections to identity providers, and the outcomes of signing in through them.

use crate::field::{self, FieldError};
use crate::permission::GroupName;
use crate::settings::parse_domains;
use crate::{ConnectionId, FieldErrors, GroupId, OrganizationRole, Problem};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How long a login flow can be completed after it started.
pub const LOGIN_FLOW_TTL: TimeDelta = TimeDelta::minutes(10);

/// The allowed values of a connection's `max_age` parameter, in minutes.
pub const MAX_AGE_MINUTES: std::ops::RangeInclusive<i16> = 1..=30_000;

/// The maximum length of an issuer, a client ID or a client secret, in characters.
const MAX_TEXT_CHARS: usize = 1_000;

/// A connection as the login page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionName {
    pub id: ConnectionId,
    pub name: String,
}

/// The sign-in options of the login page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInOptions {
    pub connections: Vec<ConnectionName>,
    /// If true, only admins can sign in by email link.
    pub email_links_disabled: bool,
}

/// A connection to an OpenID Connect provider, without its client secret, which is never shown again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    /// Whether people without an invitation can join by signing in.
    pub just_in_time: bool,
    /// The role of people who join without an invitation.
    pub default_role: OrganizationRole,
    /// The groups of people who join without an invitation.
    pub groups: Vec<GroupId>,
    /// The domains whose addresses can sign in. Empty for all.
    pub allowed_domains: Vec<String>,
    /// The maximum age of the session at the provider (`max_age`). `None` for no limit.
    pub max_age_minutes: Option<i16>,
}

/// A connection in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionRow {
    pub id: ConnectionId,
    pub connection: Connection,
    /// How many users have signed in through it.
    pub users: i64,
}

/// The data of Settings > Authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationSettings {
    pub connections: Vec<ConnectionRow>,
    pub groups: Vec<GroupName>,
    pub client_uris: ClientUris,
    pub email_links_disabled: bool,
    /// How many active members have never signed in with SSO.
    pub members_without_sso: i64,
}

/// The URIs to register at the provider, named like the client metadata of OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientUris {
    pub redirect_uri: String,
    pub post_logout_redirect_uri: String,
    pub backchannel_logout_uri: String,
}

/// The submitted form of a connection, not yet validated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionForm {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    /// Empty to keep the current secret.
    pub client_secret: String,
    pub just_in_time: bool,
    pub default_role: String,
    pub groups: Vec<GroupId>,
    pub allowed_domains: String,
    pub max_age_minutes: String,
}

impl ConnectionForm {
    /// Parses the form into a connection and its client secret. The secret may be empty only if the connection already
    /// has one.
    ///
    /// # Errors
    /// All invalid fields.
    pub fn validate(&self, has_secret: bool) -> Result<(Connection, Option<String>), Problem> {
        let mut fields = FieldErrors::default();
        let name = fields.check("name", field::parse_name(&self.name));
        let issuer = fields.check("issuer", parse_issuer(&self.issuer));
        let client_id = fields.check("client_id", required_text(&self.client_id));
        let secret = match self.client_secret.trim() {
            "" if has_secret => Ok(None),
            secret => required_text(secret).map(Some),
        };
        let secret = fields.check("client_secret", secret);
        let role = self.default_role.parse::<OrganizationRole>().map_err(|_| FieldError::InvalidChoice);
        let role = fields.check("default_role", role);
        let domains = fields.check("allowed_domains", parse_domains(&self.allowed_domains));
        let max_age = match self.max_age_minutes.trim() {
            "" => Ok(None),
            minutes => field::parse_number(minutes, &MAX_AGE_MINUTES).map(Some),
        };
        let max_age = fields.check("max_age_minutes", max_age);
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        fields.finish(|| {
            let connection = Connection {
                name: name?,
                issuer: issuer?,
                client_id: client_id?,
                just_in_time: self.just_in_time,
                default_role: role?,
                groups,
                allowed_domains: domains?,
                max_age_minutes: max_age?,
            };
            Some((connection, secret?))
        })
    }
}

fn required_text(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        Err(FieldError::Empty)
    } else if text.chars().count() > MAX_TEXT_CHARS {
        Err(FieldError::TooLong { max: MAX_TEXT_CHARS })
    } else if text.chars().any(char::is_control) {
        Err(FieldError::Unprintable)
    } else {
        Ok(text.to_owned())
    }
}

/// Checks an issuer without normalizing it, because issuers are compared byte by byte (OpenID Connect Discovery 1.0,
/// section 4.3). Whether plain http is allowed depends on the server's own URL, so the server decides that.
fn parse_issuer(text: &str) -> Result<String, FieldError> {
    let issuer = required_text(text)?;
    let rest = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
    let is_plain = issuer.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'@'));
    match rest {
        Some(rest) if is_plain && !rest.is_empty() && !rest.starts_with('/') => Ok(issuer),
        _ => Err(FieldError::NotHttps),
    }
}

/// The result of "Test connection".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionTestResult {
    /// Metadata and keys are valid, and the client secret can be decrypted.
    Passed { supports_logout: bool },
    /// The provider's metadata can't be fetched or parsed.
    Unreachable,
    /// The metadata names another issuer.
    IssuerMismatch { issuer: String },
    /// No key supports an accepted signature algorithm.
    NoSupportedKey,
    /// Without a token endpoint there is no authorization code flow.
    NoTokenEndpoint,
    /// The key that sealed the client secret is no longer in `SECRET_KEY`.
    SecretNotDecryptable,
}

/// The result of "Test connection" with the connection's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTest {
    pub connection: String,
    pub result: ConnectionTestResult,
}

/// Why an SSO sign-in was refused. Each reason has its own error page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SsoRefusal {
    /// The login flow is used, expired, started in another browser, or unknown. The four are not distinguished.
    FlowExpired,
    ProviderUnreachable,
    /// The provider rejected the client ID or secret, or the stored secret can't be decrypted.
    Misconfigured,
    /// The user canceled at the provider (`access_denied`).
    Canceled,
    /// The provider returned another error.
    ProviderError,
    /// The provider's response failed verification.
    VerificationFailed,
    /// The provider does not mark the email address as verified.
    EmailNotVerified,
    DomainNotAllowed {
        email: String,
    },
    /// There is no open invitation, and just-in-time joining is off.
    NotInvited {
        email: String,
    },
    Suspended {
        email: String,
    },
    /// The user with this address is linked to another account at the provider.
    LinkedToAnotherIdentity {
        email: String,
    },
    /// The flow was started from an invitation to another address.
    InvitationMismatch {
        invited: String,
        signed_in_as: String,
    },
}

impl SsoRefusal {
    /// The reason in the audit log.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::FlowExpired => "attempt expired",
            Self::ProviderUnreachable => "provider unreachable",
            Self::Misconfigured => "client ID or secret rejected",
            Self::Canceled => "canceled",
            Self::ProviderError => "provider returned an error",
            Self::VerificationFailed => "response failed verification",
            Self::EmailNotVerified => "email not verified",
            Self::DomainNotAllowed { .. } => "domain not allowed",
            Self::NotInvited { .. } => "not invited",
            Self::Suspended { .. } => "suspended",
            Self::LinkedToAnotherIdentity { .. } => "email belongs to another account",
            Self::InvitationMismatch { .. } => "invitation for another address",
        }
    }
}

/// The error page of a refused SSO sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsoRefusalDetails {
    pub refusal: SsoRefusal,
    /// `None` if this browser has no recent login flow.
    pub connection: Option<ConnectionName>,
}

/// How to end the provider's own session after signing out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderLogout {
    /// The name of the connection.
    pub connection: String,
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
    fn issuer_is_not_normalized() {
        let (connection, secret) = form().validate(false).unwrap();
        assert_eq!(
            (connection.name.as_str(), connection.issuer.as_str()),
            ("Acme SSO", "https://idp.example/")
        );
        assert_eq!(secret.as_deref(), Some("hush"));
    }

    #[test]
    fn malformed_issuer_is_rejected() {
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
                form.validate(false).unwrap_err().field_error("issuer"),
                Some(FieldError::NotHttps),
                "{issuer}"
            );
        }
    }

    #[test]
    fn secret_is_optional_only_if_one_is_stored() {
        let form = ConnectionForm { client_secret: " ".to_owned(), ..form() };
        assert_eq!(form.validate(false).unwrap_err().field_error("client_secret"), Some(FieldError::Empty));
        assert_eq!(form.validate(true).unwrap().1, None);
    }
}
