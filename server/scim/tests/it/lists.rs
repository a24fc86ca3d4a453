//! Parameters of lists.

use super::{detail, object};
use scim::{ListParameters, MAX_RESULTS, ResourceType, ScimType, list_response};
use serde_json::json;

#[test]
fn list_parameters_are_clamped() {
    for (query, start_index, count) in [
        ("", 1, 100),
        ("startIndex=0&count=0", 1, 0),
        ("startIndex=-5&count=-1", 1, 0),
        ("STARTINDEX=7&Count=5000", 7, MAX_RESULTS),
    ] {
        let list = ListParameters::from_query(query).unwrap().list_query(ResourceType::User).unwrap();
        assert_eq!((list.start_index, list.count), (start_index, count), "{query}");
    }
    for query in ["count=many", "startIndex=1.5"] {
        detail(ListParameters::from_query(query), ScimType::InvalidValue);
    }
}

#[test]
fn query_and_search_request_are_equivalent() {
    let query = "filter=title%20pr&sortBy=name.familyName&sortOrder=descending&startIndex=3&count=2";
    let body = json!({
        "filter": "title pr", "sortBy": "name.familyName", "sortOrder": "descending", "startIndex": 3, "count": 2,
    });
    let lists = [ListParameters::from_query(query), ListParameters::from_body(&object(body))];
    let lists = lists.map(|parameters| parameters.unwrap().list_query(ResourceType::User).unwrap());
    for list in &lists {
        assert!(list.filter.is_some() && list.descending);
        assert_eq!(list.sort_by.unwrap().to_string(), "name.familyName");
        assert_eq!((list.start_index, list.count, &list.cache_key), (3, 2, &lists[0].cache_key));
    }
}

#[test]
fn filter_and_sort_depend_on_the_resource_type() {
    let list = |query, resource_type| ListParameters::from_query(query).unwrap().list_query(resource_type);
    assert!(list("filter=title%20pr", ResourceType::User).is_ok());
    detail(list("filter=title%20pr", ResourceType::Group), ScimType::InvalidFilter);
    let error = detail(list("sortBy=title", ResourceType::Group), ScimType::InvalidValue);
    assert_eq!(error, "sortBy: unknown attribute “title”.");
    let keys = ResourceType::ALL.map(|resource_type| list("", resource_type).unwrap().cache_key);
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn list_response_counts_its_resources() {
    let response = list_response(7, 3, vec![json!({ "id": "1" })]);
    assert_eq!(
        response,
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 7, "startIndex": 3, "itemsPerPage": 1, "Resources": [{ "id": "1" }],
        })
    );
}
