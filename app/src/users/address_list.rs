//! The addresses of an invitation with the status of each, those that need attention first.

use super::api::ApplyAction;
use crate::paths;
use crate::runtime::prelude::*;
use crate::ui::{Icon, icon};
use crate::viewer::use_organization;
use model::UserId;
use model::actions::UserAction;
use model::invitations::{AddressClass, ClassifiedAddress};
use model::text::{self, format_number};
use model::transitions::Refusal;

/// Longer lists are cut off here; the summary counts every address.
const MAX_SHOWN: usize = 200;

/// Whether the list shows what inviting would do, or what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Preview,
    Result,
}

/// The status beside an address.
fn status(class: &AddressClass, has_open_request: bool, phase: Phase) -> String {
    match (class, phase) {
        (AddressClass::New | AddressClass::Expired, Phase::Preview) if has_open_request => {
            "requested an invitation, will be invited".to_owned()
        }
        (AddressClass::New, Phase::Preview) => "will be invited".to_owned(),
        (AddressClass::Expired, Phase::Preview) => "expired, will be invited again".to_owned(),
        (AddressClass::New | AddressClass::Expired, Phase::Result) => "invited".to_owned(),
        (AddressClass::Refused { why }, _) => why.to_string(),
        (AddressClass::Duplicate { .. }, _) => "duplicate".to_owned(),
        (AddressClass::Malformed { why }, _) => why.to_string(),
    }
}

/// The sort key that puts the addresses that need attention first.
const fn rank(class: &AddressClass) -> u8 {
    match class {
        AddressClass::Malformed { .. } => 0,
        AddressClass::Refused { .. } => 1,
        AddressClass::Duplicate { .. } => 2,
        AddressClass::New | AddressClass::Expired => 3,
    }
}

/// "12 will be invited · 2 already users · 1 invalid".
pub fn summarize(addresses: &[ClassifiedAddress], phase: Phase) -> String {
    let count = |matches: fn(&AddressClass) -> bool| {
        addresses.iter().filter(|address| matches(&address.class)).count()
    };
    let refused = |reason: Refusal| {
        addresses.iter().filter(|address| address.class == AddressClass::Refused { why: reason }).count()
    };
    let invited = if phase == Phase::Preview { "will be invited" } else { "invited" };
    [
        (count(AddressClass::is_invited), invited, invited),
        (refused(Refusal::UserExists), "already a user", "already users"),
        (refused(Refusal::AlreadyInvited), "already invited", "already invited"),
        (refused(Refusal::Suspended), "suspended", "suspended"),
        (refused(Refusal::DomainNotAllowed), "outside the allowed domains", "outside the allowed domains"),
        (count(|class| matches!(class, AddressClass::Duplicate { .. })), "duplicate", "duplicates"),
        (count(|class| matches!(class, AddressClass::Malformed { .. })), "invalid", "invalid"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, singular, plural)| text::count(count, singular, plural))
    .collect::<Vec<_>>()
    .join(" · ")
}

/// What an admin can do instead of inviting this address: an action right here, or a link to the user's profile.
#[component]
fn AlternativeAction(class: AddressClass, user: UserId, text: String) -> impl IntoView {
    let AddressClass::Refused { why } = class else { return ().into_any() };
    let action = match why {
        Refusal::AlreadyInvited => Some((UserAction::Resend, "Resend")),
        Refusal::Suspended => Some((UserAction::Reactivate, "Reactivate")),
        _ => None,
    };
    if let Some((action, label)) = action {
        let accessible_name = format!("{label} {text}");
        let form = alternative_form_id(action);
        erased_view! {
            <button type="submit" form=form name="users[]" value=user.to_string() class="button quiet" aria-label=accessible_name>{label}</button>
        }
    } else if why == Refusal::UserExists {
        let profile = paths::user(&use_organization(), user);
        erased_view! { <a class="button quiet" aria-label=format!("Manage {text}") href=profile>"Manage"</a> }
    } else {
        ().into_any()
    }
}

/// The id of the form that an [`AlternativeAction`] submits.
const fn alternative_form_id(action: UserAction) -> &'static str {
    match action {
        UserAction::Resend => "alternative-resend",
        _ => "alternative-reactivate",
    }
}

/// The forms that the buttons of [`AlternativeAction`] submit. Forms can't be nested, so these are rendered outside the
/// invite form and the buttons refer to them by id.
#[component]
pub fn AlternativeActions(
    action: ServerFormAction<ApplyAction>,
    /// The entries still in the field, which a post without WebAssembly would lose.
    remaining: Signal<String>,
) -> impl IntoView {
    [UserAction::Resend, UserAction::Reactivate].map(|user_action| {
        erased_view! {
            <ServerForm action id=alternative_form_id(user_action) class="visually-hidden">
                <input type="hidden" name="action" value=user_action.code()/>
                <input type="hidden" name="addresses" value=move || remaining.get()/>
            </ServerForm>
        }
    })
}

#[component]
pub fn AddressList(
    mut addresses: Vec<ClassifiedAddress>,
    phase: Phase,
    /// Called with a malformed entry that the admin wants to edit.
    on_edit: Option<Callback<String>>,
) -> impl IntoView {
    addresses.sort_by_key(|address| rank(&address.class));
    let hidden = addresses.len().saturating_sub(MAX_SHOWN);
    addresses.truncate(MAX_SHOWN);
    let chips = addresses.into_iter().map(|ClassifiedAddress { text, class, user, has_open_request }| {
        let (chip_class, chip_icon) = match rank(&class) {
            0 => ("chip danger", Icon::Warning),
            1 | 2 => ("chip warning", Icon::Cross),
            _ => ("chip success", Icon::Check),
        };
        let edit = on_edit.filter(|_| rank(&class) == 0).map(|on_edit| {
            let text = text.clone();
            let label = format!("Edit {text}");
            erased_view! { <button type="button" class="button quiet" aria-label=label on:click=move |_| on_edit.run(text.clone())>"Edit"</button> }
        });
        let alternative = user.map(|user| {
            erased_view! { <AlternativeAction class=class.clone() user text=text.clone()/> }
        });
        erased_view! {
            <li class=chip_class>
                {icon(chip_icon)}
                <span class="chip-text">{text}</span>
                <span class="chip-status">{status(&class, has_open_request, phase)}</span>
                {edit}
                {alternative}
            </li>
        }
    });
    erased_view! {
        <ul class="chips" tabindex="0" aria-label="Addresses">{chips.collect_view()}</ul>
        {(hidden > 0).then(|| erased_view! { <p class="muted">{format!("and {} more", format_number(hidden))}</p> })}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_names_only_classes_that_occur() {
        let address = |class| ClassifiedAddress::new("a@b.c".to_owned(), class);
        let list = [
            address(AddressClass::New),
            address(AddressClass::Refused { why: Refusal::UserExists }),
            address(AddressClass::Expired),
        ];
        assert_eq!(summarize(&list, Phase::Preview), "2 will be invited · 1 already a user");
        assert_eq!(summarize(&list, Phase::Result), "2 invited · 1 already a user");
        assert_eq!(summarize(&[], Phase::Result), "");
    }
}
