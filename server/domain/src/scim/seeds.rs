//! The seeds of the fuzzer (server/fuzz): properties of what follows from input that `scim` accepts.

use super::sql::Statement;
use super::{ScimUser, UserUpdate};
use chrono::DateTime;
use model::transitions::MembershipState;
use scim::{Document, Filter, ResourceType, ScimType, patch};
use serde_json::{Map, json};
use std::path::Path;
use uuid::Uuid;

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let seeds: Vec<_> = files.map(|file| std::fs::read(file).unwrap()).collect();
    assert!(!seeds.is_empty());
    seeds
}

fn count_terms(filter: &Filter) -> usize {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().map(count_terms).sum::<usize>().max(1),
        Filter::Not(inner) | Filter::ValuePath(_, inner) => count_terms(inner),
        Filter::Attribute(_) => 1,
    }
}

/// A value is always a parameter, and the parentheses match.
#[test]
fn filter_sql_contains_no_input() {
    for seed in seeds("scim_filter") {
        let Ok(text) = std::str::from_utf8(&seed) else { continue };
        for resource_type in ResourceType::ALL {
            let Ok(filter) = Filter::parse(resource_type, text) else { continue };
            let mut statement = Statement::new(resource_type, Uuid::nil());
            statement.push_filter(&filter);
            let sql = statement.sql.into_string();
            let foreign =
                sql.chars().find(|c| !c.is_ascii_alphanumeric() && !" \n_.,:()'$=<>@|#-".contains(*c));
            assert_eq!(foreign, None, "{text}: {sql}");
            let open_parentheses = sql.bytes().try_fold(0_usize, |open, byte| match byte {
                b'(' => open.checked_add(1),
                b')' => open.checked_sub(1),
                _ => Some(open),
            });
            assert_eq!(open_parentheses, Some(0), "{text}: {sql}");
            let (terms, placeholders) = (count_terms(&filter), sql.matches('$').count());
            assert!(placeholders <= 8 * terms, "{text}: {placeholders} placeholders for {terms} terms");
            assert!(sql.len() <= 1_000 * terms, "{text}: {} bytes for {terms} terms", sql.len());
        }
    }
}

#[test]
fn patched_user_can_be_stored() {
    let before = ScimUser {
        id: "00000000-0000-7000-8000-000000000000".parse().unwrap(),
        email: "bjensen@example.com".to_owned(),
        name: "Barbara Jensen".to_owned(),
        state: MembershipState::Active,
        active: true,
        external_id: None,
        attributes: Map::from_iter([(
            "name".to_owned(),
            json!({ "familyName": "Jensen", "givenName": "Barbara" }),
        )]),
        groups: Vec::new(),
        created_at: DateTime::UNIX_EPOCH,
        modified_at: DateTime::UNIX_EPOCH,
    };
    let mut updates = 0;
    for seed in seeds("scim_patch") {
        let Ok(body) = serde_json::from_slice::<Document>(&seed) else { continue };
        let Ok(operations) = patch::parse(&body) else { continue };
        match UserUpdate::from_operations(&operations, &before) {
            Ok(update) => {
                updates += 1;
                let stored_elsewhere = ["userName", "active", "displayName", "externalId"];
                assert!(stored_elsewhere.iter().all(|name| !update.attributes.contains_key(*name)));
                assert!(
                    !format!("{update:?}").contains("\\0"),
                    "NUL, which Postgres can't store: {update:?}"
                );
            }
            Err(error) => {
                let allowed = [
                    ScimType::InvalidValue,
                    ScimType::InvalidPath,
                    ScimType::NoTarget,
                    ScimType::Mutability,
                    ScimType::InvalidSyntax,
                ];
                assert!(error.scim_type.is_some_and(|actual| allowed.contains(&actual)), "{error:?}");
            }
        }
    }
    assert!(updates > 10, "only {updates} updates");
}
