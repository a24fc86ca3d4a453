//! `/Users`.

use super::document::Document;
use super::error::{Failure, Said};
use super::list_response::{self, Parameters};
use super::projection::Projection;
use super::request::{Asked, Calling};
use super::{answer, document, empty, etag, patch, user};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::ApiClient;
use domain::scim::schema::Resource;
use domain::scim::{self, Edited, ScimUser, UserUpdate};
use model::UserId;
use model::api_keys::Scope;

pub async fn list(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersRead).await?;
        listed(program, &asked.base, &Parameters::of_query(&asked.query)?).await
    };
    door.tell(done.await)
}

pub async fn search(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersRead).await?;
        let base = asked.base.clone();
        listed(program, &base, &Parameters::of_body(&asked.document().await?)?).await
    };
    door.tell(done.await)
}

async fn listed(program: &ApiClient<'_>, base: &str, parameters: &Parameters) -> Result<Response, Failure> {
    let listing = scim::list_users(program, &parameters.question(Resource::User)?).await?;
    let projection = parameters.projection(Resource::User);
    let people = listing.resources.iter().map(|one| user::told(one, base, &projection)).collect();
    Ok(list_response::told(listing.total, parameters.start, people))
}

pub async fn show(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersRead).await?;
        let person = scim::person(program, id(&asked.id)?).await?;
        if etag::is_known(&asked.headers, &person.version()) {
            return Ok(etag::not_modified(&person.version()));
        }
        Ok(told(StatusCode::OK, &person, &asked.base, &projection(&asked.query)?))
    };
    door.tell(done.await)
}

pub async fn create(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersWrite).await?;
        let (base, projection) = (asked.base.clone(), projection(&asked.query)?);
        let form = user::read(&asked.document().await?, None)?;
        let person = scim::create(program, &form).await?;
        let mut response = told(StatusCode::CREATED, &person, &base, &projection);
        if let Ok(location) = HeaderValue::from_str(&format!("{base}/Users/{}", person.id)) {
            response.headers_mut().insert(LOCATION, location);
        }
        Ok(response)
    };
    door.tell(done.await)
}

pub async fn replace(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersWrite).await?;
        edited(program, asked, |raw, before| Ok(user::read(raw, Some(before))?)).await
    };
    door.tell(done.await)
}

pub async fn change(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersWrite).await?;
        edited(program, asked, |raw, before| {
            let mut document = user::writable(before);
            patch::apply(Resource::User, &mut document, &patch::operations(raw)?)?;
            Ok(user::form(document::read(Resource::User, &document)?, Some(before))?)
        })
        .await
    };
    door.tell(done.await)
}

async fn edited(
    program: &ApiClient<'_>,
    asked: Asked,
    change: impl Fn(&Document, &ScimUser) -> Result<UserUpdate, Failure> + Sync,
) -> Result<Response, Failure> {
    let (base, projection, user) = (asked.base.clone(), projection(&asked.query)?, id(&asked.id)?);
    let expected = etag::expected(&asked.headers);
    let raw = asked.document().await?;
    match scim::edit(program, user, &expected, |before| change(&raw, before)).await? {
        Edited::ScimUser(person) => Ok(told(StatusCode::OK, &person, &base, &projection)),
        Edited::Gone => Ok(empty(StatusCode::NO_CONTENT)),
    }
}

pub async fn delete(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersWrite).await?;
        scim::delete(program, id(&asked.id)?, &etag::expected(&asked.headers)).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    };
    door.tell(done.await)
}

fn told(status: StatusCode, person: &ScimUser, base: &str, projection: &Projection) -> Response {
    etag::with(answer(status, &user::told(person, base, projection)), &person.version())
}

fn projection(query: &str) -> Result<Projection, Said> {
    Ok(Parameters::of_query(query)?.projection(Resource::User))
}

/// What is no id of ours is nobody's.
fn id(text: &str) -> Result<UserId, Said> {
    text.parse().map_err(|_| Said::not_found())
}
