//! Parsing, validating and comparing email addresses.

use model::address_list;
use model::invitations::{AddressClass, ClassifiedAddress};
use model::{AddressError, EmailAddress};
use proptest::prelude::*;

fn parse(typed: &str) -> Result<String, AddressError> {
    EmailAddress::parse(typed).map(|address| address.as_str().to_owned())
}

fn normalize(typed: &str) -> Result<String, AddressError> {
    EmailAddress::parse(typed).map(|address| address.normalized())
}

const fn bad_char(character: char, at: usize) -> AddressError {
    AddressError::BadCharacter { character, at }
}

#[test]
fn parse_keeps_local_part_and_normalizes_domain() {
    for (typed, expected) in [
        ("blob@blobsrus.com", "blob@blobsrus.com"),
        ("  Blob.Ross@BlobsRUs.COM\r\n", "Blob.Ross@blobsrus.com"),
        ("\u{feff}blob@blobsrus.com\u{a0}\u{200b}", "blob@blobsrus.com"),
        ("!#$%&'*+-/=?^_`{|}~@blobs-r-us.co.uk", "!#$%&'*+-/=?^_`{|}~@blobs-r-us.co.uk"),
        ("o'brien+list@a.b", "o'brien+list@a.b"),
        ("1@1.2.3.x", "1@1.2.3.x"),
        ("blob@ab--cd.com", "blob@ab--cd.com"),
        ("blob@XN--BCHER-KVA.example", "blob@xn--bcher-kva.example"),
        ("blob@Bücher.example", "blob@xn--bcher-kva.example"),
        ("blob@bu\u{308}cher.example", "blob@xn--bcher-kva.example"),
        ("blob@faß.de", "blob@xn--fa-hia.de"),
        ("blob@例え。テスト", "blob@xn--r8jz45g.xn--zckzah"),
        ("blob@ｂｌｏｂｓ．ｃｏｍ", "blob@blobs.com"),
        ("blob@نامه\u{200c}ای.com", "blob@xn--mgba3gch31f060k.com"),
        ("Zoe\u{308}@blobs.com", "Zoë@blobs.com"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
        ("अजय@डाटा.भारत", "अजय@xn--c2bd1gb.xn--h2brj9c"),
        // The Kelvin sign is K in every composed text.
        ("\u{212a}@blobs.com", "K@blobs.com"),
    ] {
        assert_eq!(parse(typed), Ok(expected.to_owned()), "{typed:?}");
    }
}

#[test]
fn invalid_address_reports_reason_and_position() {
    use AddressError::{
        Empty, EmptyDomain, EmptyLocal, ExtraAt, InvalidDomain, LabelTooLong, LocalTooLong, NoAt, NoDot,
        NumericDomain, QuotedLocal, TooLong,
    };
    let label = "x".repeat(64);
    for (typed, expected) in [
        ("", Empty),
        (" \u{200b}\n", Empty),
        ("blob", NoAt),
        ("Blob Ross", NoAt),
        ("blob＠blobs.com", bad_char('＠', 5)),
        ("@blobs.com", EmptyLocal),
        ("@", EmptyLocal),
        ("blob@", EmptyDomain),
        ("blob@@blobs.com", ExtraAt { at: 6 }),
        ("blob@ross@blobs.com", ExtraAt { at: 10 }),
        ("\"blob ross\"@blobs.com", QuotedLocal),
        ("blob ross@blobs.com", bad_char(' ', 5)),
        ("blob\u{a0}ross@blobs.com", bad_char('\u{a0}', 5)),
        ("  blob,ross@blobs.com", bad_char(',', 7)),
        ("zoë,ross@blobs.com", bad_char(',', 4)),
        ("blob\"ross@blobs.com", bad_char('"', 5)),
        ("blob(x)@blobs.com", bad_char('(', 5)),
        ("bl<ob@blobs.com", bad_char('<', 3)),
        ("[blob@blobs.com]", bad_char('[', 1)),
        ("bl\\ob@blobs.com", bad_char('\\', 3)),
        ("mailto:blob@blobs.com", bad_char(':', 7)),
        ("bl\0ob@blobs.com", bad_char('\0', 3)),
        ("bl\u{7f}ob@blobs.com", bad_char('\u{7f}', 3)),
        ("bl\u{202e}ob@blobs.com", bad_char('\u{202e}', 3)),
        ("bl\u{ad}ob@blobs.com", bad_char('\u{ad}', 3)),
        ("o’brien@blobs.com", bad_char('’', 2)),
        ("bl\u{37e}ob@blobs.com", bad_char('\u{37e}', 3)),
        ("bl，ob@blobs.com", bad_char('，', 3)),
        (".blob@blobs.com", bad_char('.', 1)),
        ("blob.@blobs.com", bad_char('.', 5)),
        ("blob..ross@blobs.com", bad_char('.', 6)),
        ("blob@.blobs.com", bad_char('.', 6)),
        ("blob@blobs..com", bad_char('.', 12)),
        ("blob@blobs.com.", bad_char('.', 15)),
        ("blob@-blobs.com", bad_char('-', 6)),
        ("blob@blobs-.com", bad_char('-', 11)),
        ("blob@bücher-.com", bad_char('-', 12)),
        ("blob@blobs_r_us.com", bad_char('_', 11)),
        ("blob@blobs.com/x", bad_char('/', 15)),
        ("blob@blobs.com:25", bad_char(':', 15)),
        ("blob@blobs.com>", bad_char('>', 15)),
        ("blob@bücher.com#x", bad_char('#', 16)),
        ("blob@bücher%2ecom", bad_char('%', 12)),
        ("blob@blobs.com\r\nBcc: x", bad_char('\r', 15)),
        ("blob@blobs.com”", bad_char('”', 15)),
        ("blob@blobs", NoDot),
        ("blob@localhost", NoDot),
        ("blob@bücher", NoDot),
        ("blob@127.0.0.1", NumericDomain),
        ("blob@127", NumericDomain),
        ("blob@[127.0.0.1]", NumericDomain),
        ("blob@[IPv6:::1]", NumericDomain),
        ("blob@１２７.０.０.１", InvalidDomain),
        ("blob@ä.0x7", InvalidDomain),
        ("blob@bücher。。com", InvalidDomain),
        ("blob@bücher℀.com", InvalidDomain),
        ("blob@bücher＿.com", InvalidDomain),
        ("blob@\u{308}bücher.com", InvalidDomain),
        ("blob@ä\u{200d}b.com", InvalidDomain),
        (&format!("{label}x@blobs.com"), LocalTooLong),
        (&format!("{}@blobs.com", "ä".repeat(33)), LocalTooLong),
        // 64 octets, and 96 in lower case.
        (&format!("{}@blobs.com", "Ⱥ".repeat(32)), LocalTooLong),
        (&format!("{}@blobs.com", "ä".repeat(1_000_000)), LocalTooLong),
        (&format!("blob@{label}.com"), LabelTooLong),
        (&format!("blob@{}.com", "ä".repeat(64)), LabelTooLong),
        (&format!("blob@{}.com", "ä".repeat(1_000_000)), TooLong),
        (&format!("blob@{}com", "x.".repeat(124)), TooLong),
        // 63 octets before the “@” in lower case, 42 as typed.
        (&format!("{}@{}com", "Ⱥ".repeat(21), "x.".repeat(94)), TooLong),
    ] {
        assert_eq!(EmailAddress::parse(typed), Err(expected), "{typed:.60?}");
    }
}

#[test]
fn longest_address_is_valid() {
    let label = "x".repeat(63);
    assert!(parse(&format!("x{label}@blobs.com")).is_ok());
    assert!(parse(&format!("{}@blobs.com", "ä".repeat(32))).is_ok());
    assert!(parse(&format!("blob@{label}.com")).is_ok());
    let longest = format!("blob@{}com", "x.".repeat(123));
    assert_eq!(longest.len(), 254);
    assert_eq!(parse(&longest), Ok(longest));
}

#[test]
fn comparison_ignores_case_space_and_unicode_form() {
    for same in [
        ["blob.ross@blobsrus.com", " Blob.ROSS@BLOBSRUS.com "],
        ["zoë@bücher.example", "ZOE\u{308}@XN--BCHER-KVA.EXAMPLE"],
        ["οδος@blobs.com", "ΟΔΟΣ@blobs.com"],
        ["οδοσ@blobs.com", "ΟΔΟΣ@blobs.com"],
        ["straße@blobs.com", "STRAẞE@blobs.com"],
        ["한글@blobs.com", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}@blobs.com"],
    ] {
        assert_eq!(normalize(same[0]), normalize(same[1]), "{same:?}");
        assert!(normalize(same[0]).is_ok(), "{same:?}");
    }
}

#[test]
fn lookalike_letters_are_different() {
    for (one, other) in
        [("mıke", "mike"), ("roſs", "ross"), ("straße", "strasse"), ("аdmin", "admin"), ("ａ", "a")]
    {
        assert_ne!(normalize(&format!("{one}@blobs.com")), normalize(&format!("{other}@blobs.com")));
    }
}

/// All assigned ranges except most ideographs and Hangul syllables, which all behave alike.
fn sample_characters() -> impl Iterator<Item = char> {
    let ranges =
        ['\0'..='\u{31ff}', '\u{a000}'..='\u{abff}', '\u{d7b0}'..='\u{16fff}', '\u{18d00}'..='\u{1ffff}'];
    ranges.into_iter().flatten().chain('\u{2f800}'..='\u{2fa1f}').chain('\u{e0000}'..='\u{e01ff}')
}

#[test]
fn normalizing_keeps_non_ascii_addresses_non_ascii() {
    for c in sample_characters().filter(|c| !c.is_ascii()) {
        let typed = format!("a{c}@blobs.com");
        let Ok(address) = EmailAddress::parse(&typed) else { continue };
        let normalized = address.normalized();
        assert_eq!(normalized.is_ascii(), address.as_str().is_ascii(), "{c:?}");
        assert_eq!(
            EmailAddress::parse(&normalized).map(|address| address.normalized()),
            Ok(normalized),
            "{c:?}"
        );
        assert_eq!(parse(address.as_str()).as_deref(), Ok(address.as_str()), "{c:?}");
        let list = address_list::parse(&typed);
        assert_eq!(list.len(), 1, "{c:?}");
        assert_eq!(list[0].address, Ok(address), "{c:?}");
    }
}

#[test]
fn parsed_domain_is_always_ascii() {
    for c in sample_characters() {
        if let Ok(address) = EmailAddress::parse(&format!("blob@a{c}b.com")) {
            let domain = address.as_str().strip_prefix("blob@").unwrap();
            assert!(
                domain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)),
                "{c:?}"
            );
            assert_eq!(parse(address.as_str()).as_deref(), Ok(address.as_str()), "{c:?}");
        }
    }
}

#[test]
fn deserialization_validates() {
    let parsed = serde_json::from_str::<EmailAddress>("\" Blob@BLOBS.com\"").unwrap();
    assert_eq!(serde_json::to_string(&parsed).unwrap(), "\"Blob@blobs.com\"");
    let error = serde_json::from_str::<EmailAddress>("\"blob\\r\\nBcc: x@blobs.com\"").unwrap_err();
    assert!(error.to_string().starts_with("A line break isn’t allowed at position 5."), "{error}");
}

#[test]
fn error_texts() {
    for (error, text) in [
        (AddressError::NoAt, "Missing “@”."),
        (AddressError::EmptyLocal, "Nothing before the “@”."),
        (AddressError::NoDot, "The domain is incomplete (for example, “.com” is missing)."),
        (AddressError::UnclosedBracket { at: 6 }, "Missing “>”."),
        (bad_char(',', 5), "“,” isn’t allowed at position 5."),
        (bad_char('\u{a0}', 5), "A space isn’t allowed at position 5."),
        (bad_char('\t', 5), "A tab isn’t allowed at position 5."),
        (bad_char('\n', 5), "A line break isn’t allowed at position 5."),
        (bad_char('\0', 5), "An invisible character (U+0000) isn’t allowed at position 5."),
        (bad_char('\u{202e}', 5), "An invisible character (U+202E) isn’t allowed at position 5."),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn error_round_trips_through_json() {
    for why in [AddressError::NoAt, bad_char('\0', 3), bad_char('“', 3), AddressError::ExtraAt { at: 6 }] {
        let address = ClassifiedAddress::new("x".to_owned(), AddressClass::Malformed { why });
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(serde_json::from_str::<ClassifiedAddress>(&json).unwrap(), address, "{json}");
    }
}

/// Text that often is almost an address.
fn almost_address() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC*",
        any::<String>(),
        "[a-zA-Z0-9.@ ,<>\"'-]{0,40}",
        "[\\PC]{1,8}@[\\PC]{1,8}\\.[a-z]{2,3}",
        "[\\p{L}\\p{M}]{1,8}@[\\p{L}\\p{M}]{1,8}\\.[a-z]{2,3}",
    ]
}

proptest! {
    #[test]
    fn parsing_is_idempotent(typed in almost_address()) {
        if let Ok(address) = EmailAddress::parse(&typed) {
            prop_assert_eq!(parse(address.as_str()), Ok(address.as_str().to_owned()));
            prop_assert_eq!(normalize(address.as_str()), Ok(address.normalized()));
            prop_assert_eq!(normalize(&address.normalized()), Ok(address.normalized()));
            prop_assert_eq!(normalize(&format!(" \u{feff}{typed}\t")), Ok(address.normalized()));
            prop_assert_eq!(normalize(&typed.to_lowercase()), Ok(address.normalized()));
            prop_assert!(address.as_str().len() <= 254 && address.normalized().len() <= 254);
        }
    }

    #[test]
    fn position_points_at_the_character(typed in almost_address()) {
        if let Err(AddressError::BadCharacter { character, at }) = EmailAddress::parse(&typed) {
            prop_assert_eq!(typed.chars().nth(at - 1), Some(character));
        }
    }

    #[test]
    fn ascii_normalizes_to_lower_case(typed in "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}@[a-zA-Z0-9]{1,20}\\.[a-zA-Z]{1,9}") {
        prop_assert_eq!(normalize(&typed), Ok(typed.to_ascii_lowercase()));
        prop_assert_eq!(normalize(&typed.to_ascii_uppercase()), normalize(&typed));
    }
}
