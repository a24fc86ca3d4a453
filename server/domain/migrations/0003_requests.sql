-- Asking for an invitation from outside: the try, its confirmation by mail, and how much of it an organization takes.

alter table organizations
    -- After how many days an address that was dismissed is listened to again.
    add column request_again_days smallint not null default 30
        constraint organizations_request_again_days_range check (request_again_days between 1 and 365);

alter table invitation_requests
    drop constraint invitation_requests_status_known,
    drop constraint invitation_requests_ended,
    drop constraint invitation_requests_proof_known,
    alter column proof drop not null,
    -- How often the address asked again while it was not listened to.
    add column repeats integer not null default 0,
    -- Until when a try can be confirmed.
    add column confirm_until timestamptz,
    add constraint invitation_requests_status_known
        check (status in ('asked', 'open', 'approved', 'dismissed', 'settled')),
    -- `asked`: nobody has shown yet that the mailbox is theirs.
    add constraint invitation_requests_ended check ((status in ('asked', 'open')) = (ended_at is null)),
    add constraint invitation_requests_proof_known check (proof in ('expired_link', 'mail')),
    add constraint invitation_requests_proven check (status in ('asked', 'settled') or proof is not null);

create index invitation_requests_dismissed on invitation_requests (organization_id, email_key, ended_at)
    where status = 'dismissed';

-- How often something was asked for within a window of time. A row is one counter, so that asking costs the same however
-- often it was done, and no more rows come of a flood than there are askers.
create table request_quotas (
    organization_id uuid not null references organizations (id) on delete cascade,
    scope text not null constraint request_quotas_scope_known check (scope in ('address', 'source', 'organization')),
    key text not null,
    since timestamptz not null,
    count integer not null,
    primary key (organization_id, scope, key)
);

create index request_quotas_by_age on request_quotas (organization_id, since);
-- Tries that nobody has confirmed are forgotten.
create index invitation_requests_unconfirmed on invitation_requests (organization_id, confirm_until)
    where status = 'asked';

alter table deliveries
    drop constraint deliveries_kind_known,
    drop constraint deliveries_subject,
    add column request_id uuid,
    add constraint deliveries_kind_known check (kind in ('invitation', 'sign_in', 'request')),
    add constraint deliveries_request foreign key (organization_id, request_id)
        references invitation_requests (organization_id, id) on delete cascade,
    add constraint deliveries_subject check (num_nonnulls(invitation_id, sign_in_id, request_id) = 1);

create index deliveries_by_request on deliveries (organization_id, request_id) where request_id is not null;

alter table audit_events
    drop constraint audit_events_actor_known,
    add constraint audit_events_actor_known check (actor_kind in ('user', 'stranger', 'operator'));

alter table organizations
    -- Whether a request is dismissed in the transaction in which its address becomes a user.
    add column dismiss_stale_requests boolean not null default false,
    -- Whether admins get a mail while requests wait, and when the last one leaves or left.
    add column notify_requests boolean not null default true,
    add column requests_notified_at timestamptz;

alter table deliveries
    drop constraint deliveries_kind_known,
    -- `request` goes to whoever asked, `requests_waiting` to an admin.
    add constraint deliveries_kind_known check (kind in ('invitation', 'sign_in', 'request', 'requests_waiting'));
