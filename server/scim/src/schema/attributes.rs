//! The tables of attributes.

use super::{Attribute, DataType, ENTERPRISE, MAX_EXTERNAL_ID, MAX_TEXT, Mutability, Uniqueness};

const fn string(name: &'static str, description: &'static str) -> Attribute {
    Attribute {
        name,
        description,
        data_type: DataType::String,
        multi_valued: false,
        case_exact: false,
        mutability: Mutability::ReadWrite,
        required: false,
        uniqueness: Uniqueness::None,
        canonical_values: &[],
        filterable: true,
        max_length: MAX_TEXT,
    }
}

const fn case_exact(attribute: Attribute) -> Attribute {
    Attribute { case_exact: true, ..attribute }
}

const fn read_only(attribute: Attribute) -> Attribute {
    Attribute { mutability: Mutability::ReadOnly, ..attribute }
}

const fn not_filterable(attribute: Attribute) -> Attribute {
    Attribute { filterable: false, ..attribute }
}

const fn complex(
    name: &'static str,
    description: &'static str,
    sub_attributes: &'static [Attribute],
) -> Attribute {
    Attribute { data_type: DataType::Complex(sub_attributes), ..string(name, description) }
}

const fn multi_valued(
    name: &'static str,
    description: &'static str,
    sub_attributes: &'static [Attribute],
) -> Attribute {
    Attribute { multi_valued: true, ..complex(name, description, sub_attributes) }
}

const fn boolean(name: &'static str, description: &'static str) -> Attribute {
    Attribute { data_type: DataType::Boolean, ..string(name, description) }
}

const fn date_time(name: &'static str, description: &'static str) -> Attribute {
    Attribute { data_type: DataType::DateTime, ..string(name, description) }
}

const fn reference(name: &'static str, description: &'static str) -> Attribute {
    Attribute { data_type: DataType::Reference, case_exact: true, ..string(name, description) }
}

const fn canonical(values: &'static [&'static str], attribute: Attribute) -> Attribute {
    Attribute { canonical_values: values, ..attribute }
}

pub(super) static USER_COMMON: [Attribute; 3] = [
    read_only(case_exact(string("id", "The user's id, assigned by the server. It never changes."))),
    external_id("The user's id in the provisioning client."),
    not_filterable(read_only(complex("meta", "Metadata of the resource.", &USER_META))),
];

static USER_META: [Attribute; 5] = meta("When the resource was last changed.");

pub(super) static GROUP_COMMON: [Attribute; 3] = [
    read_only(case_exact(string("id", "The group's id, assigned by the server. It never changes."))),
    external_id("The group's id in the provisioning client."),
    not_filterable(read_only(complex("meta", "Metadata of the resource.", &GROUP_META))),
];

static GROUP_META: [Attribute; 5] =
    meta("When the name, the externalId or, over SCIM, the members were last changed.");

const fn external_id(description: &'static str) -> Attribute {
    Attribute { max_length: MAX_EXTERNAL_ID, ..case_exact(string("externalId", description)) }
}

const fn meta(last_modified: &'static str) -> [Attribute; 5] {
    let version = string("version", "The version of the resource, as in the ETag header.");
    [
        read_only(case_exact(string("resourceType", "The resource type."))),
        read_only(date_time("created", "When the resource was created.")),
        read_only(date_time("lastModified", last_modified)),
        not_filterable(read_only(reference("location", "The URI of the resource."))),
        not_filterable(read_only(case_exact(version))),
    ]
}

pub(super) static USER_ATTRIBUTES: [Attribute; 16] = [
    Attribute {
        required: true,
        uniqueness: Uniqueness::Server,
        ..string("userName", "The email address that the user signs in with.")
    },
    complex("name", "The components of the user's name.", &NAME),
    string("displayName", "The name shown to others. If it is missing, it is built from name."),
    string("nickName", "The casual name of the user."),
    reference("profileUrl", "The URL of a page about the user."),
    string("title", "The job title, such as “Vice President”."),
    string("userType", "The relationship to the organization, such as “Employee” or “Contractor”."),
    string(
        "preferredLanguage",
        "The preferred language, in the format of the Accept-Language header, such as “en-GB”.",
    ),
    string("locale", "The locale for dates and numbers, such as “en-GB”."),
    string("timezone", "The IANA time zone, such as “Europe/Berlin”."),
    boolean(
        "active",
        "Whether the user can sign in. Setting it to false suspends the user and ends all sessions.",
    ),
    multi_valued(
        "emails",
        "Email addresses. Messages go to userName only; if there are none, userName is returned.",
        &EMAIL,
    ),
    multi_valued("phoneNumbers", "Phone numbers.", &PHONE),
    multi_valued("addresses", "Postal addresses.", &ADDRESS),
    read_only(multi_valued(
        "groups",
        "The groups that the user belongs to. Change them through the Group resource.",
        &GROUPS,
    )),
    multi_valued(
        "roles",
        "Stored and returned, but they grant no permissions. Only admins assign roles.",
        &ROLE,
    ),
];

static NAME: [Attribute; 6] = [
    string("formatted", "The full name, formatted for display."),
    string("familyName", "The family name."),
    string("givenName", "The given name."),
    string("middleName", "The middle names."),
    string("honorificPrefix", "The prefix, such as “Ms.”."),
    string("honorificSuffix", "The suffix, such as “III”."),
];

static EMAIL: [Attribute; 4] = [
    string("value", "The address."),
    string("display", "The address, for display."),
    canonical(&["work", "home", "other"], string("type", "The type of the value.")),
    boolean("primary", "Whether this is the preferred email address. At most one value is primary."),
];

static PHONE: [Attribute; 4] = [
    string("value", "The number."),
    string("display", "The number, for display."),
    canonical(&["work", "home", "mobile", "fax", "pager", "other"], string("type", "The type of the value.")),
    boolean("primary", "Whether this is the preferred phone number. At most one value is primary."),
];

static ADDRESS: [Attribute; 8] = [
    string("formatted", "The full address, formatted for display or a mailing label."),
    string("streetAddress", "The street address, including house and apartment number."),
    string("locality", "The city or town."),
    string("region", "The state or region."),
    string("postalCode", "The postal code."),
    string("country", "The country, as an ISO 3166-1 alpha-2 code."),
    canonical(&["work", "home", "other"], string("type", "The type of the value.")),
    boolean("primary", "Whether this is the preferred value. At most one value is primary."),
];

static ROLE: [Attribute; 4] = [
    string("value", "The role."),
    string("display", "The role, for display."),
    string("type", "The type of the value."),
    boolean("primary", "Whether this is the preferred value. At most one value is primary."),
];

static GROUPS: [Attribute; 4] = [
    read_only(case_exact(string("value", "The group's id."))),
    not_filterable(read_only(reference("$ref", "The URI of the group."))),
    read_only(string("display", "The group's name.")),
    canonical(&["direct"], read_only(string("type", "How the user belongs to the group."))),
];

pub(super) static USER_EXTENSION: Attribute =
    complex(ENTERPRISE, "The enterprise user extension.", &ENTERPRISE_ATTRIBUTES);

static ENTERPRISE_ATTRIBUTES: [Attribute; 6] = [
    string("employeeNumber", "The employee number."),
    string("costCenter", "The cost center."),
    string("organization", "The organization."),
    string("division", "The division."),
    string("department", "The department."),
    complex("manager", "The user's manager.", &MANAGER),
];

static MANAGER: [Attribute; 3] = [
    case_exact(string("value", "The manager's id.")),
    reference("$ref", "The URI of the manager."),
    string("displayName", "The manager's name."),
];

pub(super) static GROUP_ATTRIBUTES: [Attribute; 2] = [
    Attribute {
        required: true,
        uniqueness: Uniqueness::Server,
        ..string("displayName", "The group's name.")
    },
    multi_valued("members", "The members of the group.", &MEMBERS),
];

static MEMBERS: [Attribute; 4] = [
    case_exact(string("value", "The user's id.")),
    not_filterable(read_only(reference("$ref", "The URI of the user."))),
    canonical(&["User"], read_only(string("type", "The resource type of the member, always “User”."))),
    read_only(string("display", "The user's name.")),
];
