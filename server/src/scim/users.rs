//! `/Users`.

use super::calling::{Asked, Calling};
use super::document::Document;
use super::error::{Failure, Said};
use super::listing::{self, Parameters};
use super::projection::Projection;
use super::{answer, document, empty, etag, patch, person};
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::Program;
use domain::directory::schema::Resource;
use domain::directory::{self, Edited, Person, PersonForm};
use model::UserId;
use model::keys::Scope;

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

async fn listed(program: &Program<'_>, base: &str, parameters: &Parameters) -> Result<Response, Failure> {
    let listing = directory::list_people(program, &parameters.question(Resource::User)?).await?;
    let projection = parameters.projection(Resource::User);
    let people = listing.resources.iter().map(|one| person::told(one, base, &projection)).collect();
    Ok(listing::told(listing.total, parameters.start, people))
}

pub async fn show(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersRead).await?;
        let person = directory::person(program, id(&asked.id)?).await?;
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
        let form = person::read(&asked.document().await?, None)?;
        let person = directory::create(program, &form).await?;
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
        edited(program, asked, |raw, before| Ok(person::read(raw, Some(before))?)).await
    };
    door.tell(done.await)
}

pub async fn change(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersWrite).await?;
        edited(program, asked, |raw, before| {
            let mut document = person::writable(before);
            patch::apply(Resource::User, &mut document, &patch::operations(raw)?)?;
            Ok(person::form(document::read(Resource::User, &document)?, Some(before))?)
        })
        .await
    };
    door.tell(done.await)
}

async fn edited(
    program: &Program<'_>,
    asked: Asked,
    change: impl Fn(&Document, &Person) -> Result<PersonForm, Failure> + Sync,
) -> Result<Response, Failure> {
    let (base, projection, user) = (asked.base.clone(), projection(&asked.query)?, id(&asked.id)?);
    let expected = etag::expected(&asked.headers);
    let raw = asked.document().await?;
    match directory::edit(program, user, &expected, |before| change(&raw, before)).await? {
        Edited::Person(person) => Ok(told(StatusCode::OK, &person, &base, &projection)),
        Edited::Gone => Ok(empty(StatusCode::NO_CONTENT)),
    }
}

pub async fn delete(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersWrite).await?;
        directory::delete(program, id(&asked.id)?, &etag::expected(&asked.headers)).await?;
        Ok(empty(StatusCode::NO_CONTENT))
    };
    door.tell(done.await)
}

fn told(status: StatusCode, person: &Person, base: &str, projection: &Projection) -> Response {
    etag::with(answer(status, &person::told(person, base, projection)), &person.version())
}

fn projection(query: &str) -> Result<Projection, Said> {
    Ok(Parameters::of_query(query)?.projection(Resource::User))
}

/// What is no id of ours is nobody's.
fn id(text: &str) -> Result<UserId, Said> {
    text.parse().map_err(|_| Said::not_found())
}
