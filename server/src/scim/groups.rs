//! `/Groups`.

use super::attribute_path::{self, Target};
use super::document::{self, Document};
use super::error::{Failure, Kind, Said};
use super::list_response::{self, Parameters};
use super::parser;
use super::patch::{self, Change, Operation};
use super::projection::Projection;
use super::request::Calling;
use super::{answer, empty, etag, user};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::ApiClient;
use domain::scim::schema::{Attribute, GROUP, Resource};
use domain::scim::{self, Filter, GroupForm, MAX_EXTERNAL_ID, Members, ScimGroup};
use model::api_keys::Scope;
use model::{GroupId, UserId};
use serde_json::{Map, Value, json};

pub async fn list(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::GroupsRead).await?;
        listed(program, &asked.base, &Parameters::of_query(&asked.query)?).await
    };
    door.tell(done.await)
}

pub async fn search(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::GroupsRead).await?;
        let base = asked.base.clone();
        listed(program, &base, &Parameters::of_body(&asked.document().await?)?).await
    };
    door.tell(done.await)
}

async fn listed(program: &ApiClient<'_>, base: &str, parameters: &Parameters) -> Result<Response, Failure> {
    let projection = parameters.projection(Resource::Group);
    let question = parameters.question(Resource::Group)?;
    let listing = scim::list_groups(program, &question, projection.tells("members")).await?;
    let groups = listing.resources.iter().map(|one| resource(one, base, &projection)).collect();
    Ok(list_response::told(listing.total, parameters.start, groups))
}

pub async fn show(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::GroupsRead).await?;
        let projection = projection(&asked.query)?;
        let team = scim::group(program, id(&asked.id)?, projection.tells("members")).await?;
        if etag::is_known(&asked.headers, &team.version()) {
            return Ok(etag::not_modified(&team.version()));
        }
        Ok(told(StatusCode::OK, &team, &asked.base, &projection))
    };
    door.tell(done.await)
}

pub async fn create(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::GroupsWrite).await?;
        let (base, projection) = (asked.base.clone(), projection(&asked.query)?);
        let form = whole(&asked.document().await?)?;
        let team = scim::create_group(program, &form).await?;
        let team = scim::group(program, team.id, projection.tells("members")).await?;
        let mut response = told(StatusCode::CREATED, &team, &base, &projection);
        if let Ok(location) = HeaderValue::from_str(&format!("{base}/Groups/{}", team.id)) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    };
    door.tell(done.await)
}

pub async fn replace(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::GroupsWrite).await?;
        let (base, projection, group) = (asked.base.clone(), projection(&asked.query)?, id(&asked.id)?);
        let expected = etag::expected(&asked.headers);
        let form = whole(&asked.document().await?)?;
        scim::change_group(program, group, &expected, &form).await?;
        let team = scim::group(program, group, projection.tells("members")).await?;
        Ok(told(StatusCode::OK, &team, &base, &projection))
    };
    door.tell(done.await)
}

/// Answers without the group, unless attributes are asked for: nobody who adds one wants to read ten thousand.
pub async fn change(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::GroupsWrite).await?;
        let (base, projection, group) = (asked.base.clone(), projection(&asked.query)?, id(&asked.id)?);
        let expected = etag::expected(&asked.headers);
        let form = changes(&patch::operations(&asked.document().await?)?)?;
        let team = scim::change_group(program, group, &expected, &form).await?;
        if matches!(projection, Projection::All) {
            return Ok(etag::with(empty(StatusCode::NO_CONTENT), &team.version()));
        }
        let team = scim::group(program, group, projection.tells("members")).await?;
        Ok(told(StatusCode::OK, &team, &base, &projection))
    };
    door.tell(done.await)
}

pub async fn delete(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::GroupsWrite).await?;
        scim::delete_group(program, id(&asked.id)?, &etag::expected(&asked.headers)).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    };
    door.tell(done.await)
}

fn told(status: StatusCode, team: &ScimGroup, base: &str, projection: &Projection) -> Response {
    etag::with(answer(status, &resource(team, base, projection)), &team.version())
}

/// The resource, as it is told.
pub fn resource(team: &ScimGroup, base: &str, projection: &Projection) -> Value {
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([GROUP]));
    resource.insert("id".to_owned(), json!(team.id));
    if let Some(id) = &team.external_id {
        resource.insert("externalId".to_owned(), json!(id));
    }
    resource.insert("displayName".to_owned(), json!(team.name));
    if let Some(members) = &team.members {
        let member = |mate: &scim::GroupMember| {
            json!({
                "value": mate.id,
                "$ref": format!("{base}/Users/{}", mate.id),
                "type": "User",
                "display": mate.shown,
            })
        };
        resource.insert("members".to_owned(), members.iter().map(member).collect());
    }
    let id = team.id.to_string();
    let meta = user::meta(Resource::Group, &id, team.created_at, team.modified_at, &team.version(), base);
    resource.insert("meta".to_owned(), meta);
    projection.apply(&mut resource);
    Value::Object(resource)
}

fn projection(query: &str) -> Result<Projection, Said> {
    Ok(Parameters::of_query(query)?.projection(Resource::Group))
}

/// What is no id of ours is no group's.
fn id(text: &str) -> Result<GroupId, Said> {
    text.parse().map_err(|_| Said::not_found())
}

/// A whole group, as it is made or replaced.
fn whole(raw: &Document) -> Result<GroupForm, Said> {
    let mut form = GroupForm { external_id: Some(None), ..GroupForm::default() };
    form.members.clear();
    for (name, value) in raw {
        write(&mut form, Change::Replace, name, value)?;
    }
    if form.name.is_none() {
        return Err(Said::bad(Kind::InvalidValue, "displayName is missing."));
    }
    Ok(form)
}

/// What the operations of a PATCH come to, one after the other.
///
/// # Errors
/// A path that leads nowhere, an attribute that may not be written, a member that is none.
pub fn changes(operations: &[Operation]) -> Result<GroupForm, Said> {
    let mut form = GroupForm::default();
    for operation in operations {
        let Some(path) = &operation.path else {
            for (name, value) in operation.value.as_object().into_iter().flatten() {
                write(&mut form, operation.kind, name, value)?;
            }
            continue;
        };
        let path = parser::path(Resource::Group, path)?;
        let Target::Attribute(target) = path.target else { continue };
        if !target.end().writable && target.inside.is_none() || path.part.is_some() {
            return Err(Said::bad(Kind::Mutability, format!("{} can't be written.", target.end().name)));
        }
        if operation.kind == Change::Remove && target.end().required {
            return Err(Said::bad(Kind::Mutability, format!("{} can't be removed.", target.end().name)));
        }
        match (&path.which, operation.kind) {
            (Some(which), Change::Remove) => form.members.remove(named(which)?),
            // Whoever is in there has nothing that could be changed.
            (Some(_), _) => {
                return Err(Said::bad(
                    Kind::Mutability,
                    "A member can be added and removed, but not changed.",
                ));
            }
            (None, kind) => put(&mut form, kind, target.attribute, &operation.value)?,
        }
    }
    Ok(form)
}

/// One attribute by whatever of its names; unknown and read-only ones are left out.
fn write(form: &mut GroupForm, kind: Change, name: &str, value: &Value) -> Result<(), Said> {
    match attribute_path::target(Resource::Group, name) {
        Some(Target::Attribute(path)) if path.attribute.writable => put(form, kind, path.attribute, value),
        _ => Ok(()),
    }
}

fn put(form: &mut GroupForm, kind: Change, attribute: &'static Attribute, value: &Value) -> Result<(), Said> {
    if attribute.many {
        return members(&mut form.members, kind, value);
    }
    let value = if kind == Change::Remove { &Value::Null } else { value };
    let text = match document::coerced(attribute, value)? {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    if attribute.name == "externalId" {
        if text.as_ref().is_some_and(|id| id.chars().count() > MAX_EXTERNAL_ID) {
            let detail = format!("externalId: this is too long, {MAX_EXTERNAL_ID} characters at most.");
            return Err(Said::bad(Kind::InvalidValue, detail));
        }
        form.external_id = Some(text);
    } else {
        form.name = Some(text.unwrap_or_default());
    }
    Ok(())
}

fn members(members: &mut Members, kind: Change, value: &Value) -> Result<(), Said> {
    let values: &[Value] = match value {
        Value::Null => &[],
        Value::Array(values) => values,
        value => std::slice::from_ref(value),
    };
    let users: Vec<Option<UserId>> =
        values.iter().map(|value| member(value, kind)).collect::<Result<_, _>>()?;
    let users = users.into_iter().flatten();
    match kind {
        Change::Add => members.add(users),
        Change::Replace => {
            members.clear();
            members.add(users);
        }
        Change::Remove if value.is_null() => members.clear(),
        Change::Remove => members.remove(users),
    }
    Ok(())
}

/// The user that a member is; nobody, where what is nobody's id is removed.
fn member(value: &Value, kind: Change) -> Result<Option<UserId>, Said> {
    let id = match value {
        Value::String(id) => Some(id.as_str()),
        Value::Object(fields) => {
            let of = |name| patch::field(fields, name).and_then(Value::as_str);
            if of("type").is_some_and(|kind| !kind.eq_ignore_ascii_case("user")) {
                return Err(Said::bad(Kind::InvalidValue, "members: users alone can be in a group."));
            }
            of("value")
        }
        _ => None,
    };
    let id = id.ok_or_else(|| Said::bad(Kind::InvalidValue, "members: a value is missing."))?;
    match id.parse() {
        Ok(id) => Ok(Some(id)),
        Err(_) if kind == Change::Remove => Ok(None),
        Err(_) => Err(Said::bad(Kind::InvalidValue, format!("members: there is no user with the id {id}."))),
    }
}

/// The users that a filter of members names.
fn named(which: &Filter) -> Result<Vec<UserId>, Said> {
    let ids = which.one_of("value");
    let ids = ids.ok_or_else(|| Said::bad(Kind::InvalidFilter, "Members are chosen by value eq \"…\"."))?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}
