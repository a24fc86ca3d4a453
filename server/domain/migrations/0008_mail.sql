-- The transactional outbox. A row is both the job and the delivery status that people see, so that the two cannot
-- disagree.

create table deliveries (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    -- `request` goes to the requester and depends on the state of the address when it is rendered; `open_requests` goes to
    -- an admin.
    kind text not null constraint deliveries_kind_known
        check (kind in ('invitation', 'sign_in', 'request', 'request_dismissed', 'open_requests')),
    invitation_id uuid,
    sign_in_id uuid,
    request_id uuid,
    email text not null,
    state text not null constraint deliveries_state_known
        check (state in ('queued', 'retrying', 'accepted', 'failed', 'cancelled')),
    attempts integer not null default 0,
    -- When the next attempt is due; while a worker holds a lease on the row, when that lease expires.
    due_at timestamptz,
    -- The mail server's last reply, or the connection error.
    reply text not null default '',
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (organization_id, id),
    constraint deliveries_invitation foreign key (organization_id, invitation_id)
        references invitations (organization_id, id) on delete cascade,
    constraint deliveries_sign_in foreign key (organization_id, sign_in_id)
        references sign_ins (organization_id, id) on delete cascade,
    constraint deliveries_request foreign key (organization_id, request_id)
        references invitation_requests (organization_id, id) on delete cascade,
    constraint deliveries_one_cause check (num_nonnulls(invitation_id, sign_in_id, request_id) = 1),
    constraint deliveries_due check ((state in ('queued', 'retrying')) = (due_at is not null))
);

-- Partial, because most deliveries are invitations and every update of a row writes it to each index that contains it.
create index deliveries_by_invitation on deliveries (organization_id, invitation_id, id) where invitation_id is not null;
create index deliveries_by_sign_in on deliveries (organization_id, sign_in_id) where sign_in_id is not null;
create index deliveries_by_request on deliveries (organization_id, request_id) where request_id is not null;
-- The only indexes that cross organizations: a worker claims whatever is due, sign-in emails first, since somebody is
-- waiting for them.
create index deliveries_due_sign_ins on deliveries (due_at) where kind = 'sign_in' and due_at is not null;
create index deliveries_due_others on deliveries (due_at) where kind <> 'sign_in' and due_at is not null;
