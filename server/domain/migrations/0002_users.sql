-- Users, and what they may do: roles, groups and their links.

create table users (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    -- As email is sent to it.
    email text not null,
    -- As addresses are compared: case-folded, in one Unicode normalization form.
    email_normalized text not null,
    name text not null default '',
    -- "Expired" is not a status: it is an open invitation whose expires_at has passed.
    status text not null constraint users_status_known check (status in ('invited', 'active', 'suspended')),
    role text not null constraint users_role_known check (role in ('admin', 'member')),
    joined_at timestamptz,
    joined_by text constraint users_joined_by_known check (joined_by in ('invitation', 'setup', 'sso', 'scim')),
    last_login_at timestamptz,
    created_at timestamptz not null,
    -- Set by a trigger; null until the first change.
    modified_at timestamptz,
    primary key (organization_id, id),
    constraint users_email_key unique (organization_id, email_normalized),
    constraint users_joined_once check ((status = 'invited') = (joined_at is null)),
    constraint users_joined_how check ((joined_at is null) = (joined_by is null))
);

-- One index for each sort order of the Users page, with the id as the tie-breaker.
create index users_by_name on users (organization_id, lower(coalesce(nullif(name, ''), email)), id);
create index users_by_status on users (organization_id, status, id);
create index users_by_role on users (organization_id, role, id);
create index users_by_last_login on users (organization_id, coalesce(last_login_at, '-infinity'::timestamptz), id);
create index users_search on users using gin (organization_id, lower(name || ' ' || email) gin_trgm_ops);
-- The invited or suspended users by name. They are few compared to the active ones, which make up nearly every row of
-- users_by_name; without this index a page of fifty reads and sorts all of them.
create index users_rare_status_by_name on users (organization_id, status, lower(coalesce(nullif(name, ''), email)), id)
    where status <> 'active';
-- SCIM lists users who have joined, in order of creation or of last modification.
create index users_joined on users (organization_id, id) where joined_at is not null;
create index users_joined_by_modified on users (organization_id, coalesce(modified_at, created_at), id)
    where joined_at is not null;

create table roles (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    name text not null,
    -- `resource:action` or `resource:*`, sorted and without duplicates.
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
    external_id text,
    created_at timestamptz not null,
    -- Set by a trigger; null until the first change.
    modified_at timestamptz,
    primary key (organization_id, id)
);

create unique index groups_name_key on groups (organization_id, lower(name));
create index groups_by_external_id on groups (organization_id, external_id) where external_id is not null;

-- The link tables cascade from users, so that a user who is invited again starts without roles and groups.
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

-- SCIM reports `meta.lastModified`. A trigger maintains it because otherwise every statement that updates a user or a
-- group would have to.
create function set_modified_at() returns trigger language plpgsql as $$
begin
    new.modified_at := now();
    return new;
end
$$;

create trigger users_set_modified_at before update on users for each row
    when ((old.email, old.name, old.status, old.role) is distinct from (new.email, new.name, new.status, new.role))
    execute function set_modified_at();

create trigger groups_set_modified_at before update on groups for each row
    when ((old.name, old.external_id) is distinct from (new.name, new.external_id))
    execute function set_modified_at();
