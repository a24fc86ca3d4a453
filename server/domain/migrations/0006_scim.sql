-- Provisioning: API keys, and what a directory knows of users and groups beyond what we need ourselves.

create table api_keys (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    name text not null,
    -- A key is shown once; what is kept of it opens nothing.
    token_hash bytea not null,
    -- Its first letters, to tell it from others.
    hint text not null,
    scopes text[] not null constraint api_keys_scopes_known
        check (scopes <@ array['users:read', 'users:write', 'groups:read', 'groups:write'] and scopes <> '{}'),
    created_by_name text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    primary key (organization_id, id),
    constraint api_keys_token_key unique (organization_id, token_hash)
);

-- What a directory says of a user. Whoever came in otherwise has no row here until a directory changes them.
create table directory_users (
    organization_id uuid not null references organizations (id) on delete cascade,
    user_id uuid not null,
    -- The directory's own id. Letter case counts, and it is the directory's business to have each once.
    external_id text,
    -- The attributes of RFC 7643 that we keep and give back, by their names there.
    attributes jsonb not null default '{}',
    -- `path=value` of each text among them, in lower case: what a filter for equality looks up.
    words text[] not null default '{}',
    primary key (organization_id, user_id),
    constraint directory_users_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete cascade
);

create index directory_users_by_external_id on directory_users (organization_id, external_id)
    where external_id is not null;
create index directory_users_by_words on directory_users using gin (organization_id, words);

alter table users add column modified_at timestamptz;
alter table groups
    add column external_id text,
    add column modified_at timestamptz;

create index groups_by_external_id on groups (organization_id, external_id) where external_id is not null;

-- A directory sees those who have joined, in the order in which they were made, or by when they changed.
create index users_joined on users (organization_id, id) where joined_at is not null;
create index users_joined_by_change on users (organization_id, coalesce(modified_at, created_at), id)
    where joined_at is not null;

-- When a user was changed last is of no use to any rule of ours, and every rule of today and tomorrow would have to
-- write it down: so the database does.
create function touch() returns trigger language plpgsql as $$
begin
    new.modified_at := now();
    return new;
end
$$;

create trigger users_touched before update on users for each row
    when ((old.email, old.name, old.status, old.role) is distinct from (new.email, new.name, new.status, new.role))
    execute function touch();

create trigger groups_touched before update on groups for each row
    when ((old.name, old.external_id) is distinct from (new.name, new.external_id))
    execute function touch();

-- Where the next page of a list begins, for whoever walks through it by numbers: so that its last page costs what the
-- first one did, and nobody is missed when others are removed meanwhile.
create table directory_places (
    organization_id uuid not null references organizations (id) on delete cascade,
    key_id uuid not null,
    -- Of everything in the question but its numbers.
    question bytea not null,
    start_index bigint not null,
    sort_value text,
    last_id uuid not null,
    total bigint not null,
    at timestamptz not null,
    primary key (organization_id, key_id, question),
    constraint directory_places_key foreign key (organization_id, key_id)
        references api_keys (organization_id, id) on delete cascade
);
