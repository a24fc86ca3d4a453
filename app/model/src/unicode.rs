//! The two things that need Unicode's big tables. The server brings the tables; the browser has them built in, so
//! that the page stays light. Both follow the same standards: UAX #15 (NFC) and UTS #46 (domain names).

/// Unicode's composed form (NFC).
#[cfg(not(target_arch = "wasm32"))]
pub fn nfc(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfc().collect()
}

/// Unicode's composed form (NFC).
#[cfg(target_arch = "wasm32")]
pub fn nfc(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFC").into()
}

/// The domain in its ASCII form, in lower case (UTS #46); nothing where it is no domain.
#[cfg(not(target_arch = "wasm32"))]
pub fn domain_to_ascii(domain: &str) -> Option<String> {
    idna::domain_to_ascii_strict(domain).ok()
}

/// The domain in its ASCII form, in lower case (UTS #46); nothing where it is no domain.
#[cfg(target_arch = "wasm32")]
pub fn domain_to_ascii(domain: &str) -> Option<String> {
    let url = web_sys::Url::new(&format!("http://{domain}/")).ok()?;
    Some(url.hostname())
}
