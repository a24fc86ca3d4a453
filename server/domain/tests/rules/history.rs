//! Many do random things to few addresses at once. Whatever they were answered must be explainable by some order, one
//! after the other, in which the rule table says the same: linearizability, checked for each address.

mod harness;

use crate::test_app::TestApp;
use harness::{Dice, Stage};
use model::actions::UserAction;
use model::transitions::{Action, MembershipState, Refusal, Transition, transition};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

const TASKS: usize = 16;
const ADDRESSES: usize = 4;
/// Between two rounds nobody is at work, so that the search for an order stays small.
const ROUNDS: usize = 80;
const OPERATIONS_A_ROUND: usize = 2;

#[derive(Clone, Copy, Debug)]
enum Input {
    Invite,
    Act(UserAction, Uuid),
    Accept(Uuid),
    /// Confirming a request of the address.
    Confirm(Uuid),
    Dismiss,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Refused(Refusal),
    Gone,
    LinkUnusable,
}

/// Something that was done, between two moments of a clock that only counts.
#[derive(Clone, Debug)]
struct Operation {
    address: usize,
    input: Input,
    answer: Answer,
    start: u64,
    end: u64,
    /// The name under which the audit log has it.
    source: String,
}

/// Who has an address, as the specification sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Person {
    user: Uuid,
    invitation: Uuid,
    state: MembershipState,
}

/// What there is at an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Place {
    person: Option<Person>,
    /// Whether a request waits for the admins.
    asks: bool,
    /// Whether a request was dismissed: then the next ones are counted and not shown.
    dismissed: bool,
}

/// What an operation leads to, if the table answers it as it was answered.
fn step(now: Place, operation: &Operation, made: &HashMap<String, (Uuid, Uuid)>) -> Option<Place> {
    let answers = |wanted: Answer, then: Place| (operation.answer == wanted).then_some(then);
    let state = now.person.map_or(MembershipState::Unknown, |person| person.state);
    let by_table = |action: Action| match transition(action, state) {
        Transition::Reject(why) => answers(Answer::Refused(why), now),
        Transition::NoOp => answers(Answer::Gone, now),
        Transition::Apply(outcome) => {
            let person = now
                .person
                .map(|person| Person { state: outcome.state, ..person })
                .filter(|_| outcome.state != MembershipState::Unknown);
            answers(Answer::Done, Place { person, ..now })
        }
    };
    let settled = |then: Place| Place { asks: false, ..then };
    match operation.input {
        Input::Invite if state == MembershipState::Unknown => {
            let (user, invitation) = *made.get(&operation.source)?;
            let person = Some(Person { user, invitation, state: MembershipState::Invited });
            answers(Answer::Done, settled(Place { person, ..now }))
        }
        // Who is invited already has what they asked for.
        Input::Invite if state == MembershipState::Invited => by_table(Action::Invite).map(settled),
        Input::Invite => by_table(Action::Invite),
        Input::Act(action, user) if now.person.is_some_and(|person| person.user == user) => {
            let then = by_table(action.action());
            if action == UserAction::Resend && operation.answer == Answer::Done {
                then.map(settled)
            } else {
                then
            }
        }
        Input::Accept(invitation) => match now.person {
            Some(person) if person.invitation == invitation && state == MembershipState::Invited => {
                by_table(Action::Accept)
            }
            _ => answers(Answer::LinkUnusable, now),
        },
        Input::Confirm(_) if state == MembershipState::Unknown && !now.dismissed => {
            answers(Answer::Done, Place { asks: true, ..now })
        }
        Input::Confirm(_) => answers(Answer::Done, now),
        Input::Dismiss if now.asks => answers(Answer::Done, Place { asks: false, dismissed: true, ..now }),
        Input::Act(..) | Input::Dismiss => answers(Answer::Gone, now),
    }
}

/// Every state that some order of these operations leads to (Wing and Gong, 1993, with a memory of what was tried).
fn outcomes(from: Place, operations: &[Operation], made: &HashMap<String, (Uuid, Uuid)>) -> HashSet<Place> {
    let mut tried = HashSet::new();
    let mut found = HashSet::new();
    let mut rest = vec![(from, 0_u32)];
    while let Some((now, done)) = rest.pop() {
        if !tried.insert((now, done)) {
            continue;
        }
        let open = || operations.iter().enumerate().filter(move |(at, _)| done & (1 << at) == 0);
        // What had ended before another began comes before it.
        let Some(first_end) = open().map(|(_, operation)| operation.end).min() else {
            found.insert(now);
            continue;
        };
        for (at, operation) in open().filter(|(_, operation)| operation.start < first_end) {
            if let Some(then) = step(now, operation, made) {
                rest.push((then, done | 1 << at));
            }
        }
    }
    found
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn whatever_is_answered_some_order_explains_it(_: PgPoolOptions, options: PgConnectOptions) {
    let connections = u32::try_from(TASKS).unwrap();
    let pool = PgPoolOptions::new().max_connections(connections).connect_with(options).await.unwrap();
    let app = TestApp::new(pool).await;
    app.run("update organizations set requests_enabled = true").await;
    // Which invitation was whose outlives both.
    app.run("create table made (n bigserial, email text, user_id uuid, invitation_id uuid)").await;
    app.run(
        "create function note() returns trigger language plpgsql as $$ begin
                insert into made (email, user_id, invitation_id) values (new.email, new.user_id, new.id);
                return new; end $$",
    )
    .await;
    app.run("create trigger note after insert on invitations for each row execute function note()").await;
    let (time, numbers) = (AtomicU64::new(0), AtomicU64::new(0));
    let stage = Arc::new(Stage { app, time, numbers });
    let mut before: Vec<Place> = vec![Place::default(); ADDRESSES];
    let mut changes: HashMap<&str, i64> = HashMap::new();
    for round in 0..ROUNDS {
        let start = Arc::new(Barrier::new(TASKS));
        let mut tasks = JoinSet::new();
        for task in 0..TASKS {
            let (stage, start) = (Arc::clone(&stage), Arc::clone(&start));
            let mut dice =
                Dice(0x9E37_79B9_7F4A_7C15 ^ u64::try_from((round + 1) * 1_000 + task + 1).unwrap());
            tasks.spawn(async move {
                let mut operations = Vec::new();
                start.wait().await;
                for _ in 0..OPERATIONS_A_ROUND {
                    let address = dice.roll(ADDRESSES);
                    let input = stage.choose(address, &mut dice).await;
                    operations.push(stage.perform(address, input).await);
                }
                operations
            });
        }
        let all: Vec<Operation> = tasks.join_all().await.into_iter().flatten().collect();
        let made = stage.made().await;
        let forgets = round % 3 == 0;
        for (address, place) in before.iter_mut().enumerate() {
            let here: Vec<Operation> =
                all.iter().filter(|operation| operation.address == address).cloned().collect();
            let now = stage.now(address).await;
            let possible = outcomes(*place, &here, &made);
            assert!(
                possible.contains(&now),
                "round {round}: no order leads from {place:?} to {now:?}, but to {possible:?}, by\n{}",
                told(&here)
            );
            // After a dismissal nothing opens for 30 days; as if they were over.
            *place = Place { dismissed: now.dismissed && !forgets, ..now };
        }
        if forgets {
            stage.app.run("delete from invitation_requests where status = 'dismissed'").await;
        }
        for operation in all.iter().filter(|operation| operation.answer == Answer::Done) {
            *changes.entry(word(operation)).or_default() += 1;
        }
    }
    hold(&stage.app, &changes).await;
}

/// The word in the audit log for something that was done.
fn word(operation: &Operation) -> &'static str {
    let action = match operation.input {
        Input::Invite => Action::Invite,
        Input::Accept(_) => Action::Accept,
        Input::Act(action, _) => action.action(),
        Input::Confirm(_) => Action::Request,
        Input::Dismiss => Action::Dismiss,
    };
    match action {
        Action::Invite => "user.invited",
        Action::Accept => "user.joined",
        Action::Resend => "invitation.resent",
        Action::ChangeRole => "user.role_changed",
        Action::Suspend => "user.suspended",
        Action::Reactivate => "user.reactivated",
        Action::Dismiss => "request.dismissed",
        // Whether it opened one depends on the state; whether it was the right one, the search has checked.
        Action::Request | Action::Approve => "request",
        // Which of two it was depends on the state: they are counted together.
        Action::RevokeInvitation | Action::RevokeMembership => "revoked",
        Action::SsoSignIn
        | Action::SsoSignInInvited
        | Action::ScimCreate
        | Action::ScimDeactivate
        | Action::ScimActivate => unreachable!("no operation of these histories"),
    }
}

/// What must hold whatever happened.
async fn hold(app: &TestApp, changes: &HashMap<&str, i64>) {
    let count = |word: &str| changes.get(word).copied().unwrap_or_default();
    for what in [
        "(select email_normalized from users group by email_normalized having count(*) > 1) twice",
        "(select user_id from invitations where status = 'open' group by user_id having count(*) > 1) twice",
        "(select email_normalized from invitation_requests where status = 'open' group by email_normalized having count(*) > 1) twice",
        "sessions s join users u on u.id = s.user_id where u.status <> 'active'",
        "(select source, target_id from audit_events where source like 'operation %'
            group by source, target_id having count(*) > 1) twice",
    ] {
        assert_eq!(app.count(what).await, 0, "{what}");
    }
    assert!(app.count("users where role = 'admin' and status = 'active'").await >= 1);
    for word in [
        "user.invited",
        "user.joined",
        "invitation.resent",
        "user.role_changed",
        "user.suspended",
        "user.reactivated",
        "request.dismissed",
    ] {
        let rows =
            app.count(&format!("audit_events where action = '{word}' and source like 'operation %'")).await;
        assert_eq!(rows, count(word), "{word}");
        assert!(rows > 0, "{word} was never done: the dice are loaded");
    }
    let revoked = app.count("audit_events where action in ('invitation.revoked', 'user.revoked')").await;
    assert_eq!(revoked, count("revoked"));
    let mails = app.count("deliveries where kind = 'invitation'").await;
    assert_eq!(mails, count("user.invited") + count("invitation.resent"), "a mail for each sending");
}

#[test]
fn a_history_that_no_order_explains_is_found() {
    let operation = |input, answer, start, end| Operation {
        address: 0,
        input,
        answer,
        start,
        end,
        source: format!("operation {start}"),
    };
    let (user, invitation) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let made = HashMap::from([("operation 0".to_owned(), (user, invitation))]);
    let invited = operation(Input::Invite, Answer::Done, 0, 1);
    let revoked = operation(Input::Act(UserAction::RevokeInvitation, user), Answer::Done, 2, 3);
    // To join after a revocation was answered is wrong; to join while it is under way is not.
    let late = operation(Input::Accept(invitation), Answer::Done, 4, 5);
    assert!(outcomes(Place::default(), &[invited.clone(), revoked, late], &made).is_empty());
    let twice = [
        operation(Input::Accept(invitation), Answer::Done, 2, 9),
        operation(Input::Accept(invitation), Answer::Done, 3, 8),
    ];
    assert!(
        outcomes(Place::default(), &[std::slice::from_ref(&invited), twice.as_slice()].concat(), &made)
            .is_empty()
    );
    let one = [
        operation(Input::Accept(invitation), Answer::Done, 2, 9),
        operation(Input::Accept(invitation), Answer::LinkUnusable, 3, 8),
    ];
    let after = outcomes(Place::default(), &[std::slice::from_ref(&invited), one.as_slice()].concat(), &made);
    let active = Person { user, invitation, state: MembershipState::Active };
    assert_eq!(after, HashSet::from([Place { person: Some(active), ..Place::default() }]));
}

/// A line for each, in the order in which they ended.
fn told(operations: &[Operation]) -> String {
    let mut operations = operations.to_vec();
    operations.sort_by_key(|operation| operation.end);
    let line = |one: Operation| format!("{}..{} {:?} → {:?}", one.start, one.end, one.input, one.answer);
    operations.into_iter().map(line).collect::<Vec<_>>().join("\n")
}
