//! Names contain no invisible characters, whichever form they are entered in.

use model::api_keys::{Scope, validate_new_key};
use model::field::{FieldError, is_unprintable, parse_description, parse_name};
use model::settings::SettingsForm;
use model::sso::ConnectionForm;
use proptest::prelude::*;
use regex_syntax::hir::{Class, HirKind};

/// Characters that look blank, change the direction of the text around them, or are not drawn at all.
const DECEPTIVE: [char; 14] = [
    '\u{ad}',
    '\u{34f}',
    '\u{61c}',
    '\u{115f}',
    '\u{1160}',
    '\u{180e}',
    '\u{200b}',
    '\u{202e}',
    '\u{2066}',
    '\u{2800}',
    '\u{3164}',
    '\u{feff}',
    '\u{ffa0}',
    '\u{e0041}',
];

/// Joiners, which some languages can't be written without.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

const fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn unprintable() -> impl Iterator<Item = char> {
    ('\0'..=char::MAX).filter(|c| is_unprintable(*c) && !c.is_whitespace())
}

#[test]
fn every_default_ignorable_character_is_unprintable() {
    let hir = regex_syntax::parse(r"\p{Default_Ignorable_Code_Point}").unwrap();
    let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("not a class: {hir:?}") };
    let ignorable: Vec<char> = class.ranges().iter().flat_map(|range| range.start()..=range.end()).collect();
    assert!(ignorable.len() > 4_000);
    for c in ignorable.into_iter().chain(DECEPTIVE) {
        assert_eq!(is_unprintable(c), !JOINERS.contains(&c), "U+{:04X}", u32::from(c));
    }
}

#[test]
fn name_rejects_every_unprintable_character() {
    assert!(unprintable().count() > 100_000);
    for c in unprintable().filter(|c| !is_variation_selector(*c)) {
        for name in [c.to_string(), format!("Blob{c}Ross")] {
            assert_eq!(parse_name(&name), Err(FieldError::Unprintable), "{name:?}");
        }
    }
}

#[test]
fn name_drops_variation_selectors() {
    assert_eq!(parse_name("❤\u{fe0f} Care"), Ok("❤ Care".to_owned()));
    assert_eq!(parse_name("葛\u{e0100}城"), Ok("葛城".to_owned()));
    assert_eq!(parse_name("\u{fe0f}"), Err(FieldError::Empty));
}

#[test]
fn name_of_joiners_only_is_rejected() {
    assert_eq!(parse_name("\u{200d} \u{200c}"), Err(FieldError::Unprintable));
    assert_eq!(parse_name("می\u{200c}خواهم"), Ok("می\u{200c}خواهم".to_owned()));
}

#[test]
fn description_rejects_invisible_characters() {
    for c in DECEPTIVE {
        assert_eq!(parse_description(&format!("Hi{c}")), Err(FieldError::Unprintable), "{c:?}");
    }
    assert_eq!(parse_description("Hi ❤\u{fe0f}\r\nBlob"), Ok("Hi ❤\u{fe0f}\r\nBlob".to_owned()));
}

#[test]
fn every_form_rejects_invisible_characters_in_names() {
    for c in DECEPTIVE {
        let name = format!("Blob{c}");
        for problem in [
            SettingsForm { name: name.clone(), ..SettingsForm::default() }.validate().unwrap_err(),
            ConnectionForm { name: name.clone(), ..ConnectionForm::default() }.validate(false).unwrap_err(),
            validate_new_key(&name, Scope::ALL).unwrap_err(),
        ] {
            assert_eq!(problem.field_error("name"), Some(FieldError::Unprintable), "{name:?}: {problem:?}");
        }
    }
}

proptest! {
    #[test]
    fn accepted_name_has_a_visible_character(
        name in proptest::collection::vec(
            prop_oneof![
                proptest::sample::select(DECEPTIVE.to_vec()),
                proptest::sample::select(JOINERS.to_vec()),
                proptest::sample::select(vec![' ', '\u{3000}', '\u{fe0f}', '\u{85}']),
                any::<char>(),
            ],
            0..6,
        )
    ) {
        let name: String = name.into_iter().collect();
        if let Ok(name) = parse_name(&name) {
            let is_visible = |c: char| !c.is_whitespace() && !is_unprintable(c) && !JOINERS.contains(&c);
            prop_assert!(name.chars().any(is_visible), "{name:?}");
            prop_assert!(!name.chars().any(is_unprintable), "{name:?}");
            prop_assert_eq!(parse_name(&name), Ok(name));
        }
    }
}
