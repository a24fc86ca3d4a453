// Inviting with the dialog, and the result for each address.

import { expect, test } from "../fixtures.ts";
import { join, openInvitation } from "../pages/join.ts";
import { signIn } from "../pages/sign_in.ts";
import * as users from "../pages/users.ts";
import { expectHeading, hasScripts, reload, waitForHydration } from "../support/browser.ts";
import { linkIn } from "../support/mailbox.ts";
import {
  createSignInLink,
  insertUser,
  inviteByApi,
  snapshotOrganization,
  userStatus,
} from "../support/organization.ts";

test("invited users get an email and can join", async ({ page, org, mail, axe, server, newBrowserPage }) => {
  const [blobby, ross] = ["blobby@blobsrus.com", "blob.ross@blobsrus.com"];
  await signIn(page, org.signInLink);
  await expect(users.row(page, org.admin)).toContainText("Active");
  await axe();

  await users.openInviteDialog(page);
  await axe();
  await users.emailField(page).fill(`${blobby},${ross}`);
  await users.sendButton(page).click();
  await expect(users.statusMessage(page).filter({ hasText: "2 invited" })).toBeVisible();
  await expect(users.inviteDialog(page)).toBeHidden();
  for (const email of [blobby, ross]) {
    await expect(users.row(page, email).getByText("Invited", { exact: true })).toBeVisible();
    await expect(users.row(page, email)).toContainText("Organization Member");
    await expect(users.row(page, email)).toContainText("Never");
  }
  await waitForHydration(page);
  await axe();

  const links: string[] = [];
  for (const email of [blobby, ross]) {
    const message = await mail.next(email);
    const link = linkIn(message);
    links.push(link);
    expect(message.subject).toBe(`You are invited to join ${org.name}`);
    expect(message.headers.from).toContain("vestibule@blobsrus.example");
    expect(link).toMatch(`${server.baseUrl}/o/${org.slug}/join/`);
    expect(message.html).toContain(`href="${link}"`);
    for (const body of [message.text, message.html]) {
      expect(body).toContain(`${org.admin} has invited you to join ${org.name}.`);
      const expiry = /until (\w+, \w+ \d+, \d{4}, \d\d:\d\d) UTC/.exec(body)?.[1];
      const days = (Date.parse(`${expiry} UTC`) - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(6.99);
      expect(days).toBeLessThanOrEqual(7);
    }
  }
  expect(links[0]).not.toBe(links[1]);

  const inviteePage = await newBrowserPage();
  await openInvitation(inviteePage, links[0]!, `Join ${org.name}`);
  await join(inviteePage, org.name, "Blobby");
  await expectHeading(inviteePage, "Account");

  await reload(page);
  await expect(users.row(page, blobby).getByText("Active", { exact: true })).toBeVisible();
  await expect(users.row(page, blobby)).toContainText("Blobby");
  await expect(users.row(page, blobby)).toContainText("just now");
  await expect(users.row(page, ross).getByText("Invited", { exact: true })).toBeVisible();

  await users.invite(page, blobby);
  await expect(users.addressItem(users.inviteResult(page), blobby)).toContainText("user already exists in the organization");
  await axe();
  expect(await mail.all(blobby)).toHaveLength(1);
});

test("mixed list invites valid addresses and reports the rest", async ({ page, org, mail, axe, query, adminRequest, server }) => {
  const existing = `known@${org.domain}`;
  const suspended = `suspended@${org.domain}`;
  const invited = `waiting@${org.domain}`;
  const valid = `good@${org.domain}`;
  const named = `named@${org.domain}`;
  await insertUser(query, org.slug, { name: "Known Blob", email: existing });
  await insertUser(query, org.slug, { name: "Suspended Blob", email: suspended, status: "suspended" });
  await inviteByApi(adminRequest, server, org.slug, invited);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));

  const malformed = ["no-address-at-all", `two@@${org.domain}`];
  const list = `${valid}; ${existing.toUpperCase()}\n${malformed[0]}, Named Blob <${named}>, ${valid.replace("good", "GOOD")},${invited}\n${malformed[1]} ,${suspended}`;
  await users.invite(page, list, "Organization Admin");

  const result = users.inviteResult(page);
  await expect(result).toContainText("2 invited · 1 already a user · 1 already invited · 1 suspended · 1 duplicate · 2 invalid");
  const lines: [string, string | RegExp][] = [
    [valid, /invited$/],
    [named, /invited$/],
    [existing.toUpperCase().replace(org.domain.toUpperCase(), org.domain), "user already exists in the organization"],
    [invited, "already invited"],
    [suspended, "user is suspended"],
    [valid.replace("good", "GOOD"), "duplicate"],
    [malformed[0]!, "Missing “@”."],
    [malformed[1]!, "More than one “@”."],
  ];
  await expect(result.getByRole("listitem")).toHaveCount(lines.length);
  for (const [address, text] of lines) await expect(users.addressItem(result, address)).toContainText(text);
  // Malformed entries stay in the field.
  await expect(users.emailField(page)).toHaveValue(malformed.join("\n"));
  await axe();

  for (const email of [valid, named]) {
    await mail.next(email);
    await expect(users.row(page, email)).toContainText("Organization Admin");
  }
  expect(await mail.all(invited)).toHaveLength(1);
  expect(await mail.all(existing)).toEqual([]);
  expect(await userStatus(query, org.slug, suspended)).toBe("suspended");

  await users.emailField(page).fill(`corrected@${org.domain}`);
  await users.sendButton(page).click();
  await expect(users.statusMessage(page).filter({ hasText: "1 invited" })).toBeVisible();
  await expect(users.row(page, `corrected@${org.domain}`)).toBeVisible();
});

test("rejected addresses offer an alternative action", async ({ page, org, mail, query, adminRequest, server, axe }) => {
  const [invited, suspended] = [`waiting@${org.domain}`, `suspended@${org.domain}`];
  await insertUser(query, org.slug, { name: "Suspended Blob", email: suspended, status: "suspended" });
  await inviteByApi(adminRequest, server, org.slug, invited);
  const originalLink = linkIn(await mail.next(invited));
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await users.invite(page, `${invited}, nonsense`);
  await users.inviteResult(page).getByRole("button", { name: `Resend ${invited}` }).click();
  await expect(users.inviteDialog(page).getByText(`A new invitation is on its way to ${invited}.`)).toBeVisible();
  expect(linkIn(await mail.next(invited))).toBe(originalLink);
  await expect(users.emailField(page)).toHaveValue("nonsense");
  await waitForHydration(page);
  await axe();

  await users.emailField(page).fill(`${suspended}, nonsense`);
  await users.sendButton(page).click();
  await users.inviteResult(page).getByRole("button", { name: `Reactivate ${suspended}` }).click();
  await expect(users.inviteDialog(page).getByText("Use “Suspend” to undo.")).toBeVisible();
  await expect(users.emailField(page)).toHaveValue("nonsense");
  expect(await userStatus(query, org.slug, suspended)).toBe("active");
  await waitForHydration(page);

  await users.emailField(page).fill(suspended);
  await users.sendButton(page).click();
  await expect(users.addressItem(users.inviteResult(page), suspended)).toContainText("user already exists in the organization");
  await users.inviteResult(page).getByRole("link", { name: `Manage ${suspended}` }).click();
  await expectHeading(page, "Suspended Blob");
  await expect(page.getByText("Active", { exact: true })).toBeVisible();
});

test("empty list is rejected and the dialog stays open", async ({ page, org, axe }) => {
  await signIn(page, org.signInLink);
  await users.openInviteDialog(page);
  await users.sendButton(page).click();
  await expect(users.emailField(page)).toHaveAccessibleDescription(/Enter at least one email address\./);
  await expect(users.inviteDialog(page)).toBeVisible();
  await axe();
});

test("ended session rejects the invitation", async ({ page, org, query }) => {
  const email = `blobby@${org.domain}`;
  await signIn(page, org.signInLink);
  await users.openInviteDialog(page);
  await users.emailField(page).fill(email);
  await query("delete from sessions where organization_id = (select id from organizations where slug = $1)", [org.slug]);
  await users.sendButton(page).click();
  if (hasScripts(page)) {
    await expect(users.inviteDialog(page).getByRole("alert")).toContainText("Your session has ended. Sign in again to continue.");
    await expect(users.emailField(page)).toHaveValue(email);
  } else {
    await expectHeading(page, "Sign in");
  }
  expect(await userStatus(query, org.slug, email)).toBeUndefined();
});

test("cross-site request cannot invite as an admin", async ({ org, adminRequest, query }) => {
  const before = await snapshotOrganization(query, org.slug);
  const form = { org: org.slug, addresses: `evil@${org.domain}`, role: "admin" };
  const origins: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of origins) {
    const response = await adminRequest.post("/api/users/invite", { form, headers });
    expect(response.status()).toBe(403);
  }
  expect(await snapshotOrganization(query, org.slug)).toEqual(before);
});

test("markup in names and addresses is escaped", async ({ page, org, query }) => {
  const name = `</textarea><script>document.title="taken"</script>`;
  await insertUser(query, org.slug, { name, email: `evil@${org.domain}` });
  await signIn(page, org.signInLink);
  await expect(users.row(page, `evil@${org.domain}`)).toContainText(name);
  await users.invite(page, name);
  await expect(users.inviteResult(page)).toContainText("</textarea>");
  await expect(users.emailField(page)).toHaveValue(/^<\/textarea>\s*<script>/);
  expect(await page.title()).not.toBe("taken");
  await users.openUsers(page, org.slug, `?q=${encodeURIComponent('"><script>document.title="taken"</script>')}`);
  expect(await page.title()).not.toBe("taken");
});
