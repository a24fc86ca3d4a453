//! Lists of addresses, as people paste them.

use model::address_list::{self, Entry};
use model::{AddressError, EmailAddress};
use proptest::prelude::*;

/// An address, or what was typed and why it is none.
type Read = Result<String, (String, AddressError)>;

fn read(text: &str) -> Vec<Read> {
    address_list::parse(text)
        .into_iter()
        .map(|entry| entry.address.map(|address| address.to_string()).map_err(|error| (entry.text, error)))
        .collect()
}

fn good(addresses: &[&str]) -> Vec<Read> {
    addresses.iter().map(|&address| Ok(address.to_owned())).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "stands in a table beside `no`")]
fn yes(address: impl Into<String>) -> Read {
    Ok(address.into())
}

fn no(text: &str, why: AddressError) -> Read {
    Err((text.to_owned(), why))
}

const fn bad(character: char, at: usize) -> AddressError {
    AddressError::BadCharacter { character, at }
}

#[test]
fn two_addresses_in_every_form() {
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
        assert_eq!(read(text), good(&["a@b.c", "d@e.f"]), "{text:?}");
    }
}

#[test]
fn what_is_no_address_is_an_entry_too() {
    use AddressError::{
        Empty, EmptyDomain, EmptyLocal, NoAt, QuotedLocal, SecondAt, TwoAddresses, UnclosedBracket,
    };
    for (text, expected) in [
        ("", vec![]),
        (" ,;\t\r\n\u{feff}\"\", • \u{200b}", vec![]),
        // A name beside an address.
        ("Blob Ross\ta@b.c", vec![no("Blob Ross", NoAt), yes("a@b.c")]),
        ("\"Ross, Blob\",a@b.c", vec![no("Ross, Blob", NoAt), yes("a@b.c")]),
        ("Ross, Blob <a@b.c>", vec![no("Ross", NoAt), yes("a@b.c")]),
        ("a@b.c,member,\"\"", vec![yes("a@b.c"), no("member", NoAt)]),
        // With a space between them, it is not clear that it is a name.
        ("Blob Ross a@b.c", vec![no("Blob Ross a@b.c", bad(' ', 5))]),
        ("blob ross@b.c, d@e.f", vec![no("blob ross@b.c", bad(' ', 5)), yes("d@e.f")]),
        ("a@b.c or d@e.f", vec![no("a@b.c or d@e.f", bad(' ', 6))]),
        // The column's name counts only alone and above others.
        ("email", vec![no("email", NoAt)]),
        ("email, a@b.c", vec![no("email", NoAt), yes("a@b.c")]),
        ("name,email\nBlob,a@b.c", {
            vec![no("name", NoAt), no("email", NoAt), no("Blob", NoAt), yes("a@b.c")]
        }),
        ("a@b.c\nemail", vec![yes("a@b.c"), no("email", NoAt)]),
        // What is not closed takes nothing with it.
        ("\"Ross, Blob <a@b.c>, d@e.f", vec![no("\"Ross", NoAt), yes("a@b.c"), yes("d@e.f")]),
        ("\"Ross, a@b.c\nd@e.f\" x, g@h.i", {
            vec![no("\"Ross", NoAt), yes("a@b.c"), no("d@e.f\" x", bad('"', 6)), yes("g@h.i")]
        }),
        ("Blob <a@b.c, d@e.f", vec![no("Blob <a@b.c", UnclosedBracket { at: 6 }), yes("d@e.f")]),
        ("Blob <a@b.c Ross <d@e.f>, g@h.i", {
            vec![no("Blob <a@b.c Ross <d@e.f>", UnclosedBracket { at: 6 }), yes("g@h.i")]
        }),
        ("<a@b.c> Zoë <d@e.f", vec![yes("a@b.c"), no("Zoë <d@e.f", UnclosedBracket { at: 5 })]),
        ("<a,d@e.f>", vec![no("<a", UnclosedBracket { at: 1 }), no("d@e.f>", bad('>', 6))]),
        ("Blob <a@b.c\nd@e.f>", {
            vec![no("Blob <a@b.c", UnclosedBracket { at: 6 }), no("d@e.f>", bad('>', 6))]
        }),
        // Another address in the name.
        ("a@b.c <d@e.f>, g@h.i", vec![no("a@b.c <d@e.f>", TwoAddresses), yes("g@h.i")]),
        ("\"Blob (a@b.c)\" <d@e.f>", vec![no("\"Blob (a@b.c)\" <d@e.f>", TwoAddresses)]),
        ("\"Ross, a@b.c, \"Blob\" <d@e.f>", vec![no("\"Ross, a@b.c, \"Blob\" <d@e.f>", TwoAddresses)]),
        ("\"Ross, a@b, <x@y>\" <d@e.f>", vec![no("\"Ross, a@b, <x@y>\" <d@e.f>", TwoAddresses)]),
        // Places count in the entry, from its first character.
        (" Zoë  <a b@c.d>", vec![no("Zoë  <a b@c.d>", bad(' ', 8))]),
        ("Blob < a\\@c.d >", vec![no("Blob < a\\@c.d >", bad('\\', 9))]),
        ("'a(b@c.d'", vec![no("'a(b@c.d'", bad('(', 3))]),
        ("<mailto:a b@c.d>", vec![no("<mailto:a b@c.d>", bad(' ', 10))]),
        ("mailto:a%2Bb@c.d", vec![no("mailto:a%2Bb@c.d", bad('%', 9))]),
        ("mailto:a@b.c?cc=d@e.f", vec![no("mailto:a@b.c?cc=d@e.f", bad('?', 13))]),
        // The rest.
        ("Blob <>", vec![no("Blob <>", Empty)]),
        ("Blob <Ross>", vec![no("Blob <Ross>", NoAt)]),
        ("<a@b.c> Blob", vec![yes("a@b.c"), no("Blob", NoAt)]),
        ("a@b.c.", vec![no("a@b.c.", bad('.', 6))]),
        ("a@ b@c.d", vec![no("a@", EmptyDomain), yes("b@c.d")]),
        ("@ @b.c", vec![no("@", EmptyLocal), no("@b.c", EmptyLocal)]),
        ("a@b.cd@e.f", vec![no("a@b.cd@e.f", SecondAt { at: 7 })]),
        ("\"a,b\"@c.d, \"e f\"@g.h", vec![no("\"a,b\"@c.d", QuotedLocal), no("\"e f\"@g.h", QuotedLocal)]),
        ("d@e.f\"\"@", vec![no("d@e.f\"\"@", bad('"', 6))]),
        ("a@b.c|d@e.f", vec![no("a@b.c|d@e.f", bad('|', 6))]),
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn duplicates_name_the_first() {
    let list = address_list::parse("a@b.c, x, A@B.C, d@e.f, Blob <a@b.c>, x, D@e.f");
    let first: Vec<_> = list.iter().map(|entry| entry.duplicate_of).collect();
    assert_eq!(first, [None, None, Some(0), None, Some(0), None, Some(3)]);
}

#[test]
fn an_entry_knows_its_line() {
    let list = address_list::parse("Email\r\n\r\na@b.c, x\rd@e.f\n\n\"g@h.i\"");
    let lines: Vec<_> = list.iter().map(|entry| entry.at).collect();
    assert_eq!(lines, [3, 3, 4, 6]);
    assert_eq!(address_list::parse("email\na@b.c\nA@b.c")[1].duplicate_of, Some(0));
}

/// Each of these would take minutes if the work grew with the square of the length.
#[test]
fn no_text_takes_for_ever() {
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

/// The address in one of its forms.
fn dressed() -> impl Strategy<Value = (String, String)> {
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

/// What is left of a text without what only stands around entries.
fn substance(text: &str) -> String {
    let around = |c: char| {
        c.is_whitespace()
            || ",;，；、،؛\"“”„\\•‣⁃".contains(c)
            || EmailAddress::parse(&c.to_string()) == Err(AddressError::Empty)
    };
    text.chars().filter(|&c| !around(c)).collect()
}

proptest! {
    #[test]
    fn every_address_comes_back_in_order(list in prop::collection::vec((dressed(), separator()), 1..20)) {
        let text: String = list.iter().flat_map(|((_, text), separator)| [text.as_str(), *separator]).collect();
        let expected: Vec<_> = list.iter().map(|((address, _), _)| yes(address.as_str())).collect();
        prop_assert_eq!(read(&text), expected, "{:?}", text);
    }

    #[test]
    fn spaces_are_enough_between_addresses(list in prop::collection::vec(address(), 1..20)) {
        let expected: Vec<_> = list.iter().map(|address| yes(address.as_str())).collect();
        prop_assert_eq!(read(&list.join(" ")), expected);
    }

    #[test]
    fn nothing_is_lost(text in any_list()) {
        let list = address_list::parse(&text);
        let kept: String = list.iter().map(|entry| substance(&entry.text)).collect();
        let typed = substance(&text);
        // Only a column's name may be missing.
        prop_assert!(typed == kept || typed.strip_prefix("email") == Some(kept.as_str()), "{:?} {:?}", text, list);
    }

    #[test]
    fn entries_are_sound(text in any_list()) {
        let list = address_list::parse(&text);
        prop_assert!(list.len() <= text.chars().count());
        let lines = text.split(['\n', '\r', '\u{2028}', '\u{2029}']).count();
        prop_assert!(list.is_sorted_by_key(|entry| entry.at));
        for (index, entry) in list.iter().enumerate() {
            prop_assert!(!entry.text.is_empty());
            prop_assert_eq!(entry.text.trim(), &entry.text);
            prop_assert!(entry.at <= lines);
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
    fn an_address_is_a_list_of_one(text in any::<String>()) {
        for typed in [text.clone(), format!("{text}@b.c"), format!("a@{text}.c")] {
            if let Ok(address) = EmailAddress::parse(&typed) {
                prop_assert_eq!(read(address.as_str()), vec![yes(address.as_str())]);
            }
        }
    }
}
