//! The invite dialog: a field for pasted addresses, a live preview of what happens to each, and the results.

use super::address_list::{AddressList, AlternativeActions, Phase, summarize};
use super::api::{ApplyAction, Classify, Invite};
use super::selection::ActionNotice;
use crate::runtime::prelude::*;
use crate::ui::{
    CheckboxGroup, CheckboxOption, CloseLink, Dialog, ErrorSummary, Icon, Select, SubmitButton, TextArea,
    icon,
};
use crate::viewer::use_organization;
use model::address_list;
use model::invitations::{AddressClass, ClassifiedAddress, InviteResult};
use model::permission::Grants;
use model::text::format_number;
use model::{OrganizationRole, Problem};
use std::collections::HashMap;
use std::time::Duration;

/// How long typing must pause before the addresses are classified.
const CLASSIFY_DEBOUNCE: Duration = Duration::from_millis(250);

/// Whether every address was invited: then the dialog closes and a notice shows the result.
pub fn is_fully_invited(answer: Option<&Result<InviteResult, Problem>>) -> bool {
    matches!(answer, Some(Ok(result)) if result.count_invited() == result.addresses.len())
}

#[component]
pub fn InviteDialog(
    action: ServerFormAction<Invite>,
    /// The actions offered instead of an invitation, such as resending.
    apply: ServerFormAction<ApplyAction>,
    /// The initial text of the field.
    addresses: String,
    grants: Grants,
    on_close: Callback<()>,
) -> impl IntoView {
    let answer = action.result();
    let area = NodeRef::<html::Textarea>::new();
    let initial_text = initial_text(answer.get_untracked().as_ref(), action, apply, addresses);
    let selected_role: OrganizationRole = action.posted_value("role").parse().unwrap_or_default();
    let text = RwSignal::new(initial_text.clone());
    let classes = use_classes(text, apply.success_count());
    let entries = Memo::new(move |_| classify_entries(&text.get(), &classes.get()));
    // Picks up what was typed before WebAssembly had loaded.
    Effect::new(move || {
        if let Some(area) = area.get() {
            text.set(area.value());
        }
    });
    keep_rejected_entries(answer, area, text);
    let invitation_count = move || {
        entries.with(|entries| {
            let may_be_invited = |entry: &&Option<ClassifiedAddress>| {
                entry.as_ref().is_none_or(|address| address.class.is_invited())
            };
            entries.iter().filter(may_be_invited).count()
        })
    };
    let label = move || match invitation_count() {
        0 => "Send invitations".to_owned(),
        count => format!("Send invitations ({})", format_number(count)),
    };
    let on_edit = Callback::new(move |entry: String| select_text(area, &entry));
    erased_view! {
        <Dialog title="Invite users" on_close>
            <ActionNotice answer=apply.result()/>
            <ServerForm action>
                <ErrorSummary problem=action.problem()/>
                <InviteOutcome answer/>
                <TextArea
                    label="Email" name="addresses" rows=5 value=initial_text node_ref=area autofocus=true
                    hint="Separate addresses with commas or line breaks. You can also paste from an email client or a spreadsheet. Up to 10,000 at a time."
                    error=action.field_error("addresses") on_text=Callback::new(move |typed| text.set(typed))
                />
                <Preview entries on_edit/>
                <Select
                    label="Organization role" name="role"
                    options=OrganizationRole::ALL.iter().map(|role| (role.code().to_owned(), role.label().to_owned(), *role == selected_role)).collect()
                    hint="Admins can manage users and all settings."
                />
                <AccessFields action grants/>
                <div class="actions">
                    <CloseLink on_close href="?"/>
                    <SubmitButton label=Signal::derive(label) pending_label="Sending…" pending=action.pending()/>
                </div>
            </ServerForm>
            <AlternativeActions action=apply remaining=text.into()/>
        </Dialog>
    }
}

/// The roles and groups that every invited user gets, before their first login.
#[component]
fn AccessFields(action: ServerFormAction<Invite>, grants: Grants) -> impl IntoView {
    let check = |field, value: String, label| CheckboxOption {
        checked: action.is_checked(field, &value, false),
        value,
        label,
    };
    let roles: Vec<CheckboxOption> =
        grants.roles.into_iter().map(|role| check("roles", role.id.to_string(), role.name)).collect();
    let groups: Vec<CheckboxOption> =
        grants.groups.into_iter().map(|group| check("groups", group.id.to_string(), group.name)).collect();
    let open = roles.iter().chain(&groups).any(|check| check.checked);
    (!roles.is_empty() || !groups.is_empty()).then(|| {
        erased_view! {
            <details class="access-fields" open=open>
                <summary>"Roles and groups"</summary>
                <div class="columns">
                    <CheckboxGroup legend="Roles" name="roles" options=roles empty_message="No roles yet."/>
                    <CheckboxGroup legend="Groups" name="groups" options=groups empty_message="No groups yet."/>
                </div>
            </details>
        }
    })
}

/// The initial text of the field: what was posted, reduced to the rejected entries once there is a result.
fn initial_text(
    answer: Option<&Result<InviteResult, Problem>>,
    invite: ServerFormAction<Invite>,
    apply: ServerFormAction<ApplyAction>,
    addresses: String,
) -> String {
    match answer {
        Some(Ok(result)) => rejected_entries(result),
        Some(Err(_)) => invite.posted_value("addresses"),
        // Without WebAssembly an alternative action, such as resending, posts the remaining entries along.
        None => {
            let remaining = apply.posted_value("addresses");
            Some(remaining).filter(|remaining| !remaining.is_empty()).unwrap_or(addresses)
        }
    }
}

/// The malformed entries, as they were typed.
fn rejected_entries(result: &InviteResult) -> String {
    let malformed =
        result.addresses.iter().filter(|address| matches!(address.class, AddressClass::Malformed { .. }));
    malformed.map(|address| address.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Reduces the field to the rejected entries once there is a result.
fn keep_rejected_entries(
    answer: FormResult<InviteResult>,
    area: NodeRef<html::Textarea>,
    text: RwSignal<String>,
) {
    Effect::new(move || {
        if let Some(Ok(result)) = answer.get()
            && let Some(area) = area.get()
        {
            let rejected = rejected_entries(&result);
            area.set_value(&rejected);
            text.set(rejected);
        }
    });
}

/// The classes of the addresses in the text, by address. Fetched when typing pauses, and after each of the `changes`.
fn use_classes(text: RwSignal<String>, changes: Memo<usize>) -> RwSignal<HashMap<String, ClassifiedAddress>> {
    let classes = RwSignal::new(HashMap::new());
    let organization = StoredValue::new(use_organization());
    let latest_revision = RwSignal::new(0_u32);
    Effect::new(move || {
        text.track();
        // `track` would not be enough: a memo follows its sources only once it has been read.
        let _ = changes.get();
        latest_revision.update_untracked(|revision| *revision += 1);
        let revision = latest_revision.get_untracked();
        // The `try_` variants, since the dialog may have closed when the timer fires.
        let classify = move || {
            let typed = text.try_get_untracked().filter(|typed| !typed.trim().is_empty());
            let is_latest = latest_revision.try_get_untracked() == Some(revision);
            if let (true, Some(typed), Some(organization)) = (is_latest, typed, organization.try_get_value())
            {
                spawn_local(async move {
                    if let Ok(result) = fetch(Classify { org: organization, addresses: typed }).await {
                        classes.try_update(|classes| {
                            let fetched = result.addresses.into_iter().filter(needs_server);
                            classes.extend(fetched.map(|address| (address.text.clone(), address)));
                        });
                    }
                });
            }
        };
        set_timeout(classify, CLASSIFY_DEBOUNCE);
    });
    classes
}

/// Whether only the server knows the class; the browser finds duplicates and malformed entries without it.
fn needs_server(address: &ClassifiedAddress) -> bool {
    !matches!(address.class, AddressClass::Duplicate { .. } | AddressClass::Malformed { .. })
}

/// Every entry of the text with its class, or `None` while the server has not classified it.
fn classify_entries(
    text: &str,
    classes: &HashMap<String, ClassifiedAddress>,
) -> Vec<Option<ClassifiedAddress>> {
    let local = |text, class| Some(ClassifiedAddress::new(text, class));
    let classify = |entry: address_list::Entry| match (entry.duplicate_of, entry.address) {
        (Some(of), _) => local(entry.text, AddressClass::Duplicate { of }),
        (None, Err(why)) => local(entry.text, AddressClass::Malformed { why }),
        (None, Ok(address)) => classes.get(address.as_str()).cloned(),
    };
    address_list::parse(text).into_iter().map(classify).collect()
}

/// What will happen to each address, updated while the list is typed.
#[component]
fn Preview(entries: Memo<Vec<Option<ClassifiedAddress>>>, on_edit: Callback<String>) -> impl IntoView {
    erased_view! {
        <div class="invite-preview" aria-live="polite">
            {move || {
                let entries = entries.get();
                let pending = entries.iter().filter(|entry| entry.is_none()).count();
                let addresses: Vec<ClassifiedAddress> = entries.into_iter().flatten().collect();
                (!addresses.is_empty() || pending > 0).then(|| erased_view! {
                    <p class="totals">
                        {summarize(&addresses, Phase::Preview)}
                        {(pending > 0).then(|| format!(" · checking {}…", format_number(pending)))}
                    </p>
                    <AddressList addresses phase=Phase::Preview on_edit=Some(on_edit)/>
                })
            }}
        </div>
    }
}

/// The result for each address, shown while some still need attention.
#[component]
fn InviteOutcome(answer: FormResult<InviteResult>) -> impl IntoView {
    move || {
        let result = answer.get().and_then(Result::ok)?;
        Some(erased_view! {
            <section class="notice" role="status" aria-label="Result">
                {icon(Icon::Mail)}
                <div>
                    <p class="totals">{summarize(&result.addresses, Phase::Result)}</p>
                    <AddressList addresses=result.addresses phase=Phase::Result on_edit=None/>
                </div>
            </section>
        })
    }
}

/// Selects a part of the text in the field, so that it can be edited in place.
fn select_text(area: NodeRef<html::Textarea>, part: &str) {
    let Some(area) = area.get() else { return };
    let text = area.value();
    let _ = area.focus();
    if let Some(start) = text.find(part) {
        // The DOM counts in UTF-16 code units.
        let code_units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(0);
        let start = code_units(&text[..start]);
        let _ = area.set_selection_range(start, start + code_units(part));
    }
}
