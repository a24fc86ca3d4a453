//! The frame around pages, and the pages that belong to no feature.

use crate::paths::{self, UsersView};
use crate::runtime::prelude::*;
use crate::sign_out::SignOut;
use crate::ui::{Icon, Notice, Tone, icon};
use crate::viewer::{use_organization, use_viewer};
use model::audit_log::AuditQuery;
use model::viewer::ViewerUser;
use model::{OrganizationRole, Problem};
use serde::de::DeserializeOwned;

/// Escapes a document title on the server, where Leptos 0.8 writes it unescaped and it can contain user-supplied names. The
/// browser sets it as text.
fn document_title(text: &str) -> String {
    if ON_SERVER { text.replace('&', "&amp;").replace('<', "&lt;") } else { text.to_owned() }
}

/// A page that needs no session: the organization's name, and a single narrow column.
#[component]
pub fn PublicPage(title: String, children: Children) -> impl IntoView {
    let organization = use_viewer().map(|viewer| viewer.organization.name);
    let full_title = organization.clone().map_or_else(|| title.clone(), |name| format!("{title} · {name}"));
    erased_view! {
        <Title text=document_title(&full_title)/>
        <main id="main" class="public" tabindex="-1">
            {organization.map(|name| erased_view! { <p class="organization">{icon(Icon::Organization)}{name}</p> })}
            <h1>{title}</h1>
            {children()}
        </main>
    }
}

/// The section that a page belongs to, highlighted in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Users,
    Groups,
    Roles,
    General,
    Authentication,
    Provisioning,
    AuditLog,
    Account,
}

/// A page for signed-in users, with the navigation.
///
/// Links are plain anchors, which the router intercepts as well: its own `A` component needs the router context while
/// rendering, and panics when a page's data arrives after the user has left the page.
#[component]
pub fn OrganizationPage(title: String, section: Section, children: Children) -> impl IntoView {
    let Some(viewer) = use_viewer() else { return erased_view! { <NotFoundPage/> } };
    let slug = viewer.organization.slug.clone();
    let name = viewer.organization.name;
    erased_view! {
        <Title text=document_title(&format!("{title} · {name}"))/>
        <header class="site-header">
            <div class="container">
                <a href=paths::home(&slug) class="organization" rel="external">{icon(Icon::Organization)}{name.clone()}</a>
                {viewer.user.map(|user| erased_view! { <Navigation slug=slug.clone() user section/> })}
            </div>
        </header>
        <main id="main" class="container" tabindex="-1">{children()}</main>
    }
}

#[component]
fn Navigation(slug: String, user: ViewerUser, section: Section) -> impl IntoView {
    let current = |link| (section == link).then_some("page");
    let admin = user.role == OrganizationRole::Admin;
    let name = if user.name.is_empty() { user.email } else { user.name };
    erased_view! {
        <nav aria-label="Main">
            {admin.then(|| erased_view! {
                <a href=paths::users(&slug, &UsersView::default()) aria-current=current(Section::Users)>"Users"</a>
                <a href=paths::groups(&slug) aria-current=current(Section::Groups)>"Groups"</a>
                <a href=paths::roles(&slug) aria-current=current(Section::Roles)>"Roles"</a>
                <a href=paths::general(&slug) aria-current=current(Section::General)>"General"</a>
                <a href=paths::authentication(&slug) aria-current=current(Section::Authentication)>"Authentication"</a>
                <a href=paths::provisioning(&slug) aria-current=current(Section::Provisioning)>"Provisioning"</a>
                <a href=paths::audit_log(&slug, &AuditQuery::default()) aria-current=current(Section::AuditLog)>"Audit log"</a>
            })}
        </nav>
        <div class="user-menu">
            <a href=paths::account(&slug) aria-current=current(Section::Account)>{name}</a>
            <SignOut label="Sign out" kind="quiet"/>
        </div>
    }
}

/// Also shown for pages that exist but must not be revealed to the viewer: the two cases look the same.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    set_status(404);
    let organization = use_organization();
    let home = if organization.is_empty() { "/".to_owned() } else { paths::home(&organization) };
    erased_view! {
        <Title text="Page not found"/>
        <main id="main" class="public" tabindex="-1">
            <h1>"Page not found"</h1>
            <p>"This page doesn’t exist, or you don’t have access to it."</p>
            <p>"Check the link, or sign in with a different account."</p>
            <p><a href=home rel="external" class="button primary">"Go to the home page"</a></p>
        </main>
    }
}

/// The root of the site. It does not list organizations, so that outsiders can't enumerate them.
#[component]
pub fn HomePage() -> impl IntoView {
    erased_view! {
        <PublicPage title="Vestibule".to_owned()>
            <p>"Each organization has its own sign-in page. Open the address you got from your organization; it ends in "
            <code>"/o/"</code>" followed by the organization’s short name."</p>
            <p class="muted">"Invited? Open the link in your invitation email."</p>
        </PublicPage>
    }
}

/// Shown in place of data that could not be loaded.
#[component]
pub fn ErrorNotice(problem: Problem) -> impl IntoView {
    // The session has ended: the server redirects to the login page.
    if !ON_SERVER && problem == Problem::SignedOut {
        let _ = window().location().reload();
    }
    erased_view! {
        <div role="alert"><Notice tone=Tone::Danger><p>{problem.to_string()}</p></Notice></div>
    }
}

/// The view of a resource. Keeps showing the previous data, dimmed, while it reloads.
///
/// `view` may depend only on the data: see [`StaleWhileLoading`].
#[component]
pub fn Loaded<T, View>(resource: JsonResource<T>, view: View) -> impl IntoView
where
    T: DeserializeOwned + Send + 'static,
    View: Fn(T) -> AnyView + Copy + Send + Sync + 'static,
{
    erased_view! {
        <StaleWhileLoading>
            {move || Suspend::new(async move {
                match resource.await {
                    Ok(data) => view(data),
                    Err(problem) => erased_view! { <ErrorNotice problem/> },
                }
            })}
        </StaleWhileLoading>
    }
}
