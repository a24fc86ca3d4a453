-- Organizations are the tenants. Every other table belongs to one: its primary key, its foreign keys and its hot
-- indexes begin with organization_id, so that the schema can be sharded by organization.

create extension if not exists pg_trgm;
create extension if not exists btree_gin;

create table organizations (
    id uuid primary key,
    -- The part of the URL: lowercase letters, digits and inner hyphens.
    slug text not null constraint organizations_slug_key unique
        constraint organizations_slug_grammar check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name text not null,
    invitation_days smallint not null default 7
        constraint organizations_invitation_days_range check (invitation_days between 1 and 30),
    session_hours smallint not null default 24
        constraint organizations_session_hours_range check (session_hours between 1 and 4320),
    -- Normalized as email domains are compared. Empty: every domain is allowed.
    allowed_domains text[] not null default '{}',
    -- Whether non-members may request an invitation on the sign-in page.
    requests_enabled boolean not null default false,
    -- Days after a dismissal during which requests from the same address are counted but not shown.
    request_cooldown_days smallint not null default 30
        constraint organizations_request_cooldown_days_range check (request_cooldown_days between 1 and 365),
    -- Whether a request is dismissed in the transaction in which its address becomes a user.
    dismiss_stale_requests boolean not null default false,
    -- Whether admins are emailed about open requests, and when the last such email was or will be due.
    notify_requests boolean not null default true,
    requests_notified_at timestamptz,
    -- Whether only admins may sign in by email link.
    email_links_disabled boolean not null default false,
    created_at timestamptz not null
);
