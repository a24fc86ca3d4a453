-- API keys, and what SCIM clients store beyond what Vestibule itself needs.

create table api_keys (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    name text not null,
    -- A key is shown once; only its hash is stored.
    token_hash bytea not null,
    -- Its first characters, to recognize it by.
    prefix text not null,
    scopes text[] not null constraint api_keys_scopes_known
        check (scopes <@ array['users:read', 'users:write', 'groups:read', 'groups:write'] and scopes <> '{}'),
    created_by_name text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    primary key (organization_id, id),
    constraint api_keys_token_key unique (organization_id, token_hash)
);

-- The SCIM attributes of a user. Users who joined another way have no row until a SCIM client changes them.
create table scim_users (
    organization_id uuid not null references organizations (id) on delete cascade,
    user_id uuid not null,
    -- Case-sensitive (RFC 7643, section 3.1). The client is responsible for its uniqueness.
    external_id text,
    -- The attributes of RFC 7643 that are stored and returned unchanged, by their names there.
    attributes jsonb not null default '{}',
    -- `path=value` of each text attribute, lowercase, for equality filters.
    search_tokens text[] not null default '{}',
    primary key (organization_id, user_id),
    constraint scim_users_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade
);

create index scim_users_by_external_id on scim_users (organization_id, external_id) where external_id is not null;
create index scim_users_search on scim_users using gin (organization_id, search_tokens);

-- Where the next page of a list begins, for clients that page by index: the last page then costs as much as the first,
-- and concurrent deletes do not shift rows out of the remaining pages.
create table scim_list_cursors (
    organization_id uuid not null references organizations (id) on delete cascade,
    api_key_id uuid not null,
    -- A hash of the list query without its startIndex and count.
    query_hash bytea not null,
    start_index bigint not null,
    sort_value text,
    last_id uuid not null,
    total bigint not null,
    saved_at timestamptz not null,
    primary key (organization_id, api_key_id, query_hash),
    constraint scim_list_cursors_api_key foreign key (organization_id, api_key_id)
        references api_keys (organization_id, id) on delete cascade
);
