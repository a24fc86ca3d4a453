//! Settings > Provisioning: the SCIM base URL and the API keys of an organization.

pub(crate) mod api;

use crate::crud::{Crud, CrudPage, DeleteDialog, EditorDialog, use_crud};
use crate::layout::Section;
use crate::paths::{self, CrudDialog};
use crate::runtime::prelude::*;
use crate::ui::{
    CheckboxGroup, CheckboxOption, EmptyState, Field, FieldErrorMessage, Icon, Notice, RelativeTime, Select,
    Table, Tone, format_utc, icon,
};
use crate::viewer::use_organization;
use api::{CreateKey, ListKeys, RevokeKey};
use chrono::{DateTime, Utc};
use model::api_keys::{ApiKey, Lifetime, NewApiKey, Provisioning, Scope};

#[component]
pub fn ProvisioningPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let crud = use_crud(paths::provisioning(&organization.get_value()));
    let provisioning =
        json_resource(move || ListKeys { org: organization.get_value() }, move || crud.version.get());
    let created = crud.save.result();
    erased_view! {
        <CrudPage
            title="Provisioning" section=Section::Provisioning new_label="Create API key" crud data=provisioning
            description="A directory such as Okta or Microsoft Entra ID can create, update and deactivate users and groups automatically \
                (SCIM 2.0). Enter the base URL and an API key in your directory. New users become Organization Members; \
                only admins can make someone an admin."
            list=|provisioning| erased_view! { <ProvisioningDetails provisioning/> }
            find=|provisioning, id| provisioning.keys.iter().find(|key| key.id.0 == id).cloned()
            editor=move |_, key| erased_view! { <CreateKeyDialog crud key/> }
            delete=move |key| erased_view! { <Confirmation crud key/> }
        >
            <div role="status">
                {move || created.get().and_then(Result::ok).map(|key| erased_view! { <CreatedNotice key/> })}
            </div>
        </CrudPage>
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
    let field = NodeRef::<html::Input>::new();
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
        <Table caption="API keys" columns=&["Name", "Key", "Scopes", "Last used", "Expires", "Created"] actions="Revoke">{rows}</Table>
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
fn Confirmation(crud: Crud<CreateKey, RevokeKey>, key: ApiKey) -> impl IntoView {
    erased_view! {
        <DeleteDialog
            crud id=key.id.0 title=format!("Revoke “{}”?", key.name) button="Revoke" pending_label="Revoking…"
            message="Requests with this key fail immediately. Users and groups aren’t affected. This can’t be undone, but you can create a new key."
        />
    }
}

#[component]
fn CreateKeyDialog(crud: Crud<CreateKey, RevokeKey>, key: Option<ApiKey>) -> impl IntoView {
    if key.is_some() {
        // A key can't be edited.
        return ().into_any();
    }
    let create = crud.save;
    let scopes = Scope::ALL.iter().map(|scope| CheckboxOption {
        value: scope.code().to_owned(),
        label: scope.label().to_owned(),
        checked: create.is_checked("scopes", scope.code(), true),
    });
    let scopes: Vec<CheckboxOption> = scopes.collect();
    let lifetime = create.field_value("lifetime", Lifetime::default().code().to_owned());
    let lifetimes = Lifetime::ALL
        .iter()
        .map(|option| (option.code().to_owned(), option.label().to_owned(), option.code() == lifetime))
        .collect();
    erased_view! {
        <EditorDialog crud title="Create API key" id=None save_label="Create API key" pending_label="Creating…">
            <Field
                label="Name" name="name" value=create.posted_value("name") autofocus=true error=create.field_error("name")
                hint="For example “Okta”. Shown in the audit log."
            />
            <Select label="Expires" name="lifetime" options=lifetimes/>
            <CheckboxGroup legend="Scopes" name="scopes" options=scopes empty_message=""/>
            <FieldErrorMessage name="scopes" error=create.field_error("scopes")/>
        </EditorDialog>
    }
}
