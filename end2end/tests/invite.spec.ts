// Inviting by the dialog, and what each address is answered.

import { expect, test } from "../fixtures.ts";
import { join, openInvitation } from "../pages/join.ts";
import { signIn } from "../pages/sign_in.ts";
import * as users from "../pages/users.ts";
import { expectHeading, hasScripts, waitForHydration, reload } from "../support/browser.ts";
import { linkIn } from "../support/mailbox.ts";
import { insertUser, snapshotOrganization, inviteByApi, signInLink, userStatus } from "../support/organization.ts";

test("invited users get an email and can join", async ({ page, org, mail, axe, server, newBrowserPage }) => {
  const [blobby, ross] = ["blobby@blobsrus.com", "blob.ross@blobsrus.com"];
  await signIn(page, org.link);
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
    const sent = await mail.next(email);
    const link = linkIn(sent);
    links.push(link);
    expect(sent.subject).toBe(`You are invited to join ${org.name}`);
    expect(sent.headers.from).toContain("vestibule@blobsrus.example");
    expect(link).toMatch(`${server.baseUrl}/o/${org.slug}/join/`);
    expect(sent.html).toContain(`href="${link}"`);
    for (const body of [sent.text, sent.html]) {
      expect(body).toContain(`${org.admin} has invited you to join ${org.name}.`);
      const end = /until (\w+, \w+ \d+, \d{4}, \d\d:\d\d) UTC/.exec(body)?.[1];
      const days = (Date.parse(`${end} UTC`) - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(6.99);
      expect(days).toBeLessThanOrEqual(7);
    }
  }
  expect(links[0]).not.toBe(links[1]);

  const theirs = await newBrowserPage();
  await openInvitation(theirs, links[0]!, `Join ${org.name}`);
  await join(theirs, org.name, "Blobby");
  await expectHeading(theirs, "Account");

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
  const known = `known@${org.domain}`;
  const suspended = `suspended@${org.domain}`;
  const waiting = `waiting@${org.domain}`;
  const good = `good@${org.domain}`;
  const named = `named@${org.domain}`;
  await insertUser(query, org.slug, { name: "Known Blob", email: known });
  await insertUser(query, org.slug, { name: "Suspended Blob", email: suspended, status: "suspended" });
  await inviteByApi(adminRequest, server, org.slug, waiting);
  await signIn(page, await signInLink(server, org.slug, org.admin));

  const bad = ["no-address-at-all", `two@@${org.domain}`];
  const list = `${good}; ${known.toUpperCase()}\n${bad[0]}, Named Blob <${named}>, ${good.replace("good", "GOOD")},${waiting}\n${bad[1]} ,${suspended}`;
  await users.invite(page, list, "Organization Admin");

  const answer = users.inviteResult(page);
  await expect(answer).toContainText("2 invited · 1 already a user · 1 already invited · 1 suspended · 1 duplicate · 2 invalid");
  const lines: [string, string | RegExp][] = [
    [good, /invited$/],
    [named, /invited$/],
    [known.toUpperCase().replace(org.domain.toUpperCase(), org.domain), "user already exists in the organization"],
    [waiting, "already invited"],
    [suspended, "user is suspended"],
    [good.replace("good", "GOOD"), "duplicate"],
    [bad[0]!, "Missing “@”."],
    [bad[1]!, "More than one “@”."],
  ];
  await expect(answer.getByRole("listitem")).toHaveCount(lines.length);
  for (const [address, words] of lines) await expect(users.addressItem(answer, address)).toContainText(words);
  // What needs mending is where it can be mended.
  await expect(users.emailField(page)).toHaveValue(bad.join("\n"));
  await axe();

  for (const email of [good, named]) {
    await mail.next(email);
    await expect(users.row(page, email)).toContainText("Organization Admin");
  }
  expect(await mail.all(waiting)).toHaveLength(1);
  expect(await mail.all(known)).toEqual([]);
  expect(await userStatus(query, org.slug, suspended)).toBe("suspended");

  await users.emailField(page).fill(`mended@${org.domain}`);
  await users.sendButton(page).click();
  await expect(users.statusMessage(page).filter({ hasText: "1 invited" })).toBeVisible();
  await expect(users.row(page, `mended@${org.domain}`)).toBeVisible();
});

test("rejected addresses offer an alternative action", async ({ page, org, mail, query, adminRequest, server, axe }) => {
  const [waiting, suspended] = [`waiting@${org.domain}`, `suspended@${org.domain}`];
  await insertUser(query, org.slug, { name: "Suspended Blob", email: suspended, status: "suspended" });
  await inviteByApi(adminRequest, server, org.slug, waiting);
  const first = linkIn(await mail.next(waiting));
  await signIn(page, await signInLink(server, org.slug, org.admin));
  await users.invite(page, `${waiting}, nonsense`);
  await users.inviteResult(page).getByRole("button", { name: `Resend ${waiting}` }).click();
  await expect(users.inviteDialog(page).getByText(`A new invitation is on its way to ${waiting}.`)).toBeVisible();
  expect(linkIn(await mail.next(waiting))).toBe(first);
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
  await signIn(page, org.link);
  await users.openInviteDialog(page);
  await users.sendButton(page).click();
  await expect(users.emailField(page)).toHaveAccessibleDescription(/Enter at least one email address\./);
  await expect(users.inviteDialog(page)).toBeVisible();
  await axe();
});

test("ended session rejects the invitation", async ({ page, org, query }) => {
  const email = `blobby@${org.domain}`;
  await signIn(page, org.link);
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
    const answer = await adminRequest.post("/api/users/invite", { form, headers });
    expect(answer.status()).toBe(403);
  }
  expect(await snapshotOrganization(query, org.slug)).toEqual(before);
});

test("markup in names and addresses is escaped", async ({ page, org, query }) => {
  const name = `</textarea><script>document.title="taken"</script>`;
  await insertUser(query, org.slug, { name, email: `evil@${org.domain}` });
  await signIn(page, org.link);
  await expect(users.row(page, `evil@${org.domain}`)).toContainText(name);
  await users.invite(page, name);
  await expect(users.inviteResult(page)).toContainText("</textarea>");
  await expect(users.emailField(page)).toHaveValue(/^<\/textarea>\s*<script>/);
  expect(await page.title()).not.toBe("taken");
  await users.openUsers(page, org.slug, `?q=${encodeURIComponent('"><script>document.title="taken"</script>')}`);
  expect(await page.title()).not.toBe("taken");
});
