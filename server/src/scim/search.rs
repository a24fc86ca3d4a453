//! `/.search`: users and groups in one list (RFC 7644, section 3.4.3), the users first.

use super::error::Failure;
use super::list_response::{self, Parameters};
use super::request::Calling;
use super::{groups, user};
use axum::response::Response;
use domain::scim::schema::Resource;
use domain::scim::{self, ListQuery};
use model::api_keys::Scope;
use serde_json::Value;

pub async fn search(Calling { door, asked }: Calling) -> Response {
    let done = async {
        let program = &door.open(Scope::UsersRead).await?;
        if !program.has_scope(Scope::GroupsRead) {
            return Err(Failure::OutOfScope(Scope::GroupsRead));
        }
        let base = asked.base.clone();
        let parameters = Parameters::of_body(&asked.document().await?)?;
        // What one kind of resource can't be asked, none of that kind is.
        let (users, teams) = match (parameters.question(Resource::User), parameters.question(Resource::Group))
        {
            (Err(said), Err(_)) => return Err(said.into()),
            (users, teams) => (users.ok(), teams.ok()),
        };
        let (mut total, mut resources): (i64, Vec<Value>) = (0, Vec::new());
        if let Some(question) = users {
            let listing = scim::list_users(program, &question).await?;
            total += listing.total;
            let projection = parameters.projection(Resource::User);
            resources.extend(listing.resources.iter().map(|one| user::told(one, &base, &projection)));
        }
        if let Some(question) = teams {
            let question = behind(question, total, resources.len());
            let projection = parameters.projection(Resource::Group);
            let with_members = projection.tells("members");
            let listing = scim::list_groups(program, &question, with_members).await?;
            total += listing.total;
            resources.extend(listing.resources.iter().map(|one| groups::resource(one, &base, &projection)));
        }
        Ok::<_, Failure>(list_response::told(total, parameters.start, resources))
    };
    door.tell(done.await)
}

/// The part of the list behind the users.
fn behind(question: ListQuery, users: i64, told: usize) -> ListQuery {
    let told = i64::try_from(told).unwrap_or(i64::MAX);
    ListQuery {
        start: (question.start - users).max(1),
        count: (question.count - told).max(0),
        words: format!("{} behind users", question.words),
        ..question
    }
}
