//! One's own account.

mod api;

use crate::forms::Form;
use crate::pages::{OrganizationPage, Section};
use crate::theme::Theme;
use crate::ui::{Choice, Submit};
use crate::viewer::{use_organization, use_viewer};
use api::ChooseTheme;
use leptos::prelude::*;

#[component]
pub fn AccountPage() -> impl IntoView {
    let user = use_viewer().and_then(|viewer| viewer.user);
    view! {
        <OrganizationPage title="Account".to_owned() section=Section::Account>
            <h1>"Account"</h1>
            {user.map(|user| view! {
                <dl class="facts">
                    <dt>"Name"</dt>
                    <dd>{if user.name.is_empty() { "Not given yet".to_owned() } else { user.name }}</dd>
                    <dt>"Email"</dt>
                    <dd>{user.email}</dd>
                    <dt>"Organization role"</dt>
                    <dd>{user.role.label()}</dd>
                </dl>
            })}
            <Appearance/>
        </OrganizationPage>
    }
}

/// Which colours this browser shows. Kept in a cookie, so that the first paint has them.
#[component]
fn Appearance() -> impl IntoView {
    let action = ServerAction::<ChooseTheme>::new();
    let chosen = SharedValue::new(use_context::<Theme>).into_inner();
    let option = |theme: Option<Theme>, words| (theme.map_or("", Theme::code), words, theme == chosen);
    let options = vec![
        option(None, "As the system has it"),
        option(Some(Theme::Light), "Light"),
        option(Some(Theme::Dark), "Dark"),
    ];
    view! {
        <section aria-labelledby="appearance">
            <h2 id="appearance">"Appearance"</h2>
            <Form action>
                <input type="hidden" name="org" value=use_organization()/>
                <Choice label="Colours" name="theme" options hint="For this browser alone."/>
                <div class="actions">
                    <Submit label="Save" pending_label="Saving…" pending=action.pending()/>
                </div>
            </Form>
        </section>
    }
}
