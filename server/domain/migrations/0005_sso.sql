-- Single sign-on: connections to identity providers, the people that they know, and tries to sign in by them.

create table sso_connections (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    name text not null,
    issuer text not null,
    client_id text not null,
    -- Sealed with a key that is worked out from SECRET_KEY, for this organization and this connection alone.
    client_secret bytea not null,
    -- Whether somebody who is not invited becomes a user by signing in, and what such a user is.
    just_in_time boolean not null,
    default_role text not null constraint sso_connections_role_known check (default_role in ('admin', 'member')),
    -- As domains of addresses are compared; none: all may come in.
    allowed_domains text[] not null default '{}',
    -- How old the provider's own sign-in may be; nothing: as old as the provider likes.
    max_age_minutes smallint constraint sso_connections_max_age_range check (max_age_minutes >= 1),
    created_at timestamptz not null,
    primary key (organization_id, id)
);

create unique index sso_connections_name_key on sso_connections (organization_id, lower(name));

-- The groups of whoever joins by it without an invitation.
create table sso_connection_groups (
    organization_id uuid not null references organizations (id) on delete cascade,
    connection_id uuid not null,
    group_id uuid not null,
    primary key (organization_id, connection_id, group_id),
    constraint sso_connection_groups_connection foreign key (organization_id, connection_id)
        references sso_connections (organization_id, id) on delete cascade,
    constraint sso_connection_groups_group foreign key (organization_id, group_id)
        references groups (organization_id, id) on delete cascade
);

create index sso_connection_groups_by_group on sso_connection_groups (organization_id, group_id);

-- Who somebody is at a provider. Addresses change hands; issuer and subject don't.
create table sso_identities (
    organization_id uuid not null references organizations (id) on delete cascade,
    connection_id uuid not null,
    issuer text not null,
    subject text not null,
    user_id uuid not null,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    primary key (organization_id, connection_id, issuer, subject),
    constraint sso_identities_connection foreign key (organization_id, connection_id)
        references sso_connections (organization_id, id) on delete cascade,
    constraint sso_identities_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade
);

-- One person of a provider for a user, and the other way round.
create unique index sso_identities_one_of_user on sso_identities (organization_id, user_id, connection_id, issuer);

-- One try to sign in by a provider.
create table sso_attempts (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    connection_id uuid not null,
    state_hash bytea not null,
    -- Of the browser that began it: the answer is good in that browser alone.
    browser_hash bytea not null,
    -- Sealed: what shows at the provider that it is us who began (RFC 7636), and what must come back (nonce).
    secrets bytea not null,
    -- The invitation that was open when it began.
    invitation_id uuid,
    next text not null default '',
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    -- Why it came to nothing.
    refusal jsonb,
    primary key (organization_id, id),
    constraint sso_attempts_state_key unique (organization_id, state_hash),
    constraint sso_attempts_connection foreign key (organization_id, connection_id)
        references sso_connections (organization_id, id) on delete cascade,
    constraint sso_attempts_invitation foreign key (organization_id, invitation_id)
        references invitations (organization_id, id) on delete set null (invitation_id)
);

create index sso_attempts_by_end on sso_attempts (organization_id, expires_at);
create index sso_attempts_by_browser on sso_attempts (organization_id, browser_hash, used_at);
create index sso_attempts_by_connection on sso_attempts (organization_id, connection_id);
create index sso_attempts_by_invitation on sso_attempts (organization_id, invitation_id) where invitation_id is not null;

alter table sessions
    -- By which connection it began, and as whom, so that the provider can end it.
    add column connection_id uuid,
    add column sso_subject text,
    add column sso_session text,
    add constraint sessions_connection foreign key (organization_id, connection_id)
        references sso_connections (organization_id, id) on delete set null (connection_id);

create index sessions_by_connection on sessions (organization_id, connection_id, sso_subject)
    where connection_id is not null;

alter table organizations
    -- Whether sign-in links go to admins alone.
    add column email_links_off boolean not null default false;
