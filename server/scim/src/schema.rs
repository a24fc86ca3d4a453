//! The schemas: the attributes of RFC 7643 that the service supports. They are the single source for what a resource can
//! contain, what a filter can compare and how, what PATCH can change, and what `/Schemas` returns. A consumer derives its
//! storage from them.

mod attributes;

use attributes::{GROUP_ATTRIBUTES, GROUP_COMMON, USER_ATTRIBUTES, USER_COMMON, USER_EXTENSION};

/// The URN of the core schema for users (RFC 7643, section 4.1).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of the enterprise user extension (RFC 7643, section 4.3).
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The URN of the core schema for groups (RFC 7643, section 4.2).
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The longest string value of most attributes, in characters.
pub const MAX_TEXT: usize = 1_000;

/// The longest `externalId`, in characters. Shorter, because storage usually has an index on it.
pub const MAX_EXTERNAL_ID: usize = 500;

/// An attribute and its characteristics (RFC 7643, section 7).
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the characteristics are independent, and named by the RFC"
)]
pub struct Attribute {
    /// The name, in the letter case of the schema. The URN, if this is a schema extension.
    pub name: &'static str,
    /// What the attribute means, for the administrators of clients.
    pub description: &'static str,
    /// The type of its values.
    pub data_type: DataType,
    /// Whether it has a list of values.
    pub multi_valued: bool,
    /// Whether letter case matters when its values are compared.
    pub case_exact: bool,
    /// Whether a client can write it.
    pub mutability: Mutability,
    /// Whether a resource must have it.
    pub required: bool,
    /// Where its values are unique.
    pub uniqueness: Uniqueness,
    /// Values that clients are expected to use. Others are accepted.
    pub canonical_values: &'static [&'static str],
    /// Whether a filter can compare it. Not part of the RFC's characteristics.
    pub filterable: bool,
    /// The longest string value, in characters. Not part of the RFC's characteristics.
    pub max_length: usize,
}

/// The type of an attribute's values (RFC 7643, section 2.3).
#[derive(Debug)]
pub enum DataType {
    /// Text.
    String,
    /// `true` or `false`. A missing value counts as `false` in filters.
    Boolean,
    /// A date and time, as in RFC 3339.
    DateTime,
    /// A URI.
    Reference,
    /// An object with these sub-attributes.
    Complex(&'static [Attribute]),
}

/// Whether a client can write an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// Only the service writes it.
    ReadOnly,
    /// Clients and the service write it.
    ReadWrite,
}

/// Where the service provider enforces that values are unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    /// Two resources can have the same value.
    None,
    /// Among all resources of the same type and tenant.
    Server,
}

/// A resource type (RFC 7643, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceType {
    /// A user.
    User,
    /// A group of users.
    Group,
}

impl ResourceType {
    /// All resource types, in the order of lists that mix them.
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

    /// The URL of a resource, below the service's `base_url`, which has no slash at the end.
    pub fn location(self, base_url: &str, id: &str) -> String {
        format!("{base_url}/{}s/{id}", self.name())
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
