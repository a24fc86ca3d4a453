//! Settings > Provisioning: what a directory needs to make, change and take out users by itself.

mod api;

use crate::forms::{self, Form, FormAction};
use crate::loaded::load;
use crate::pages::{Failed, OrganizationPage, Section};
use crate::paths::{self, ThingDialog};
use crate::things::{DeleteDialog, use_dialog};
use crate::ui::{
    Check, Checks, Choice, Close, Dialog, Empty, Field, Heading, Icon, Moment, Notice, Problems, Renewed,
    Submit, Tone, exact, icon,
};
use crate::view::view;
use crate::viewer::use_organization;
use api::{CreateKey, ListKeys, RevokeKey};
use chrono::{DateTime, Utc};
use leptos::prelude::*;
use model::keys::{ApiKey, Lifetime, NewKey, Provisioning, Scope};

#[component]
pub fn ProvisioningPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (create, revoke) = (FormAction::<CreateKey>::new(), FormAction::<RevokeKey>::new());
    let changes = (forms::successes(create), forms::successes(revoke));
    let provisioning =
        load(move || ListKeys { org: organization.get_value() }, move || changes.0.get() + changes.1.get());
    let (dialog, on_close) = use_dialog(paths::provisioning(&organization.get_value()), create, revoke);
    let created = forms::answer(create);
    view! {
        <OrganizationPage title="Provisioning".to_owned() section=Section::Provisioning>
            <Heading title="Provisioning">
                <a href=ThingDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}"Create API key"</a>
            </Heading>
            <p class="muted">
                "A directory such as Okta or Microsoft Entra ID can create, change and deactivate users and groups here by itself \
                 (SCIM 2.0). Give it the base URL and an API key. Whom it creates is an Organization Member; only you make admins."
            </p>
            <div role="status">
                {move || created.get().and_then(Result::ok).map(|key| view! { <Created key/> })}
            </div>
            <Renewed>
                {move || Suspend::new(async move {
                    match provisioning.await {
                        Ok(provisioning) => view! { <Shown provisioning/> },
                        Err(problem) => view! { <Failed problem/> },
                    }
                })}
            </Renewed>
            <Suspense>
                {move || dialog.get().zip(provisioning.as_it_is()).map(|(dialog, loaded)| {
                    let keys = loaded.map(|loaded| loaded.keys).unwrap_or_default();
                    view! { <Dialogs dialog keys create revoke on_close/> }
                })}
            </Suspense>
        </OrganizationPage>
    }
}

/// The key that was just made, this once.
#[component]
fn Created(key: NewKey) -> impl IntoView {
    view! {
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
    view! {
        <div class="field copied">
            <label for=id>{label}</label>
            <input id=id type="text" readonly class="link" autocomplete="off" value=text node_ref=field on:focus=select/>
        </div>
    }
}

#[component]
fn Shown(provisioning: Provisioning) -> impl IntoView {
    let Provisioning { base_url, keys, now } = provisioning;
    view! {
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
        return view! {
            <Empty words="No API keys yet. Create one for each directory, so that you can revoke it without the others."/>
        };
    }
    let rows = keys.into_iter().map(|key| view! { <Row key now/> }).collect_view();
    view! {
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
    let revoke = ThingDialog::Delete(key.id.0).search();
    let named = format!("key-{}", key.id);
    let allowed = if key.scopes.len() == Scope::ALL.len() {
        "Everything".to_owned()
    } else {
        key.scopes.iter().map(|scope| scope.code()).collect::<Vec<_>>().join(", ")
    };
    let used = match key.last_used_at {
        Some(at) => view! { <Moment at now/> },
        None => view! { <span class="muted">"Never"</span> },
    };
    let expires = match key.expires_at {
        None => view! { <span class="muted">"Never"</span> },
        Some(at) if at <= now => {
            view! { <span class="badge expired" title=exact(at)>{icon(Icon::Clock)}"Expired"</span> }
        }
        Some(at) => view! { <Moment at now/> },
    };
    view! {
        <tr>
            <td data-label="Name" class="name" id=named.clone()>{key.name}</td>
            <td data-label="Key"><code>{key.hint}"…"</code></td>
            <td data-label="Allowed">{allowed}</td>
            <td data-label="Last used" class="nowrap">{used}</td>
            <td data-label="Expires" class="nowrap">{expires}</td>
            <td data-label="Created"><span class="line"><Moment at=key.created_at now/>" by "{key.created_by}</span></td>
            <td class="row-actions"><a href=revoke data-noscroll aria-describedby=named>"Revoke"</a></td>
        </tr>
    }
}

#[component]
fn Dialogs(
    dialog: ThingDialog,
    keys: Vec<ApiKey>,
    create: FormAction<CreateKey>,
    revoke: FormAction<RevokeKey>,
    on_close: Callback<()>,
) -> impl IntoView {
    let href = paths::provisioning(&use_organization());
    match dialog {
        ThingDialog::New => Some(view! { <Maker create on_close href/> }),
        ThingDialog::Edit(_) => None,
        ThingDialog::Delete(id) => keys.into_iter().find(|key| key.id.0 == id).map(|key| {
            view! {
                <DeleteDialog
                    title=format!("Revoke the key {}?", key.name) button="Revoke" pending="Revoking…" id action=revoke on_close href
                    words="Whatever uses it is refused at once. Users and groups stay as they are. It can’t be undone; you can create another key."
                />
            }
        }),
    }
}

#[component]
fn Maker(create: FormAction<CreateKey>, on_close: Callback<()>, href: String) -> impl IntoView {
    let problem = forms::problem(create);
    let of = move |field| Signal::derive(move || problem.get().and_then(|problem| problem.of_field(field)));
    let again = forms::was_posted::<CreateKey>();
    let (name, typed) = (forms::typed::<CreateKey>("name"), forms::typed_all::<CreateKey>("scopes[]"));
    let lifetime = forms::typed::<CreateKey>("lifetime");
    let checks = Scope::ALL.map(|scope| Check {
        value: scope.code().to_owned(),
        label: scope.label().to_owned(),
        chosen: if again { typed.iter().any(|one| one == scope.code()) } else { true },
    });
    let options = Lifetime::ALL.map(|one| {
        let chosen = if again { one.code() == lifetime } else { one == Lifetime::default() };
        (one.code().to_owned(), one.label().to_owned(), chosen)
    });
    view! {
        <Dialog title="Create API key" on_close>
            <Form action=create>
                <Problems problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <Field
                    label="Name" name="name" value=name autofocus=true error=of("name")
                    hint="What uses it, such as Okta. The audit log tells of it by this name."
                />
                <Choice label="Expires" name="lifetime" options=options.to_vec()/>
                <Checks legend="Allowed" name="scopes" checks=checks.to_vec() nothing=""/>
                <crate::ui::FieldProblem name="scopes" error=of("scopes")/>
                <div class="actions">
                    <Close on_close href label="Cancel"/>
                    <Submit label="Create API key" pending_label="Creating…" pending=create.pending()/>
                </div>
            </Form>
        </Dialog>
    }
}
