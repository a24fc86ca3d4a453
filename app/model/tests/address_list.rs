//! Parsing address lists as people paste them.

use model::address_list::{self, Entry};
use model::{AddressError, EmailAddress};
use proptest::prelude::*;

/// An address, or the malformed entry and its error.
type Parsed = Result<String, (String, AddressError)>;

fn parse(text: &str) -> Vec<Parsed> {
    address_list::parse(text)
        .into_iter()
        .map(|entry| entry.address.map(|address| address.to_string()).map_err(|error| (entry.text, error)))
        .collect()
}

fn valid_all(addresses: &[&str]) -> Vec<Parsed> {
    addresses.iter().map(|&address| Ok(address.to_owned())).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "same type as `invalid`")]
fn valid(address: impl Into<String>) -> Parsed {
    Ok(address.into())
}

fn invalid(text: &str, why: AddressError) -> Parsed {
    Err((text.to_owned(), why))
}

const fn bad_char(character: char, at: usize) -> AddressError {
    AddressError::BadCharacter { character, at }
}

#[test]
fn every_list_format_yields_both_addresses() {
    for text in [
        "a@b.c,d@e.f",
        "a@b.c, d@e.f",
        "a@b.c;d@e.f",
        "a@b.c\nd@e.f",
        "a@b.c\r\nd@e.f\r\n",
        "a@b.c\rd@e.f",
        "a@b.c\u{2028}d@e.f",
        "a@b.c\td@e.f",
        "a@b.c d@e.f",
        "a@b.c\u{a0}\u{3000}d@e.f",
        "a@b.c \u{200b} d@e.f",
        "a@b.c，d@e.f",
        "a@b.c、d@e.f；",
        "a@b.c، d@e.f",
        ",;\n\t,, a@b.c ,; \n\n, d@e.f ;,\n",
        "\u{feff}a@b.c,\u{200b}d@e.f\u{a0}",
        "<a@b.c>,<d@e.f>",
        "<a@b.c> <d@e.f>",
        "<a@b.c><d@e.f>",
        "< a@b.c >; <\u{200b}d@e.f>",
        "<a@b.c> d@e.f",
        "Blob Ross <a@b.c>, Blobby <d@e.f>",
        "Blob Ross <a@b.c> Blobby <d@e.f>",
        "Blob Ross<a@b.c>; Blobby\u{a0}<d@e.f>",
        "\"Ross, Blob\" <a@b.c>, \"Blobby; \" <d@e.f>",
        "\"Ross, Blob\" <a@b.c> \"Blobby, B.\" <d@e.f>",
        "\"Ross, \\\"Blob, the\\\"\" <a@b.c>, d@e.f",
        "\"Ross > Blob <3\" <a@b.c>, d@e.f",
        "“Ross, Blob” <a@b.c>, „Ross, Blob“ <d@e.f>",
        "Blob \"the, Blob\" Ross <a@b.c>, d@e.f",
        "Blob 5\" Ross <a@b.c>, d@e.f",
        "Blob @ Blobs R Us <a@b.c>, @blobby <d@e.f>",
        "a@b.c <a@b.c>, \"D@E.F\" <d@e.f>",
        "'a@b.c' <a@b.c>; d@e.f<mailto:d@e.f>",
        "mailto:a@b.c, <MAILTO:d@e.f>",
        "\"a@b.c\",\"d@e.f\"",
        "\"a@b.c\"\n\"d@e.f\"\n",
        "\"a@b.c\" 'd@e.f'",
        "“a@b.c”, ‘d@e.f’",
        "\"a@b.c, d@e.f\"",
        "\"a@b.c\td@e.f\"",
        "\"\"\"Ross, Blob\"\" <a@b.c>\",\"d@e.f\"",
        "\"\",a@b.c,\"\",d@e.f,\" \"",
        "• a@b.c\n\u{2043}\u{a0}d@e.f\n•",
        "Email\na@b.c\nd@e.f",
        "\"E-Mail Address\"\r\na@b.c\r\nd@e.f",
    ] {
        assert_eq!(parse(text), valid_all(&["a@b.c", "d@e.f"]), "{text:?}");
    }
}

#[test]
fn malformed_text_becomes_an_entry() {
    use AddressError::{
        Empty, EmptyDomain, EmptyLocal, ExtraAt, NoAt, QuotedLocal, TwoAddresses, UnclosedBracket,
    };
    for (text, expected) in [
        ("", vec![]),
        (" ,;\t\r\n\u{feff}\"\", • \u{200b}", vec![]),
        // A name beside an address.
        ("Blob Ross\ta@b.c", vec![invalid("Blob Ross", NoAt), valid("a@b.c")]),
        ("\"Ross, Blob\",a@b.c", vec![invalid("Ross, Blob", NoAt), valid("a@b.c")]),
        ("Ross, Blob <a@b.c>", vec![invalid("Ross", NoAt), valid("a@b.c")]),
        ("a@b.c,member,\"\"", vec![valid("a@b.c"), invalid("member", NoAt)]),
        // Separated only by a space, the text need not be a name.
        ("Blob Ross a@b.c", vec![invalid("Blob Ross a@b.c", bad_char(' ', 5))]),
        ("blob ross@b.c, d@e.f", vec![invalid("blob ross@b.c", bad_char(' ', 5)), valid("d@e.f")]),
        ("a@b.c or d@e.f", vec![invalid("a@b.c or d@e.f", bad_char(' ', 6))]),
        // A header is recognized only as the only entry of the first of several lines.
        ("email", vec![invalid("email", NoAt)]),
        ("email, a@b.c", vec![invalid("email", NoAt), valid("a@b.c")]),
        ("name,email\nBlob,a@b.c", {
            vec![invalid("name", NoAt), invalid("email", NoAt), invalid("Blob", NoAt), valid("a@b.c")]
        }),
        ("a@b.c\nemail", vec![valid("a@b.c"), invalid("email", NoAt)]),
        // An unclosed quotation mark or bracket doesn't swallow other entries.
        ("\"Ross, Blob <a@b.c>, d@e.f", vec![invalid("\"Ross", NoAt), valid("a@b.c"), valid("d@e.f")]),
        ("\"Ross, a@b.c\nd@e.f\" x, g@h.i", {
            vec![
                invalid("\"Ross", NoAt),
                valid("a@b.c"),
                invalid("d@e.f\" x", bad_char('"', 6)),
                valid("g@h.i"),
            ]
        }),
        ("Blob <a@b.c, d@e.f", vec![invalid("Blob <a@b.c", UnclosedBracket { at: 6 }), valid("d@e.f")]),
        ("Blob <a@b.c Ross <d@e.f>, g@h.i", {
            vec![invalid("Blob <a@b.c Ross <d@e.f>", UnclosedBracket { at: 6 }), valid("g@h.i")]
        }),
        ("<a@b.c> Zoë <d@e.f", vec![valid("a@b.c"), invalid("Zoë <d@e.f", UnclosedBracket { at: 5 })]),
        ("<a,d@e.f>", vec![invalid("<a", UnclosedBracket { at: 1 }), invalid("d@e.f>", bad_char('>', 6))]),
        ("Blob <a@b.c\nd@e.f>", {
            vec![invalid("Blob <a@b.c", UnclosedBracket { at: 6 }), invalid("d@e.f>", bad_char('>', 6))]
        }),
        // A different address in the name.
        ("a@b.c <d@e.f>, g@h.i", vec![invalid("a@b.c <d@e.f>", TwoAddresses), valid("g@h.i")]),
        ("\"Blob (a@b.c)\" <d@e.f>", vec![invalid("\"Blob (a@b.c)\" <d@e.f>", TwoAddresses)]),
        ("\"Ross, a@b.c, \"Blob\" <d@e.f>", vec![invalid("\"Ross, a@b.c, \"Blob\" <d@e.f>", TwoAddresses)]),
        ("\"Ross, a@b, <x@y>\" <d@e.f>", vec![invalid("\"Ross, a@b, <x@y>\" <d@e.f>", TwoAddresses)]),
        // Positions count from the entry's first character.
        (" Zoë  <a b@c.d>", vec![invalid("Zoë  <a b@c.d>", bad_char(' ', 8))]),
        ("Blob < a\\@c.d >", vec![invalid("Blob < a\\@c.d >", bad_char('\\', 9))]),
        ("'a(b@c.d'", vec![invalid("'a(b@c.d'", bad_char('(', 3))]),
        ("<mailto:a b@c.d>", vec![invalid("<mailto:a b@c.d>", bad_char(' ', 10))]),
        ("mailto:a%2Bb@c.d", vec![invalid("mailto:a%2Bb@c.d", bad_char('%', 9))]),
        ("mailto:a@b.c?cc=d@e.f", vec![invalid("mailto:a@b.c?cc=d@e.f", bad_char('?', 13))]),
        // Other cases.
        ("Blob <>", vec![invalid("Blob <>", Empty)]),
        ("Blob <Ross>", vec![invalid("Blob <Ross>", NoAt)]),
        ("<a@b.c> Blob", vec![valid("a@b.c"), invalid("Blob", NoAt)]),
        ("a@b.c.", vec![invalid("a@b.c.", bad_char('.', 6))]),
        ("a@ b@c.d", vec![invalid("a@", EmptyDomain), valid("b@c.d")]),
        ("@ @b.c", vec![invalid("@", EmptyLocal), invalid("@b.c", EmptyLocal)]),
        ("a@b.cd@e.f", vec![invalid("a@b.cd@e.f", ExtraAt { at: 7 })]),
        (
            "\"a,b\"@c.d, \"e f\"@g.h",
            vec![invalid("\"a,b\"@c.d", QuotedLocal), invalid("\"e f\"@g.h", QuotedLocal)],
        ),
        ("d@e.f\"\"@", vec![invalid("d@e.f\"\"@", bad_char('"', 6))]),
        ("a@b.c|d@e.f", vec![invalid("a@b.c|d@e.f", bad_char('|', 6))]),
    ] {
        assert_eq!(parse(text), expected, "{text:?}");
    }
}

#[test]
fn duplicate_refers_to_the_first_entry() {
    let list = address_list::parse("a@b.c, x, A@B.C, d@e.f, Blob <a@b.c>, x, D@e.f");
    let first: Vec<_> = list.iter().map(|entry| entry.duplicate_of).collect();
    assert_eq!(first, [None, None, Some(0), None, Some(0), None, Some(3)]);
}

#[test]
fn entry_has_its_line_number() {
    let list = address_list::parse("Email\r\n\r\na@b.c, x\rd@e.f\n\n\"g@h.i\"");
    let lines: Vec<_> = list.iter().map(|entry| entry.line).collect();
    assert_eq!(lines, [3, 3, 4, 6]);
    assert_eq!(address_list::parse("email\na@b.c\nA@b.c")[1].duplicate_of, Some(0));
}

/// Each of these would take minutes if the work grew with the square of the length.
#[test]
fn parsing_takes_linear_time() {
    for piece in [
        "\"",
        " \"",
        " \"x",
        "\"x ",
        ",\"",
        "“",
        " “x",
        " \"x “y „z",
        "<",
        ">",
        "<>",
        "<> \"x",
        "a<",
        "<@",
        "@",
        "a@b.c ",
        "a@b.c,",
        ",",
        " ",
        "\u{200b}",
        "\\",
        " \"\\\"",
        "\"\"",
        "\"\" ",
        "'",
        "(",
        "mailto:",
        "a@",
        "\n",
        "\r",
        "\"\n",
        "<\n",
        "ä",
        "\u{301}",
        "ä@ä.ä ",
        "a@\"",
        "\"@ <a@b.c>",
        " \"<",
        "\"a@b.c\" ",
        "•",
        "x <a@b.c> ",
        "a@b.c <a@b.c> ",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        for text in [format!("\"{text}\""), format!("\"a@b.c{text} <a@b.c>"), text] {
            assert!(address_list::parse(&text).len() <= text.len());
        }
    }
}

fn address() -> impl Strategy<Value = String> {
    let word = "[a-zA-Z0-9!#$&'*+/=?^_`{|}~-]{1,8}(\\.[a-zA-Z0-9-]{1,4})?";
    (word, "[a-z]{1,8}(-[a-z]{1,3})?\\.(com|co\\.uk|org)")
        .prop_map(|(local, domain)| format!("{local}@{domain}"))
}

/// An address, and the same in one of the formats that lists use.
fn formatted_address() -> impl Strategy<Value = (String, String)> {
    (address(), 0..10_u8).prop_map(|(address, form)| {
        let text = match form {
            0 => format!("<{address}>"),
            1 => format!("Blob Ross <{address}>"),
            2 => format!("\"Ross, Blob\" <{address}>"),
            3 => format!("\"Blob \\\"the; Blob\\\"\" <{address}>"),
            4 => format!("mailto:{address}"),
            5 => format!("\"{address}\""),
            6 => format!("'{address}'"),
            7 => format!("\"{address}\" <{address}>"),
            8 => format!("\"\"\"Ross, Blob\"\" <{address}>\""),
            _ => address.clone(),
        };
        (address, text)
    })
}

fn separator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        ",",
        ", ",
        ";",
        " ; ",
        "\n",
        "\r\n",
        "\t",
        ",\n",
        "\u{200b},\u{a0}",
        "、",
        "\n\n",
    ])
}

/// Text with much of what means something in a list.
fn any_list() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ab@.,;<>\"'“”„ \\\\\n\t\u{200b}ä-]{0,60}",
        prop::collection::vec(
            prop::sample::select(vec![
                "a@b.c", "x", "\"", "“", "”", "<", ">", ",", ";", " ", "\n", "\\", "@", "mailto:", "'",
                "email", "\"\"", "é",
            ]),
            0..40
        )
        .prop_map(|pieces| pieces.concat()),
    ]
}

/// The text without separators, quotation marks and blanks.
fn strip_separators(text: &str) -> String {
    let is_separator = |c: char| {
        c.is_whitespace()
            || ",;，；、،؛\"“”„\\•‣⁃".contains(c)
            || EmailAddress::parse(&c.to_string()) == Err(AddressError::Empty)
    };
    text.chars().filter(|&c| !is_separator(c)).collect()
}

proptest! {
    #[test]
    fn all_addresses_are_returned_in_order(list in prop::collection::vec((formatted_address(), separator()), 1..20)) {
        let text: String = list.iter().flat_map(|((_, text), separator)| [text.as_str(), *separator]).collect();
        let expected: Vec<_> = list.iter().map(|((address, _), _)| valid(address.as_str())).collect();
        prop_assert_eq!(parse(&text), expected, "{:?}", text);
    }

    #[test]
    fn spaces_separate_addresses(list in prop::collection::vec(address(), 1..20)) {
        let expected: Vec<_> = list.iter().map(|address| valid(address.as_str())).collect();
        prop_assert_eq!(parse(&list.join(" ")), expected);
    }

    #[test]
    fn no_text_is_lost(text in any_list()) {
        let list = address_list::parse(&text);
        let parsed: String = list.iter().map(|entry| strip_separators(&entry.text)).collect();
        let typed = strip_separators(&text);
        // Only a header may be missing.
        prop_assert!(typed == parsed || typed.strip_prefix("email") == Some(parsed.as_str()), "{:?} {:?}", text, list);
    }

    #[test]
    fn entries_are_consistent(text in any_list()) {
        let list = address_list::parse(&text);
        prop_assert!(list.len() <= text.chars().count());
        let lines = text.split(['\n', '\r', '\u{2028}', '\u{2029}']).count();
        prop_assert!(list.is_sorted_by_key(|entry| entry.line));
        for (index, entry) in list.iter().enumerate() {
            prop_assert!(!entry.text.is_empty());
            prop_assert_eq!(entry.text.trim(), &entry.text);
            prop_assert!(entry.line <= lines);
            let same = |other: &Entry| {
                matches!((&other.address, &entry.address), (Ok(one), Ok(two)) if one.normalized() == two.normalized())
            };
            prop_assert_eq!(entry.duplicate_of, list[..index].iter().position(same));
            if let Err(AddressError::BadCharacter { character, at }) = entry.address {
                prop_assert_eq!(entry.text.chars().nth(at - 1), Some(character), "{:?}", entry);
            }
            if let Err(AddressError::UnclosedBracket { at }) = entry.address {
                prop_assert_eq!(entry.text.chars().nth(at - 1), Some('<'), "{:?}", entry);
            }
        }
    }

    #[test]
    fn single_address_parses_as_a_list(text in any::<String>()) {
        for typed in [text.clone(), format!("{text}@b.c"), format!("a@{text}.c")] {
            if let Ok(address) = EmailAddress::parse(&typed) {
                prop_assert_eq!(parse(address.as_str()), vec![valid(address.as_str())]);
            }
        }
    }
}
