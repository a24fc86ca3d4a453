// Every page in light and dark, on a desk and on a phone: axe finds nothing, nothing sticks out at the side, and a
// picture of each is attached to the test for looking at.

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
        const see = (name: string) => expectPageOk(page, name, axe);
        await goto(page, "/");
        await see("home");
        await goto(page, "/o/nobody-here");
        await see("not-found");
        await goto(page, `/o/${org.slug}/login`);
        await see("login");
        await page.getByLabel("Email").fill("nobody");
        await page.getByRole("button", { name: "Email me a sign-in link" }).click();
        await expect(page.getByRole("alert")).toBeVisible();
        await see("login-refused");
        await page.getByLabel("Email").fill(`visitor@${org.domain}`);
        await page.getByRole("button", { name: "Email me a sign-in link" }).click();
        await expectHeading(page, "Check your email");
        await see("login-code");
        await goto(page, `/o/${org.slug}/sign-in/x`);
        await see("sign-in-unusable");

        const links = { open: "", expired: "", revoked: "" };
        for (const name of Object.keys(links) as (keyof typeof links)[]) links[name] = await inviteAndGetLink(`${name}@${org.domain}`);
        await expireInvitation(query, org.slug, `expired@${org.domain}`);
        await revokeInvitation(query, org.slug, `revoked@${org.domain}`);
        for (const [name, link] of Object.entries({ ...links, garbled: `/o/${org.slug}/join/x` })) {
          await goto(page, link);
          await see(`join-${name}`);
        }
        await query("update organizations set requests_enabled = true where slug = $1", [org.slug]);
        await goto(page, `/o/${org.slug}/login`);
        await see("login-requests-open");
        await goto(page, `/o/${org.slug}/request-invitation`);
        await see("request");
        await page.getByRole("textbox", { name: "Email" }).fill(`asks@${org.domain}`);
        await page.getByRole("button", { name: "Request invitation" }).click();
        await expect(page.getByRole("alert")).toBeVisible();
        await see("request-refused");
        await page.getByRole("textbox", { name: "Your name" }).fill("Blob Ross");
        await page.getByRole("button", { name: "Request invitation" }).click();
        await expect(page.getByText("Check your email.")).toBeVisible();
        await see("request-sent");
        await goto(page, linkIn(await mail.next(`asks@${org.domain}`)));
        await see("request-confirm");
        await page.getByRole("button", { name: "Send request" }).click();
        await expectHeading(page, "Request sent");
        await see("request-confirmed");
        await goto(page, `/o/${org.slug}/confirm-request/x`);
        await see("request-unknown");
        await goto(page, `/o/${org.slug}/request-invitation`);
        await fillRequest(page, `late@${org.domain}`);
        await expect(page.getByText("Check your email.")).toBeVisible();
        const late = linkIn(await mail.next(`late@${org.domain}`));
        await query("update invitation_requests set confirm_expires_at = now() where email_normalized = $1", [`late@${org.domain}`]);
        await goto(page, late);
        await see("request-expired");
        await goto(page, links.open);
        await page.getByRole("button", { name: /^Join / }).click();
        await expect(page.getByRole("alert")).toBeVisible();
        await see("join-refused");
        await page.getByLabel("Your name").fill("Blobby");
        await page.getByRole("button", { name: /^Join / }).click();
        await expectHeading(page, "Account");
        await signOut(page);
        await goto(page, links.open);
        await expectHeading(page, "You already joined");
        await see("join-already-joined");
      });

      test("admin pages", async ({ page, org, axe, query, adminRequest, server, mail }) => {
        const see = (name: string) => expectPageOk(page, name, axe);
        await insertUser(query, org.slug, { name: "Bloberta Round", email: `bloberta.round@${org.domain}`, role: "admin" });
        await insertUser(query, org.slug, { name: "Ooze Özdemir", email: `ooze@${org.domain}`, status: "suspended" });
        const long = `${"a-very-long-mailbox-".repeat(3)}x@${"long-".repeat(10)}name.${org.domain}`;
        const list = [`fine@${org.domain}`, `gone@${org.domain}`, `refuse-me@${org.domain}`, `busy-9-me@${org.domain}`, long];
        await inviteByApi(adminRequest, server, org.slug, list.join("\n"));
        await mail.next(`gone@${org.domain}`);
        await expireInvitation(query, org.slug, `gone@${org.domain}`);

        await goto(page, await signInLink(server, org.slug, org.admin));
        await see("sign-in-link");
        await page.getByRole("button", { name: "Sign in" }).click();
        await expectHeading(page, "Users");
        await see("users");
        await users.openUsers(page, org.slug, "?status=expired");
        await see("users-expired");
        await users.openUsers(page, org.slug, "?q=nobody-fits");
        await see("users-none");
        await users.openUsers(page, org.slug, "?dialog=invite");
        await see("invite");
        await users.emailField(page).fill(`new@${org.domain},nonsense,ooze@${org.domain},fine@${org.domain},new@${org.domain}`);
        await see("invite-typed");
        await users.sendButton(page).click();
        await expect(users.inviteResult(page)).toBeVisible();
        await see("invite-answered");
        for (const box of ["fine", "refuse-me", "busy-9-me", "bloberta.round"]) {
          const { id } = (await query<{ id: string }>("select id from users where email = $1", [`${box}@${org.domain}`]))[0]!;
          await goto(page, users.usersPath(org.slug, `/${id}`));
          await see(`profile-${box}`);
        }
        await goto(page, `/o/${org.slug}/account`);
        await see("account");
        await page.getByRole("button", { name: "Sign out everywhere" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await see("account-sign-out-everywhere");
        for (const noun of ["role", "group"]) {
          await goto(page, `/o/${org.slug}/settings/${noun}s`);
          await see(`${noun}s-none`);
        }
        await createRole(page, org.slug, "Bookkeeper", "invoice:read invoice:pay report:*");
        await see("roles");
        await page.getByRole("link", { name: "Edit" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await see("role-editor");
        await createGroup(page, org.slug, "Accounting", ["Bookkeeper"]);
        await see("groups");
        await page.getByRole("link", { name: "Edit" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await see("group-editor");
        await page.getByRole("link", { name: "Delete group…" }).click();
        await expect(page.getByRole("dialog", { name: /^Delete/ })).toBeVisible();
        await see("group-delete");
        await goto(page, `/o/${org.slug}/settings/provisioning`);
        await see("provisioning-none");
        await createApiKey(page, org.slug, "Okta");
        await see("provisioning");
        await page.getByRole("link", { name: "Revoke" }).click();
        await expect(page.getByRole("dialog", { name: /^Revoke/ })).toBeVisible();
        await see("provisioning-revoke");
        await goto(page, `/o/${org.slug}/settings/provisioning?dialog=new`);
        await see("provisioning-key");
        await query(
          `insert into invitation_requests
              (organization_id, id, email, email_normalized, name, message, status, proof, created_at)
           select id, gen_random_uuid(), email, email, 'Blob Ross', message, 'open', 'email', now()
           from organizations, (values ($2, 'I am the new bookkeeper.'), ($3, '')) asked (email, message) where slug = $1`,
          [org.slug, `asks@${org.domain}`, `bloberta.round@${org.domain}`],
        );
        for (const name of ["general", "requests", "audit-log"]) {
          await goto(page, `/o/${org.slug}/settings/${name}`);
          await see(name);
        }
        await users.openUsers(page, org.slug);
        await page.getByRole("checkbox", { name: "Select all on this page" }).check();
        await see("users-selected");
        await page.getByRole("button", { name: "Edit selected…" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await see("users-change-selected");
        await users.openUsers(page, org.slug, "?status=expired&dialog=invite-all-again");
        await see("users-invite-all-again");
        await openProfileOf(page, org.slug, `bloberta.round@${org.domain}`);
        await page.getByRole("checkbox", { name: "Accounting" }).check();
        await page.getByRole("button", { name: "Save changes" }).click();
        await expect(page.getByText("Saved", { exact: true })).toBeVisible();
        await see("profile-permissions");
        await page.getByRole("link", { name: "Suspend" }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await see("profile-suspend");
        await goto(page, `/o/${org.slug}/settings/groups`);
        await page.getByRole("link", { name: "1 member of Accounting" }).click();
        await expect(page.getByText("Members of Accounting")).toBeVisible();
        await see("users-of-group");
        await openProfileOf(page, org.slug, `fine@${org.domain}`);
        await confirmAction(page, "Revoke invitation");
        await expectHeading(page, "Invitation revoked");
        await see("profile-revoked");
        await goto(page, `/o/${org.slug}/settings/nothing`);
        await see("not-found-inside");
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
