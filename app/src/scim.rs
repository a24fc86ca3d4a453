//! Settings > Provisioning: the SCIM base URL and the API keys of an organization.

mod api;

use crate::crud::{DeleteDialog, use_dialog};
use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::paths::{self, CrudDialog};
use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{self, ServerForm, ServerFormAction};
use crate::runtime::json_resource::json_resource;
use crate::runtime::stale_while_loading::StaleWhileLoading;
use crate::ui::{
    CheckboxGroup, CheckboxOption, CloseLink, Dialog, EmptyState, ErrorSummary, Field, Icon, Notice,
    PageHeading, RelativeTime, Select, SubmitButton, Tone, format_utc, icon,
};
use crate::viewer::use_organization;
use api::{CreateKey, ListKeys, RevokeKey};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::api_keys::{ApiKey, Lifetime, NewApiKey, Provisioning, Scope};

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
                "A directory such as Okta or Microsoft Entra ID can create, update and deactivate users and groups automatically \
                 (SCIM 2.0). Enter the base URL and an API key in your directory. New users become Organization Members; \
                 only admins can make someone an admin."
            </p>
            <div role="status">
                {move || created.get().and_then(Result::ok).map(|key| erased_view! { <CreatedNotice key/> })}
            </div>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match provisioning.await {
                        Ok(provisioning) => erased_view! { <ProvisioningDetails provisioning/> },
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

/// Shows the token of a new key. It is not available again.
#[component]
fn CreatedNotice(key: NewApiKey) -> impl IntoView {
    erased_view! {
        <Notice tone=Tone::Success>
            <p>"API key “"{key.name}"” created. Copy it now — you won’t be able to see it again."</p>
            <CopyField id="api-key" label="API key" text=key.token/>
        </Notice>
    }
}

/// A read-only field that selects its text on focus, ready to copy.
#[component]
fn CopyField(id: &'static str, label: &'static str, text: String) -> impl IntoView {
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
fn ProvisioningDetails(provisioning: Provisioning) -> impl IntoView {
    let Provisioning { base_url, keys, now } = provisioning;
    erased_view! {
        <CopyField id="base-url" label="SCIM base URL" text=base_url/>
        <section aria-labelledby="keys">
            <h2 id="keys">"API keys"</h2>
            <KeyTable keys now/>
        </section>
    }
}

#[component]
fn KeyTable(keys: Vec<ApiKey>, now: DateTime<Utc>) -> impl IntoView {
    if keys.is_empty() {
        return erased_view! {
            <EmptyState message="No API keys yet. Create one per directory, so you can revoke them separately."/>
        };
    }
    let rows = keys.into_iter().map(|key| erased_view! { <KeyRow key now/> }).collect_view();
    erased_view! {
        <table>
            <caption class="visually-hidden">"API keys"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Key"</th><th scope="col">"Scopes"</th>
                <th scope="col">"Last used"</th><th scope="col">"Expires"</th><th scope="col">"Created"</th>
                <th scope="col"><span class="visually-hidden">"Revoke"</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

#[component]
fn KeyRow(key: ApiKey, now: DateTime<Utc>) -> impl IntoView {
    let revoke = CrudDialog::Delete(key.id.0).search();
    let name_id = format!("key-{}", key.id);
    let scopes = if key.scopes.len() == Scope::ALL.len() {
        "All scopes".to_owned()
    } else {
        key.scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(", ")
    };
    let last_used = match key.last_used_at {
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
            <td data-label="Name" class="name" id=name_id.clone()>{key.name}</td>
            <td data-label="Key"><code>{key.prefix}"…"</code></td>
            <td data-label="Scopes">{scopes}</td>
            <td data-label="Last used" class="nowrap">{last_used}</td>
            <td data-label="Expires" class="nowrap">{expires}</td>
            <td data-label="Created"><span class="row"><RelativeTime at=key.created_at now/>" by "{key.created_by}</span></td>
            <td class="row-actions"><a href=revoke data-noscroll aria-describedby=name_id>"Revoke"</a></td>
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
        CrudDialog::New => Some(erased_view! { <CreateKeyForm create on_close href/> }),
        CrudDialog::Edit(_) => None,
        CrudDialog::Delete(id) => keys.into_iter().find(|key| key.id.0 == id).map(|key| {
            erased_view! {
                <DeleteDialog
                    title=format!("Revoke “{}”?", key.name) button="Revoke" pending_label="Revoking…" id action=revoke on_close href
                    message="Requests with this key fail immediately. Users and groups aren’t affected. This can’t be undone, but you can create a new key."
                />
            }
        }),
    }
}

#[component]
fn CreateKeyForm(create: ServerFormAction<CreateKey>, on_close: Callback<()>, href: String) -> impl IntoView {
    let problem = form::problem(create);
    let field_error =
        move |field| Signal::derive(move || problem.get().and_then(|problem| problem.field_error(field)));
    let was_posted = form::was_posted::<CreateKey>();
    let (name, posted_scopes) =
        (form::posted_value::<CreateKey>("name"), form::posted_values::<CreateKey>("scopes[]"));
    let lifetime = form::posted_value::<CreateKey>("lifetime");
    let checks = Scope::ALL.map(|scope| CheckboxOption {
        value: scope.code().to_owned(),
        label: scope.label().to_owned(),
        checked: if was_posted { posted_scopes.iter().any(|code| code == scope.code()) } else { true },
    });
    let options = Lifetime::ALL.map(|option| {
        let selected = if was_posted { option.code() == lifetime } else { option == Lifetime::default() };
        (option.code().to_owned(), option.label().to_owned(), selected)
    });
    erased_view! {
        <Dialog title="Create API key" on_close>
            <ServerForm action=create>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <Field
                    label="Name" name="name" value=name autofocus=true error=field_error("name")
                    hint="For example “Okta”. Shown in the audit log."
                />
                <Select label="Expires" name="lifetime" options=options.to_vec()/>
                <CheckboxGroup legend="Scopes" name="scopes" options=checks.to_vec() empty_message=""/>
                <crate::ui::FieldErrorMessage name="scopes" error=field_error("scopes")/>
                <div class="actions">
                    <CloseLink on_close href label="Cancel"/>
                    <SubmitButton label="Create API key" pending_label="Creating…" pending=create.pending()/>
                </div>
            </ServerForm>
        </Dialog>
    }
}
