-- Every table but `organizations` belongs to a tenant: its primary key, its foreign keys and its hot indexes begin
-- with organization_id, so that the schema can be spread over many machines by organization.

create extension if not exists pg_trgm;
create extension if not exists btree_gin;

create table organizations (
    id uuid primary key,
    -- The part of the URL: lower-case letters, digits and inner hyphens.
    slug text not null constraint organizations_slug_key unique
        constraint organizations_slug_grammar check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name text not null,
    invitation_days smallint not null default 7
        constraint organizations_invitation_days_range check (invitation_days between 1 and 30),
    session_hours smallint not null default 24
        constraint organizations_session_hours_range check (session_hours between 1 and 4320),
    created_at timestamptz not null
);

-- A person in one organization. Nobody is expired here: that is an invitation's end held against the clock.
create table users (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    -- As mail is written to it.
    email text not null,
    -- As addresses are compared: one letter case, one Unicode form.
    email_key text not null,
    name text not null default '',
    status text not null constraint users_status_known check (status in ('invited', 'active', 'suspended')),
    role text not null constraint users_role_known check (role in ('admin', 'member')),
    joined_at timestamptz,
    joined_by text constraint users_joined_by_known check (joined_by in ('invitation', 'setup')),
    last_login_at timestamptz,
    created_at timestamptz not null,
    primary key (organization_id, id),
    constraint users_email_key unique (organization_id, email_key),
    constraint users_joined_once check ((status = 'invited') = (joined_at is null)),
    constraint users_joined_how check ((joined_at is null) = (joined_by is null))
);

-- One index for each order of the list, with the id to break ties.
create index users_by_name on users (organization_id, lower(coalesce(nullif(name, ''), email)), id);
create index users_by_status on users (organization_id, status, id);
create index users_by_role on users (organization_id, role, id);
create index users_by_last_login on users (organization_id, coalesce(last_login_at, '-infinity'::timestamptz), id);
create index users_by_words on users using gin (organization_id, lower(name || ' ' || email) gin_trgm_ops);

-- An offer of membership. The row outlives a revocation, so that its link can say what became of it.
create table invitations (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    -- Nobody, once the user is gone.
    user_id uuid,
    email text not null,
    status text not null constraint invitations_status_known check (status in ('open', 'accepted', 'revoked')),
    -- The name is kept for the time after the inviter has left.
    invited_by uuid,
    inviter_name text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    primary key (organization_id, id),
    constraint invitations_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete set null (user_id),
    constraint invitations_inviter foreign key (organization_id, invited_by)
        references users (organization_id, id) on delete set null (invited_by),
    constraint invitations_open_has_user check (status <> 'open' or user_id is not null),
    constraint invitations_ended check ((status = 'open') = (ended_at is null))
);

create unique index invitations_one_open on invitations (organization_id, user_id) where status = 'open';
create index invitations_open_by_end on invitations (organization_id, expires_at) where status = 'open';
create index invitations_by_user on invitations (organization_id, user_id);
create index invitations_by_inviter on invitations (organization_id, invited_by);

-- One try to sign in by mail. What opens it is kept as a hash, and only once its mail is made; a try whose address
-- belongs to nobody stays without.
create table sign_ins (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    email_key text not null,
    user_id uuid,
    -- Of the browser that asked: the code is good in that browser alone.
    browser_hash bytea,
    link_hash bytea,
    code_hash bytea,
    wrong_codes smallint not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (organization_id, id),
    constraint sign_ins_link_key unique (organization_id, link_hash),
    constraint sign_ins_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade
);

create index sign_ins_by_email on sign_ins (organization_id, email_key, created_at);
create index sign_ins_by_user on sign_ins (organization_id, user_id);

create table sessions (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    user_id uuid not null,
    token_hash bytea not null,
    user_agent text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (organization_id, id),
    constraint sessions_token_key unique (organization_id, token_hash),
    constraint sessions_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade
);

create index sessions_by_user on sessions (organization_id, user_id);

-- Mail on its way. The row is the job and what people see of it at once, so the two can't tell different stories.
create table deliveries (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    kind text not null constraint deliveries_kind_known check (kind in ('invitation', 'sign_in')),
    invitation_id uuid,
    sign_in_id uuid,
    email text not null,
    state text not null constraint deliveries_state_known
        check (state in ('queued', 'retrying', 'handed_over', 'failed', 'dropped')),
    tries integer not null default 0,
    -- When the next try is due; while a worker has it in hand, when others may take it over.
    due_at timestamptz,
    -- What the mail server said last, or why it could not be asked.
    reply text not null default '',
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (organization_id, id),
    constraint deliveries_invitation foreign key (organization_id, invitation_id)
        references invitations (organization_id, id) on delete cascade,
    constraint deliveries_sign_in foreign key (organization_id, sign_in_id)
        references sign_ins (organization_id, id) on delete cascade,
    constraint deliveries_subject check (num_nonnulls(invitation_id, sign_in_id) = 1),
    constraint deliveries_due check ((state in ('queued', 'retrying')) = (due_at is not null))
);

create index deliveries_by_invitation on deliveries (organization_id, invitation_id, id);
create index deliveries_by_sign_in on deliveries (organization_id, sign_in_id);
-- The two indexes that cross organizations: a worker asks for whatever is due, and for sign-in mails first, since somebody
-- waits for them.
create index deliveries_due_sign_ins on deliveries (due_at) where kind = 'sign_in' and due_at is not null;
create index deliveries_due_others on deliveries (due_at) where kind <> 'sign_in' and due_at is not null;

-- Who did what to whom, when and from where: one row an action, written with it.
create table audit_events (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    at timestamptz not null,
    action text not null,
    actor_kind text not null constraint audit_events_actor_known check (actor_kind in ('user', 'operator')),
    actor_id uuid,
    actor_name text not null,
    target_id uuid,
    target_email text,
    source text not null,
    details jsonb not null default '{}',
    primary key (organization_id, id)
);

create index audit_events_by_target on audit_events (organization_id, target_id, id);
