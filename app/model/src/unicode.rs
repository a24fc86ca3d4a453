//! Unicode normalization, internationalized domain names, and the characters around and between addresses.
//!
//! Normalization needs large tables. The server links them; WebAssembly calls the browser's own, which keeps the bundle
//! small. Both follow UAX #15 (NFC) and UTS #46 (domain names).

/// The composed form (NFC).
#[cfg(not(target_arch = "wasm32"))]
pub fn nfc(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    text.nfc().collect()
}

/// The composed form (NFC).
#[cfg(target_arch = "wasm32")]
pub fn nfc(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFC").into()
}

/// The domain in ASCII form and lower case (UTS #46); `None` if it is invalid.
///
/// Callers check lengths, hyphens and ASCII characters, because browsers don't and both sides must agree. The options are
/// those of the URL standard for the same reason.
#[cfg(not(target_arch = "wasm32"))]
pub fn domain_to_ascii(domain: &str) -> Option<String> {
    idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::URL).ok().map(Into::into)
}

/// The domain in ASCII form and lower case (UTS #46); `None` if it is invalid.
///
/// Callers must reject ASCII characters with a meaning in URLs first.
#[cfg(target_arch = "wasm32")]
pub fn domain_to_ascii(domain: &str) -> Option<String> {
    let url = web_sys::Url::new(&format!("http://{domain}/")).ok()?;
    Some(url.hostname())
}

/// Whitespace and invisible characters, which pasted text often has around an address.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Separators between the addresses of a list, including those of other scripts.
pub const fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '\t' | '，' | '；' | '、' | '،' | '؛')
}

/// Characters that are invisible or can't be told apart: default-ignorable and private-use code points, line and paragraph
/// separators, the blank Braille pattern, the stand-in for an object, and noncharacters (Unicode TR36, section 2.5).
pub const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
        || (c as u32) & 0xfffe == 0xfffe
}

/// The invisible characters U+200C and U+200D, which some languages and emoji need between visible ones.
pub const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Invisible characters that select a variant of the character before them, such as the colored form of an emoji.
pub const fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}
