//! What must be kept readable for us, such as a client secret: sealed, so that whoever has the database alone has
//! nothing. `XChaCha20-Poly1305` with a random nonce; the key is worked out from `SECRET_KEY` (HKDF, RFC 5869).

use super::{KEY_ID_BYTES, Key, Keyring, random};
use crate::Error;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use model::OrganizationId;
use sha2::Sha256;
use uuid::Uuid;

const NONCE_BYTES: usize = 24;

/// What something is sealed for: it opens as that alone, in its own organization and for its own row.
#[derive(Clone, Copy)]
pub enum SealPurpose {
    ClientSecret,
    /// What a try to sign in by a provider must show, or see again.
    Attempt,
}

impl SealPurpose {
    const fn purpose(self) -> &'static [u8] {
        match self {
            Self::ClientSecret => b"vestibule client secret v1",
            Self::Attempt => b"vestibule sign-in attempt v1",
        }
    }

    fn context(self, organization: OrganizationId, id: Uuid) -> Vec<u8> {
        [self.purpose(), organization.0.as_bytes(), id.as_bytes()].concat()
    }
}

impl Keyring {
    /// Seals a text with the newest key.
    ///
    /// # Errors
    /// When it can't be done, which nothing of ours leads to.
    pub fn seal(
        &self,
        what: SealPurpose,
        organization: OrganizationId,
        id: Uuid,
        text: &str,
    ) -> crate::Result<Vec<u8>> {
        let broken = || Error::Internal("a secret could not be sealed".to_owned());
        let key = self.0.first().ok_or_else(broken)?;
        let nonce: [u8; NONCE_BYTES] = random();
        let context = what.context(organization, id);
        let payload = Payload { msg: text.as_bytes(), aad: &context };
        let sealed = cipher(key)
            .and_then(|cipher| cipher.encrypt(&XNonce::from(nonce), payload).ok())
            .ok_or_else(broken)?;
        Ok([key.id.as_slice(), &nonce, &sealed].concat())
    }

    /// Opens what was sealed for the same; nothing, when it was not, or when its key is gone. Also says whether the
    /// newest key sealed it: what an older one did is sealed anew while that is still there.
    pub fn unseal(
        &self,
        what: SealPurpose,
        organization: OrganizationId,
        id: Uuid,
        sealed: &[u8],
    ) -> Option<(String, bool)> {
        let (key_id, rest) = sealed.split_at_checked(KEY_ID_BYTES)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let context = what.context(organization, id);
        // Two keys may share an id: every key of that id may open.
        self.0.iter().enumerate().filter(|(_, key)| key.id == key_id).find_map(|(at, key)| {
            let payload = Payload { msg: sealed, aad: &context };
            let text = cipher(key)?.decrypt(&XNonce::from(nonce), payload).ok()?;
            Some((String::from_utf8(text).ok()?, at == 0))
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
    fn what_is_sealed_opens_in_its_own_place_alone() {
        let keys = Keyring::parse(NEW).unwrap();
        let sealed = keys.seal(SealPurpose::ClientSecret, organization(), ROW, "hush").unwrap();
        assert!(!sealed.windows(4).any(|bytes| bytes == b"hush"));
        let open = |what, organization, row| keys.unseal(what, organization, row, &sealed);
        assert_eq!(open(SealPurpose::ClientSecret, organization(), ROW), Some(("hush".to_owned(), true)));
        assert_eq!(open(SealPurpose::Attempt, organization(), ROW), None);
        assert_eq!(open(SealPurpose::ClientSecret, OrganizationId(ROW), ROW), None);
        assert_eq!(open(SealPurpose::ClientSecret, organization(), Uuid::from_u128(3)), None);
    }

    #[test]
    fn nothing_that_was_changed_opens() {
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
                "cut at {at}"
            );
        }
    }

    #[test]
    fn an_old_key_opens_and_the_new_one_seals() {
        let old =
            Keyring::parse(OLD).unwrap().seal(SealPurpose::Attempt, organization(), ROW, "hush").unwrap();
        let both = Keyring::parse(&format!("{NEW}, {OLD}")).unwrap();
        let open =
            |keys: &Keyring, sealed: &[u8]| keys.unseal(SealPurpose::Attempt, organization(), ROW, sealed);
        assert_eq!(open(&both, &old), Some(("hush".to_owned(), false)));
        let anew = both.seal(SealPurpose::Attempt, organization(), ROW, "hush").unwrap();
        let new = Keyring::parse(NEW).unwrap();
        assert_eq!(open(&new, &anew), Some(("hush".to_owned(), true)));
        assert_eq!(open(&new, &old), None);
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same() {
        let keys = Keyring::parse(NEW).unwrap();
        let seal = || keys.seal(SealPurpose::Attempt, organization(), ROW, "hush").unwrap();
        assert_ne!(seal(), seal());
    }
}
