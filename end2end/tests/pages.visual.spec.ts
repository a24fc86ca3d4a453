// Every page in light and dark mode, on desktop and phone: no axe violations and no horizontal overflow. A screenshot of
// each is attached to the test.

import { expect, test } from "../fixtures.ts";
import { fillRequest } from "../pages/requests.ts";
import { signIn, signOut } from "../pages/sign_in.ts";
import { confirmAction, openProfileOf } from "../pages/profile.ts";
import { createApiKey } from "../pages/scim.ts";
import { createGroup, createRole } from "../pages/roles_groups.ts";
import * as users from "../pages/users.ts";
import { expectHeading, goto } from "../support/browser.ts";
import { expectPageOk, SIZES } from "../support/page_check.ts";
import { linkIn } from "../support/mailbox.ts";
import {
  insertUser,
  inviteByApi,
  expireInvitation,
  revokeInvitation,
  signInLink,
} from "../support/organization.ts";

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test.describe(`${size}, ${colorScheme}`, () => {
      test.use({ viewport, colorScheme });
      test.slow();

      test("public pages", async ({ page, org, axe, inviteAndGetLink, query, mail }) => {
        const check = (name: string) => expectPageOk(page, name, axe);
        await goto(page, "/");
        await check("home");
        await goto(page, "/o/no-such-org");
        await check("not-found");
        await goto(page, `/o/${org.slug}/login`);
        await check("login");
        await page.getByLabel("Email").fill("not-an-address");
        await page.getByRole("button", { name: "Email me a sign-in link" }).click();
        await expect(page.getByRole("alert")).toBeVisible();
        await check("login-invalid");
        await page.getByLabel("Email").fill(`visitor@${org.domain}`);
        await page.getByRole("button", { name: "Email me a sign-in link" }).click();
        await expectHeading(page, "Check your email");
        await check("login-code");
        await goto(page, `/o/${org.slug}/sign-in/x`);
        await check("sign-in-link-invalid");

        const links = { open: "", expired: "", revoked: "" };
        for (const name of Object.keys(links) as (keyof typeof links)[]) links[name] = await inviteAndGetLink(`${name}@${org.domain}`);
        await expireInvitation(query, org.slug, `expired@${org.domain}`);
        await revokeInvitation(query, org.slug, `revoked@${org.domain}`);
        for (const [name, link] of Object.entries({ ...links, garbled: `/o/${org.slug}/join/x` })) {
          await goto(page, link);
          await check(`join-${name}`);
        }
        await query("update organizations set requests_enabled = true where slug = $1", [org.slug]);
        await goto(page, `/o/${org.slug}/login`);
        await check("login-requests-open");
        await goto(page, `/o/${org.slug}/request-invitation`);
        await check("request");
        await page.getByRole("textbox", { name: "Email" }).fill(`requester@${org.domain}`);
        await page.getByRole("button", { name: "Request invitation" }).click();
        await expect(page.getByRole("alert")).toBeVisible();
        await check("request-invalid");
        await page.getByRole("textbox", { name: "Your name" }).fill("Blob Ross");
        await page.getByRole("button", { name: "Request invitation" }).click();
        await expect(page.getByText("Check your email.")).toBeVisible();
        await check("request-sent");
        await goto(page, linkIn(await mail.next(`requester@${org.domain}`)));
        await check("request-confirm");
        await page.getByRole("button", { name: "Send request" }).click();
        await expectHeading(page, "Request sent");
        await check("request-confirmed");
        await goto(page, `/o/${org.slug}/confirm-request/x`);
        await check("request-invalid-link");
        await goto(page, `/o/${org.slug}/request-invitation`);
        await fillRequest(page, `late@${org.domain}`);
        await expect(page.getByText("Check your email.")).toBeVisible();
        const late = linkIn(await mail.next(`late@${org.domain}`));
        await query("update invitation_requests set confirm_expires_at = now() where email_normalized = $1", [`late@${org.domain}`]);
        await goto(page, late);
        await check("request-expired");
        await goto(page, links.open);
        await page.getByRole("button", { name: /^Join / }).click();
        await expect(page.getByRole("alert")).toBeVisible();
        await check("join-invalid");
        await page.getByLabel("Your name").fill("Blobby");
        await page.getByRole("button", { name: /^Join / }).click();
        await expectHeading(page, "Account");
        await signOut(page);
        await goto(page, links.open);
        await expectHeading(page, "You already joined");
        await check("join-already-joined");
      });

      test("admin pages", async ({ page, org, axe, query, adminRequest, server, mail }) => {
        const check = (name: string) => expectPageOk(page, name, axe);
        await insertUser(query, org.slug, { name: "Bloberta Round", email: `bloberta.round@${org.domain}`, role: "admin" });
        await insertUser(query, org.slug, { name: "Ooze Özdemir", email: `ooze@${org.domain}`, status: "suspended" });
        const longEmail = `${"a-very-long-mailbox-".repeat(3)}x@${"long-".repeat(10)}name.${org.domain}`;
        const list = [`fine@${org.domain}`, `expired@${org.domain}`, `refuse-me@${org.domain}`, `busy-9-me@${org.domain}`, longEmail];
        await inviteByApi(adminRequest, server, org.slug, list.join("\n"));
        await mail.next(`expired@${org.domain}`);
        await expireInvitation(query, org.slug, `expired@${org.domain}`);

        await goto(page, await signInLink(server, org.slug, org.admin));
        await check("sign-in-link");
        await page.getByRole("button", { name: "Sign in" }).click();
        await expectHeading(page, "Users");
        await check("users");
        await users.openUsers(page, org.slug, "?status=expired");
        await check("users-expired");
        await users.openUsers(page, org.slug, "?q=no-match");
        await check("users-no-match");
        await users.openUsers(page, org.slug, "?dialog=invite");
        await check("invite");
        await users.emailField(page).fill(`new@${org.domain},nonsense,ooze@${org.domain},fine@${org.domain},new@${org.domain}`);
        await check("invite-typed");
        await users.sendButton(page).click();
        await expect(users.inviteResult(page)).toBeVisible();
        await check("invite-results");
        for (const mailbox of ["fine", "refuse-me", "busy-9-me", "bloberta.round"]) {
          const { id } = (await query<{ id: string }>("select id from users where email = $1", [`${mailbox}@${org.domain}`]))[0]!;
          await goto(page, users.usersPath(org.slug, `/${id}`));
          await check(`profile-${mailbox}`);
        }
        await goto(page, `/o/${org.slug}/account`);
        await check("account");
        await page.getByRole("button", { name: "Sign out everywhere" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await check("account-sign-out-everywhere");
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
        await goto(page, `/o/${org.slug}/settings/provisioning`);
        await check("provisioning-empty");
        await createApiKey(page, org.slug, "Okta");
        await check("provisioning");
        await page.getByRole("link", { name: "Revoke" }).click();
        await expect(page.getByRole("dialog", { name: /^Revoke/ })).toBeVisible();
        await check("provisioning-revoke");
        await goto(page, `/o/${org.slug}/settings/provisioning?dialog=new`);
        await check("provisioning-key");
        await query(
          `insert into invitation_requests
              (organization_id, id, email, email_normalized, name, message, status, proof, created_at)
           select id, gen_random_uuid(), email, email, 'Blob Ross', message, 'open', 'email', now()
           from organizations, (values ($2, 'I am the new bookkeeper.'), ($3, '')) requests (email, message) where slug = $1`,
          [org.slug, `requester@${org.domain}`, `bloberta.round@${org.domain}`],
        );
        for (const name of ["general", "requests", "audit-log"]) {
          await goto(page, `/o/${org.slug}/settings/${name}`);
          await check(name);
        }
        await users.openUsers(page, org.slug);
        await page.getByRole("checkbox", { name: "Select all on this page" }).check();
        await check("users-selected");
        await page.getByRole("button", { name: "Edit selected…" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await check("users-edit-selected");
        await users.openUsers(page, org.slug, "?status=expired&dialog=invite-all-again");
        await check("users-resend-all");
        await openProfileOf(page, org.slug, `bloberta.round@${org.domain}`);
        await page.getByRole("checkbox", { name: "Accounting" }).check();
        await page.getByRole("button", { name: "Save changes" }).click();
        await expect(page.getByText("Saved", { exact: true })).toBeVisible();
        await check("profile-permissions");
        await page.getByRole("link", { name: "Suspend" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await check("profile-suspend");
        await goto(page, `/o/${org.slug}/settings/groups`);
        await page.getByRole("link", { name: "1 member of Accounting" }).click();
        await expect(page.getByText("Members of Accounting")).toBeVisible();
        await check("users-of-group");
        await openProfileOf(page, org.slug, `fine@${org.domain}`);
        await confirmAction(page, "Revoke invitation");
        await expectHeading(page, "Invitation revoked");
        await check("profile-revoked");
        await goto(page, `/o/${org.slug}/settings/unknown`);
        await check("not-found-inside");
      });

      test("pages of a signed-in member", async ({ page, org, axe, inviteAndGetLink, server, query }) => {
        await insertUser(query, org.slug, { name: "Blob Ross", email: `ross@${org.domain}` });
        const link = await inviteAndGetLink(`blobby@${org.domain}`);
        await signIn(page, await signInLink(server, org.slug, `ross@${org.domain}`), "Account");
        await expectPageOk(page, "account-member", axe);
        await goto(page, link);
        await expectPageOk(page, "join-other-account", axe);
      });
    });
  }
}
