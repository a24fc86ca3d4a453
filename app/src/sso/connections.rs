//! Settings > Authentication: connections to identity providers, and "Disable email links".

pub(crate) mod api;
mod editor;

use crate::crud::{CrudPage, DeleteDialog, use_crud};
use crate::layout::Section;
use crate::paths::{self, CrudDialog};
use crate::runtime::prelude::*;
use crate::ui::{EmptyState, ErrorSummary, Notice, SavedStatus, SubmitButton, Switch, Table, Tone};
use crate::viewer::use_organization;
use api::{GetAuthenticationSettings, SetEmailLinksDisabled, TestConnection};
use editor::ConnectionDialog;
use model::sso::{AuthenticationSettings, ClientUris, ConnectionRow, ConnectionTest, ConnectionTestResult};

#[component]
pub fn SsoConnectionsPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let crud = use_crud(paths::authentication(&organization.get_value()));
    let test = ServerFormAction::<TestConnection>::new();
    let email_links = ServerFormAction::<SetEmailLinksDisabled>::new();
    let email_links_changes = email_links.success_count();
    let settings = json_resource(
        move || GetAuthenticationSettings { org: organization.get_value() },
        move || crud.version.get() + email_links_changes.get(),
    );
    erased_view! {
        <CrudPage
            title="Authentication" section=Section::Authentication new_label="Add connection" crud data=settings
            description="Let people sign in with your organization’s identity provider (OpenID Connect). Only verified email addresses are accepted."
            list=move |settings| erased_view! { <SettingsView settings test email_links/> }
            find=|settings, id| settings.connections.iter().find(|row| row.id.0 == id).cloned()
            editor=move |settings, row| erased_view! { <ConnectionDialog crud row groups=settings.groups/> }
            delete=move |row| erased_view! {
                <DeleteDialog
                    crud id=row.id.0 title=format!("Delete “{}”?", row.connection.name) button="Delete connection"
                    message="No one will be able to sign in with it. Members stay, and current sessions last until they expire. This can’t be undone."
                />
            }
        >
            <TestNotice result=test.result()/>
        </CrudPage>
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
    let rows = connections.into_iter().map(move |ConnectionRow { id, connection, users }| {
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
        <Table caption="Connections" columns=&["Name", "Issuer URL", "Who can join", "Users"] actions="Actions">{rows.collect_view()}</Table>
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
                <ErrorSummary problem=action.problem()/>
                <Switch
                    label="Disable email links" name="email_links_disabled" on=disabled
                    hint="Members can only sign in with SSO. Admins can still use email links if the provider is down. Invitations keep working."
                />
                <Notice tone><p>{message}</p></Notice>
                <div class="actions align-start">
                    <SubmitButton label="Save changes" pending_label="Saving…" pending=action.pending()/>
                    <SavedStatus saved=action.succeeded()/>
                </div>
            </ServerForm>
        </section>
    }
}
