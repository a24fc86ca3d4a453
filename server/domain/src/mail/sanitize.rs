//! Names that people chose, made fit to stand in a mail to somebody who did not ask for it.
//!
//! A name must not carry a link, or strangers' mailboxes could be filled with somebody's advertisement in our name.
//! Mail programs make links by themselves of whatever looks like one, so what looks like one is taken apart, visibly.

use model::field::MAX_NAME;

/// The name as one line of visible characters, at most [`MAX_NAME`] of them, with nothing in it that a mail program
/// would make a link of: “evil.example/win” becomes “evil. example/win”. Empty, when nothing of it can be shown.
pub(super) fn plain(name: &str) -> String {
    let visible: String = name
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_hidden(*c))
        .take(MAX_NAME)
        .collect();
    let mut apart = String::with_capacity(visible.len());
    let mut rest = visible.chars().peekable();
    while let Some(c) = rest.next() {
        let next_joins = rest.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '@' | '＠' | '﹫' => apart.push_str(" at "),
            // Of the colon and the slashes of “https://”.
            ':' | '：' if rest.peek().is_some_and(is_slash) => apart.push(' '),
            '/' | '／' | '\\' if rest.next_if(is_slash).is_some() => {
                while rest.next_if(is_slash).is_some() {}
                apart.push(' ');
            }
            // A full stop in any of the forms that domain names take (UTS #46, section 2.3).
            '.' | '。' | '．' | '｡' if next_joins => apart.extend([c, ' ']),
            other => apart.push(other),
        }
    }
    apart.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is handed to `Peekable`")]
fn is_slash(c: &char) -> bool {
    matches!(c, '/' | '／' | '\\')
}

/// Marks that turn the direction of text, and characters that nobody sees (Unicode TR36, section 2.5). The joiners
/// U+200C and U+200D stay: names of some languages can't be written without them.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_become_a_link() {
        for (name, shown) in [
            ("http://evil.example", "http evil. example"),
            ("https://evil.example/win?a=1", "https evil. example/win?a=1"),
            ("www.evil.example", "www. evil. example"),
            ("//evil.example", "evil. example"),
            ("evil。example", "evil。 example"),
            ("win@evil.example", "win at evil. example"),
            ("https:\\\\evil.example", "https evil. example"),
        ] {
            assert_eq!(plain(name), shown);
        }
    }

    #[test]
    fn a_name_stays_on_its_line_and_in_its_direction() {
        assert_eq!(plain("Blob\r\nBcc: all@evil.example"), "Blob Bcc: all at evil. example");
        assert_eq!(plain("Blob\u{202e}ssoR\u{200b}\u{0}"), "BlobssoR");
        assert_eq!(plain("\u{202e}\u{feff}"), "");
    }

    #[test]
    fn ordinary_names_are_left_alone() {
        for name in [
            "Blobs R Us",
            "Ooze Özdemir",
            "Blob & Sons, Inc.",
            "R/D “North”",
            "Puddle O’Mara",
            "می‌خواهم",
            "株式会社",
        ] {
            assert_eq!(plain(name), name);
        }
        assert_eq!(plain("J.R.R. Blob"), "J. R. R. Blob");
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(plain(&"ä".repeat(300)).chars().count(), MAX_NAME);
    }
}
