-- Invitation requests from non-members, and the counters that limit them.

create table invitation_requests (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    email text not null,
    email_normalized text not null,
    name text not null default '',
    message text not null default '',
    -- `unconfirmed`: ownership of the mailbox has not been proven yet. `resolved`: confirming was unnecessary, because the
    -- address had been invited or had joined by then.
    status text not null constraint invitation_requests_status_known
        check (status in ('unconfirmed', 'open', 'approved', 'dismissed', 'resolved')),
    -- How the requester proved ownership of the mailbox.
    proof text constraint invitation_requests_proof_known check (proof in ('expired_link', 'email')),
    -- How many more times the address asked while the request was open or in its cooldown.
    repeat_count integer not null default 0,
    confirm_expires_at timestamptz,
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (organization_id, id),
    constraint invitation_requests_ended check ((status in ('unconfirmed', 'open')) = (ended_at is null)),
    constraint invitation_requests_proven check (status in ('unconfirmed', 'resolved') or proof is not null)
);

create unique index invitation_requests_one_open on invitation_requests (organization_id, email_normalized)
    where status = 'open';
create index invitation_requests_open_by_age on invitation_requests (organization_id, id) where status = 'open';
create index invitation_requests_dismissed on invitation_requests (organization_id, email_normalized, ended_at)
    where status = 'dismissed';
-- For the purge.
create index invitation_requests_unconfirmed on invitation_requests (organization_id, confirm_expires_at)
    where status = 'unconfirmed';
create index invitation_requests_by_end on invitation_requests (organization_id, ended_at) where ended_at is not null;

-- Fixed-window counters. A row is one counter, so that a check costs the same however often it was made, and a flood adds
-- no more rows than there are distinct keys.
create table rate_limits (
    organization_id uuid not null references organizations (id) on delete cascade,
    scope text not null constraint rate_limits_scope_known check (
        scope in ('request_address', 'request_ip', 'request_subnet', 'request_organization',
            'sign_in_address', 'sign_in_address_ip', 'sign_in_ip')
    ),
    key text not null,
    window_start timestamptz not null,
    count integer not null,
    primary key (organization_id, scope, key)
);

create index rate_limits_by_age on rate_limits (organization_id, window_start);
