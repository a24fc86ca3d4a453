//! The second step of signing in: the mail is on its way, and its code can be typed here.

use super::api::{AskedFor, SignInByCode};
use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::PublicPage;
use crate::paths;
use crate::ui::{ErrorSummary, Field, SubmitButton};
use crate::viewer::use_organization;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[component]
pub fn CodePage() -> impl IntoView {
    let organization = use_organization();
    let asked = {
        let org = organization.clone();
        json_resource(move || AskedFor { org: org.clone() }, || 0)
    };
    let action = ServerFormAction::<SignInByCode>::new();
    let problem = form::problem(action);
    let next = paths::parse_next(&use_location().search.get_untracked());
    let login = paths::login(&organization);
    erased_view! {
        <PublicPage title="Check your mail".to_owned()>
            <Suspense>
                {move || Suspend::new(async move {
                    let email = asked.await.ok().flatten();
                    erased_view! {
                        <p>
                            "If " {email.map_or_else(|| "the address".into_any(), |email| erased_view! { <strong>{email}</strong> })}
                            " belongs to somebody here, a mail is on its way. Open its link, or type its 6-digit code. Both work for 15 minutes."
                        </p>
                    }
                })}
            </Suspense>
            <ServerForm action>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=organization/>
                <input type="hidden" name="next" value=next/>
                <Field
                    label="Code" name="code" inputmode="numeric" autocomplete="one-time-code" autofocus=true
                    value={form::posted_value::<SignInByCode>("code")}
                    error=Signal::derive(move || problem.get().and_then(|problem| problem.field_error("code")))
                />
                <SubmitButton label="Sign in" pending_label="Signing in…" pending=action.pending()/>
            </ServerForm>
            <p class="muted">"No mail? Look into the spam folder, or "<a href=login>"ask again"</a>"."</p>
        </PublicPage>
    }
}
