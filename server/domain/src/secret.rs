//! The one source of randomness, ids, keys and hashes.

mod seal;

pub use seal::SealPurpose;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use model::api_keys::KEY_PREFIX;
use model::{InvitationId, OrganizationId, RequestId, SignInId};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

/// The shortest key that is taken, in bytes: as long as the MAC's output (RFC 2104, section 3).
const MIN_KEY: usize = 32;
/// How much of the MAC stands in a link, in bytes: half, the least that RFC 2104, section 5 allows.
const MAC_BYTES: usize = 16;
const KEY_ID_BYTES: usize = 2;

/// A new id for something made at this time (UUIDv7, RFC 9562, section 5.7).
pub fn id(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random()).into_uuid()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

/// Six random digits.
pub fn six_digits() -> String {
    format!("{:06}", rand::random_range(0..1_000_000))
}

/// What opens something for whoever holds it. It has no `Debug` and no `Serialize`, so that it can't slip into a log.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// 256 random bits.
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::<32>()))
    }

    /// 256 random bits of an API key, to be known for one wherever it turns up.
    pub fn key() -> Self {
        Self(format!("{KEY_PREFIX}{}", Self::random().0))
    }

    /// What somebody brought; good for nothing until it is found to open something.
    pub fn from_client(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// To put it into a link or a cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the database keeps of it. A plain hash is enough for 256 random bits.
    pub fn hash(&self) -> Vec<u8> {
        hash(self.0.as_bytes())
    }
}

pub fn hash(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// The secret keys of this installation. The first makes new links, all of them open old ones: put a new key in front
/// and keep the old one behind it until the longest invitation has ended.
pub struct Keyring(Vec<Key>);

struct Key {
    id: [u8; KEY_ID_BYTES],
    secret: Vec<u8>,
}

/// Why a key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("has no key in it")]
    Missing,
    #[error("has a key shorter than {MIN_KEY} characters")]
    TooShort,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys)", self.0.len())
    }
}

impl Keyring {
    /// Reads keys parted by commas, the newest first.
    ///
    /// # Errors
    /// When there is none, or one is shorter than 32 characters.
    pub fn parse(keys: &str) -> Result<Self, KeyringError> {
        let keys: Vec<&str> = keys.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
        if keys.is_empty() {
            return Err(KeyringError::Missing);
        }
        if keys.iter().any(|key| key.len() < MIN_KEY) {
            return Err(KeyringError::TooShort);
        }
        let key = |secret: &&str| {
            let digest = hash(format!("key id {secret}").as_bytes());
            Key { id: [digest[0], digest[1]], secret: secret.as_bytes().to_vec() }
        };
        Ok(Self(keys.iter().map(key).collect()))
    }

    /// The token of an invitation: key id, invitation id and a MAC over the organization and the invitation. It is
    /// worked out when needed and kept nowhere.
    ///
    /// # Errors
    /// When the MAC can't be made, which no key of ours leads to.
    pub fn invitation_token(
        &self,
        organization: OrganizationId,
        invitation: InvitationId,
    ) -> crate::Result<Token> {
        self.derive(INVITATION, organization, invitation.0)
    }

    /// The token that confirms a request; made like that of an invitation, and good for nothing else.
    ///
    /// # Errors
    /// When the MAC can't be made, which no key of ours leads to.
    pub fn request_token(&self, organization: OrganizationId, request: RequestId) -> crate::Result<Token> {
        self.derive(REQUEST, organization, request.0)
    }

    fn derive(&self, purpose: Purpose, organization: OrganizationId, id: Uuid) -> crate::Result<Token> {
        let key = self.0.first().ok_or_else(|| crate::Error::Internal("no key".to_owned()))?;
        let mut bytes = Vec::with_capacity(KEY_ID_BYTES + 16 + MAC_BYTES);
        bytes.extend(key.id);
        bytes.extend(id.as_bytes());
        bytes.extend(&id_mac(key, purpose, organization, id)?.finalize().into_bytes()[..MAC_BYTES]);
        Ok(Token(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What the database keeps of a sign-in code. A plain hash of six digits could be tried out; this one needs the key.
    ///
    /// # Errors
    /// When the MAC can't be made, which no key of ours leads to.
    pub fn code_hash(
        &self,
        organization: OrganizationId,
        sign_in: SignInId,
        code: &str,
    ) -> crate::Result<Vec<u8>> {
        let key = self.0.first().ok_or_else(|| crate::Error::Internal("no key".to_owned()))?;
        let mac = mac(
            key,
            &[b"vestibule code v1", organization.0.as_bytes(), sign_in.0.as_bytes(), code.as_bytes()],
        )?;
        Ok(mac.finalize().into_bytes().to_vec())
    }

    /// The invitation that a token opens in this organization, if it is genuine.
    pub fn verify_invitation_token(
        &self,
        organization: OrganizationId,
        token: &Token,
    ) -> Option<InvitationId> {
        self.open(INVITATION, organization, token).map(InvitationId)
    }

    /// The request that a token confirms in this organization, if it is genuine.
    pub fn verify_request_token(&self, organization: OrganizationId, token: &Token) -> Option<RequestId> {
        self.open(REQUEST, organization, token).map(RequestId)
    }

    fn open(&self, purpose: Purpose, organization: OrganizationId, token: &Token) -> Option<Uuid> {
        let bytes = URL_SAFE_NO_PAD.decode(token.expose().trim()).ok()?;
        let (key_id, rest) = bytes.split_at_checked(KEY_ID_BYTES)?;
        let (id, mac) = rest.split_at_checked(16)?;
        if mac.len() != MAC_BYTES {
            return None;
        }
        let id = Uuid::from_slice(id).ok()?;
        // Two keys may share an id: every key of that id may vouch.
        self.0
            .iter()
            .filter(|key| key.id == key_id)
            .filter_map(|key| id_mac(key, purpose, organization, id).ok())
            .any(|expected| expected.verify_truncated_left(mac).is_ok())
            .then_some(id)
    }
}

/// What a derived token is for, so that none can stand for another.
type Purpose = &'static [u8];

const INVITATION: Purpose = b"vestibule invitation v1";
const REQUEST: Purpose = b"vestibule request v1";

fn id_mac(
    key: &Key,
    purpose: Purpose,
    organization: OrganizationId,
    id: Uuid,
) -> crate::Result<Hmac<Sha256>> {
    mac(key, &[purpose, organization.0.as_bytes(), id.as_bytes()])
}

fn mac(key: &Key, parts: &[&[u8]]) -> crate::Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.secret)
        .map_err(|error| crate::Error::Internal(format!("key: {error}")))?;
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
    fn a_token_opens_its_invitation_and_no_other_organization() {
        let keys = Keyring::parse(NEW).unwrap();
        let (organization, invitation) = ids();
        let token = keys.invitation_token(organization, invitation).unwrap();
        assert_eq!(keys.verify_invitation_token(organization, &token), Some(invitation));
        assert_eq!(keys.verify_invitation_token(OrganizationId(Uuid::from_u128(3)), &token), None);
    }

    #[test]
    fn a_changed_or_cut_token_opens_nothing() {
        let keys = Keyring::parse(NEW).unwrap();
        let (organization, invitation) = ids();
        let token = keys.invitation_token(organization, invitation).unwrap();
        let text = token.expose();
        for at in 0..text.len() {
            let cut = Token::from_client(&text[..at]);
            assert_eq!(keys.verify_invitation_token(organization, &cut), None, "cut at {at}");
            let swapped = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            let mut changed = text.to_owned();
            changed.replace_range(at..=at, swapped);
            let changed = Token::from_client(changed);
            assert_eq!(keys.verify_invitation_token(organization, &changed), None, "changed at {at}");
        }
        assert_eq!(keys.verify_invitation_token(organization, &Token::from_client("ünïcode")), None);
    }

    #[test]
    fn an_old_key_opens_until_it_is_taken_away() {
        let (organization, invitation) = ids();
        let token = Keyring::parse(OLD).unwrap().invitation_token(organization, invitation).unwrap();
        let both = Keyring::parse(&format!("{NEW}, {OLD}")).unwrap();
        assert_eq!(both.verify_invitation_token(organization, &token), Some(invitation));
        assert_eq!(Keyring::parse(NEW).unwrap().verify_invitation_token(organization, &token), None);
    }

    #[test]
    fn a_short_or_missing_key_is_refused() {
        assert_eq!(Keyring::parse(" , ").err(), Some(KeyringError::Missing));
        assert_eq!(Keyring::parse("short").err(), Some(KeyringError::TooShort));
    }

    #[test]
    fn ids_sort_by_their_time() {
        let early = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
        assert!(id(early) < id(early + chrono::TimeDelta::milliseconds(1)));
    }
}
