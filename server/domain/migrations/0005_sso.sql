-- Single sign-on: connections to identity providers, linked identities, and login flows.

create table sso_connections (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    name text not null,
    issuer text not null,
    client_id text not null,
    -- Sealed with a key derived from SECRET_KEY for this organization and this connection.
    client_secret bytea not null,
    -- Whether signing in without an invitation creates a user, and that user's organization role.
    just_in_time boolean not null,
    default_role text not null constraint sso_connections_role_known check (default_role in ('admin', 'member')),
    -- Normalized as email domains are compared. Empty: every domain is allowed.
    allowed_domains text[] not null default '{}',
    -- Maximum age of the provider's own session (OpenID Connect `max_age`). Null: no limit.
    max_age_minutes smallint constraint sso_connections_max_age_range check (max_age_minutes >= 1),
    created_at timestamptz not null,
    primary key (organization_id, id)
);

create unique index sso_connections_name_key on sso_connections (organization_id, lower(name));

-- The groups of users who join through the connection without an invitation.
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

-- Linked identities. Email addresses are reassigned; the pair of issuer and subject is not (OpenID Connect Core, 5.7).
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

-- A user has at most one identity at an issuer.
create unique index sso_identities_one_per_user on sso_identities (organization_id, user_id, connection_id, issuer);

-- One attempt to sign in through a connection, from the authorization request to the callback.
create table sso_login_flows (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    connection_id uuid not null,
    state_hash bytea not null,
    -- Of the browser that started the flow: the callback is accepted in that browser only.
    browser_hash bytea not null,
    -- The PKCE verifier (RFC 7636) and the nonce, sealed.
    sealed_secrets bytea not null,
    -- The invitation whose join page the flow was started from.
    invitation_id uuid,
    next text not null default '',
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    -- Why the flow failed.
    refusal jsonb,
    primary key (organization_id, id),
    constraint sso_login_flows_state_key unique (organization_id, state_hash),
    constraint sso_login_flows_connection foreign key (organization_id, connection_id)
        references sso_connections (organization_id, id) on delete cascade,
    constraint sso_login_flows_invitation foreign key (organization_id, invitation_id)
        references invitations (organization_id, id) on delete set null (invitation_id)
);

create index sso_login_flows_by_expiry on sso_login_flows (organization_id, expires_at);
create index sso_login_flows_by_browser on sso_login_flows (organization_id, browser_hash, used_at);
create index sso_login_flows_by_connection on sso_login_flows (organization_id, connection_id);
create index sso_login_flows_by_invitation on sso_login_flows (organization_id, invitation_id)
    where invitation_id is not null;
