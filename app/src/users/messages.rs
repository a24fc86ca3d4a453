//! The texts of an action on users: the confirmation before it, and the messages after it.

use model::actions::{ActionResult, UserAction};
use model::permission::{GroupChange, GroupChangeResult};
use model::text::{self, format_number};
use model::users::UserRow;

/// Longer lists of names end with "and n more".
const MAX_NAMED: usize = 5;

/// The texts of the dialog that asks before an action.
pub struct Confirmation {
    pub title: String,
    pub message: &'static str,
    pub button: &'static str,
    pub pending_label: &'static str,
}

/// The confirmation before an action on one user, or `None` for actions that don't need one.
pub fn confirmation(action: UserAction, user: &UserRow) -> Option<Confirmation> {
    let who = if user.name.is_empty() { &user.email } else { &user.name };
    let (title, message, button, pending_label) = match action {
        UserAction::RevokeInvitation => (
            format!("Revoke the invitation for {who}?"),
            "All links sent to this person stop working immediately, and their roles and groups are discarded. This \
             can’t be undone, but you can invite the address again.",
            "Revoke invitation",
            "Revoking…",
        ),
        UserAction::Suspend => (
            format!("Suspend {who}?"),
            "They’ll be signed out everywhere and won’t be able to sign in. Their roles and groups are kept, and you can reactivate \
             them at any time.",
            "Suspend",
            "Suspending…",
        ),
        UserAction::Reactivate => (
            format!("Reactivate {who}?"),
            "They’ll be able to sign in again, with the same roles and groups as before.",
            "Reactivate",
            "Reactivating…",
        ),
        UserAction::RevokeMembership => (
            format!("Remove {who} from the organization?"),
            "They’ll be signed out everywhere and lose all roles and groups. This can’t be undone. You can invite them \
             again, but they start from scratch.",
            "Revoke membership",
            "Revoking…",
        ),
        UserAction::Resend
        | UserAction::MakeAdmin
        | UserAction::MakeMember
        | UserAction::Deactivate
        | UserAction::Activate => return None,
    };
    Some(Confirmation { title, message, button, pending_label })
}

/// What an action did and how to undo it, or `None` if it changed no user.
pub fn success_message(result: &ActionResult) -> Option<String> {
    if result.done.is_empty() {
        return None;
    }
    let names = join_names(&result.done);
    let is_single = result.done.len() == 1;
    Some(match result.action {
        UserAction::Resend if is_single => {
            format!("A new invitation is on its way to {names}. Earlier links still work.")
        }
        UserAction::Resend => {
            format!("New invitations are on their way to {names}. Earlier links still work.")
        }
        UserAction::RevokeInvitation => {
            format!("Revoked the invitation for {names}. Its links no longer work.")
        }
        UserAction::RevokeMembership => format!("Removed {names} from the organization."),
        UserAction::Suspend | UserAction::Deactivate => {
            format!("Suspended {names}. Use “Reactivate” to undo.")
        }
        UserAction::Reactivate | UserAction::Activate => {
            format!("Reactivated {names}. Use “Suspend” to undo.")
        }
        UserAction::MakeAdmin => {
            let role = if is_single { "is now an Organization Admin" } else { "are now Organization Admins" };
            format!("{names} {role}. Use “Change role to Member” to undo.")
        }
        UserAction::MakeMember => {
            let role =
                if is_single { "is now an Organization Member" } else { "are now Organization Members" };
            format!("{names} {role}. Use “Change role to Admin” to undo.")
        }
    })
}

/// What a change of a group's members did and how to undo it.
pub fn group_change_message(result: GroupChangeResult) -> String {
    let GroupChangeResult { change, group, done } = result;
    let users = text::count(done, "user", "users");
    match (change, done) {
        (GroupChange::Add, 0) => format!("All selected users were already in {group}."),
        (GroupChange::Add, _) => format!("Added {users} to {group}. Use “Remove from group” to undo."),
        (GroupChange::Remove, 0) => format!("None of the selected users were in {group}."),
        (GroupChange::Remove, _) => format!("Removed {users} from {group}. Use “Add to group” to undo."),
    }
}

/// What an action did not do, and why: one line per user up to [`MAX_NAMED`], then counts.
pub fn refusal_messages(result: &ActionResult) -> Vec<String> {
    let named = result.refused.iter().take(MAX_NAMED);
    let mut lines: Vec<String> =
        named.map(|user| format!("{} wasn’t changed: {}.", user.email, user.why)).collect();
    match result.refused.len().saturating_sub(MAX_NAMED) {
        0 => {}
        1 => lines.push("1 more user wasn’t changed.".to_owned()),
        more => lines.push(format!("{} more users weren’t changed.", format_number(more))),
    }
    match result.not_found {
        0 => {}
        1 => lines.push("1 user no longer exists.".to_owned()),
        missing => lines.push(format!("{} users no longer exist.", format_number(missing))),
    }
    lines
}

/// The first [`MAX_NAMED`] names, and how many more there are.
pub fn join_names(names: &[String]) -> String {
    let first = names.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {} more", format_number(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::actions::RefusedUser;
    use model::transitions::Refusal;

    fn result(action: UserAction, done: &[&str]) -> ActionResult {
        let done = done.iter().map(|&email| email.to_owned()).collect();
        ActionResult { action, done, refused: vec![], not_found: 0 }
    }

    #[test]
    fn messages_separate_success_from_refusals() {
        let refused = |email: &str, why| RefusedUser { email: email.to_owned(), why };
        let result = ActionResult {
            refused: vec![
                refused("c@d.example", Refusal::LastAdmin),
                refused("e@f.example", Refusal::NotJoined),
            ],
            not_found: 1,
            ..result(UserAction::Suspend, &["a@b.example"])
        };
        assert_eq!(success_message(&result).unwrap(), "Suspended a@b.example. Use “Reactivate” to undo.");
        assert_eq!(
            refusal_messages(&result),
            [
                format!("c@d.example wasn’t changed: {}.", Refusal::LastAdmin),
                format!("e@f.example wasn’t changed: {}.", Refusal::NotJoined),
                "1 user no longer exists.".to_owned()
            ]
        );
    }

    #[test]
    fn refusals_beyond_the_limit_are_counted() {
        let refused = |count| {
            let user = RefusedUser { email: "a@b.example".to_owned(), why: Refusal::LastAdmin };
            let refused = vec![user; count];
            refusal_messages(&ActionResult { refused, ..result(UserAction::Reactivate, &[]) })
        };
        assert_eq!(refused(5).len(), 5);
        assert_eq!(refused(6).last().unwrap(), "1 more user wasn’t changed.");
        assert_eq!(refused(7).last().unwrap(), "2 more users weren’t changed.");
    }

    #[test]
    fn success_messages_name_the_undo_action() {
        let message = |action| success_message(&result(action, &["a@b.example"])).unwrap();
        for (action, undo) in [
            (UserAction::Suspend, "“Reactivate”"),
            (UserAction::Reactivate, "“Suspend”"),
            (UserAction::MakeAdmin, "“Change role to Member”"),
            (UserAction::MakeMember, "“Change role to Admin”"),
        ] {
            assert!(message(action).contains(undo), "{}", message(action));
        }
        let change = |change, done| {
            group_change_message(GroupChangeResult { change, group: "Money".to_owned(), done })
        };
        assert_eq!(change(GroupChange::Add, 2), "Added 2 users to Money. Use “Remove from group” to undo.");
        assert_eq!(change(GroupChange::Remove, 1), "Removed 1 user from Money. Use “Add to group” to undo.");
    }

    #[test]
    fn success_messages_agree_in_number() {
        let message = |done: &[&str]| success_message(&result(UserAction::MakeAdmin, done)).unwrap();
        assert!(message(&["a@b.example"]).starts_with("a@b.example is now an Organization Admin."));
        assert!(message(&["a@b.example", "c@d.example"]).contains("are now Organization Admins."));
    }

    #[test]
    fn names_beyond_the_limit_are_counted() {
        let many: Vec<String> = (0..7).map(|n| n.to_string()).collect();
        assert_eq!(join_names(&many), "0, 1, 2, 3, 4 and 2 more");
    }
}
