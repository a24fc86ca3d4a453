// Organizations, users and invitations, created through the command line, the API or the database.

import { randomBytes } from "node:crypto";
import { expect, type APIRequestContext } from "@playwright/test";
import type { Query } from "./database.ts";
import { runProgram, type Settings } from "./server.ts";

export type Organization = {
  slug: string;
  name: string;
  /** An email domain that no other test uses. */
  domain: string;
  /** The address of the first Organization Admin. */
  admin: string;
  /** A one-time sign-in link for the admin. */
  signInLink: string;
};

/** Creates an organization with the command line. */
export async function createOrganization(server: Settings): Promise<Organization> {
  const slug = `org-${randomBytes(5).toString("hex")}`;
  const domain = `${slug}.example`;
  const admin = `admin@${domain}`;
  const name = `Blobs ${slug.slice(4)}`;
  const out = await runProgram(server, "organization", "create", "--slug", slug, "--name", name, "--admin", admin);
  const signInLink = out.trim().split("\n").at(-1) ?? "";
  expect(signInLink).toMatch(`${server.baseUrl}/o/${slug}/sign-in/`);
  return { slug, name, domain, admin, signInLink };
}

/** Creates a one-time sign-in link for an active user with the command line. */
export async function createSignInLink(server: Settings, slug: string, email: string): Promise<string> {
  const out = await runProgram(server, "sign-in-link", "--organization", slug, "--email", email);
  return out.trim().split("\n").at(-1) ?? "";
}

/** Signs in without a browser. Later requests are sent as that user. */
export async function signInByApi(request: APIRequestContext, server: Settings, slug: string, link: string): Promise<void> {
  await request.get(link, { maxRedirects: 0 });
  const answer = await request.post(`${server.baseUrl}/api/sign_in/by_link`, { form: { org: slug }, maxRedirects: 0 });
  expect(answer.status(), await answer.text()).toBeLessThan(400);
}

/** Invites by calling the server function that the dialog calls, and returns its result. */
export async function inviteByApi(
  request: APIRequestContext,
  server: Settings,
  slug: string,
  addresses: string,
  role: "member" | "admin" = "member",
): Promise<{ addresses: { text: string; class: string }[] }> {
  const answer = await request.post(`${server.baseUrl}/api/users/invite`, {
    form: { org: slug, addresses, role },
    timeout: 60_000,
  });
  expect(answer.status(), await answer.text()).toBe(200);
  return (await answer.json()) as { addresses: { text: string; class: string }[] };
}

export type NewUser = { name: string; email: string; role?: "admin" | "member"; status?: "active" | "suspended" };

/** Inserts a user who joined 90 days ago. */
export async function insertUser(query: Query, slug: string, user: NewUser): Promise<void> {
  const { name, email, role = "member", status = "active" } = user;
  await query(
    `insert into users (organization_id, id, email, email_normalized, name, status, role, joined_at, joined_by, created_at)
     select id, gen_random_uuid(), $2, lower($2), $3, $4, $5, now() - interval '90 days', 'invitation',
        now() - interval '90 days'
     from organizations where slug = $1`,
    [slug, email, name, status, role],
  );
}

/** The rows of an organization, to check that nothing has changed. */
export async function snapshotOrganization(query: Query, slug: string): Promise<unknown> {
  const tables = ["users", "invitations", "deliveries", "sign_ins", "sessions", "audit_events"];
  const snapshot: Record<string, unknown> = {};
  for (const table of tables) {
    // Workers change the state of deliveries in the background.
    const order = table === "deliveries" ? "t.id, t.email" : "t.*";
    snapshot[table] = await query(
      `select ${table === "deliveries" ? "t.id, t.email, t.kind" : "t.*"} from ${table} t
       join organizations o on o.id = t.organization_id where o.slug = $1 order by ${order}`,
      [slug],
    );
  }
  return snapshot;
}

/** The status of a user in the database, or `undefined` if there is no such user. */
export async function userStatus(query: Query, slug: string, email: string): Promise<string | undefined> {
  const rows = await query<{ status: string }>(
    `select u.status from users u join organizations o on o.id = u.organization_id
     where o.slug = $1 and u.email_normalized = lower($2)`,
    [slug, email],
  );
  return rows[0]?.status;
}

/** Moves the expiry of an open invitation into the past. */
export async function expireInvitation(query: Query, slug: string, email: string): Promise<void> {
  await query(
    `update invitations set created_at = created_at - interval '8 days', expires_at = now() - interval '1 minute'
     where email = $2 and organization_id = (select id from organizations where slug = $1)`,
    [slug, email],
  );
}

/** Revokes an invitation and deletes its user, as the transition table specifies. */
export async function revokeInvitation(query: Query, slug: string, email: string): Promise<void> {
  await query(
    `with revoked as (
        update invitations set status = 'revoked', ended_at = now()
        where email = $2 and organization_id = (select id from organizations where slug = $1)
        returning organization_id
     )
     delete from users where email = $2 and organization_id in (select organization_id from revoked)`,
    [slug, email],
  );
}
