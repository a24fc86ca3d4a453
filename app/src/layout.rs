//! What pages stand in, and the pages of no noun.

use crate::erased_view::erased_view;
use crate::paths::{self, UsersView};
use crate::sign_in::SignOut;
use crate::ui::{Icon, Notice, Tone, icon};
use crate::viewer::{use_organization, use_viewer};
use leptos::prelude::*;
use leptos_meta::Title;
use model::audit_log::AuditQuery;
use model::viewer::ViewerUser;
use model::{OrganizationRole, Problem};

/// A title as it stands in the document: Leptos 0.8 writes it into the page without escaping it, and names that people
/// chose are in it. In the browser it is text.
fn document_title(text: &str) -> String {
    if cfg!(feature = "ssr") { text.replace('&', "&amp;").replace('<', "&lt;") } else { text.to_owned() }
}

/// A page for anyone: the organization's name first, one column, one thing to do.
#[component]
pub fn PublicPage(title: String, children: Children) -> impl IntoView {
    let organization = use_viewer().map(|viewer| viewer.organization.name);
    let full = organization.clone().map_or_else(|| title.clone(), |name| format!("{title} · {name}"));
    erased_view! {
        <Title text=document_title(&full)/>
        <main id="main" class="public" tabindex="-1">
            {organization.map(|name| erased_view! { <p class="organization">{icon(Icon::Door)}{name}</p> })}
            <h1>{title}</h1>
            {children()}
        </main>
    }
}

/// The part of the interface that a page belongs to, marked in the way to the others.
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

/// A page for whoever is signed in, with the way to the others.
///
/// Links are plain anchors, which the router follows as well: its own component needs the router at the moment of
/// rendering, and panics where a page's data arrive after its reader has gone.
#[component]
pub fn OrganizationPage(title: String, section: Section, children: Children) -> impl IntoView {
    let Some(viewer) = use_viewer() else { return erased_view! { <NotFoundPage/> } };
    let slug = viewer.organization.slug.clone();
    let name = viewer.organization.name;
    erased_view! {
        <Title text=document_title(&format!("{title} · {name}"))/>
        <header class="site-header">
            <div class="column">
                <a href=paths::home(&slug) class="organization" rel="external">{icon(Icon::Door)}{name.clone()}</a>
                {viewer.user.map(|user| erased_view! { <Navigation slug=slug.clone() user section/> })}
            </div>
        </header>
        <main id="main" class="column" tabindex="-1">{children()}</main>
    }
}

#[component]
fn Navigation(slug: String, user: ViewerUser, section: Section) -> impl IntoView {
    let here = |one| (section == one).then_some("page");
    let admin = user.role == OrganizationRole::Admin;
    let name = if user.name.is_empty() { user.email } else { user.name };
    erased_view! {
        <nav aria-label="Main">
            {admin.then(|| erased_view! {
                <a href=paths::users(&slug, &UsersView::default()) aria-current=here(Section::Users)>"Users"</a>
                <a href=paths::groups(&slug) aria-current=here(Section::Groups)>"Groups"</a>
                <a href=paths::roles(&slug) aria-current=here(Section::Roles)>"Roles"</a>
                <a href=paths::general(&slug) aria-current=here(Section::General)>"General"</a>
                <a href=paths::authentication(&slug) aria-current=here(Section::Authentication)>"Authentication"</a>
                <a href=paths::provisioning(&slug) aria-current=here(Section::Provisioning)>"Provisioning"</a>
                <a href=paths::audit_log(&slug, &AuditQuery::default()) aria-current=here(Section::AuditLog)>"Audit log"</a>
            })}
        </nav>
        <div class="user-menu">
            <a href=paths::account(&slug) aria-current=here(Section::Account)>{name}</a>
            <SignOut organization=slug.clone() label="Sign out" kind="quiet"/>
        </div>
    }
}

/// There is nothing here, or nothing for the one who asks: the two look the same.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
    let organization = use_organization();
    let home = if organization.is_empty() { "/".to_owned() } else { paths::home(&organization) };
    erased_view! {
        <Title text="Not found"/>
        <main id="main" class="public" tabindex="-1">
            <h1>"Not found"</h1>
            <p>"There is nothing at this address, or nothing that you may see."</p>
            <p>"If somebody gave you the link, ask them whether it is whole, or sign in with another account."</p>
            <p><a href=home rel="external" class="button primary">"Go to the first page"</a></p>
        </main>
    }
}

/// The front door: every organization has its own.
#[component]
pub fn HomePage() -> impl IntoView {
    erased_view! {
        <PublicPage title="Vestibule".to_owned()>
            <p>"Every organization has a door of its own here. Open the address that your organization gave you: it ends in "
            <code>"/o/"</code>" and the organization’s short name."</p>
            <p class="muted">"Were you invited? Then open the link in your mail."</p>
        </PublicPage>
    }
}

/// What stands where data could not be had.
#[component]
pub fn Failed(problem: Problem) -> impl IntoView {
    // Signed out meanwhile: the server knows the way from here.
    #[cfg(feature = "hydrate")]
    if problem == Problem::SignedOut {
        let _ = window().location().reload();
    }
    erased_view! {
        <div role="alert"><Notice tone=Tone::Danger><p>{problem.to_string()}</p></Notice></div>
    }
}
