//! Page access: who may see which page. `domain` enforces the rules again on every action; this decides which page to show.

use super::{pages, redirect};
use crate::state::AppState;
use app::paths;
use app::runtime::routes::PageAccess;
use app::viewer::HiddenPage;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::RequestContext;
use model::{OrganizationRole, Problem, Viewer};

/// Middleware that lets a request pass to its page, or responds with a redirect to the login page.
pub async fn require_access(State(access): State<PageAccess>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(access);
    match authorize(&mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(response) => response,
    }
}

/// Loads the viewer and checks whether they may see the page. A page that does not exist, or that the viewer may not see, is
/// marked as a `HiddenPage`: both render as "Not found", so that the response does not reveal which pages exist.
///
/// # Errors
/// The response to send in place of the page: a redirect to the login page, or an error status.
pub async fn authorize(parts: &mut Parts) -> Result<(), Response> {
    let path = parts.uri.path().to_owned();
    let Some(slug) = organization_slug(&path) else { return Ok(()) };
    let viewer = match preload(parts, slug).await {
        Ok(viewer) => viewer,
        Err(Problem::NotFound) => {
            parts.extensions.insert(HiddenPage);
            return Ok(());
        }
        Err(problem) => return Err(app::runtime::server::status(&problem).into_response()),
    };
    let role = viewer.user.as_ref().map(|user| user.role);
    let is_visible = match parts.extensions.get::<PageAccess>() {
        Some(PageAccess::AnyoneIfRequestsEnabled) => viewer.organization.requests_enabled,
        Some(PageAccess::User | PageAccess::Admin) if role.is_none() => return Err(redirect_to_login(parts)),
        Some(PageAccess::Anyone | PageAccess::User) => true,
        Some(PageAccess::Admin) => role == Some(OrganizationRole::Admin),
        None => false,
    };
    if !is_visible {
        parts.extensions.insert(HiddenPage);
    }
    parts.extensions.insert(viewer);
    Ok(())
}

/// The organization's slug in `/o/{slug}/{page}`.
fn organization_slug(path: &str) -> Option<&str> {
    path.strip_prefix("/o/")?.split('/').next()
}

/// Loads the organization and the viewer, once for everything that the page shows.
async fn preload(parts: &mut Parts, slug: &str) -> Result<Viewer, Problem> {
    let request_context = parts.extensions.get::<RequestContext>().ok_or(Problem::Unreachable)?;
    let (preloaded, viewer) =
        request_context.preload(slug).await.map_err(|error| request_context.report(error))?;
    parts.extensions.insert(preloaded);
    Ok(viewer)
}

/// Redirects to the organization's login page, which returns to the current page after sign-in.
pub fn redirect_to_login(parts: &Parts) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let slug = organization_slug(parts.uri.path()).unwrap_or_default();
    redirect::see_other(&paths::login_with_next(slug, path), None)
}

/// `/o/{org}`: redirects admins to the users page, members to their account, and everyone else to the login page.
pub async fn home(state: State<AppState>, Path(slug): Path<String>, request: Request) -> Response {
    let role = request.extensions().get::<Viewer>().map(|viewer| viewer.user.as_ref().map(|user| user.role));
    match role {
        Some(Some(OrganizationRole::Admin)) => {
            redirect::see_other(&paths::users(&slug, &paths::UsersView::default()), None)
        }
        Some(Some(OrganizationRole::Member)) => redirect::see_other(&paths::account(&slug), None),
        Some(None) => redirect::see_other(&paths::login(&slug), None),
        None => pages::render(state, request).await,
    }
}
