//! Linearizability check: many tasks perform random operations on a few addresses concurrently. For each address, some
//! sequential order of the operations must explain all responses by the transition table, and lead to the observed state.

mod harness;

use harness::Harness;
use model::actions::UserAction;
use model::transitions::{Action, MembershipState, Refusal, Transition, transition};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use test_support::TestApp;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

const TASKS: usize = 16;
const ADDRESSES: usize = 4;
/// No operation spans two rounds, which keeps the search for an order small.
const ROUNDS: usize = 80;
const OPERATIONS_PER_ROUND: usize = 2;

#[derive(Clone, Copy, Debug)]
enum Input {
    Invite,
    /// An admin's action on a user.
    Act(UserAction, Uuid),
    /// Joining by the link of an invitation.
    Accept(Uuid),
    /// Confirming an invitation request of the address.
    Confirm(Uuid),
    /// Dismissing the open request of the address.
    Dismiss,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Response {
    Done,
    Refused(Refusal),
    NotFound,
    InvalidLink,
}

/// A completed operation, with its start and end on a logical clock.
#[derive(Clone, Debug)]
struct Operation {
    address: usize,
    input: Input,
    response: Response,
    start: u64,
    end: u64,
    /// Identifies the operation in the audit log, as the client address.
    source: String,
}

/// The user of an address, in the sequential specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct UserState {
    user: Uuid,
    invitation: Uuid,
    state: MembershipState,
}

/// The state of an address, in the sequential specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct AddressState {
    user: Option<UserState>,
    has_open_request: bool,
    /// Whether a request was dismissed recently. Until the cooldown ends, later requests are not opened.
    has_dismissed_request: bool,
}

/// The user and invitation that each invite operation created, by the operation's source.
type CreatedInvitations = HashMap<String, (Uuid, Uuid)>;

/// The state after the operation, or `None` if the specification would respond differently in this state.
fn step(before: AddressState, operation: &Operation, created: &CreatedInvitations) -> Option<AddressState> {
    let expect = |response: Response, after: AddressState| (operation.response == response).then_some(after);
    let state = before.user.map_or(MembershipState::Unknown, |user| user.state);
    let by_table = |action: Action| match transition(action, state) {
        Transition::Reject(why) => expect(Response::Refused(why), before),
        Transition::NoOp => expect(Response::NotFound, before),
        Transition::Apply(effect) => {
            let user = before
                .user
                .map(|user| UserState { state: effect.state, ..user })
                .filter(|_| effect.state != MembershipState::Unknown);
            expect(Response::Done, AddressState { user, ..before })
        }
    };
    let without_request = |state: AddressState| AddressState { has_open_request: false, ..state };
    match operation.input {
        Input::Invite if state == MembershipState::Unknown => {
            let (user, invitation) = *created.get(&operation.source)?;
            let user = Some(UserState { user, invitation, state: MembershipState::Invited });
            expect(Response::Done, without_request(AddressState { user, ..before }))
        }
        // Inviting an address that is already invited is refused, but approves its request.
        Input::Invite if state == MembershipState::Invited => by_table(Action::Invite).map(without_request),
        Input::Invite => by_table(Action::Invite),
        Input::Act(action, id) if before.user.is_some_and(|user| user.user == id) => {
            let after = by_table(action.action());
            if action == UserAction::Resend && operation.response == Response::Done {
                after.map(without_request)
            } else {
                after
            }
        }
        Input::Accept(invitation) => match before.user {
            Some(user) if user.invitation == invitation && state == MembershipState::Invited => {
                by_table(Action::Accept)
            }
            _ => expect(Response::InvalidLink, before),
        },
        Input::Confirm(_) if state == MembershipState::Unknown && !before.has_dismissed_request => {
            expect(Response::Done, AddressState { has_open_request: true, ..before })
        }
        Input::Confirm(_) => expect(Response::Done, before),
        Input::Dismiss if before.has_open_request => expect(
            Response::Done,
            AddressState { has_open_request: false, has_dismissed_request: true, ..before },
        ),
        Input::Act(..) | Input::Dismiss => expect(Response::NotFound, before),
    }
}

/// The final states of all linearizations of these operations (Wing and Gong, 1993, with memoization). Empty if the history
/// is not linearizable.
fn linearize(
    initial: AddressState,
    operations: &[Operation],
    created: &CreatedInvitations,
) -> HashSet<AddressState> {
    let mut visited = HashSet::new();
    let mut final_states = HashSet::new();
    // States to continue from, each with the set of operations already linearized.
    let mut stack = vec![(initial, 0_u32)];
    while let Some((state, linearized)) = stack.pop() {
        if !visited.insert((state, linearized)) {
            continue;
        }
        let remaining =
            || operations.iter().enumerate().filter(move |(index, _)| linearized & (1 << index) == 0);
        // An operation that ended before another one started must come before it.
        let Some(first_end) = remaining().map(|(_, operation)| operation.end).min() else {
            final_states.insert(state);
            continue;
        };
        for (index, operation) in remaining().filter(|(_, operation)| operation.start < first_end) {
            if let Some(after) = step(state, operation, created) {
                stack.push((after, linearized | 1 << index));
            }
        }
    }
    final_states
}

#[sqlx::test(migrator = "domain::MIGRATOR")]
async fn random_histories_are_linearizable(_: PgPoolOptions, options: PgConnectOptions) {
    let connections = u32::try_from(TASKS).unwrap();
    let pool = PgPoolOptions::new().max_connections(connections).connect_with(options).await.unwrap();
    let harness = Arc::new(Harness::new(TestApp::new(pool).await).await);
    let mut states: Vec<AddressState> = vec![AddressState::default(); ADDRESSES];
    let mut done_by_event: HashMap<&str, usize> = HashMap::new();
    for round in 0..ROUNDS {
        let operations = run_round(&harness, round).await;
        let created = harness.created_invitations().await;
        let ends_cooldown = round % 3 == 0;
        for (address, state) in states.iter_mut().enumerate() {
            let history: Vec<Operation> =
                operations.iter().filter(|operation| operation.address == address).cloned().collect();
            let observed = harness.observe(address).await;
            let possible = linearize(*state, &history, &created);
            assert!(
                possible.contains(&observed),
                "round {round}: no order leads from {state:?} to {observed:?}, only to {possible:?}, by\n{}",
                describe(&history)
            );
            *state = AddressState {
                has_dismissed_request: observed.has_dismissed_request && !ends_cooldown,
                ..observed
            };
        }
        if ends_cooldown {
            harness.end_cooldowns().await;
        }
        for operation in operations.iter().filter(|operation| operation.response == Response::Done) {
            *done_by_event.entry(audit_event(operation)).or_default() += 1;
        }
    }
    assert_invariants(&harness.app, &done_by_event).await;
}

/// Performs random operations in concurrent tasks, all of which start at the same moment.
async fn run_round(harness: &Arc<Harness>, round: usize) -> Vec<Operation> {
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (harness, start) = (Arc::clone(harness), Arc::clone(&start));
        let seed = u64::try_from((round + 1) * 1_000 + task + 1).unwrap();
        tasks.spawn(async move {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut operations = Vec::new();
            start.wait().await;
            for _ in 0..OPERATIONS_PER_ROUND {
                let address = rng.random_range(0..ADDRESSES);
                let input = harness.random_input(address, &mut rng).await;
                operations.push(harness.perform(address, input).await);
            }
            operations
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// The audit event of an operation, or a label for events that can't be distinguished without knowing the state.
fn audit_event(operation: &Operation) -> &'static str {
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
        // A confirmation opens a request only in some states, which the search for an order has checked.
        Action::Request | Action::Approve => "request",
        // `invitation.revoked` or `user.revoked`, by the state.
        Action::RevokeInvitation | Action::RevokeMembership => "revoked",
        Action::SsoSignIn
        | Action::SsoSignInInvited
        | Action::ScimCreate
        | Action::ScimDeactivate
        | Action::ScimActivate => unreachable!("not an operation of these histories"),
    }
}

/// Invariants that hold after any history, and one audit event for each operation that was done.
async fn assert_invariants(app: &TestApp, done_by_event: &HashMap<&str, usize>) {
    let done = |event: &str| done_by_event.get(event).copied().unwrap_or_default();
    for violations in [
        "(select email_normalized from users group by email_normalized having count(*) > 1) duplicates",
        "(select user_id from invitations where status = 'open' group by user_id having count(*) > 1) duplicates",
        "(select email_normalized from invitation_requests where status = 'open'
            group by email_normalized having count(*) > 1) duplicates",
        "sessions s join users u on u.id = s.user_id where u.status <> 'active'",
        "(select source, target_id from audit_events where source like 'operation %'
            group by source, target_id having count(*) > 1) duplicates",
    ] {
        assert_eq!(app.count(violations).await, 0, "{violations}");
    }
    assert!(app.count_active_admins().await >= 1);
    for event in [
        "user.invited",
        "user.joined",
        "invitation.resent",
        "user.role_changed",
        "user.suspended",
        "user.reactivated",
        "request.dismissed",
    ] {
        let rows =
            app.count(&format!("audit_events where action = '{event}' and source like 'operation %'")).await;
        assert_eq!(rows, done(event), "{event}");
        assert!(rows > 0, "no history contains {event}: the random inputs are badly distributed");
    }
    let revoked = app.count("audit_events where action in ('invitation.revoked', 'user.revoked')").await;
    assert_eq!(revoked, done("revoked"));
    let deliveries = app.count_deliveries("invitation").await;
    assert_eq!(deliveries, done("user.invited") + done("invitation.resent"), "one email for each invitation");
}

#[test]
fn checker_rejects_a_non_linearizable_history() {
    let operation = |input, response, start, end| Operation {
        address: 0,
        input,
        response,
        start,
        end,
        source: format!("operation {start}"),
    };
    let (user, invitation) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let created = HashMap::from([("operation 0".to_owned(), (user, invitation))]);
    let invite = operation(Input::Invite, Response::Done, 0, 1);
    let revoke = operation(Input::Act(UserAction::RevokeInvitation, user), Response::Done, 2, 3);
    let accept_after_revocation = operation(Input::Accept(invitation), Response::Done, 4, 5);
    let history = [invite.clone(), revoke, accept_after_revocation];
    assert!(linearize(AddressState::default(), &history, &created).is_empty());
    let accepted_twice = [
        invite.clone(),
        operation(Input::Accept(invitation), Response::Done, 2, 9),
        operation(Input::Accept(invitation), Response::Done, 3, 8),
    ];
    assert!(linearize(AddressState::default(), &accepted_twice, &created).is_empty());
    let accepted_once = [
        invite,
        operation(Input::Accept(invitation), Response::Done, 2, 9),
        operation(Input::Accept(invitation), Response::InvalidLink, 3, 8),
    ];
    let active = UserState { user, invitation, state: MembershipState::Active };
    assert_eq!(
        linearize(AddressState::default(), &accepted_once, &created),
        HashSet::from([AddressState { user: Some(active), ..AddressState::default() }])
    );
}

/// One line for each operation, in the order in which they ended.
fn describe(operations: &[Operation]) -> String {
    let mut operations = operations.to_vec();
    operations.sort_by_key(|operation| operation.end);
    let line = |operation: Operation| {
        let Operation { start, end, input, response, .. } = operation;
        format!("{start}..{end} {input:?} → {response:?}")
    };
    operations.into_iter().map(line).collect::<Vec<_>>().join("\n")
}
