//! Encryption at rest of secrets that we need in plain text, such as client secrets, so that a copy of the database
//! reveals none. XChaCha20-Poly1305 with a random nonce; the key is derived from `SECRET_KEY` (HKDF, RFC 5869).

use super::{KEY_ID_BYTES, Key, Keyring, random};
use crate::Error;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use model::OrganizationId;
use sha2::Sha256;
use uuid::Uuid;

const NONCE_BYTES: usize = 24;

/// What a sealed value is for. It can be unsealed only for the same purpose, organization and row.
#[derive(Clone, Copy)]
pub enum SealPurpose {
    /// The client secret of an SSO connection.
    ClientSecret,
    /// The nonce and the PKCE verifier of an SSO login flow.
    LoginFlow,
}

impl SealPurpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::ClientSecret => b"vestibule client secret v1",
            Self::LoginFlow => b"vestibule login flow v1",
        }
    }

    fn associated_data(self, organization: OrganizationId, id: Uuid) -> Vec<u8> {
        [self.label(), organization.0.as_bytes(), id.as_bytes()].concat()
    }
}

impl Keyring {
    /// Encrypts a text with the current key.
    ///
    /// # Errors
    /// Never with a keyring accepted by [`Keyring::parse`].
    pub fn seal(
        &self,
        purpose: SealPurpose,
        organization: OrganizationId,
        id: Uuid,
        text: &str,
    ) -> crate::Result<Vec<u8>> {
        let failed = || Error::Internal("failed to seal a secret".to_owned());
        let key = self.0.first().ok_or_else(failed)?;
        let nonce: [u8; NONCE_BYTES] = random();
        let aad = purpose.associated_data(organization, id);
        let payload = Payload { msg: text.as_bytes(), aad: &aad };
        let sealed = cipher(key)
            .and_then(|cipher| cipher.encrypt(&XNonce::from(nonce), payload).ok())
            .ok_or_else(failed)?;
        Ok([key.id.as_slice(), &nonce, &sealed].concat())
    }

    /// Decrypts a sealed value. `None` when it was sealed for something else, was modified, or its key is no longer in the
    /// keyring. Also returns whether it was sealed with the current key; otherwise the caller should seal it again.
    pub fn unseal(
        &self,
        purpose: SealPurpose,
        organization: OrganizationId,
        id: Uuid,
        sealed: &[u8],
    ) -> Option<(String, bool)> {
        let (key_id, rest) = sealed.split_at_checked(KEY_ID_BYTES)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let aad = purpose.associated_data(organization, id);
        // Key ids are short and may collide: try every key with this id.
        self.0.iter().enumerate().filter(|(_, key)| key.id == key_id).find_map(|(index, key)| {
            let payload = Payload { msg: sealed, aad: &aad };
            let text = cipher(key)?.decrypt(&XNonce::from(nonce), payload).ok()?;
            Some((String::from_utf8(text).ok()?, index == 0))
        })
    }
}

fn cipher(key: &Key) -> Option<XChaCha20Poly1305> {
    let mut bytes = [0; 32];
    Hkdf::<Sha256>::new(None, &key.secret).expand(b"vestibule sealing v1", &mut bytes).ok()?;
    XChaCha20Poly1305::new_from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "an old key that is long enough to be a key";
    const NEW: &str = "a new key that is long enough to be a key!";
    const ROW: Uuid = Uuid::from_u128(2);

    fn organization() -> OrganizationId {
        OrganizationId(Uuid::from_u128(1))
    }

    #[test]
    fn unseal_requires_the_same_purpose_and_row() {
        let keys = Keyring::parse(NEW).unwrap();
        let sealed = keys.seal(SealPurpose::ClientSecret, organization(), ROW, "hush").unwrap();
        assert!(!sealed.windows(4).any(|bytes| bytes == b"hush"));
        let unseal = |purpose, organization, row| keys.unseal(purpose, organization, row, &sealed);
        assert_eq!(unseal(SealPurpose::ClientSecret, organization(), ROW), Some(("hush".to_owned(), true)));
        assert_eq!(unseal(SealPurpose::LoginFlow, organization(), ROW), None);
        assert_eq!(unseal(SealPurpose::ClientSecret, OrganizationId(ROW), ROW), None);
        assert_eq!(unseal(SealPurpose::ClientSecret, organization(), Uuid::from_u128(3)), None);
    }

    #[test]
    fn unseal_rejects_modified_values() {
        let keys = Keyring::parse(NEW).unwrap();
        let sealed = keys.seal(SealPurpose::ClientSecret, organization(), ROW, "hush").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(
                keys.unseal(SealPurpose::ClientSecret, organization(), ROW, &changed),
                None,
                "changed at {at}"
            );
            assert_eq!(
                keys.unseal(SealPurpose::ClientSecret, organization(), ROW, &sealed[..at]),
                None,
                "truncated at {at}"
            );
        }
    }

    #[test]
    fn rotated_key_unseals_and_current_key_seals() {
        let old =
            Keyring::parse(OLD).unwrap().seal(SealPurpose::LoginFlow, organization(), ROW, "hush").unwrap();
        let both = Keyring::parse(&format!("{NEW}, {OLD}")).unwrap();
        let unseal =
            |keys: &Keyring, sealed: &[u8]| keys.unseal(SealPurpose::LoginFlow, organization(), ROW, sealed);
        assert_eq!(unseal(&both, &old), Some(("hush".to_owned(), false)));
        let resealed = both.seal(SealPurpose::LoginFlow, organization(), ROW, "hush").unwrap();
        let new = Keyring::parse(NEW).unwrap();
        assert_eq!(unseal(&new, &resealed), Some(("hush".to_owned(), true)));
        assert_eq!(unseal(&new, &old), None);
    }

    #[test]
    fn seal_is_not_deterministic() {
        let keys = Keyring::parse(NEW).unwrap();
        let seal = || keys.seal(SealPurpose::LoginFlow, organization(), ROW, "hush").unwrap();
        assert_ne!(seal(), seal());
    }
}
