//! Sanitizes names that users chose before they appear in messages to other people.
//!
//! A name must not carry a link, or anyone could advertise to strangers in our name. Mail clients turn whatever looks
//! like a link into one, so such text is visibly broken up.

use model::field::{MAX_NAME, has_visible_character, is_unprintable};

/// The name as one line of visible characters, at most [`MAX_NAME`], without anything that a mail client would turn into
/// a link: "evil.example/win" becomes "evil. example/win". Empty if the name has no visible characters.
pub(super) fn sanitize_display_name(name: &str) -> String {
    if !has_visible_character(name) {
        return String::new();
    }
    let visible: String = name
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_unprintable(*c))
        .take(MAX_NAME)
        .collect();
    let mut sanitized = String::with_capacity(visible.len());
    let mut chars = visible.chars().peekable();
    while let Some(c) = chars.next() {
        let precedes_alphanumeric = chars.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '@' | '＠' | '﹫' => sanitized.push_str(" at "),
            // The colon of "https://"; its slashes are handled below.
            ':' | '：' if chars.peek().is_some_and(is_slash) => sanitized.push(' '),
            '/' | '／' | '\\' if chars.next_if(is_slash).is_some() => {
                while chars.next_if(is_slash).is_some() {}
                sanitized.push(' ');
            }
            // A full stop in any of the forms that domain names take (UTS #46, section 2.3).
            '.' | '。' | '．' | '｡' if precedes_alphanumeric => sanitized.extend([c, ' ']),
            other => sanitized.push(other),
        }
    }
    sanitized.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature `Peekable::next_if` expects")]
fn is_slash(c: &char) -> bool {
    matches!(c, '/' | '／' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_names_are_broken_up() {
        for (name, sanitized) in [
            ("http://evil.example", "http evil. example"),
            ("https://evil.example/win?a=1", "https evil. example/win?a=1"),
            ("www.evil.example", "www. evil. example"),
            ("//evil.example", "evil. example"),
            ("evil。example", "evil。 example"),
            ("win@evil.example", "win at evil. example"),
            ("https:\\\\evil.example", "https evil. example"),
        ] {
            assert_eq!(sanitize_display_name(name), sanitized);
        }
    }

    #[test]
    fn line_breaks_and_bidi_controls_are_removed() {
        assert_eq!(sanitize_display_name("Blob\r\nBcc: all@evil.example"), "Blob Bcc: all at evil. example");
        assert_eq!(sanitize_display_name("Blob\u{202e}ssoR\u{200b}\u{0}"), "BlobssoR");
        for blank in ["\u{202e}\u{feff}", "\u{3164} \u{200d}", "\u{2800}"] {
            assert_eq!(sanitize_display_name(blank), "", "{blank:?}");
        }
    }

    #[test]
    fn ordinary_names_are_unchanged() {
        for name in [
            "Blobs R Us",
            "Ooze Özdemir",
            "Blob & Sons, Inc.",
            "R/D “North”",
            "Puddle O’Mara",
            "می‌خواهم",
            "株式会社",
        ] {
            assert_eq!(sanitize_display_name(name), name);
        }
        assert_eq!(sanitize_display_name("J.R.R. Blob"), "J. R. R. Blob");
    }

    #[test]
    fn long_names_are_truncated() {
        assert_eq!(sanitize_display_name(&"ä".repeat(300)).chars().count(), MAX_NAME);
    }
}
