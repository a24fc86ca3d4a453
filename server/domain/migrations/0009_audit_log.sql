-- Who did what to whom, when and from where: one row per action, written in its transaction.

create table audit_events (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    at timestamptz not null,
    action text not null,
    -- `unauthenticated`: a non-member who proved ownership of a mailbox. `connection`: an identity provider.
    actor_kind text not null constraint audit_events_actor_known
        check (actor_kind in ('user', 'unauthenticated', 'api_key', 'connection', 'operator')),
    actor_id uuid,
    actor_name text not null,
    target_id uuid,
    target_email text,
    source text not null,
    details jsonb not null default '{}',
    primary key (organization_id, id)
);

create index audit_events_by_target on audit_events (organization_id, target_id, id);
create index audit_events_by_action on audit_events (organization_id, action, id);
