//! Filters, and paths with value filters.

use super::detail;
use scim::{Filter, Literal, Operator, PatchPath, ResourceType, ScimType, Target};
use serde_json::json;

fn parse(filter: &str) -> Filter {
    Filter::parse(ResourceType::User, filter).expect(filter)
}

/// The value filter in the brackets of `emails[…]`.
fn value_filter(filter: &str) -> Filter {
    match parse(&format!("emails[{filter}]")) {
        Filter::ValuePath(attribute, inner) if attribute.name == "emails" => *inner,
        filter => panic!("{filter:?}"),
    }
}

#[test]
fn value_filter_selects_matching_values() {
    let work = json!({ "value": "Ann@Blobs.example", "type": "work", "primary": true });
    let home = json!({ "value": "ann@home.example", "type": "home" });
    for (filter, selects_work, selects_home) in [
        ("type eq \"WORK\"", true, false),
        ("type Ne \"work\"", false, true),
        ("value co \"@\"", true, true),
        ("value sw \"ann@b\"", true, false),
        ("value ew \".example\"", true, true),
        ("type gt \"home\"", true, false),
        ("type ge \"home\" and type lt \"work\"", false, true),
        ("type le \"home\"", false, true),
        ("primary eq true", true, false),
        ("primary eq false", false, true),
        ("primary ne true", false, true),
        ("primary pr", true, false),
        ("display pr", false, false),
        ("display eq null", true, true),
        ("display ne null", false, false),
        ("display ne \"x\"", true, true),
        ("not (type eq \"work\")", false, true),
        // "and" binds more tightly than "or".
        ("type eq \"home\" or type eq \"work\" and value co \"x\"", true, true),
        ("(type eq \"home\" or type eq \"work\") and value co \"blobs\"", true, false),
    ] {
        let matches = [&work, &home].map(|value| value_filter(filter).matches(value.as_object().unwrap()));
        assert_eq!(matches, [selects_work, selects_home], "{filter}");
    }
}

#[test]
fn comparison_on_multi_valued_is_a_value_path() {
    for filter in
        ["emails eq \"a\"", "emails.value eq \"a\"", "emails[value eq \"a\"]", "EMAILS[Value EQ \"a\"]"]
    {
        let Filter::ValuePath(attribute, inner) = parse(filter) else { panic!("{filter}") };
        assert_eq!((attribute.name, inner.any_of("value")), ("emails", Some(vec!["a"])), "{filter}");
    }
    // Entra ID compares after the brackets.
    let filter = parse("emails[type eq \"work\"].value eq \"a\"");
    let Filter::ValuePath(_, inner) = filter else { panic!("{filter:?}") };
    let required = inner.required_values().unwrap();
    assert_eq!(json!(required), json!({ "type": "work", "value": "a" }));
}

#[test]
fn date_times_are_compared_as_instants() {
    let literal = |text: &str| match parse(&format!("meta.created gt \"{text}\"")) {
        Filter::Attribute(expression) => (expression.operator, expression.value),
        filter => panic!("{filter:?}"),
    };
    let (operator, utc) = literal("2011-05-13T04:42:34Z");
    assert!(matches!((operator, &utc), (Operator::Greater, Literal::DateTime(_))));
    assert_eq!(literal("2011-05-13T06:42:34+02:00").1, utc);
    assert_eq!(literal("2011-05-13T04:42:34").1, utc);
}

#[test]
fn invalid_filter_reports_its_position() {
    let deep = format!("{}title pr{}", "(".repeat(40), ")".repeat(40));
    let deeper = "not (".repeat(1_900);
    let many = vec!["title pr"; 201].join(" and ");
    for filter in [
        "",
        "title",
        "title eq",
        "title eq \"x",
        "title eq x",
        "title is \"x\"",
        "title pr and",
        "title pr or",
        "(title pr",
        "title pr)",
        "not title pr",
        "unknown pr",
        "title eq \"x\" \"y\"",
        "title[type eq \"x\"]",
        "emails[type eq \"work\"",
        "emails[unknown pr]",
        "emails[type eq \"work\"].unknown pr",
        "emails[]",
        "active gt true",
        "active eq \"true\"",
        "active co \"t\"",
        "meta.created co \"2011\"",
        "meta.created gt \"soon\"",
        "meta.created gt \"10000-01-01T00:00:00Z\"",
        "meta.location pr",
        "name eq \"x\"",
        "urn:ietf:params:scim:schemas:core:2.0:User pr",
        "urn:x:userName pr",
        "title eq \"\\u0000\"",
        "title eq {\"a\": 1}",
        "title eq [1]",
        "$ref pr",
        "groups.$ref pr",
        "'",
        "\"",
        "\u{0}",
        &deep,
        &deeper,
        &many,
    ] {
        let detail = detail(Filter::parse(ResourceType::User, filter), ScimType::InvalidFilter);
        assert!(detail.starts_with("At position "), "{filter}: {detail}");
    }
    // In characters.
    let error = detail(Filter::parse(ResourceType::User, "title eq \"äöü\" x"), ScimType::InvalidFilter);
    assert_eq!(error, "At position 16: expected end of filter.");
    let long = format!("title eq \"{}\"", "x".repeat(20_000));
    let error = detail(Filter::parse(ResourceType::User, &long), ScimType::InvalidFilter);
    assert_eq!(error, "This is too long: at most 10000 bytes.");
}

#[test]
fn path_selects_values_and_a_sub_attribute() {
    let path =
        PatchPath::parse(ResourceType::User, "addresses[type eq \"work\" and primary eq true].Country")
            .unwrap();
    assert!(matches!(path.target, Target::Attribute(target) if target.attribute.name == "addresses"));
    assert_eq!((path.sub_attribute.unwrap().name, path.filter_terms), ("country", 2));
    let path = |text| PatchPath::parse(ResourceType::User, text);
    assert_eq!(detail(path("unknown"), ScimType::NoTarget), "path: unknown attribute “unknown”.");
    for text in
        ["addresses[type eq", "addresses[type eq \"x\"].unknown", "title[value pr]", "title x", "[", ""]
    {
        assert!(detail(path(text), ScimType::InvalidPath).starts_with("At position "), "{text}");
    }
}
