//! Where the attributes of the schema are stored. An attribute of a user that isn't listed here is stored as JSON.

use scim::{AttributePath, ResourceType};

/// The SQL that a filter or a sort order uses for an attribute. In it, `u` is the user, `d` the row with the attributes
/// stored for SCIM clients, `g` the group and `m` a membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Stored as the client sent it, in the JSON column `scim_users.attributes`.
    Json,
    /// A sub-attribute of one value of a multi-valued attribute that is stored as JSON.
    JsonValue,
    /// A column with an id.
    Id(&'static str),
    /// An expression that is never null.
    NotNull(&'static str),
    /// An expression that can be null.
    Nullable(&'static str),
    /// The user's email address, compared in its normalized form.
    Email,
    /// A name, compared without regard to letter case.
    CaseFolded {
        /// The name in lower case, exactly as its index has it.
        expression: &'static str,
        /// The condition for the attribute to be present.
        is_present: &'static str,
    },
    /// Rows of another table: the start of an `exists` subquery, to which the condition on the row is appended.
    Subquery(&'static str),
}

const USER_COLUMNS: [(&str, Column); 12] = [
    ("id", Column::Id("u.id")),
    ("externalId", Column::Nullable("d.external_id")),
    ("meta.resourceType", Column::NotNull("'User'")),
    ("meta.created", Column::NotNull("u.created_at")),
    ("meta.lastModified", Column::NotNull("coalesce(u.modified_at, u.created_at)")),
    ("userName", Column::Email),
    (
        "displayName",
        Column::CaseFolded {
            expression: "lower(coalesce(nullif(u.name, ''), u.email))",
            is_present: "u.name <> ''",
        },
    ),
    ("active", Column::NotNull("(u.status = 'active')")),
    (
        "groups",
        Column::Subquery(
            "select from group_members m
             join groups g on g.organization_id = m.organization_id and g.id = m.group_id
             where m.organization_id = u.organization_id and m.user_id = u.id and ",
        ),
    ),
    ("groups.value", Column::Id("m.group_id")),
    ("groups.display", Column::NotNull("g.name")),
    ("groups.type", Column::NotNull("'direct'")),
];

const GROUP_COLUMNS: [(&str, Column); 10] = [
    ("id", Column::Id("g.id")),
    ("externalId", Column::Nullable("g.external_id")),
    ("meta.resourceType", Column::NotNull("'Group'")),
    ("meta.created", Column::NotNull("g.created_at")),
    ("meta.lastModified", Column::NotNull("coalesce(g.modified_at, g.created_at)")),
    ("displayName", Column::CaseFolded { expression: "lower(g.name)", is_present: "true" }),
    (
        "members",
        Column::Subquery(
            "select from group_members m
             join users mu on mu.organization_id = m.organization_id and mu.id = m.user_id
             where m.organization_id = g.organization_id and m.group_id = g.id and mu.joined_at is not null and ",
        ),
    ),
    ("members.value", Column::Id("m.user_id")),
    ("members.type", Column::NotNull("'User'")),
    ("members.display", Column::NotNull("coalesce(nullif(mu.name, ''), mu.email)")),
];

const fn columns(resource_type: ResourceType) -> &'static [(&'static str, Column)] {
    match resource_type {
        ResourceType::User => &USER_COLUMNS,
        ResourceType::Group => &GROUP_COLUMNS,
    }
}

/// Finds the column of a filterable attribute.
pub(super) fn column(resource_type: ResourceType, path: AttributePath) -> Column {
    let name = path.to_string();
    match columns(resource_type).iter().find(|(candidate, _)| *candidate == name) {
        Some((_, column)) => *column,
        None if path.attribute.multi_valued && path.sub_attribute.is_some() => Column::JsonValue,
        None => Column::Json,
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, column, columns};
    use scim::schema::Attribute;
    use scim::{AttributePath, ResourceType};

    /// The paths of all attributes and sub-attributes.
    fn paths(resource_type: ResourceType) -> Vec<AttributePath> {
        let with_sub_attributes = |extension, attributes: &'static [Attribute]| {
            attributes.iter().flat_map(move |attribute| {
                let sub_attributes = attribute.sub_attributes().iter().map(Some);
                sub_attributes.chain([None]).map(move |sub_attribute| AttributePath {
                    extension,
                    attribute,
                    sub_attribute,
                })
            })
        };
        let extension = resource_type.extension();
        with_sub_attributes(None, resource_type.common_attributes())
            .chain(with_sub_attributes(None, resource_type.attributes()))
            .chain(
                extension
                    .into_iter()
                    .flat_map(|schema| with_sub_attributes(extension, schema.sub_attributes())),
            )
            .collect()
    }

    #[test]
    fn every_column_belongs_to_a_filterable_attribute() {
        for resource_type in ResourceType::ALL {
            for (name, _) in columns(resource_type) {
                let path = AttributePath::parse(resource_type, name).expect(name);
                assert_eq!(path.to_string(), *name);
                assert!(path.leaf().filterable, "{name}");
            }
        }
    }

    /// What clients can't write isn't in the JSON, and neither is any attribute of a group.
    #[test]
    fn every_filterable_attribute_has_a_column() {
        for resource_type in ResourceType::ALL {
            for path in paths(resource_type).into_iter().filter(|path| path.leaf().filterable) {
                let is_json = matches!(column(resource_type, path), Column::Json | Column::JsonValue);
                let may_be_json = resource_type == ResourceType::User && !path.leaf().is_read_only();
                assert!(!is_json || may_be_json, "{path}");
            }
        }
    }
}
