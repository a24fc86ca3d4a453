-- Offers of membership. The row outlives a revocation, so that the join page can say what happened to the invitation.

create table invitations (
    organization_id uuid not null references organizations (id) on delete cascade,
    id uuid not null,
    -- Null once the user was removed.
    user_id uuid,
    email text not null,
    status text not null constraint invitations_status_known check (status in ('open', 'accepted', 'revoked')),
    -- The inviter by id and by name, without a foreign key: with one, ten thousand invitations would each take a lock on
    -- the inviter's row and wait for any transaction that is updating that user. The name is kept for when the inviter has left.
    invited_by uuid,
    inviter_name text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    primary key (organization_id, id),
    constraint invitations_user foreign key (organization_id, user_id)
        references users (organization_id, id) on delete set null (user_id),
    constraint invitations_open_has_user check (status <> 'open' or user_id is not null),
    constraint invitations_ended check ((status = 'open') = (ended_at is null))
);

create unique index invitations_one_open on invitations (organization_id, user_id) where status = 'open';
create index invitations_open_by_expiry on invitations (organization_id, expires_at) where status = 'open';
create index invitations_by_user on invitations (organization_id, user_id);
-- For the purge.
create index invitations_without_user on invitations (organization_id, ended_at) where user_id is null;
