//! A list of addresses with what each is, or what became of it: those that need a look first.

use super::api::Act;
use crate::erased_view::erased_view;
use crate::form::{ServerForm, ServerFormAction};
use crate::paths;
use crate::ui::{Icon, icon};
use crate::viewer::use_organization;
use leptos::prelude::*;
use model::UserId;
use model::actions::UserAction;
use model::invitations::{AddressClass, ClassifiedAddress};
use model::transitions::Refusal;

/// How many addresses are shown one by one. The totals count all.
const MAX_SHOWN: usize = 200;

/// Whether the addresses are looked at before they are invited, or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tense {
    Before,
    After,
}

/// What stands beside an address.
fn words(class: &AddressClass, asked: bool, tense: Tense) -> String {
    match (class, tense) {
        (AddressClass::New | AddressClass::Expired, Tense::Before) if asked => {
            "has asked; will be invited".to_owned()
        }
        (AddressClass::New, Tense::Before) => "will be invited".to_owned(),
        (AddressClass::Expired, Tense::Before) => "had expired, will be invited again".to_owned(),
        (AddressClass::New | AddressClass::Expired, Tense::After) => "invited".to_owned(),
        (AddressClass::Refused { why }, _) => why.to_string(),
        (AddressClass::Duplicate { .. }, _) => "stands in the list before".to_owned(),
        (AddressClass::Malformed { why }, _) => why.to_string(),
    }
}

/// What needs a look comes first.
const fn rank(class: &AddressClass) -> u8 {
    match class {
        AddressClass::Malformed { .. } => 0,
        AddressClass::Refused { .. } => 1,
        AddressClass::Duplicate { .. } => 2,
        AddressClass::New | AddressClass::Expired => 3,
    }
}

/// "12 will be invited · 2 already users · 1 malformed".
pub fn totals(addresses: &[ClassifiedAddress], tense: Tense) -> String {
    let count = |is: fn(&AddressClass) -> bool| addresses.iter().filter(|address| is(&address.class)).count();
    let refused = |wanted: Refusal| {
        addresses.iter().filter(|address| address.class == AddressClass::Refused { why: wanted }).count()
    };
    let invited = if tense == Tense::Before { "will be invited" } else { "invited" };
    let users = refused(Refusal::UserExists);
    [
        (count(AddressClass::is_invited), invited),
        (users, if users == 1 { "already a user" } else { "already users" }),
        (refused(Refusal::AlreadyInvited), "already invited"),
        (refused(Refusal::Suspended), "suspended"),
        (refused(Refusal::DomainNotAllowed), "of a domain that is not allowed"),
        (count(|class| matches!(class, AddressClass::Duplicate { .. })), "repeated"),
        (count(|class| matches!(class, AddressClass::Malformed { .. })), "malformed"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, words)| format!("{count} {words}"))
    .collect::<Vec<_>>()
    .join(" · ")
}

/// What can be done instead: on the spot, by a button of the action's own form, or on the profile.
#[component]
fn Offer(class: AddressClass, user: UserId, text: String) -> impl IntoView {
    let AddressClass::Refused { why } = class else { return ().into_any() };
    let instead = match why {
        Refusal::AlreadyInvited => Some((UserAction::Resend, "Resend")),
        Refusal::Suspended => Some((UserAction::Reactivate, "Reactivate")),
        _ => None,
    };
    if let Some((action, words)) = instead {
        let label = format!("{words} {text}");
        let form = instead_form(action);
        erased_view! {
            <button type="submit" form=form name="users[]" value=user.to_string() class="button quiet" aria-label=label>{words}</button>
        }
    } else if why == Refusal::UserExists {
        let profile = paths::user(&use_organization(), user);
        erased_view! { <a class="button quiet" aria-label=format!("Manage {text}") href=profile>"Manage"</a> }
    } else {
        ().into_any()
    }
}

/// The form of what is offered in place of an invitation.
const fn instead_form(action: UserAction) -> &'static str {
    match action {
        UserAction::Resend => "resend-instead",
        _ => "reactivate-instead",
    }
}

/// The forms behind what the chips offer. A form can't stand within another, so the buttons name theirs.
#[component]
pub fn InsteadForms(
    act: ServerFormAction<Act>,
    /// What is left to mend: without WebAssembly the page would forget it.
    left: Signal<String>,
) -> impl IntoView {
    [UserAction::Resend, UserAction::Reactivate].map(|action| {
        erased_view! {
            <ServerForm action=act id=instead_form(action) class="visually-hidden">
                <input type="hidden" name="org" value=use_organization()/>
                <input type="hidden" name="action" value=action.code()/>
                <input type="hidden" name="addresses" value=move || left.get()/>
            </ServerForm>
        }
    })
}

#[component]
pub fn Chips(
    mut addresses: Vec<ClassifiedAddress>,
    tense: Tense,
    /// Called with a malformed address that the person wants to mend.
    on_edit: Option<Callback<String>>,
) -> impl IntoView {
    addresses.sort_by_key(|address| rank(&address.class));
    let more = addresses.len().saturating_sub(MAX_SHOWN);
    addresses.truncate(MAX_SHOWN);
    let chips = addresses.into_iter().map(|ClassifiedAddress { text, class, user, has_open_request: asked }| {
        let (look, sign) = match rank(&class) {
            0 => ("chip danger", Icon::Warning),
            1 | 2 => ("chip warning", Icon::Cross),
            _ => ("chip success", Icon::Check),
        };
        let edit = on_edit.filter(|_| rank(&class) == 0).map(|on_edit| {
            let text = text.clone();
            let label = format!("Edit {text}");
            erased_view! { <button type="button" class="button quiet" aria-label=label on:click=move |_| on_edit.run(text.clone())>"Edit"</button> }
        });
        let offer = user.map(|user| erased_view! { <Offer class=class.clone() user text=text.clone()/> });
        erased_view! {
            <li class=look>
                {icon(sign)}
                <span class="chip-text">{text}</span>
                <span class="chip-status">{words(&class, has_open_request, tense)}</span>
                {edit}
                {offer}
            </li>
        }
    });
    erased_view! {
        <ul class="chips" tabindex="0" aria-label="Addresses">{chips.collect_view()}</ul>
        {(more > 0).then(|| erased_view! { <p class="muted">{format!("and {more} more")}</p> })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_name_what_there_is_and_nothing_else() {
        let address = |class| ClassifiedAddress::new("a@b.c".to_owned(), class);
        let list = [
            address(AddressClass::New),
            address(AddressClass::Refused { why: Refusal::UserExists }),
            address(AddressClass::Expired),
        ];
        assert_eq!(totals(&list, Tense::Before), "2 will be invited · 1 already a user");
        assert_eq!(totals(&list, Tense::After), "2 invited · 1 already a user");
        assert_eq!(totals(&[], Tense::After), "");
    }
}
