//! Settings > Authentication: connections to identity providers, and "Disable email links".

mod api;
mod editor;

use crate::crud::{DeleteDialog, use_dialog};
use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::paths::{self, CrudDialog};
use crate::runtime::erased_view::erased_view;
use crate::runtime::form::{self, FormResult, ServerForm, ServerFormAction};
use crate::runtime::json_resource::json_resource;
use crate::runtime::stale_while_loading::StaleWhileLoading;
use crate::ui::{EmptyState, ErrorSummary, Icon, Notice, PageHeading, SubmitButton, Switch, Tone, icon};
use crate::viewer::use_organization;
use api::{
    DeleteConnection, GetAuthenticationSettings, SaveConnection, SetEmailLinksDisabled, TestConnection,
};
use editor::ConnectionDialog;
use leptos::prelude::*;
use model::permission::GroupName;
use model::sso::{AuthenticationSettings, ClientUris, ConnectionRow, ConnectionTest, ConnectionTestResult};

#[component]
pub fn SsoConnectionsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (save, delete) =
        (ServerFormAction::<SaveConnection>::new(), ServerFormAction::<DeleteConnection>::new());
    let (test, email_links) =
        (ServerFormAction::<TestConnection>::new(), ServerFormAction::<SetEmailLinksDisabled>::new());
    let saves = (form::success_count(save), form::success_count(delete), form::success_count(email_links));
    let settings = json_resource(
        move || GetAuthenticationSettings { org: organization.get_value() },
        move || saves.0.get() + saves.1.get() + saves.2.get(),
    );
    let (dialog, on_close) = use_dialog(paths::authentication(&organization.get_value()), save, delete);
    erased_view! {
        <OrganizationPage title="Authentication".to_owned() section=Section::Authentication>
            <PageHeading title="Authentication">
                <a href=CrudDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}"Add connection"</a>
            </PageHeading>
            <p class="muted">"Let people sign in with your organization’s identity provider (OpenID Connect). Only verified email addresses are accepted."</p>
            <TestNotice result=form::result(test)/>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match settings.await {
                        Ok(settings) => erased_view! { <SettingsView settings test email_links/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })}
            </StaleWhileLoading>
            <Suspense>
                {move || dialog.get().zip(settings.get_untracked()).and_then(|(dialog, settings)| {
                    settings.ok().map(|settings| erased_view! { <Dialogs dialog connections=settings.connections groups=settings.groups save delete on_close/> })
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn SettingsView(
    settings: AuthenticationSettings,
    test: ServerFormAction<TestConnection>,
    email_links: ServerFormAction<SetEmailLinksDisabled>,
) -> impl IntoView {
    let AuthenticationSettings {
        connections, client_uris, email_links_disabled, members_without_sso, ..
    } = settings;
    erased_view! {
        <ConnectionsTable connections test/>
        <ClientUriFields client_uris/>
        <EmailLinksForm disabled=email_links_disabled members_without_sso action=email_links/>
    }
}

#[component]
fn ConnectionsTable(
    connections: Vec<ConnectionRow>,
    test: ServerFormAction<TestConnection>,
) -> impl IntoView {
    if connections.is_empty() {
        return erased_view! {
            <EmptyState message="No connections yet. Register Vestibule with your identity provider using the URIs below, then add the connection."/>
        };
    }
    let rows = connections.into_iter().map(|ConnectionRow { id, connection, users }| {
        let edit = CrudDialog::Edit(id.0).search();
        let label = format!("connection-{id}");
        let who_can_join = if connection.just_in_time {
            format!("Anyone who signs in, as {}", connection.default_role.label())
        } else {
            "Invited users only".to_owned()
        };
        erased_view! {
            <tr>
                <td data-label="Name" class="name" id=label.clone()>{connection.name}</td>
                <td data-label="Issuer URL">{connection.issuer}</td>
                <td data-label="Who can join">{who_can_join}</td>
                <td data-label="Users">{users}</td>
                <td class="row-actions">
                    <div class="row">
                        <ServerForm action=test class="inline">
                            <input type="hidden" name="org" value=use_organization()/>
                            <input type="hidden" name="id" value=id.to_string()/>
                            <SubmitButton label="Test connection" pending_label="Testing…" pending=test.pending() kind="quiet"/>
                        </ServerForm>
                        <a href=edit data-noscroll class="stretched-link" aria-describedby=label>"Edit"</a>
                    </div>
                </td>
            </tr>
        }
    });
    erased_view! {
        <table>
            <caption class="visually-hidden">"Connections"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Issuer URL"</th><th scope="col">"Who can join"</th><th scope="col">"Users"</th>
                <th scope="col"><span class="visually-hidden">"Actions"</span></th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

/// The result of "Test connection".
#[component]
fn TestNotice(result: FormResult<ConnectionTest>) -> impl IntoView {
    erased_view! {
        <div role="status">
            {move || result.get().map(|result| match result {
                Ok(ConnectionTest { connection, result }) => {
                    let (tone, message) = test_message(&result);
                    erased_view! { <Notice tone><p><strong>{connection}": "</strong>{message}</p></Notice> }
                }
                Err(problem) => erased_view! { <Notice tone=Tone::Danger><p>{problem.to_string()}</p></Notice> },
            })}
        </div>
    }
}

fn test_message(result: &ConnectionTestResult) -> (Tone, String) {
    let message = match result {
        ConnectionTestResult::Passed { supports_logout } => {
            let logout = if *supports_logout { " Single logout is supported." } else { "" };
            return (
                Tone::Success,
                format!(
                    "Discovery and signing keys are fine.{logout} The client ID and secret can only be verified by an actual sign-in."
                ),
            );
        }
        ConnectionTestResult::Unreachable => {
            "Couldn’t load the provider’s configuration from this issuer URL. Check the URL and that this server can reach it."
        }
        ConnectionTestResult::IssuerMismatch { issuer } => {
            return (
                Tone::Danger,
                format!(
                    "The provider reports a different issuer: {issuer}. Use exactly that value as the issuer URL."
                ),
            );
        }
        ConnectionTestResult::NoSupportedKey => {
            "The provider doesn’t publish a supported signing key (RSA, ECDSA P-256/P-384 or Ed25519)."
        }
        ConnectionTestResult::NoTokenEndpoint => {
            "The provider doesn’t support the authorization code flow (no token endpoint)."
        }
        ConnectionTestResult::SecretNotDecryptable => {
            "The stored client secret can’t be decrypted because SECRET_KEY has changed. Enter the secret again."
        }
    };
    (Tone::Danger, message.to_owned())
}

/// The URIs that an admin copies to the provider.
#[component]
fn ClientUriFields(client_uris: ClientUris) -> impl IntoView {
    let rows = [
        ("Redirect URI", "redirect", client_uris.redirect_uri),
        ("Post-logout redirect URI", "after-sign-out", client_uris.post_logout_redirect_uri),
        ("Back-channel logout URI", "back-channel-logout", client_uris.backchannel_logout_uri),
    ];
    let rows = rows.into_iter().map(|(label, id, uri)| {
        erased_view! {
            <div class="field">
                <label for=id>{label}</label>
                <input type="text" readonly class="link" id=id value=uri/>
            </div>
        }
    });
    erased_view! {
        <section class="authentication-section" aria-labelledby="client-uris">
            <h2 id="client-uris">"Values for your identity provider"</h2>
            <p class="muted">"Use these when you register Vestibule. The redirect URI is required; the other two enable single logout."</p>
            {rows.collect_view()}
        </section>
    }
}

/// "Disable email links", with a warning about members who have never signed in with SSO.
#[component]
fn EmailLinksForm(
    disabled: bool,
    members_without_sso: i64,
    action: ServerFormAction<SetEmailLinksDisabled>,
) -> impl IntoView {
    let (answer, problem) = (form::result(action), form::problem(action));
    let message = match members_without_sso {
        0 => "All active members have signed in with SSO at least once.".to_owned(),
        1 => "1 active member has never signed in with SSO and may be locked out.".to_owned(),
        count => format!("{count} active members have never signed in with SSO and may be locked out."),
    };
    let tone = if members_without_sso > 0 { Tone::Warning } else { Tone::Info };
    erased_view! {
        <section class="authentication-section" aria-labelledby="email-links">
            <h2 id="email-links">"Email links"</h2>
            <ServerForm action>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <Switch
                    label="Disable email links" name="email_links_disabled" on=disabled
                    hint="Members can only sign in with SSO. Admins can still use email links if the provider is down. Invitations keep working."
                />
                <Notice tone><p>{message}</p></Notice>
                <div class="actions align-start">
                    <SubmitButton label="Save changes" pending_label="Saving…" pending=action.pending()/>
                    <p role="status" class="save-status">
                        {move || matches!(answer.get(), Some(Ok(_))).then(|| erased_view! { {icon(Icon::Check)}"Saved" })}
                    </p>
                </div>
            </ServerForm>
        </section>
    }
}

#[component]
fn Dialogs(
    dialog: CrudDialog,
    connections: Vec<ConnectionRow>,
    groups: Vec<GroupName>,
    save: ServerFormAction<SaveConnection>,
    delete: ServerFormAction<DeleteConnection>,
    on_close: Callback<()>,
) -> impl IntoView {
    let href = paths::authentication(&use_organization());
    let find = |id| connections.iter().find(|row| row.id.0 == id).cloned();
    match dialog {
        CrudDialog::New => Some(erased_view! { <ConnectionDialog row=None groups save on_close href/> }),
        CrudDialog::Edit(id) => {
            find(id).map(|row| erased_view! { <ConnectionDialog row=Some(row) groups save on_close href/> })
        }
        CrudDialog::Delete(id) => find(id).map(|row| {
            erased_view! {
                <DeleteDialog
                    title=format!("Delete “{}”?", row.connection.name) button="Delete connection" id action=delete on_close href
                    message="No one will be able to sign in with it. Members stay, and current sessions last until they expire. This can’t be undone."
                />
            }
        }),
    }
}
