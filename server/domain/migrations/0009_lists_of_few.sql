-- A list of those who are invited or suspended, by name. They are few beside the active, of whom nearly every row of the
-- index by name is one; without this one, all of them were read and sorted for a page of fifty.
create index users_rare_by_name on users (organization_id, status, lower(coalesce(nullif(name, ''), email)), id)
    where status <> 'active';
