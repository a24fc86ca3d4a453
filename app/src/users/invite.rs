//! The invite dialog: a field that takes a paste, what each address is while it is read, and the answer for each.

use super::address_list::{Chips, InsteadForms, Tense, totals};
use super::api::{Act, Classify, Invite};
use super::selection::ActNotice;
use crate::erased_view::erased_view;
use crate::form::{self, FormResult, ServerForm, ServerFormAction};
use crate::json_resource::fetch;
use crate::ui::{
    CheckboxGroup, CheckboxOption, CloseLink, Dialog, ErrorSummary, Icon, Select, SubmitButton, TextArea,
    icon,
};
use crate::viewer::use_organization;
use leptos::html::Textarea;
use leptos::prelude::*;
use model::address_list;
use model::invitations::{AddressClass, ClassifiedAddress, InviteResult};
use model::permission::Grants;
use model::{OrganizationRole, Problem};
use std::collections::HashMap;
use std::time::Duration;

/// How long the typing has to rest before the server is asked, in milliseconds.
const REST_MILLIS: u64 = 250;

/// Whether nothing is left to look at: then the dialog closes, and a notice tells.
pub fn is_settled(answer: Option<&Result<InviteResult, Problem>>) -> bool {
    matches!(answer, Some(Ok(answer)) if answer.count_invited() == answer.addresses.len())
}

#[component]
pub fn InviteDialog(
    action: ServerFormAction<Invite>,
    /// What is done in place of an invitation.
    act: ServerFormAction<Act>,
    /// What the field begins with.
    addresses: String,
    grants: Grants,
    on_close: Callback<()>,
) -> impl IntoView {
    let (answer, problem) = (form::result(action), form::problem(action));
    let area = NodeRef::<Textarea>::new();
    let first = first_text(answer.get_untracked().as_ref(), addresses);
    let text = RwSignal::new(first.clone());
    let known = use_classes(text, form::success_count(act));
    let seen = Memo::new(move |_| classed(&text.get(), &known.get()));
    // What was typed before WebAssembly had loaded.
    Effect::new(move || {
        if let Some(area) = area.get() {
            text.set(area.value());
        }
    });
    keep_what_needs_mending(answer, area, text);
    let number = move || {
        seen.with(|seen| {
            seen.iter().filter(|one| one.as_ref().is_none_or(|one| one.class.is_invited())).count()
        })
    };
    let label = move || match number() {
        0 => "Send invitations".to_owned(),
        number => format!("Send invitations ({number})"),
    };
    let on_edit = Callback::new(move |piece: String| select(area, &piece));
    erased_view! {
        <Dialog title="Invite people" on_close>
            <ActNotice answer=form::result(act)/>
            <ServerForm action>
                <ErrorSummary problem/>
                <Answer answer/>
                <input type="hidden" name="org" value=use_organization()/>
                <TextArea
                    label="Email" name="addresses" rows=5 value=first node_ref=area autofocus=true
                    hint="Addresses, parted by commas or lines. A paste from a mail program or a spreadsheet works too."
                    error=Signal::derive(move || problem.get().and_then(|problem| problem.of_field("addresses")))
                    on_text=Callback::new(move |typed| text.set(typed))
                />
                <Preview seen on_edit/>
                <Select
                    label="Organization role" name="role"
                    options=OrganizationRole::ALL.map(|role| (role.code().to_owned(), role.label().to_owned(), chosen(role))).to_vec()
                    hint="An Organization Admin can invite people and change settings."
                />
                <Granting grants/>
                <div class="actions">
                    <CloseLink on_close href="?"/>
                    <SubmitButton label=Signal::derive(label) pending_label="Sending…" pending=action.pending()/>
                </div>
            </ServerForm>
            <InsteadForms act left=text.into()/>
        </Dialog>
    }
}

/// The roles and groups that everybody on the list gets, before their first login.
#[component]
fn Granting(grants: Grants) -> impl IntoView {
    let (roles, groups) =
        (form::posted_values::<Invite>("roles[]"), form::posted_values::<Invite>("groups[]"));
    let check = |value: String, label, typed: &[String]| CheckboxOption {
        checked: typed.contains(&value),
        value,
        label,
    };
    let roles: Vec<CheckboxOption> =
        grants.roles.into_iter().map(|role| check(role.id.to_string(), role.name, &roles)).collect();
    let groups: Vec<CheckboxOption> =
        grants.groups.into_iter().map(|group| check(group.id.to_string(), group.name, &groups)).collect();
    let open = roles.iter().chain(&groups).any(|check| check.checked);
    (!roles.is_empty() || !groups.is_empty()).then(|| {
        erased_view! {
            <details class="access-fields" open=open>
                <summary>"Roles and groups"</summary>
                <div class="columns">
                    <CheckboxGroup legend="Roles" name="roles" options=roles empty_message="There are no roles yet."/>
                    <CheckboxGroup legend="Groups" name="groups" options=groups empty_message="There are no groups yet."/>
                </div>
            </details>
        }
    })
}

fn chosen(role: OrganizationRole) -> bool {
    form::posted_value::<Invite>("role").parse::<OrganizationRole>().unwrap_or_default() == role
}

/// What the field begins with: what was typed, or what is left of it to mend.
fn first_text(answer: Option<&Result<InviteResult, Problem>>, addresses: String) -> String {
    match answer {
        Some(Ok(answer)) => to_mend(answer),
        Some(Err(_)) => form::posted_value::<Invite>("addresses"),
        // Without WebAssembly: what was left to mend when something else was done.
        None => {
            Some(form::posted_value::<Act>("addresses")).filter(|left| !left.is_empty()).unwrap_or(addresses)
        }
    }
}

/// The entries that were no addresses, as they were typed.
fn to_mend(answer: &InviteResult) -> String {
    let malformed =
        answer.addresses.iter().filter(|address| matches!(address.class, AddressClass::Malformed { .. }));
    malformed.map(|address| address.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// After an answer the field keeps what is left to mend.
fn keep_what_needs_mending(
    answer: FormResult<InviteResult>,
    area: NodeRef<Textarea>,
    text: RwSignal<String>,
) {
    Effect::new(move || {
        if let Some(Ok(answer)) = answer.get()
            && let Some(area) = area.get()
        {
            let rest = to_mend(&answer);
            area.set_value(&rest);
            text.set(rest);
        }
    });
}

/// What the server knows of the addresses, asked when the typing rests, and again when something was done to them.
fn use_classes(text: RwSignal<String>, changes: Memo<usize>) -> RwSignal<HashMap<String, ClassifiedAddress>> {
    let known = RwSignal::new(HashMap::new());
    let organization = StoredValue::new(use_organization());
    let asks = RwSignal::new(0_u32);
    Effect::new(move || {
        text.track();
        // Read, since a memo that nobody reads watches nothing.
        let _ = changes.get();
        asks.update_untracked(|asks| *asks += 1);
        let ask = asks.get_untracked();
        // The dialog may be closed by the time it rests.
        let look = move || {
            let typed = text.try_get_untracked().filter(|typed| !typed.trim().is_empty());
            let rested = asks.try_get_untracked() == Some(ask);
            if let (true, Some(typed), Some(organization)) = (rested, typed, organization.try_get_value()) {
                leptos::task::spawn_local(async move {
                    if let Ok(answer) = fetch(Classify { org: organization, addresses: typed }).await {
                        known.try_update(|known| {
                            let classes = answer.addresses.into_iter().filter(is_the_servers);
                            known.extend(classes.map(|address| (address.text.clone(), address)));
                        });
                    }
                });
            }
        };
        set_timeout(look, Duration::from_millis(REST_MILLIS));
    });
    known
}

/// Repeats and typing errors are found in the browser, as they are typed.
fn is_the_servers(address: &ClassifiedAddress) -> bool {
    !matches!(address.class, AddressClass::Duplicate { .. } | AddressClass::Malformed { .. })
}

/// What is known so far of every entry; nothing, while the server is asked.
fn classed(text: &str, known: &HashMap<String, ClassifiedAddress>) -> Vec<Option<ClassifiedAddress>> {
    let local = |text, class| Some(ClassifiedAddress::new(text, class));
    let class = |entry: address_list::Entry| match (entry.duplicate_of, entry.address) {
        (Some(of), _) => local(entry.text, AddressClass::Duplicate { of }),
        (None, Err(why)) => local(entry.text, AddressClass::Malformed { why }),
        (None, Ok(address)) => known.get(address.as_str()).cloned(),
    };
    address_list::parse(text).into_iter().map(class).collect()
}

/// What will happen to each address, while the list is typed.
#[component]
fn Preview(seen: Memo<Vec<Option<ClassifiedAddress>>>, on_edit: Callback<String>) -> impl IntoView {
    erased_view! {
        <div class="invite-preview" aria-live="polite">
            {move || {
                let seen = seen.get();
                let checking = seen.iter().filter(|one| one.is_none()).count();
                let addresses: Vec<ClassifiedAddress> = seen.into_iter().flatten().collect();
                (!addresses.is_empty() || checking > 0).then(|| erased_view! {
                    <p class="totals">
                        {totals(&addresses, Tense::Before)}
                        {(checking > 0).then(|| format!(" · {checking} being checked"))}
                    </p>
                    <Chips addresses tense=Tense::Before on_edit=Some(on_edit)/>
                })
            }}
        </div>
    }
}

/// What became of each address, when some need another look.
#[component]
fn Answer(answer: FormResult<InviteResult>) -> impl IntoView {
    move || {
        let answer = answer.get().and_then(Result::ok)?;
        Some(erased_view! {
            <section class="notice" role="status" aria-label="Answer">
                {icon(Icon::Mail)}
                <div>
                    <p class="totals">{totals(&answer.addresses, Tense::After)}</p>
                    <Chips addresses=answer.addresses tense=Tense::After on_edit=None/>
                </div>
            </section>
        })
    }
}

/// Puts the cursor on a piece of the text, so that it can be mended where it stands.
fn select(area: NodeRef<Textarea>, piece: &str) {
    let Some(area) = area.get() else { return };
    let text = area.value();
    let _ = area.focus();
    if let Some(start) = text.find(piece) {
        // The browser counts in UTF-16.
        let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(0);
        let start_unit = units(&text[..start]);
        let _ = area.set_selection_range(start_unit, start_unit + units(piece));
    }
}
