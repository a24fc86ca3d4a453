//! One's own account.

use crate::pages::OrganizationPage;
use crate::viewer::use_viewer;
use leptos::prelude::*;

#[component]
pub fn AccountPage() -> impl IntoView {
    let user = use_viewer().and_then(|viewer| viewer.user);
    view! {
        <OrganizationPage title="Account".to_owned()>
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
        </OrganizationPage>
    }
}
