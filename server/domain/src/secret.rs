//! Cryptography: random tokens and ids, hashes, and the keyring that signs tokens and seals secrets. All randomness and
//! key handling of the crate is here.

mod seal;

pub use seal::SealPurpose;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use model::api_keys::KEY_PREFIX;
use model::{InvitationId, OrganizationId, RequestId, SignInId};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// The length of the MAC's output (RFC 2104, section 3).
const MIN_KEY_BYTES: usize = 32;
/// Tokens contain half of the MAC, the minimum of RFC 2104, section 5.
const MAC_BYTES: usize = 16;
const KEY_ID_BYTES: usize = 2;

/// A new id, sortable by creation time (UUIDv7, RFC 9562, section 5.7).
pub fn uuid_v7(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random()).into_uuid()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

/// A random sign-in code.
pub fn six_digit_code() -> String {
    format!("{:06}", rand::random_range(0..1_000_000))
}

/// A bearer token: a session, link, API key or browser binding. It can't end up in a log, and is zeroed when it is dropped.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

impl Token {
    /// 256 random bits.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::<32>()).into())
    }

    /// 256 random bits with the prefix of API keys, so that leaked keys can be recognized.
    pub fn api_key() -> Self {
        Self(format!("{KEY_PREFIX}{}", Self::random().expose()).into())
    }

    /// A token that a client presented. Unverified.
    pub fn from_client(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The secret text, for a link, a cookie or a header.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The hash to store. A plain hash is enough for 256 random bits.
    pub fn hash(&self) -> Vec<u8> {
        sha256(self.expose().as_bytes())
    }
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// The secret keys of this installation. The first is the current one: it signs and seals. All verify and unseal.
/// To rotate, append a new key, restart every server, and only then move it to the front: a server that has not restarted
/// yet could not verify what the new key signed. Keep the old one until the last invitation signed with it has expired.
pub struct Keyring(Vec<Key>);

struct Key {
    id: [u8; KEY_ID_BYTES],
    secret: Vec<u8>,
}

/// Why a list of keys is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("contains no key")]
    Missing,
    #[error("contains a key shorter than {MIN_KEY_BYTES} characters")]
    TooShort,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys)", self.0.len())
    }
}

impl Keyring {
    /// Parses comma-separated keys, the current one first.
    ///
    /// # Errors
    /// When there is no key, or one is shorter than 32 bytes.
    pub fn parse(keys: &str) -> Result<Self, KeyringError> {
        let keys: Vec<&str> = keys.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
        if keys.is_empty() {
            return Err(KeyringError::Missing);
        }
        if keys.iter().any(|key| key.len() < MIN_KEY_BYTES) {
            return Err(KeyringError::TooShort);
        }
        let key = |secret: &&str| {
            let digest = sha256(format!("key id {secret}").as_bytes());
            Key { id: [digest[0], digest[1]], secret: secret.as_bytes().to_vec() }
        };
        Ok(Self(keys.iter().map(key).collect()))
    }

    /// The token of an invitation: key id, invitation id and a MAC over the organization and the invitation. Derived
    /// when needed and stored nowhere.
    ///
    /// # Errors
    /// Never with a keyring accepted by [`Keyring::parse`].
    pub fn invitation_token(
        &self,
        organization: OrganizationId,
        invitation: InvitationId,
    ) -> crate::Result<Token> {
        self.derive_token(INVITATION_TOKEN, organization, invitation.0)
    }

    /// The token that confirms an invitation request. Derived like an invitation token, but with another purpose.
    ///
    /// # Errors
    /// Never with a keyring accepted by [`Keyring::parse`].
    pub fn request_token(&self, organization: OrganizationId, request: RequestId) -> crate::Result<Token> {
        self.derive_token(REQUEST_TOKEN, organization, request.0)
    }

    fn derive_token(
        &self,
        purpose: TokenPurpose,
        organization: OrganizationId,
        id: Uuid,
    ) -> crate::Result<Token> {
        let key = self.0.first().ok_or_else(|| crate::Error::Internal("keyring is empty".to_owned()))?;
        let mut bytes = Vec::with_capacity(KEY_ID_BYTES + 16 + MAC_BYTES);
        bytes.extend(key.id);
        bytes.extend(id.as_bytes());
        bytes.extend(&token_mac(key, purpose, organization, id)?.finalize().into_bytes()[..MAC_BYTES]);
        Ok(Token(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// The keyed hash of a sign-in code to store. A plain hash of six digits could be brute-forced without the key.
    ///
    /// # Errors
    /// Never with a keyring accepted by [`Keyring::parse`].
    pub fn code_hash(
        &self,
        organization: OrganizationId,
        sign_in: SignInId,
        code: &str,
    ) -> crate::Result<Vec<u8>> {
        let key = self.0.first().ok_or_else(|| crate::Error::Internal("keyring is empty".to_owned()))?;
        let mac = hmac(
            key,
            &[b"vestibule code v1", organization.0.as_bytes(), sign_in.0.as_bytes(), code.as_bytes()],
        )?;
        Ok(mac.finalize().into_bytes().to_vec())
    }

    /// Verifies an invitation token of this organization and returns its invitation.
    pub fn verify_invitation_token(
        &self,
        organization: OrganizationId,
        token: &Token,
    ) -> Option<InvitationId> {
        self.verify_token(INVITATION_TOKEN, organization, token).map(InvitationId)
    }

    /// Verifies a token that confirms an invitation request of this organization.
    pub fn verify_request_token(&self, organization: OrganizationId, token: &Token) -> Option<RequestId> {
        self.verify_token(REQUEST_TOKEN, organization, token).map(RequestId)
    }

    fn verify_token(
        &self,
        purpose: TokenPurpose,
        organization: OrganizationId,
        token: &Token,
    ) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(token.expose().trim()).ok()?;
        let (key_id, rest) = bytes.split_at_checked(KEY_ID_BYTES)?;
        let (id, mac) = rest.split_at_checked(16)?;
        if mac.len() != MAC_BYTES {
            return None;
        }
        let id = Uuid::from_slice(id).ok()?;
        // Key ids are short and may collide: try every key with this id.
        self.0
            .iter()
            .filter(|key| key.id == key_id)
            .filter_map(|key| token_mac(key, purpose, organization, id).ok())
            .any(|expected| expected.verify_truncated_left(mac).is_ok())
            .then_some(id)
    }
}

/// What a derived token is for, so that tokens of different purposes are not interchangeable.
type TokenPurpose = &'static [u8];

const INVITATION_TOKEN: TokenPurpose = b"vestibule invitation v1";
const REQUEST_TOKEN: TokenPurpose = b"vestibule request v1";

fn token_mac(
    key: &Key,
    purpose: TokenPurpose,
    organization: OrganizationId,
    id: Uuid,
) -> crate::Result<Hmac<Sha256>> {
    hmac(key, &[purpose, organization.0.as_bytes(), id.as_bytes()])
}

fn hmac(key: &Key, parts: &[&[u8]]) -> crate::Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.secret)
        .map_err(|error| crate::Error::Internal(format!("invalid key: {error}")))?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an old key that is long enough to be a key";
    const NEW: &str = "a new key that is long enough to be a key!";

    fn ids() -> (OrganizationId, InvitationId) {
        (OrganizationId(Uuid::from_u128(1)), InvitationId(Uuid::from_u128(2)))
    }

    #[test]
    fn token_is_valid_in_its_own_organization_only() {
        let keys = Keyring::parse(NEW).unwrap();
        let (organization, invitation) = ids();
        let token = keys.invitation_token(organization, invitation).unwrap();
        assert_eq!(keys.verify_invitation_token(organization, &token), Some(invitation));
        assert_eq!(keys.verify_invitation_token(OrganizationId(Uuid::from_u128(3)), &token), None);
    }

    #[test]
    fn modified_or_truncated_token_is_rejected() {
        let keys = Keyring::parse(NEW).unwrap();
        let (organization, invitation) = ids();
        let token = keys.invitation_token(organization, invitation).unwrap();
        let text = token.expose();
        for at in 0..text.len() {
            let truncated = Token::from_client(&text[..at]);
            assert_eq!(keys.verify_invitation_token(organization, &truncated), None, "truncated at {at}");
            let swapped = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut changed = text.to_owned();
            changed.replace_range(at..=at, swapped);
            let changed = Token::from_client(changed);
            assert_eq!(keys.verify_invitation_token(organization, &changed), None, "changed at {at}");
        }
        assert_eq!(keys.verify_invitation_token(organization, &Token::from_client("ünïcode")), None);
    }

    #[test]
    fn rotated_key_verifies_until_it_is_removed() {
        let (organization, invitation) = ids();
        let token = Keyring::parse(OLD).unwrap().invitation_token(organization, invitation).unwrap();
        let both = Keyring::parse(&format!("{NEW}, {OLD}")).unwrap();
        assert_eq!(both.verify_invitation_token(organization, &token), Some(invitation));
        assert_eq!(Keyring::parse(NEW).unwrap().verify_invitation_token(organization, &token), None);
    }

    #[test]
    fn short_or_missing_key_is_rejected() {
        assert_eq!(Keyring::parse(" , ").err(), Some(KeyringError::Missing));
        assert_eq!(Keyring::parse("short").err(), Some(KeyringError::TooShort));
    }

    #[test]
    fn ids_sort_by_creation_time() {
        let early = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
        assert!(uuid_v7(early) < uuid_v7(early + chrono::TimeDelta::milliseconds(1)));
    }
}
