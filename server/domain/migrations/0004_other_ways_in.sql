-- The ways in beside the invitation: an identity provider's sign-in, and a directory's provisioning.

alter table users
    drop constraint users_joined_by_known,
    add constraint users_joined_by_known check (joined_by in ('invitation', 'setup', 'sso', 'scim'));

alter table audit_events
    drop constraint audit_events_actor_known,
    -- `key`: a program with an API key. `connection`: an identity provider.
    add constraint audit_events_actor_known
        check (actor_kind in ('user', 'stranger', 'key', 'connection', 'operator'));
