//! The keyset cursor that separates two pages of the users list.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The sort value and the id of the row at the edge of a page. The id breaks ties. Unlike an offset, the position does
/// not shift when other rows are inserted or deleted.
#[derive(Serialize, Deserialize)]
pub struct Cursor(pub String, pub Uuid);

impl Cursor {
    pub fn encode(&self) -> String {
        serde_json::to_vec(self).map(|json| URL_SAFE_NO_PAD.encode(json)).unwrap_or_default()
    }

    /// `None` if the text is not a valid cursor; the list then starts at its first page.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    }
}
