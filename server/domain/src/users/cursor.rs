//! Where a page of the list begins: the sort value and the id of the row beside it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A place between two rows. It stays where it is when other rows come and go.
#[derive(Serialize, Deserialize)]
pub struct Cursor(pub String, pub Uuid);

impl Cursor {
    pub fn encode(&self) -> String {
        serde_json::to_vec(self).map(|json| URL_SAFE_NO_PAD.encode(json)).unwrap_or_default()
    }

    /// Nothing, when it is not one of ours: the list then starts at its beginning.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}
