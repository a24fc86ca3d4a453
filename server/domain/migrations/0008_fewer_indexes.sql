-- Most mails are invitations. Whatever moves such a mail on writes it anew into each index of its table: now it no
-- longer stands in the index of the tries to sign in, nor a sign-in mail in that of the invitations.
drop index deliveries_by_sign_in;
create index deliveries_by_sign_in on deliveries (organization_id, sign_in_id) where sign_in_id is not null;
drop index deliveries_by_invitation;
create index deliveries_by_invitation on deliveries (organization_id, invitation_id, id) where invitation_id is not null;

-- Nobody asks for what somebody has done by their id.
drop index audit_events_by_actor;
