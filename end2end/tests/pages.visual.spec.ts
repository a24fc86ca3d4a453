// Every page and dialog in every appearance: no axe violations and no horizontal overflow. Screenshots are attached to the
// tests.

import { expect, test as base } from "../fixtures.ts";
import { join, openInvitation } from "../pages/join.ts";
import { confirmAction, openProfileOf } from "../pages/profile.ts";
import { fillRequest } from "../pages/requests.ts";
import { createGroup, createRole } from "../pages/roles_groups.ts";
import { createApiKey } from "../pages/scim.ts";
import { requestSignIn, signIn, signOut } from "../pages/sign_in.ts";
import * as users from "../pages/users.ts";
import { expectHeading, goto } from "../support/browser.ts";
import { linkIn } from "../support/mailbox.ts";
import {
  createSignInLink,
  expireInvitation,
  insertUser,
  inviteByApi,
  revokeInvitation,
} from "../support/organization.ts";
import { expectAriaSnapshot, expectPageOk } from "../support/page_check.ts";

type Fixtures = {
  /** Compares the open page with the snapshot of this name, and checks it in every appearance. */
  check: (name: string) => Promise<void>;
  /** The same without a snapshot, for pages whose content depends on the speed of the test. */
  checkAppearance: (name: string) => Promise<void>;
};

const test = base.extend<Fixtures>({
  checkAppearance: ({ page, axe }, use) => use((name) => expectPageOk(page, name, axe)),
  check: ({ page, org, axe }, use) =>
    use(async (name) => {
      await expectPageOk(page, name, axe);
      await expectAriaSnapshot(page, name, org);
    }),
});

// Each state is checked in four appearances.
test.beforeEach(() => test.setTimeout(600_000));

test("home page and unknown organization", async ({ page, check }) => {
  await goto(page, "/");
  await check("home");
  await goto(page, "/o/no-such-org");
  await check("not-found");
});

test("sign-in pages", async ({ page, org, check }) => {
  await goto(page, `/o/${org.slug}/login`);
  await check("login");
  await requestSignIn(page, "not-an-address");
  await expect(page.getByRole("alert")).toBeVisible();
  await check("login-invalid");
  await requestSignIn(page, `unknown@${org.domain}`);
  await expectHeading(page, "Check your email");
  await check("login-code");
  await goto(page, `/o/${org.slug}/sign-in/x`);
  await check("sign-in-link-invalid");
  await goto(page, org.signInLink);
  await check("sign-in-link");
});

test("join pages", async ({ page, org, check, inviteAndGetLink, query }) => {
  const links = { open: "", expired: "", revoked: "" };
  for (const name of Object.keys(links) as (keyof typeof links)[]) links[name] = await inviteAndGetLink(`${name}@${org.domain}`);
  await expireInvitation(query, org.slug, `expired@${org.domain}`);
  await revokeInvitation(query, org.slug, `revoked@${org.domain}`);
  for (const [name, link] of Object.entries({ ...links, garbled: `/o/${org.slug}/join/x` })) {
    await goto(page, link);
    await check(`join-${name}`);
  }
  await openInvitation(page, links.open, `Join ${org.name}`);
  await join(page, org.name, "");
  await expect(page.getByRole("alert")).toBeVisible();
  await check("join-invalid");
  await join(page, org.name, "Blobby");
  await expectHeading(page, "Account");
  await signOut(page);
  await openInvitation(page, links.open, "You already joined");
  await check("join-already-joined");
});

test("join page of a different user", async ({ page, org, check, inviteAndGetLink, server, query }) => {
  const email = `ross@${org.domain}`;
  await insertUser(query, org.slug, { name: "Blob Ross", email });
  const link = await inviteAndGetLink(`blobby@${org.domain}`);
  await signIn(page, await createSignInLink(server, org.slug, email), "Account");
  await check("account-member");
  await goto(page, link);
  await check("join-different-account");
});

test("request pages", async ({ page, org, check, query, mail }) => {
  const [requester, late] = [`requester@${org.domain}`, `late@${org.domain}`];
  await query("update organizations set requests_enabled = true where slug = $1", [org.slug]);
  await goto(page, `/o/${org.slug}/login`);
  await check("login-requests-open");
  await goto(page, `/o/${org.slug}/request-invitation`);
  await check("request");
  await fillRequest(page, requester, "");
  await expect(page.getByRole("alert")).toBeVisible();
  await check("request-invalid");
  await fillRequest(page, requester);
  await expect(page.getByText("Check your email.")).toBeVisible();
  await check("request-sent");
  await goto(page, linkIn(await mail.next(requester)));
  await check("request-confirm");
  await page.getByRole("button", { name: "Send request" }).click();
  await expectHeading(page, "Request sent");
  await check("request-confirmed");
  await goto(page, `/o/${org.slug}/confirm-request/x`);
  await check("request-invalid-link");
  await goto(page, `/o/${org.slug}/request-invitation`);
  await fillRequest(page, late);
  await expect(page.getByText("Check your email.")).toBeVisible();
  const link = linkIn(await mail.next(late));
  await query("update invitation_requests set confirm_expires_at = now() where email_normalized = $1", [late]);
  await goto(page, link);
  await check("request-expired");
});

test("users and their profiles", async ({ page, org, checkAppearance, query, adminRequest, server }) => {
  await insertUser(query, org.slug, { name: "Bloberta Round", email: `bloberta.round@${org.domain}`, role: "admin" });
  await insertUser(query, org.slug, { name: "Ooze Özdemir", email: `ooze@${org.domain}`, status: "suspended" });
  const longEmail = `${"a-very-long-mailbox-".repeat(3)}x@${"long-".repeat(10)}name.${org.domain}`;
  const list = [`fine@${org.domain}`, `expired@${org.domain}`, `refuse-me@${org.domain}`, `busy-9-me@${org.domain}`, longEmail];
  await inviteByApi(adminRequest, server, org.slug, list.join("\n"));
  // The list shows the outcome of each first attempt.
  await expect
    .poll(() => query("select email from deliveries where state = 'queued' and email like $1", [`%@%${org.domain}`]), { timeout: 60_000 })
    .toEqual([]);
  await expireInvitation(query, org.slug, `expired@${org.domain}`);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await checkAppearance("users");
  await users.openUsers(page, org.slug, "?status=expired");
  await checkAppearance("users-expired");
  await users.openUsers(page, org.slug, "?status=expired&dialog=invite-all-again");
  await checkAppearance("users-resend-all");
  await users.openUsers(page, org.slug, "?q=no-match");
  await checkAppearance("users-no-match");
  await users.openUsers(page, org.slug);
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await checkAppearance("users-selected");
  await page.getByRole("button", { name: "Edit selected…" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await checkAppearance("users-edit-selected");
  for (const mailbox of ["fine", "refuse-me", "busy-9-me", "bloberta.round"]) {
    const { id } = (await query<{ id: string }>("select id from users where email = $1", [`${mailbox}@${org.domain}`]))[0]!;
    await goto(page, users.usersPath(org.slug, `/${id}`));
    await checkAppearance(`profile-${mailbox}`);
  }
  await page.getByRole("link", { name: "Suspend" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await checkAppearance("profile-suspend");
  await openProfileOf(page, org.slug, `fine@${org.domain}`);
  await confirmAction(page, "Revoke invitation");
  await expectHeading(page, "Invitation revoked");
  await checkAppearance("profile-revoked");
});

test("invite dialog", async ({ page, org, checkAppearance, query, adminRequest, server }) => {
  await insertUser(query, org.slug, { name: "Ooze Özdemir", email: `ooze@${org.domain}`, status: "suspended" });
  await inviteByApi(adminRequest, server, org.slug, `fine@${org.domain}`);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await users.openUsers(page, org.slug, "?dialog=invite");
  await checkAppearance("invite");
  await users.emailField(page).fill(`new@${org.domain},nonsense,ooze@${org.domain},fine@${org.domain},new@${org.domain}`);
  await checkAppearance("invite-typed");
  await users.sendButton(page).click();
  await expect(users.inviteResult(page)).toBeVisible();
  await checkAppearance("invite-results");
});

test("account page", async ({ page, org, check }) => {
  await signIn(page, org.signInLink);
  await goto(page, `/o/${org.slug}/account`);
  await check("account");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await check("account-sign-out-everywhere");
});

test("roles and groups", async ({ page, org, check, query }) => {
  const email = `bloberta.round@${org.domain}`;
  await insertUser(query, org.slug, { name: "Bloberta Round", email });
  await signIn(page, org.signInLink);
  for (const noun of ["role", "group"]) {
    await goto(page, `/o/${org.slug}/settings/${noun}s`);
    await check(`${noun}s-empty`);
  }
  await createRole(page, org.slug, "Bookkeeper", "invoice:read invoice:pay report:*");
  await check("roles");
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await check("role-editor");
  await createGroup(page, org.slug, "Accounting", ["Bookkeeper"]);
  await check("groups");
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await check("group-editor");
  await page.getByRole("link", { name: "Delete group…" }).click();
  await expect(page.getByRole("dialog", { name: /^Delete/ })).toBeVisible();
  await check("group-delete");
  await openProfileOf(page, org.slug, email);
  await page.getByRole("checkbox", { name: "Accounting" }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await check("profile-permissions");
  await goto(page, `/o/${org.slug}/settings/groups`);
  await page.getByRole("link", { name: "1 member of Accounting" }).click();
  await expect(page.getByText("Members of Accounting")).toBeVisible();
  await check("users-of-group");
});

test("provisioning page", async ({ page, org, check }) => {
  await signIn(page, org.signInLink);
  await goto(page, `/o/${org.slug}/settings/provisioning`);
  await check("provisioning-empty");
  await createApiKey(page, org.slug, "Okta");
  await check("provisioning");
  await page.getByRole("link", { name: "Revoke" }).click();
  await expect(page.getByRole("dialog", { name: /^Revoke/ })).toBeVisible();
  await check("provisioning-revoke");
  await goto(page, `/o/${org.slug}/settings/provisioning?dialog=new`);
  await check("provisioning-key");
});

test("other settings pages", async ({ page, org, check, checkAppearance, query, inviteAndGetLink, server }) => {
  const [requester, member] = [`requester@${org.domain}`, `bloberta.round@${org.domain}`];
  await insertUser(query, org.slug, { name: "Bloberta Round", email: member });
  await inviteAndGetLink(`blobby@${org.domain}`);
  await query(
    `insert into invitation_requests
        (organization_id, id, email, email_normalized, name, message, status, proof, created_at)
     select id, gen_random_uuid(), email, email, 'Blob Ross', message, 'open', 'email', now()
     from organizations, (values ($2, 'I am the new bookkeeper.'), ($3, '')) requests (email, message) where slug = $1`,
    [org.slug, requester, member],
  );
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await goto(page, `/o/${org.slug}/settings/general`);
  await check("general");
  // Rows of the same millisecond have no fixed order.
  for (const name of ["requests", "audit-log"]) {
    await goto(page, `/o/${org.slug}/settings/${name}`);
    await checkAppearance(name);
  }
  await goto(page, `/o/${org.slug}/settings/unknown`);
  await check("not-found-inside");
});
