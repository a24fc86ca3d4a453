-- Signing in by email, and sessions.

-- One request for a sign-in email. The hashes of its link and code are set when the email is rendered; a row whose
-- address belongs to no user never gets them.
create table sign_ins (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    email_normalized text not null,
    user_id uuid,
    -- Of the browser that asked: the code is accepted in that browser only.
    browser_hash bytea,
    link_hash bytea,
    code_hash bytea,
    failed_codes smallint not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (organization_id, id),
    constraint sign_ins_link_key unique (organization_id, link_hash),
    constraint sign_ins_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade
);

create index sign_ins_by_user on sign_ins (organization_id, user_id);
-- For the purge.
create index sign_ins_by_expiry on sign_ins (organization_id, expires_at);
create index sign_ins_without_user on sign_ins (organization_id, expires_at) where user_id is null;

create table sessions (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    user_id uuid not null,
    token_hash bytea not null,
    user_agent text not null,
    -- The connection, subject and `sid` of an SSO session, so that back-channel logout can end it.
    connection_id uuid,
    sso_subject text,
    sso_session text,
    created_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (organization_id, id),
    constraint sessions_token_key unique (organization_id, token_hash),
    constraint sessions_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade,
    constraint sessions_connection foreign key (organization_id, connection_id)
        references sso_connections (organization_id, id) on delete set null (connection_id)
);

create index sessions_by_user on sessions (organization_id, user_id);
create index sessions_by_expiry on sessions (organization_id, expires_at);
create index sessions_by_connection on sessions (organization_id, connection_id, sso_subject)
    where connection_id is not null;
