-- What people may do, the settings of an organization, and what an admin can look up about both.

alter table organizations
    -- Whether strangers may ask for an invitation.
    add column requests_open boolean not null default false,
    -- As domains of addresses are compared; none: all are allowed.
    add column allowed_domains text[] not null default '{}';

create table roles (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    name text not null,
    -- `resource:action` or `resource:*`, sorted, once each.
    permissions text[] not null,
    created_at timestamptz not null,
    primary key (organization_id, id)
);

create unique index roles_name_key on roles (organization_id, lower(name));

create table groups (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    name text not null,
    description text not null default '',
    created_at timestamptz not null,
    primary key (organization_id, id)
);

create unique index groups_name_key on groups (organization_id, lower(name));

-- Nothing here outlives its user: whoever is invited again starts anew.
create table user_roles (
    organization_id uuid not null references organizations (id) on delete cascade,
    user_id uuid not null,
    role_id uuid not null,
    primary key (organization_id, user_id, role_id),
    constraint user_roles_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade,
    constraint user_roles_role foreign key (organization_id, role_id)
        references roles (organization_id, id) on delete cascade
);

create index user_roles_by_role on user_roles (organization_id, role_id, user_id);

create table group_members (
    organization_id uuid not null references organizations (id) on delete cascade,
    group_id uuid not null,
    user_id uuid not null,
    primary key (organization_id, group_id, user_id),
    constraint group_members_group foreign key (organization_id, group_id)
        references groups (organization_id, id) on delete cascade,
    constraint group_members_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade
);

create index group_members_by_user on group_members (organization_id, user_id, group_id);

create table group_roles (
    organization_id uuid not null references organizations (id) on delete cascade,
    group_id uuid not null,
    role_id uuid not null,
    primary key (organization_id, group_id, role_id),
    constraint group_roles_group foreign key (organization_id, group_id)
        references groups (organization_id, id) on delete cascade,
    constraint group_roles_role foreign key (organization_id, role_id)
        references roles (organization_id, id) on delete cascade
);

create index group_roles_by_role on group_roles (organization_id, role_id, group_id);

alter table sessions add column last_used_at timestamptz;
update sessions set last_used_at = created_at;
alter table sessions alter column last_used_at set not null;

-- Somebody outside who wants an invitation. At most one of an address waits for the admins.
create table invitation_requests (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    email text not null,
    email_key text not null,
    name text not null default '',
    message text not null default '',
    status text not null constraint invitation_requests_status_known
        check (status in ('open', 'approved', 'dismissed')),
    -- How the asker has shown that the mailbox is theirs.
    proof text not null constraint invitation_requests_proof_known check (proof in ('expired_link')),
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (organization_id, id),
    constraint invitation_requests_ended check ((status = 'open') = (ended_at is null))
);

create unique index invitation_requests_one_open on invitation_requests (organization_id, email_key)
    where status = 'open';
create index invitation_requests_open_by_age on invitation_requests (organization_id, id) where status = 'open';

-- The log is read from its end, whole or by what was done or by whom.
create index audit_events_by_action on audit_events (organization_id, action, id);
create index audit_events_by_actor on audit_events (organization_id, actor_id, id);

-- Who invited is kept by id and by name, without a foreign key: ten thousand invitations would otherwise take a lock on
-- their inviter's row each, and wait there for whoever changes that user.
alter table invitations drop constraint invitations_inviter;
drop index invitations_by_inviter;
