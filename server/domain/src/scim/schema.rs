//! The attributes that a directory sees and keeps here: RFC 7643's, as far as we have a use for them. This one table
//! says what is stored, what a filter may ask for and how, and what the protocol tells of it.

/// The schemas' names (RFC 7643, section 8.7).
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// An attribute (RFC 7643, section 7).
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "these are the RFC's own characteristics")]
pub struct Attribute {
    pub name: &'static str,
    pub about: &'static str,
    pub kind: Kind,
    /// Whether it has several values.
    pub many: bool,
    pub case_exact: bool,
    /// Whether whoever provisions may write it.
    pub writable: bool,
    pub required: bool,
    pub unique: bool,
    /// The words that are usual for it.
    pub usual: &'static [&'static str],
    pub(super) place: Place,
}

/// What kind of value it has.
#[derive(Debug)]
pub enum Kind {
    Text,
    Flag,
    Moment,
    Reference,
    Complex(&'static [Attribute]),
}

/// Where the database has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the attributes that are kept as they came, by its name.
    Kept,
    /// An id.
    Id(&'static str),
    /// An expression that is never null.
    Always(&'static str),
    /// An expression that can be null.
    Sometimes(&'static str),
    /// The user's address, which is compared by its key.
    Address,
    /// A name: its expression in lower case, which an index has, and the condition that there is one.
    Folded(&'static str, &'static str),
    /// Rows of another table: what stands in "exists (select …", up to its condition on the resource.
    Rows(&'static str),
    /// Told, but not asked for.
    Nowhere,
}

/// A kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    User,
    Group,
}

impl Resource {
    /// The name of its own schema.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The attributes of its own schema.
    pub const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => &USER_ATTRIBUTES,
            Self::Group => &GROUP_ATTRIBUTES,
        }
    }

    /// What every resource has (RFC 7643, section 3.1).
    pub const fn common(self) -> &'static [Attribute] {
        match self {
            Self::User => &USER_COMMON,
            Self::Group => &GROUP_COMMON,
        }
    }

    /// The extension, as if it were one complex attribute: its name is the schema's.
    pub const fn extension(self) -> Option<&'static Attribute> {
        match self {
            Self::User => Some(&EXTENSION),
            Self::Group => None,
        }
    }
}

impl Attribute {
    /// The attributes inside it.
    pub const fn inside(&self) -> &'static [Self] {
        match self.kind {
            Kind::Complex(inside) => inside,
            _ => &[],
        }
    }

    /// The one inside it with this name, in any letter case (RFC 7643, section 2.1).
    pub fn find_inside(&self, name: &str) -> Option<&'static Self> {
        find(self.inside(), name)
    }
}

/// The attribute with this name, in any letter case (RFC 7643, section 2.1).
pub fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

const fn text(name: &'static str, about: &'static str) -> Attribute {
    Attribute {
        name,
        about,
        kind: Kind::Text,
        many: false,
        case_exact: false,
        writable: true,
        required: false,
        unique: false,
        usual: &[],
        place: Place::Kept,
    }
}

const fn exact(attribute: Attribute) -> Attribute {
    Attribute { case_exact: true, ..attribute }
}

const fn at(place: Place, attribute: Attribute) -> Attribute {
    Attribute { place, ..attribute }
}

const fn told(place: Place, attribute: Attribute) -> Attribute {
    Attribute { place, writable: false, ..attribute }
}

const fn complex(name: &'static str, about: &'static str, inside: &'static [Attribute]) -> Attribute {
    Attribute { kind: Kind::Complex(inside), ..text(name, about) }
}

const fn many(name: &'static str, about: &'static str, inside: &'static [Attribute]) -> Attribute {
    Attribute { many: true, ..complex(name, about, inside) }
}

const fn flag(name: &'static str, about: &'static str) -> Attribute {
    Attribute { kind: Kind::Flag, ..text(name, about) }
}

const fn moment(name: &'static str, about: &'static str) -> Attribute {
    Attribute { kind: Kind::Moment, ..text(name, about) }
}

const fn reference(name: &'static str, about: &'static str) -> Attribute {
    Attribute { kind: Kind::Reference, case_exact: true, ..text(name, about) }
}

const fn usual(words: &'static [&'static str], attribute: Attribute) -> Attribute {
    Attribute { usual: words, ..attribute }
}

static USER_COMMON: [Attribute; 3] = [
    told(Place::Id("u.id"), exact(text("id", "Our id of the user. It never changes."))),
    at(Place::Sometimes("d.external_id"), exact(text("externalId", "The directory's id of the user."))),
    told(Place::Nowhere, complex("meta", "What is known of the resource itself.", &USER_META)),
];

static USER_META: [Attribute; 5] = [
    told(Place::Always("'User'"), exact(text("resourceType", "Its kind."))),
    told(Place::Always("u.created_at"), moment("created", "When it was made.")),
    told(
        Place::Always("coalesce(u.modified_at, u.created_at)"),
        moment("lastModified", "When it was changed last."),
    ),
    told(Place::Nowhere, reference("location", "Its address.")),
    told(Place::Nowhere, exact(text("version", "Its version, as the ETag has it."))),
];

static GROUP_COMMON: [Attribute; 3] = [
    told(Place::Id("g.id"), exact(text("id", "Our id of the group. It never changes."))),
    at(Place::Sometimes("g.external_id"), exact(text("externalId", "The directory's id of the group."))),
    told(Place::Nowhere, complex("meta", "What is known of the resource itself.", &GROUP_META)),
];

static GROUP_META: [Attribute; 5] = [
    told(Place::Always("'Group'"), exact(text("resourceType", "Its kind."))),
    told(Place::Always("g.created_at"), moment("created", "When it was made.")),
    told(
        Place::Always("coalesce(g.modified_at, g.created_at)"),
        moment(
            "lastModified",
            "When its name, its externalId or, by a directory, its members were changed last.",
        ),
    ),
    told(Place::Nowhere, reference("location", "Its address.")),
    told(Place::Nowhere, exact(text("version", "Its version, as the ETag has it."))),
];

static USER_ATTRIBUTES: [Attribute; 16] = [
    Attribute {
        required: true,
        unique: true,
        ..at(Place::Address, text("userName", "The mail address. It is what the user signs in with."))
    },
    complex("name", "The parts of the user's name.", &NAME),
    at(
        Place::Folded("lower(coalesce(nullif(u.name, ''), u.email))", "u.name <> ''"),
        text("displayName", "The name that others see. Without it, it is put together from name."),
    ),
    text("nickName", "What the user is called among friends."),
    reference("profileUrl", "A page about the user."),
    text("title", "Such as “Vice President”."),
    text("userType", "Such as “Employee” or “Contractor”."),
    text("preferredLanguage", "As in HTTP's Accept-Language, such as “en-GB”."),
    text("locale", "For dates and numbers, such as “en-GB”."),
    text("timezone", "By the IANA's name, such as “Europe/Berlin”."),
    at(
        Place::Always("(u.status = 'active')"),
        flag("active", "Whether the user may sign in. False suspends, and ends every session at once."),
    ),
    many("emails", "Mail addresses. We write to userName alone; without any, that is the one.", &EMAIL),
    many("phoneNumbers", "Telephone numbers.", &PHONE),
    many("addresses", "Where the user lives or works.", &ADDRESS),
    told(
        Place::Rows(
            "select from group_members m
             join groups g on g.organization_id = m.organization_id and g.id = m.group_id
             where m.organization_id = u.organization_id and m.user_id = u.id and ",
        ),
        many("groups", "The groups that the user is in. They are changed by changing the group.", &GROUPS),
    ),
    many(
        "roles",
        "Kept and given back. They give nothing here: what somebody may do is for our admins to say.",
        &ROLE,
    ),
];

static NAME: [Attribute; 6] = [
    text("formatted", "The whole name as it is written."),
    text("familyName", "The family name."),
    text("givenName", "The given name."),
    text("middleName", "The names between."),
    text("honorificPrefix", "What stands before it, such as “Ms.”."),
    text("honorificSuffix", "What stands behind it, such as “III”."),
];

static EMAIL: [Attribute; 4] = [
    text("value", "The address."),
    text("display", "The address, to be read by people."),
    usual(&["work", "home", "other"], text("type", "What it is for.")),
    flag("primary", "Whether it is the first to write to. One at most is."),
];

static PHONE: [Attribute; 4] = [
    text("value", "The number."),
    text("display", "The number, to be read by people."),
    usual(&["work", "home", "mobile", "fax", "pager", "other"], text("type", "What it is for.")),
    flag("primary", "Whether it is the first to call. One at most is."),
];

static ADDRESS: [Attribute; 8] = [
    text("formatted", "All of it, as it stands on a letter."),
    text("streetAddress", "Street, house, apartment."),
    text("locality", "City or town."),
    text("region", "State or region."),
    text("postalCode", "The postal code."),
    text("country", "The country, by its two letters."),
    usual(&["work", "home", "other"], text("type", "What it is for.")),
    flag("primary", "Whether it is the first of them. One at most is."),
];

static ROLE: [Attribute; 4] = [
    text("value", "The role."),
    text("display", "The role, to be read by people."),
    text("type", "What it is for."),
    flag("primary", "Whether it is the first of them. One at most is."),
];

static GROUPS: [Attribute; 4] = [
    told(Place::Id("m.group_id"), exact(text("value", "The group's id."))),
    told(Place::Nowhere, reference("$ref", "The group's address.")),
    told(Place::Always("g.name"), text("display", "The group's name.")),
    usual(&["direct"], told(Place::Always("'direct'"), text("type", "How the user is in it."))),
];

static EXTENSION: Attribute =
    complex(ENTERPRISE, "What enterprises know of their people.", &ENTERPRISE_ATTRIBUTES);

static ENTERPRISE_ATTRIBUTES: [Attribute; 6] = [
    text("employeeNumber", "The enterprise's number of the user."),
    text("costCenter", "The cost center."),
    text("organization", "The organization."),
    text("division", "The division."),
    text("department", "The department."),
    complex("manager", "Whom the user reports to, as the directory says it.", &MANAGER),
];

static MANAGER: [Attribute; 3] = [
    exact(text("value", "The manager's id.")),
    reference("$ref", "The manager's address."),
    text("displayName", "The manager's name."),
];

static GROUP_ATTRIBUTES: [Attribute; 2] = [
    Attribute {
        required: true,
        unique: true,
        ..at(Place::Folded("lower(g.name)", "true"), text("displayName", "The group's name."))
    },
    at(
        Place::Rows(
            "select from group_members m
             join users mu on mu.organization_id = m.organization_id and mu.id = m.user_id
             where m.organization_id = g.organization_id and m.group_id = g.id and mu.joined_at is not null and ",
        ),
        many("members", "The users in the group.", &MEMBERS),
    ),
];

static MEMBERS: [Attribute; 4] = [
    at(Place::Id("m.user_id"), exact(text("value", "The user's id."))),
    told(Place::Nowhere, reference("$ref", "The user's address.")),
    usual(&["User"], told(Place::Always("'User'"), text("type", "What is in it: users alone."))),
    told(Place::Always("coalesce(nullif(mu.name, ''), mu.email)"), text("display", "The user's name.")),
];
