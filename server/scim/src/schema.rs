//! The SCIM schemas: the attributes of RFC 7643 that are useful here. They are the single source for what is stored,
//! what a filter can compare and how, and what `/Schemas` returns.

mod attributes;

use attributes::{GROUP_ATTRIBUTES, GROUP_COMMON, USER_ATTRIBUTES, USER_COMMON, USER_EXTENSION};

/// URNs of the schemas (RFC 7643, section 8.7).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// An attribute and its characteristics (RFC 7643, section 7).
#[derive(Debug)]
pub struct Attribute {
    pub name: &'static str,
    pub description: &'static str,
    pub data_type: DataType,
    pub multi_valued: bool,
    pub case_exact: bool,
    pub mutability: Mutability,
    pub required: bool,
    pub uniqueness: Uniqueness,
    pub canonical_values: &'static [&'static str],
    pub(super) column: Column,
}

/// The type of an attribute's values (RFC 7643, section 2.3).
#[derive(Debug)]
pub enum DataType {
    String,
    Boolean,
    DateTime,
    Reference,
    /// An object with these sub-attributes.
    Complex(&'static [Attribute]),
}

/// Whether a client can write an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    ReadOnly,
    ReadWrite,
}

/// Where the service provider enforces that values are unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    None,
    /// Among all resources of an organization.
    Server,
}

/// The SQL that a filter or a sort order uses for an attribute.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Stored as the client sent it, in the JSON column `scim_users.attributes`.
    Json,
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
    /// Returned, but can't be used in a filter.
    NotFilterable,
}

/// A resource type (RFC 7643, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType {
    User,
    Group,
}

impl ResourceType {
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// The URN of the core schema.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// The name, which `meta.resourceType` carries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The attributes of the core schema.
    pub const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => &USER_ATTRIBUTES,
            Self::Group => &GROUP_ATTRIBUTES,
        }
    }

    /// The common attributes, which belong to no schema (RFC 7643, section 3.1).
    pub const fn common_attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => &USER_COMMON,
            Self::Group => &GROUP_COMMON,
        }
    }

    /// The schema extension, modeled as a complex attribute whose name is the schema's URN.
    pub const fn extension(self) -> Option<&'static Attribute> {
        match self {
            Self::User => Some(&USER_EXTENSION),
            Self::Group => None,
        }
    }
}

impl Attribute {
    /// Empty unless the attribute is complex.
    pub const fn sub_attributes(&self) -> &'static [Self] {
        match self.data_type {
            DataType::Complex(sub_attributes) => sub_attributes,
            _ => &[],
        }
    }

    /// Finds a sub-attribute by name, in any letter case (RFC 7643, section 2.1).
    pub fn find_sub_attribute(&self, name: &str) -> Option<&'static Self> {
        find_attribute(self.sub_attributes(), name)
    }

    /// Whether a client can't write the attribute.
    pub const fn is_read_only(&self) -> bool {
        matches!(self.mutability, Mutability::ReadOnly)
    }
}

/// Finds an attribute by name, in any letter case (RFC 7643, section 2.1).
pub fn find_attribute(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
