-- Seeds a large organization among a hundred others, for the tests of query plans and for the benchmarks.
--
-- Parameters, set as configuration parameters: the number of users (seed.users), the number of users in each other
-- organization (seed.users_per_other), and the current time (seed.now). Every user has joined by an invitation, with its
-- delivery and audit event, or is still invited.

begin;

-- Skips triggers and foreign key checks: the rows are consistent by construction.
set local session_replication_role = replica;

-- Building an index afterwards is faster than maintaining it. Indexes of constraints stay.
create temporary table dropped_indexes on commit drop as
select i.indexname, i.indexdef
from pg_indexes i join pg_class c on c.relname = i.indexname and c.relnamespace = 'public'::regnamespace
where i.schemaname = 'public' and i.tablename in ('users', 'invitations', 'deliveries', 'audit_events', 'sessions', 'sign_ins')
    and not exists (select from pg_constraint where conindid = c.oid);

do $$
declare index record;
begin
    for index in select indexname from dropped_indexes loop
        execute format('drop index %I', index.indexname);
    end loop;
end $$;

insert into organizations (id, slug, name, created_at)
select lpad(to_hex(n), 32, '0')::uuid,
    case n when 0 then 'many' else 'other-' || n end,
    case n when 0 then 'Many Blobs' else 'Other Blobs ' || n end,
    current_setting('seed.now')::timestamptz - interval '3 years'
from generate_series(0, 100) as n;

create temporary table seed_users on commit drop as
with name_parts as (
    select array[
        'ba', 'be', 'bo', 'da', 'de', 'di', 'fa', 'fe', 'ga', 'go', 'ha', 'he', 'ja', 'jo', 'ka', 'ke', 'ko', 'la', 'le', 'li',
        'lo', 'ma', 'me', 'mi', 'na', 'ni', 'no', 'pa', 'pe', 'ra', 're', 'ri', 'ro', 'sa', 'se', 'ta', 'ti', 'to', 'va', 'vi'
    ] as syllables
), numbers as (
    select n, case when n > 100 * users_per_other then 0 else n % 100 + 1 end as organization,
        hashint4(n) & 2147483647 as a, hashint4(n + 1000003) & 2147483647 as b, md5(n::text) as hash
    from (select current_setting('seed.users_per_other')::integer as users_per_other) as parameters,
        lateral generate_series(1, 100 * users_per_other + current_setting('seed.users')::integer) as n
), named as (
    select numbers.*, syllables[1 + a % 40] || syllables[1 + a / 40 % 40] as first,
        syllables[1 + b % 40] || syllables[1 + b / 40 % 40] || syllables[1 + b / 1600 % 40] as last
    from numbers, name_parts
)
select n, hash, lpad(to_hex(organization), 32, '0')::uuid as organization_id,
    (lpad(to_hex(1700000000000 + n::bigint * 1000), 12, '0') || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid as id,
    first || '.' || last || n || '@firm' || n % 50 || '.example' as email,
    initcap(first) || ' ' || initcap(last) as name,
    -- Of a hundred users, 90 are active, 4 suspended, 5 invited, and 1 has an expired invitation.
    case when n % 100 < 90 then 'active' when n % 100 < 94 then 'suspended' else 'invited' end as status,
    n % 100 >= 95 as is_valid,
    current_setting('seed.now')::timestamptz - interval '30 days' - (a % 900) * interval '1 day' as at,
    case when n % 10 > 0 then current_setting('seed.now')::timestamptz - (b % 40000) * interval '1 minute' end as last_login_at
from named;

insert into users
    (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by, last_login_at, created_at)
select organization_id, id, email, email, case when status = 'invited' then '' else name end, status,
    case when n % 1000 = 1 then 'admin' else 'member' end,
    case when status <> 'invited' then at end, case when status <> 'invited' then 'invitation' end,
    case when status <> 'invited' then last_login_at end, at
from seed_users;

-- Rows of the other tables derive their id from that of their user, by changing one digit.
insert into invitations
    (organization_id, id, user_id, email, status, invited_by, inviter_name, created_at, expires_at, ended_at)
select organization_id, overlay(id::text placing '9' from 20 for 1)::uuid, id, email,
    case when status = 'invited' then 'open' else 'accepted' end, null, 'Ada Blob', at,
    case when status <> 'invited' then at + interval '7 days'
        else current_setting('seed.now')::timestamptz + case when is_valid then interval '5 days' else interval '-1 day' end
    end,
    case when status <> 'invited' then at end
from seed_users;

insert into deliveries
    (organization_id, id, kind, invitation_id, email, state, attempts, reply, created_at, ended_at)
select organization_id, overlay(id::text placing 'a' from 20 for 1)::uuid, 'invitation',
    overlay(id::text placing '9' from 20 for 1)::uuid, email, 'accepted', 1, '250 2.0.0 Ok', at, at
from seed_users;

insert into audit_events
    (organization_id, id, at, action, actor_kind, actor_id, actor_name, target_id, target_email, source, details)
select organization_id, overlay(id::text placing 'b' from 20 for 1)::uuid, at,
    case when status = 'invited' then 'user.invited' else 'user.joined' end, 'user', id, name, id, email, '192.0.2.1',
    case when status = 'invited' then '{"role": "member"}' else '{"by": "invitation"}' end::jsonb
from seed_users;

insert into sessions (organization_id, id, user_id, token_hash, user_agent, created_at, expires_at, last_used_at)
select organization_id, overlay(id::text placing '9' from 20 for 1)::uuid, id, decode(hash, 'hex'), 'a browser',
    last_login_at, last_login_at + interval '1 day', last_login_at
from seed_users where status = 'active' and last_login_at is not null;

insert into sign_ins
    (organization_id, id, email_normalized, user_id, browser_hash, link_hash, code_hash, created_at, expires_at, used_at)
select organization_id, overlay(id::text placing '9' from 20 for 1)::uuid, email, id, decode(hash, 'hex'),
    decode(hash, 'hex'), decode(hash, 'hex'), last_login_at, last_login_at + interval '15 minutes', last_login_at
from seed_users where status = 'active' and last_login_at is not null;

do $$
declare index record;
begin
    for index in select indexdef from dropped_indexes loop
        execute index.indexdef;
    end loop;
end $$;

commit;
