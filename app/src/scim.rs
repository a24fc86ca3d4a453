//! Settings > Provisioning: what a directory needs to make, change and take out users by itself.

mod api;

use crate::crud::{DeleteDialog, use_dialog};
use crate::erased_view::erased_view;
use crate::form::{self, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::paths::{self, CrudDialog};
use crate::ui::{
    CheckboxGroup, CheckboxOption, CloseLink, Dialog, EmptyState, ErrorSummary, Field, Icon, Notice,
    PageHeading, RelativeTime, Select, StaleWhileLoading, SubmitButton, Tone, format_utc, icon,
};
use crate::viewer::use_organization;
use api::{CreateKey, ListKeys, RevokeKey};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::api_keys::{ApiKey, Lifetime, NewKey, Provisioning, Scope};

#[component]
pub fn ProvisioningPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (create, revoke) = (ServerFormAction::<CreateKey>::new(), ServerFormAction::<RevokeKey>::new());
    let changes = (form::success_count(create), form::success_count(revoke));
    let provisioning = json_resource(
        move || ListKeys { org: organization.get_value() },
        move || changes.0.get() + changes.1.get(),
    );
    let (dialog, on_close) = use_dialog(paths::provisioning(&organization.get_value()), create, revoke);
    let created = form::result(create);
    erased_view! {
        <OrganizationPage title="Provisioning".to_owned() section=Section::Provisioning>
            <PageHeading title="Provisioning">
                <a href=CrudDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}"Create API key"</a>
            </PageHeading>
            <p class="muted">
                "A directory such as Okta or Microsoft Entra ID can create, change and deactivate users and groups here by itself \
                 (SCIM 2.0). Give it the base URL and an API key. Whom it creates is an Organization Member; only you make admins."
            </p>
            <div role="status">
                {move || created.get().and_then(Result::ok).map(|key| erased_view! { <Created key/> })}
            </div>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match provisioning.await {
                        Ok(provisioning) => erased_view! { <Shown provisioning/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })}
            </StaleWhileLoading>
            <Suspense>
                {move || dialog.get().zip(provisioning.get_untracked()).map(|(dialog, loaded)| {
                    let keys = loaded.map(|loaded| loaded.keys).unwrap_or_default();
                    erased_view! { <Dialogs dialog keys create revoke on_close/> }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

/// The key that was just made, this once.
#[component]
fn Created(key: NewKey) -> impl IntoView {
    erased_view! {
        <Notice tone=Tone::Success>
            <p>"The key “"{key.name}"” is made. Copy it now: it is shown this once, and nobody can see it again."</p>
            <Copied id="api-key" label="API key" text=key.text/>
        </Notice>
    }
}

/// A text to be copied, with its label.
#[component]
fn Copied(id: &'static str, label: &'static str, text: String) -> impl IntoView {
    let field = NodeRef::<leptos::html::Input>::new();
    let select = move |_| {
        if let Some(field) = field.get_untracked() {
            field.select();
        }
    };
    erased_view! {
        <div class="field copy-field">
            <label for=id>{label}</label>
            <input id=id type="text" readonly class="link" autocomplete="off" value=text node_ref=field on:focus=select/>
        </div>
    }
}

#[component]
fn Shown(provisioning: Provisioning) -> impl IntoView {
    let Provisioning { base_url, keys, now } = provisioning;
    erased_view! {
        <Copied id="base-url" label="SCIM base URL" text=base_url/>
        <section aria-labelledby="keys">
            <h2 id="keys">"API keys"</h2>
            <Keys keys now/>
        </section>
    }
}

#[component]
fn Keys(keys: Vec<ApiKey>, now: DateTime<Utc>) -> impl IntoView {
    if keys.is_empty() {
        return erased_view! {
            <EmptyState message="No API keys yet. Create one for each directory, so that you can revoke it without the others."/>
        };
    }
    let rows = keys.into_iter().map(|key| erased_view! { <Row key now/> }).collect_view();
    erased_view! {
        <table>
            <caption class="visually-hidden">"API keys of the organization"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Key"</th><th scope="col">"Allowed"</th>
                <th scope="col">"Last used"</th><th scope="col">"Expires"</th><th scope="col">"Created"</th>
                <th scope="col"><span class="visually-hidden">"Revoke"</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

#[component]
fn Row(key: ApiKey, now: DateTime<Utc>) -> impl IntoView {
    let revoke = CrudDialog::Delete(key.id.0).search();
    let named = format!("key-{}", key.id);
    let allowed = if key.scopes.len() == Scope::ALL.len() {
        "Everything".to_owned()
    } else {
        key.scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(", ")
    };
    let used = match key.last_used_at {
        Some(at) => erased_view! { <RelativeTime at now/> },
        None => erased_view! { <span class="muted">"Never"</span> },
    };
    let expires = match key.expires_at {
        None => erased_view! { <span class="muted">"Never"</span> },
        Some(at) if at <= now => {
            erased_view! { <span class="badge expired" title=format_utc(at)>{icon(Icon::Clock)}"Expired"</span> }
        }
        Some(at) => erased_view! { <RelativeTime at now/> },
    };
    erased_view! {
        <tr>
            <td data-label="Name" class="name" id=named.clone()>{key.name}</td>
            <td data-label="Key"><code>{key.prefix}"…"</code></td>
            <td data-label="Allowed">{allowed}</td>
            <td data-label="Last used" class="nowrap">{used}</td>
            <td data-label="Expires" class="nowrap">{expires}</td>
            <td data-label="Created"><span class="row"><RelativeTime at=key.created_at now/>" by "{key.created_by}</span></td>
            <td class="row-actions"><a href=revoke data-noscroll aria-describedby=named>"Revoke"</a></td>
        </tr>
    }
}

#[component]
fn Dialogs(
    dialog: CrudDialog,
    keys: Vec<ApiKey>,
    create: ServerFormAction<CreateKey>,
    revoke: ServerFormAction<RevokeKey>,
    on_close: Callback<()>,
) -> impl IntoView {
    let href = paths::provisioning(&use_organization());
    match dialog {
        CrudDialog::New => Some(erased_view! { <Maker create on_close href/> }),
        CrudDialog::Edit(_) => None,
        CrudDialog::Delete(id) => keys.into_iter().find(|key| key.id.0 == id).map(|key| {
            erased_view! {
                <DeleteDialog
                    title=format!("Revoke the key {}?", key.name) button="Revoke" pending_label="Revoking…" id action=revoke on_close href
                    message="Whatever uses it is refused at once. Users and groups stay as they are. It can’t be undone; you can create another key."
                />
            }
        }),
    }
}

#[component]
fn Maker(create: ServerFormAction<CreateKey>, on_close: Callback<()>, href: String) -> impl IntoView {
    let problem = form::problem(create);
    let of = move |field| Signal::derive(move || problem.get().and_then(|problem| problem.of_field(field)));
    let again = form::was_posted::<CreateKey>();
    let (name, typed) =
        (form::posted_value::<CreateKey>("name"), form::posted_values::<CreateKey>("scopes[]"));
    let lifetime = form::posted_value::<CreateKey>("lifetime");
    let checks = Scope::ALL.map(|scope| CheckboxOption {
        value: scope.code().to_owned(),
        label: scope.label().to_owned(),
        checked: if again { typed.iter().any(|one| one == scope.code()) } else { true },
    });
    let options = Lifetime::ALL.map(|one| {
        let chosen = if again { one.code() == lifetime } else { one == Lifetime::default() };
        (one.code().to_owned(), one.label().to_owned(), chosen)
    });
    erased_view! {
        <Dialog title="Create API key" on_close>
            <ServerForm action=create>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <Field
                    label="Name" name="name" value=name autofocus=true error=of("name")
                    hint="What uses it, such as Okta. The audit log tells of it by this name."
                />
                <Select label="Expires" name="lifetime" options=options.to_vec()/>
                <CheckboxGroup legend="Allowed" name="scopes" options=checks.to_vec() empty_message=""/>
                <crate::ui::FieldErrorMessage name="scopes" error=of("scopes")/>
                <div class="actions">
                    <CloseLink on_close href label="Cancel"/>
                    <SubmitButton label="Create API key" pending_label="Creating…" pending=create.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
