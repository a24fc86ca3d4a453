//! A line of the route table: a URL, a method, who may call it, and the handler.

use crate::state::AppState;
use app::runtime::routes::PageAccess;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, any, on};
use std::borrow::Cow;

pub const GET: MethodFilter = MethodFilter::GET;
pub const POST: MethodFilter = MethodFilter::POST;
pub const PUT: MethodFilter = MethodFilter::PUT;
pub const PATCH: MethodFilter = MethodFilter::PATCH;
pub const DELETE: MethodFilter = MethodFilter::DELETE;

/// Who may call a route. It decides which middleware the route is wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Checked by `web::page_access`.
    Page(PageAccess),
    /// Every server function checks its caller itself.
    ServerFunction,
    /// Anyone: files of the build.
    Asset,
    /// API clients with a key. Cookies are ignored, so cross-site request forgery does not apply.
    ApiClient,
    /// The identity provider's server, authenticated by a signed token. Cookies are ignored here too.
    IdentityProvider,
    /// Browsers on the same machine.
    Loopback,
    /// Anyone: health checks, outside of all middleware.
    HealthCheck,
}

/// A line of the route table.
pub struct Route {
    /// `None`: every method.
    pub method: Option<MethodFilter>,
    pub path: Cow<'static, str>,
    pub access: Access,
    pub(crate) handler: MethodRouter<AppState>,
}

impl Route {
    pub fn on<H: Handler<T, AppState>, T: 'static>(
        method: MethodFilter,
        path: impl Into<Cow<'static, str>>,
        access: Access,
        handler: H,
    ) -> Self {
        Self { method: Some(method), path: path.into(), access, handler: on(method, handler) }
    }

    pub fn any<H: Handler<T, AppState>, T: 'static>(path: &'static str, access: Access, handler: H) -> Self {
        Self::service(path, access, any(handler))
    }

    pub fn service(path: &'static str, access: Access, handler: MethodRouter<AppState>) -> Self {
        Self { method: None, path: path.into(), access, handler }
    }
}
