-- An organization with something in every table, in as many states as the constraints allow.

insert into organizations (id, slug, name, allowed_domains, requests_enabled, requests_notified_at, created_at)
values ('01990000-0000-7000-8000-000000000001', 'blobsrus', 'Blobs R Us', '{blobs.example}', true, now(), now());

insert into users
    (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by, last_login_at, created_at)
select '01990000-0000-7000-8000-000000000001', ('01990000-0000-7000-8000-0000000001' || n)::uuid, email, email, name, status, role,
    joined_at, joined_by, joined_at, now()
from (values
    ('01', 'ada@blobs.example', 'Ada Admin', 'active', 'admin', now(), 'setup'),
    ('02', 'ivo@blobs.example', '', 'invited', 'member', null, null),
    ('03', 'sam@blobs.example', 'Sam', 'suspended', 'member', now(), 'sso'),
    ('04', 'scott@blobs.example', 'Scott', 'active', 'member', now(), 'scim'),
    ('05', 'jo@blobs.example', 'Jo', 'active', 'member', now(), 'invitation')
) as row (n, email, name, status, role, joined_at, joined_by);
update users set name = 'Ada' where email = 'ada@blobs.example';

insert into roles values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000201', 'Bookkeeper', '{invoice:pay,invoice:read}', now());
insert into groups (organization_id, id, name, description, external_id, created_at) values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000202', 'Accounting', 'Pays', 'g-1', now());
insert into user_roles values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000101', '01990000-0000-7000-8000-000000000201');
insert into group_members values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000202', '01990000-0000-7000-8000-000000000102');
insert into group_roles values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000202', '01990000-0000-7000-8000-000000000201');

insert into invitations (organization_id, id, user_id, email, status, invited_by, inviter_name, created_at, expires_at, ended_at) values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000301', '01990000-0000-7000-8000-000000000102',
        'ivo@blobs.example', 'open', '01990000-0000-7000-8000-000000000101', 'Ada', now(), now() + interval '7 days', null),
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000302', null,
        'gone@blobs.example', 'revoked', '01990000-0000-7000-8000-000000000101', 'Ada', now(), now(), now()),
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000303', '01990000-0000-7000-8000-000000000105',
        'jo@blobs.example', 'accepted', '01990000-0000-7000-8000-000000000101', 'Ada', now(), now(), now());

insert into invitation_requests
    (organization_id, id, email, email_normalized, name, message, status, proof, repeat_count, confirm_expires_at, created_at, ended_at)
select '01990000-0000-7000-8000-000000000001', ('01990000-0000-7000-8000-0000000004' || n)::uuid, status || '@blobs.example',
    status || '@blobs.example', 'Robin', 'Hello', status, proof, 1, now(), now(), ended_at
from (values
    ('01', 'unconfirmed', null, null),
    ('02', 'open', 'email', null),
    ('03', 'approved', 'expired_link', now()),
    ('04', 'dismissed', 'email', now()),
    ('05', 'resolved', null, now())
) as row (n, status, proof, ended_at);
insert into rate_limits values ('01990000-0000-7000-8000-000000000001', 'request_ip', '192.0.2.1/32', now(), 3);

insert into sso_connections
    (organization_id, id, name, issuer, client_id, client_secret, just_in_time, default_role, max_age_minutes, created_at) values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000501', 'Acme', 'https://login.acme.example', 'vestibule',
        '\x00', true, 'member', 60, now());
insert into sso_connection_groups values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000501', '01990000-0000-7000-8000-000000000202');
insert into sso_identities values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000501', 'https://login.acme.example', 'subject-1',
        '01990000-0000-7000-8000-000000000103', now(), now());
insert into sso_login_flows
    (organization_id, id, connection_id, state_hash, browser_hash, sealed_secrets, invitation_id, created_at, expires_at, used_at, refusal) values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000502', '01990000-0000-7000-8000-000000000501',
        '\x01', '\x02', '\x03', '01990000-0000-7000-8000-000000000301', now(), now(), now(), '"unverified"');

insert into sign_ins (organization_id, id, email_normalized, user_id, browser_hash, link_hash, code_hash, created_at, expires_at) values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000601', 'ada@blobs.example',
        '01990000-0000-7000-8000-000000000101', '\x01', '\x02', '\x03', now(), now());
insert into sessions (organization_id, id, user_id, token_hash, user_agent, connection_id, sso_subject, created_at, last_used_at, expires_at) values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000602', '01990000-0000-7000-8000-000000000103', '\x04', 'Firefox',
        '01990000-0000-7000-8000-000000000501', 'subject-1', now(), now(), now());

insert into api_keys (organization_id, id, name, token_hash, prefix, scopes, created_by_name, created_at) values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000701', 'Okta', '\x05', 'vst_abcd', '{users:read,users:write}',
        'Ada', now());
insert into scim_users values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000104', 'u-1', '{"title": "Boss"}', '{title=boss}');
insert into scim_list_cursors values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000701', '\x06', 101, null,
        '01990000-0000-7000-8000-000000000104', 200, now());

insert into deliveries
    (organization_id, id, kind, invitation_id, sign_in_id, request_id, email, state, attempts, due_at, reply, created_at, ended_at)
select '01990000-0000-7000-8000-000000000001', ('01990000-0000-7000-8000-0000000008' || n)::uuid, kind,
    case kind when 'invitation' then '01990000-0000-7000-8000-000000000301'::uuid end,
    case kind when 'sign_in' then '01990000-0000-7000-8000-000000000601'::uuid end,
    case when kind like '%request%' then '01990000-0000-7000-8000-000000000402'::uuid end,
    'ivo@blobs.example', state, 1, due_at, '250 OK', now(), ended_at
from (values
    ('01', 'invitation', 'queued', now(), null),
    ('02', 'sign_in', 'accepted', null, now()),
    ('03', 'request', 'retrying', now(), null),
    ('04', 'request_dismissed', 'failed', null, now()),
    ('05', 'open_requests', 'cancelled', null, now())
) as row (n, kind, state, due_at, ended_at);

insert into audit_events (organization_id, id, at, action, actor_kind, actor_id, actor_name, target_id, target_email, source, details) values
    ('01990000-0000-7000-8000-000000000001', '01990000-0000-7000-8000-000000000901', now(), 'user.invited', 'user',
        '01990000-0000-7000-8000-000000000101', 'Ada', '01990000-0000-7000-8000-000000000102', 'ivo@blobs.example', '192.0.2.1', '{"role": "member"}');
