//! The profile of one user.

use super::list::Row;
use crate::column::parse_column;
use crate::mail::{DeliveryColumns, delivery_state};
use crate::{Admin, Error, InOrganization, Result, audit_log, grants};
use model::delivery::{Delivery, DeliveryKind};
use model::users::{Joined, UserProfile};
use model::{DeliveryId, UserId};

/// Most email deliveries that a profile shows.
const MAX_DELIVERIES: i64 = 20;

/// Most audit events that the timeline of a profile shows; the audit log lists all of them.
const MAX_TIMELINE: i64 = 50;

/// Loads the profile of a user.
///
/// # Errors
/// Not found if the organization has no such user.
pub async fn profile(admin: &Admin<'_>, user: UserId) -> Result<UserProfile> {
    let row = sqlx::query!(
        "select u.id, u.name, u.email, u.status, u.role, u.last_login_at, u.joined_at, u.joined_by,
            i.id as \"invitation_id?\", i.inviter_name as \"inviter_name?\", i.created_at as \"invited_at?\",
            open_invitation.expires_at as \"expires_at?\"
         from users u
         left join lateral (
            select * from invitations
            where organization_id = u.organization_id and user_id = u.id order by id desc limit 1
         ) i on true
         left join invitations open_invitation
            on open_invitation.organization_id = u.organization_id and open_invitation.user_id = u.id
                and open_invitation.status = 'open'
         where u.organization_id = $1 and u.id = $2",
        admin.organization_id(),
        user.0
    )
    .fetch_optional(&admin.app().pool)
    .await?
    .ok_or_else(Error::not_found)?;
    let deliveries = deliveries(admin, user).await?;
    // As in the list: the status of the invitation email is shown while the invitation is open.
    let latest = deliveries.iter().find(|delivery| delivery.kind == DeliveryKind::Invitation);
    let delivery = latest.filter(|_| row.expires_at.is_some()).map(|delivery| delivery.state.clone());
    let list_row = Row {
        id: row.id,
        name: row.name,
        email: row.email,
        status: row.status,
        role: row.role,
        last_login_at: row.last_login_at,
        joined_by: row.joined_by,
        expires_at: row.expires_at,
        sort_value: String::new(),
        delivery_id: None,
        delivery_state: None,
        attempts: None,
        due_at: None,
        reply: None,
        ended_at: None,
    };
    let mut user = list_row.into_model(admin.now())?;
    user.delivery = delivery;
    let mut connection = admin.app().pool.acquire().await?;
    let granted = grants::load(&mut connection, admin.context(), user.id).await?;
    drop(connection);
    Ok(UserProfile {
        invited_by: row.inviter_name,
        invited_at: row.invited_at,
        joined: user.joined_by.zip(row.joined_at).map(|(by, at)| Joined { by, at }),
        granted,
        choices: grants::options(admin).await?,
        permissions: grants::effective_permissions(admin, user.id).await?,
        timeline: audit_log::list_for_user(admin, user.id, MAX_TIMELINE).await?,
        is_self: user.id == admin.user().id,
        user,
        deliveries,
        now: admin.now(),
    })
}

/// The latest emails to this user. Invitations and sign-ins are two queries of a union: with a single condition for both,
/// the planner reads all deliveries of the organization.
async fn deliveries(admin: &Admin<'_>, user: UserId) -> Result<Vec<Delivery>> {
    let rows = sqlx::query!(
        "select d.id, d.kind, d.email, d.created_at, d.state, d.attempts, d.due_at, d.reply, d.ended_at
         from deliveries d
         where d.organization_id = $1
            and d.id in (
                select sent.id from invitations i
                join deliveries sent on sent.organization_id = i.organization_id and sent.invitation_id = i.id
                where i.organization_id = $1 and i.user_id = $2
                union all
                select sent.id from sign_ins s
                join deliveries sent on sent.organization_id = s.organization_id and sent.sign_in_id = s.id
                where s.organization_id = $1 and s.user_id = $2
            )
         order by d.id desc limit $3",
        admin.organization_id(),
        user.0,
        MAX_DELIVERIES
    )
    .fetch_all(&admin.app().pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Delivery {
                id: DeliveryId(row.id),
                kind: parse_column(&row.kind, "deliveries", "kind", row.id)?,
                to: row.email,
                queued_at: row.created_at,
                state: delivery_state(DeliveryColumns {
                    id: row.id,
                    state: row.state,
                    attempts: row.attempts,
                    due_at: row.due_at,
                    reply: row.reply,
                    ended_at: row.ended_at,
                })?,
            })
        })
        .collect()
}
