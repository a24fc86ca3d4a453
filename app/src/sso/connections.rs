//! Settings > Authentication: connections to identity providers, and who keeps the email link.

mod api;
mod editor;

use crate::crud::{DeleteDialog, use_dialog};
use crate::erased_view::erased_view;
use crate::form::{self, FormResult, ServerForm, ServerFormAction};
use crate::json_resource::json_resource;
use crate::layout::{ErrorNotice, OrganizationPage, Section};
use crate::paths::{self, CrudDialog};
use crate::ui::{
    EmptyState, ErrorSummary, Icon, Notice, PageHeading, StaleWhileLoading, SubmitButton, Switch, Tone, icon,
};
use crate::viewer::use_organization;
use api::{DeleteConnection, SaveConnection, ShowAuthentication, SwitchEmailLinks, TestConnection};
use editor::Editor;
use leptos::prelude::*;
use model::permission::GroupName;
use model::sso::{Addresses, Authentication, ConnectionRow, ConnectionTestResult, Tested};

#[component]
pub fn AuthenticationPage() -> impl IntoView {
    let organization = StoredValue::new(use_organization());
    let (save, delete) =
        (ServerFormAction::<SaveConnection>::new(), ServerFormAction::<DeleteConnection>::new());
    let (test, switch) =
        (ServerFormAction::<TestConnection>::new(), ServerFormAction::<SwitchEmailLinks>::new());
    let changes = (form::success_count(save), form::success_count(delete), form::success_count(switch));
    let shown = json_resource(
        move || ShowAuthentication { org: organization.get_value() },
        move || changes.0.get() + changes.1.get() + changes.2.get(),
    );
    let (dialog, on_close) = use_dialog(paths::authentication(&organization.get_value()), save, delete);
    erased_view! {
        <OrganizationPage title="Authentication".to_owned() section=Section::Authentication>
            <PageHeading title="Authentication">
                <a href=CrudDialog::New.search() data-noscroll class="button primary">{icon(Icon::Plus)}"Add connection"</a>
            </PageHeading>
            <p class="muted">"People sign in by an identity provider that speaks OpenID Connect, such as the one of your company. Only addresses that it has verified count."</p>
            <TestNotice answer=form::result(test)/>
            <StaleWhileLoading>
                {move || Suspend::new(async move {
                    match shown.await {
                        Ok(shown) => erased_view! { <Shown shown test switch/> },
                        Err(problem) => erased_view! { <ErrorNotice problem/> },
                    }
                })}
            </StaleWhileLoading>
            <Suspense>
                {move || dialog.get().zip(shown.get_untracked()).and_then(|(dialog, shown)| {
                    shown.ok().map(|shown| erased_view! { <Dialogs dialog connections=shown.connections groups=shown.groups save delete on_close/> })
                })}
            </Suspense>
        </OrganizationPage>
    }
}

#[component]
fn Shown(
    shown: Authentication,
    test: ServerFormAction<TestConnection>,
    switch: ServerFormAction<SwitchEmailLinks>,
) -> impl IntoView {
    let Authentication { connections, addresses, email_links_disabled, never_by_sso, .. } = shown;
    erased_view! {
        <Table connections test/>
        <OurAddresses addresses/>
        <EmailLinks off=email_links_disabled never=never_by_sso switch/>
    }
}

#[component]
fn Table(connections: Vec<ConnectionRow>, test: ServerFormAction<TestConnection>) -> impl IntoView {
    if connections.is_empty() {
        return erased_view! {
            <EmptyState message="No connections yet. Register Vestibule with your provider by the addresses below, then add the connection."/>
        };
    }
    let rows = connections.into_iter().map(|ConnectionRow { id, connection, users }| {
        let edit = CrudDialog::Edit(id.0).search();
        let label = format!("connection-{id}");
        let joining = if connection.just_in_time {
            format!("Everybody, as {}", connection.default_role.label())
        } else {
            "Who is invited".to_owned()
        };
        erased_view! {
            <tr>
                <td data-label="Name" class="name" id=label.clone()>{connection.name}</td>
                <td data-label="Issuer URL">{connection.issuer}</td>
                <td data-label="Who may join">{joining}</td>
                <td data-label="People">{users}</td>
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
            <caption class="visually-hidden">"Connections of the organization"</caption>
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Issuer URL"</th><th scope="col">"Who may join"</th><th scope="col">"People"</th>
                <th scope="col"><span class="visually-hidden">"Actions"</span></th>
            </tr></thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

/// What "Test connection" found.
#[component]
fn TestNotice(answer: FormResult<Tested>) -> impl IntoView {
    erased_view! {
        <div role="status">
            {move || answer.get().map(|answer| match answer {
                Ok(Tested { connection, answer }) => {
                    let (tone, words) = found(&answer);
                    erased_view! { <Notice tone><p><strong>{connection}": "</strong>{words}</p></Notice> }
                }
                Err(problem) => erased_view! { <Notice tone=Tone::Danger><p>{problem.to_string()}</p></Notice> },
            })}
        </div>
    }
}

fn found(answer: &ConnectionTestResult) -> (Tone, String) {
    let words = match answer {
        ConnectionTestResult::Works { signs_out } => {
            let signs_out = if *signs_out { " It can sign people out, too." } else { "" };
            return (
                Tone::Success,
                format!(
                    "The provider answers, and its keys can be used.{signs_out} Whether it takes the client ID and the secret, the first sign-in shows."
                ),
            );
        }
        ConnectionTestResult::Away => {
            "There is no answer at this issuer URL, or none that a provider gives. Check the URL, and whether this server can reach it."
        }
        ConnectionTestResult::OtherIssuer { issuer } => {
            return (
                Tone::Danger,
                format!("The provider calls itself {issuer}. Put exactly that into “Issuer URL”."),
            );
        }
        ConnectionTestResult::NoKeys => {
            "The provider has no key that we can check a signature with: RSA, elliptic curve P-256 or P-384, or Ed25519."
        }
        ConnectionTestResult::NoCodeFlow => {
            "The provider has no token endpoint, so it has no authorization code flow."
        }
        ConnectionTestResult::SecretUnreadable => {
            "The client secret can’t be read any more, since the server’s key was changed. Type it again."
        }
    };
    (Tone::Danger, words.to_owned())
}

/// What the provider wants to know of us.
#[component]
fn OurAddresses(addresses: Addresses) -> impl IntoView {
    let rows = [
        ("Redirect address", "redirect", addresses.redirect),
        ("Address after sign-out", "after-sign-out", addresses.after_sign_out),
        ("Back-channel logout address", "back-channel-logout", addresses.back_channel_logout),
    ];
    let rows = rows.into_iter().map(|(label, id, address)| {
        erased_view! {
            <div class="field">
                <label for=id>{label}</label>
                <input type="text" readonly class="link" id=id value=address/>
            </div>
        }
    });
    erased_view! {
        <section class="authentication-section" aria-labelledby="addresses">
            <h2 id="addresses">"For your provider"</h2>
            <p class="muted">"Copy these to where you register Vestibule. The redirect address is needed; the others let people sign out on both sides."</p>
            {rows.collect_view()}
        </section>
    }
}

/// "Disable email links", and what it means for whom.
#[component]
fn EmailLinks(off: bool, never: i64, switch: ServerFormAction<SwitchEmailLinks>) -> impl IntoView {
    let (answer, problem) = (form::result(switch), form::problem(switch));
    let warning = match never {
        0 => "Every active member has signed in by a connection before.".to_owned(),
        1 => "1 active member has never signed in by a connection, and may not be able to.".to_owned(),
        many => {
            format!("{many} active members have never signed in by a connection, and may not be able to.")
        }
    };
    let tone = if never > 0 { Tone::Warning } else { Tone::Info };
    erased_view! {
        <section class="authentication-section" aria-labelledby="email-links">
            <h2 id="email-links">"Email links"</h2>
            <ServerForm action=switch>
                <ErrorSummary problem/>
                <input type="hidden" name="org" value=use_organization()/>
                <Switch
                    label="Disable email links" name="email_links_disabled" on=off
                    hint="Members sign in by a connection alone. Admins keep the email link, in case the provider is away. Invitations go on working."
                />
                <Notice tone><p>{warning}</p></Notice>
                <div class="actions align-start">
                    <SubmitButton label="Save changes" pending_label="Saving…" pending=switch.pending()/>
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
        CrudDialog::New => Some(erased_view! { <Editor row=None groups save on_close href/> }),
        CrudDialog::Edit(id) => {
            find(id).map(|row| erased_view! { <Editor row=Some(row) groups save on_close href/> })
        }
        CrudDialog::Delete(id) => find(id).map(|row| {
            erased_view! {
                <DeleteDialog
                    title=format!("Delete the connection {}?", row.connection.name) button="Delete connection" id action=delete on_close href
                    message="Nobody can sign in by it any more. Who came in by it stays a member, and who is signed in stays so until the session ends. It can’t be undone."
                />
            }
        }),
    }
}
