//! What is said of an action, before and after it.

use model::actions::{ActionResult, UserAction};
use model::permission::{GroupChange, GroupChangeResult};
use model::users::UserRow;

/// How many names are said one by one.
const MAX_NAMED: usize = 5;

/// The question before an action that can't be taken back by a click, and what will happen.
pub struct Question {
    pub title: String,
    pub words: &'static str,
    pub button: &'static str,
    pub pending: &'static str,
}

/// What is asked before this is done to a user.
pub fn question(action: UserAction, user: &UserRow) -> Option<Question> {
    let who = if user.name.is_empty() { &user.email } else { &user.name };
    let (title, words, button, pending) = match action {
        UserAction::RevokeInvitation => (
            format!("Revoke the invitation of {who}?"),
            "Every link that was sent stops working at once, and the person leaves the list, with all roles and groups. \
             It can’t be undone; you can invite the same address again, and that starts anew.",
            "Revoke invitation",
            "Revoking…",
        ),
        UserAction::Suspend => (
            format!("Suspend {who}?"),
            "They are signed out everywhere at once and can’t sign in. Roles and groups are kept. You can bring them \
             back at any time with “Reactivate”.",
            "Suspend",
            "Suspending…",
        ),
        UserAction::Reactivate => (
            format!("Reactivate {who}?"),
            "They can sign in again, with the roles and groups that they had.",
            "Reactivate",
            "Reactivating…",
        ),
        UserAction::RevokeMembership => (
            format!("Revoke the membership of {who}?"),
            "They are signed out everywhere at once and leave the organization, with all roles and groups. It can’t be \
             undone; you can invite the same address again, and that starts anew.",
            "Revoke membership",
            "Revoking…",
        ),
        UserAction::Resend
        | UserAction::MakeAdmin
        | UserAction::MakeMember
        | UserAction::Deactivate
        | UserAction::Activate => return None,
    };
    Some(Question { title, words, button, pending })
}

/// What was done, and how to undo it.
pub fn done_words(answer: &ActionResult) -> Option<String> {
    let names = names(&answer.done);
    if answer.done.is_empty() {
        return None;
    }
    Some(match answer.action {
        UserAction::Resend => format!("A new invitation is on its way to {names}. Earlier links work, too."),
        UserAction::RevokeInvitation => {
            format!("Revoked the invitation of {names}. Its links no longer work.")
        }
        UserAction::RevokeMembership => format!("Revoked {names}."),
        UserAction::Suspend | UserAction::Deactivate => {
            format!("Suspended {names}. “Reactivate” brings them back.")
        }
        UserAction::Reactivate | UserAction::Activate => {
            format!("Reactivated {names}. “Suspend” keeps them out again.")
        }
        UserAction::MakeAdmin => {
            format!("Organization Admin now: {names}. “Make Organization Member” takes it back.")
        }
        UserAction::MakeMember => {
            format!("Organization Member now: {names}. “Make Organization Admin” takes it back.")
        }
    })
}

/// What was done with people and a group, and how to undo it.
pub fn grouped_words(answer: GroupChangeResult) -> String {
    let GroupChangeResult { change, group, done } = answer;
    let people = if done == 1 { "1 person".to_owned() } else { format!("{done} people") };
    match (change, done) {
        (GroupChange::Add, 0) => format!("All of them were in the group {group} already."),
        (GroupChange::Add, _) => {
            format!("Added {people} to the group {group}. “Remove from group” takes them out again.")
        }
        (GroupChange::Remove, 0) => format!("None of them was in the group {group}."),
        (GroupChange::Remove, _) => {
            format!("Removed {people} from the group {group}. “Add to group” brings them back.")
        }
    }
}

/// What was not done, and why: a line for each person, up to some.
pub fn refused_words(answer: &ActionResult) -> Vec<String> {
    let mut lines: Vec<String> = answer
        .refused
        .iter()
        .take(MAX_NAMED)
        .map(|user| format!("Nothing was changed for {}: {}.", user.email, user.why))
        .collect();
    match answer.refused.len().saturating_sub(MAX_NAMED) {
        0 => {}
        more => lines.push(format!("Nothing was changed for {more} more.")),
    }
    match answer.not_found {
        0 => {}
        1 => lines.push("One person was not there any more.".to_owned()),
        gone => lines.push(format!("{gone} people were not there any more.")),
    }
    lines
}

/// The first of the names, and how many more.
pub fn names(names: &[String]) -> String {
    let first = names.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::actions::RefusedUser;
    use model::transitions::Refusal;

    #[test]
    fn what_was_done_and_what_was_not_is_said_apart() {
        let answer = ActionResult {
            action: UserAction::Suspend,
            done: vec!["a@b.example".to_owned()],
            refused: vec![RefusedUser { email: "c@d.example".to_owned(), why: Refusal::LastAdmin }],
            not_found: 1,
        };
        let done = done_words(&answer).unwrap();
        assert_eq!(done, "Suspended a@b.example. “Reactivate” brings them back.");
        assert_eq!(
            refused_words(&answer),
            [
                "Nothing was changed for c@d.example: the organization needs at least one active admin.",
                "One person was not there any more."
            ]
        );
    }

    #[test]
    fn what_was_done_says_how_to_undo_it() {
        let by = |action| {
            let done = vec!["a@b.example".to_owned()];
            done_words(&ActionResult { action, done, refused: vec![], not_found: 0 }).unwrap()
        };
        for (action, way_back) in [
            (UserAction::Suspend, "“Reactivate”"),
            (UserAction::Reactivate, "“Suspend”"),
            (UserAction::MakeAdmin, "“Make Organization Member”"),
            (UserAction::MakeMember, "“Make Organization Admin”"),
        ] {
            assert!(by(action).contains(way_back), "{}", by(action));
        }
        let group =
            |change, done| grouped_words(GroupChangeResult { change, group: "Money".to_owned(), done });
        assert!(
            group(GroupChange::Add, 2).starts_with("Added 2 people to the group Money. “Remove from group”")
        );
        assert!(
            group(GroupChange::Remove, 1)
                .starts_with("Removed 1 person from the group Money. “Add to group”")
        );
    }

    #[test]
    fn many_names_are_counted() {
        let many: Vec<String> = (0..7).map(|n| n.to_string()).collect();
        assert_eq!(names(&many), "0, 1, 2, 3, 4 and 2 more");
    }
}
