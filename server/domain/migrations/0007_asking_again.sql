-- One set of counters for everything that strangers may ask for, and indexes for what is forgotten with it.

alter table request_quotas rename to quotas;
alter index request_quotas_pkey rename to quotas_pkey;
alter index request_quotas_by_age rename to quotas_by_age;
alter table quotas
    drop constraint request_quotas_scope_known,
    add constraint quotas_scope_known check (
        scope in ('request_address', 'request_source', 'request_site', 'request_organization',
            'sign_in_address', 'sign_in_pair', 'sign_in_source')
    ) not valid;
delete from quotas;
alter table quotas validate constraint quotas_scope_known;

-- The counters took its place.
drop index sign_ins_by_email;

-- That the admins said no is a mail of its own kind: what `request` says depends on when it leaves.
alter table deliveries
    drop constraint deliveries_kind_known,
    add constraint deliveries_kind_known
        check (kind in ('invitation', 'sign_in', 'request', 'request_dismissed', 'requests_waiting'));

-- What is over is forgotten after a while, a few rows with each try of somebody new.
create index sign_ins_by_end on sign_ins (organization_id, expires_at);
create index sign_ins_of_nobody on sign_ins (organization_id, expires_at) where user_id is null;
create index sessions_by_end on sessions (organization_id, expires_at);
create index invitations_of_nobody on invitations (organization_id, ended_at) where user_id is null;
create index invitation_requests_by_end on invitation_requests (organization_id, ended_at) where ended_at is not null;
