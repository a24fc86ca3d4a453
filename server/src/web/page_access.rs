//! Who may see which page. The rules themselves hold in `domain`; here they choose the page that is shown.

use super::pages::page;
use crate::state::AppState;
use app::paths;
use app::viewer::HiddenPage;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::RequestContext;
use model::{OrganizationRole, Problem, Viewer};

/// Shows an organization's page to those who may see it, and the others that there is nothing.
pub async fn gate(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match look(&mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(elsewhere) => elsewhere,
    }
}

/// Finds out who looks, and whether the page is there for them.
///
/// # Errors
/// What is answered in place of the page.
pub async fn look(parts: &mut Parts) -> Result<(), Response> {
    let path = parts.uri.path().to_owned();
    let Some((slug, page)) = organization(&path) else { return Ok(()) };
    let viewer = match viewer(parts, slug).await {
        Ok(viewer) => viewer,
        Err(Problem::NotFound) => {
            parts.extensions.insert(HiddenPage);
            return Ok(());
        }
        Err(problem) => return Err(app::server::status(&problem).into_response()),
    };
    let role = viewer.user.as_ref().map(|user| user.role);
    if page == ASKING && !viewer.organization.requests_enabled {
        parts.extensions.insert(HiddenPage);
    }
    match (needs(page), role) {
        (Needs::Nobody, _) | (Needs::User, Some(_)) | (Needs::Admin, Some(OrganizationRole::Admin)) => {}
        (Needs::Admin, Some(OrganizationRole::Member)) => drop(parts.extensions.insert(HiddenPage)),
        (Needs::User | Needs::Admin, None) => return Err(to_login(parts)),
    }
    parts.extensions.insert(viewer);
    Ok(())
}

/// The page on which strangers ask for an invitation: it is there only where they may.
const ASKING: &str = "request-invitation";

/// Who a page is for.
enum Needs {
    Nobody,
    User,
    Admin,
}

fn needs(page: &str) -> Needs {
    match page.split('/').next() {
        Some("settings") => Needs::Admin,
        Some("account") => Needs::User,
        _ => Needs::Nobody,
    }
}

/// The organization's slug and the rest of the path.
fn organization(path: &str) -> Option<(&str, &str)> {
    let inside = path.strip_prefix("/o/")?;
    Some(inside.split_once('/').unwrap_or((inside, "")))
}

async fn viewer(parts: &Parts, slug: &str) -> Result<Viewer, Problem> {
    let request_context = parts.extensions.get::<RequestContext>().ok_or(Problem::Unreachable)?;
    let viewer = async { request_context.organization(slug).await?.viewer().await };
    viewer.await.map_err(|error| request_context.report(error))
}

/// The way to the login page, and back from there.
pub fn to_login(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let slug = organization(parts.uri.path()).map_or("", |(slug, _)| slug);
    see_other(&paths::login_with_next(slug, path))
}

/// The organization's front door leads each to their own first page.
pub async fn home(state: State<AppState>, Path(slug): Path<String>, request: Request) -> Response {
    let role = request.extensions().get::<Viewer>().map(|viewer| viewer.user.as_ref().map(|user| user.role));
    match role {
        Some(Some(OrganizationRole::Admin)) => see_other(&paths::users(&slug, &paths::UsersView::default())),
        Some(Some(OrganizationRole::Member)) => see_other(&paths::account(&slug)),
        Some(None) => see_other(&paths::login(&slug)),
        None => page(state, request).await,
    }
}

fn see_other(path: &str) -> Response {
    Redirect::to(path).into_response()
}
