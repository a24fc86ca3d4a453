import { expect, test } from "../fixtures.ts";
import { join, openInvitation } from "../pages/join.ts";
import { activity, confirmAction, openProfileOf } from "../pages/profile.ts";
import { signIn } from "../pages/sign_in.ts";
import { emailField, invite, inviteDialog, openUsers, row, sendButton } from "../pages/users.ts";
import { expectHeading, goto } from "../support/browser.ts";
import { linkIn } from "../support/mailbox.ts";
import { createSignInLink, expireInvitation, insertUser, userStatus } from "../support/organization.ts";

test("revoked invitation can be sent again with a new link", async ({ page, org, server, inviteAndGetLink, mail, query, newBrowserPage, axe }) => {
  const email = `blobby@${org.domain}`;
  const revokedLink = await inviteAndGetLink(email, "admin");
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await openProfileOf(page, org.slug, email);

  await page.getByRole("link", { name: "Revoke invitation" }).click();
  await expect(page.getByRole("dialog", { name: `Revoke the invitation for ${email}?` })).toBeVisible();
  await axe();
  await page.getByRole("dialog").getByRole("link", { name: "Cancel" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await userStatus(query, org.slug, email)).toBe("invited");

  await confirmAction(page, "Revoke invitation");
  await expectHeading(page, "Invitation revoked");
  await axe();
  expect(await userStatus(query, org.slug, email)).toBeUndefined();

  await page.getByRole("link", { name: "Invite again" }).click();
  await expect(emailField(page)).toHaveValue(email);
  await sendButton(page).click();
  await expect(row(page, email)).toContainText("Invited");
  await expect(row(page, email)).toContainText("7 days left");
  await expect(row(page, email), "the previous role is gone").toContainText("Organization Member");

  const otherPage = await newBrowserPage();
  await openInvitation(otherPage, revokedLink, "This invitation was revoked");
  await openInvitation(otherPage, linkIn(await mail.next(email)), `Join ${org.name}`);
  await join(otherPage, org.name, "Blobby");
  await expectHeading(otherPage, "Account");
});

test("resent invitation restarts its expiry and keeps its link", async ({ page, org, server, inviteAndGetLink, mail, query, newBrowserPage }) => {
  const email = `blobby@${org.domain}`;
  const originalLink = await inviteAndGetLink(email);
  await query(
    `update invitations set expires_at = now() + interval '1 hour'
     where email = $2 and organization_id = (select id from organizations where slug = $1)`,
    [org.slug, email],
  );
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await openProfileOf(page, org.slug, email);
  await page.getByRole("button", { name: "Resend" }).click();
  await expect(page.getByRole("status").filter({ hasText: "A new invitation is on its way" })).toBeVisible();
  await expect(page.getByText("7 days left")).toBeVisible();
  await expect(activity(page).first()).toContainText("resent the invitation");
  expect(linkIn(await mail.next(email))).toBe(originalLink);

  const otherPage = await newBrowserPage();
  await openInvitation(otherPage, originalLink, `Join ${org.name}`);
  await join(otherPage, org.name, "Blobby");
  await expectHeading(otherPage, "Account");
});

test("copied invitation link works and is audited", async ({ page, org, server, inviteAndGetLink, newBrowserPage, axe }) => {
  const email = `blobby@${org.domain}`;
  const emailedLink = await inviteAndGetLink(email);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await openProfileOf(page, org.slug, email);
  await page.getByRole("button", { name: "Copy link" }).click();
  const link = page.getByRole("textbox", { name: "Invitation link" });
  await expect(link).toHaveValue(emailedLink);
  await expect(activity(page).first()).toContainText("copied the invitation link");
  await axe();
  const otherPage = await newBrowserPage();
  await openInvitation(otherPage, await link.inputValue(), `Join ${org.name}`);
});

test("suspended user is signed out until reactivated", async ({ page, org, server, query, newBrowserPage, axe }) => {
  const email = `globby@${org.domain}`;
  await insertUser(query, org.slug, { name: "Globby Waters", email });
  const otherPage = await newBrowserPage();
  await signIn(otherPage, await createSignInLink(server, org.slug, email), "Account");

  await signIn(page, org.signInLink);
  await openProfileOf(page, org.slug, email);
  await confirmAction(page, "Suspend");
  await expect(page.getByRole("status").filter({ hasText: `Suspended ${email}. Use “Reactivate” to undo.` })).toBeVisible();
  await expect(page.getByText("Suspended", { exact: true })).toBeVisible();
  await axe();

  await goto(otherPage, `/o/${org.slug}/account`);
  await expectHeading(otherPage, "Sign in");

  await confirmAction(page, "Reactivate");
  await expect(page.getByRole("status").filter({ hasText: `Reactivated ${email}.` })).toBeVisible();
  await goto(otherPage, `/o/${org.slug}/account`);
  await expectHeading(otherPage, "Sign in");
  await signIn(otherPage, await createSignInLink(server, org.slug, email), "Account");
});

test("revoked member is signed out, the last admin is kept", async ({ page, org, server, query, newBrowserPage }) => {
  const email = `globby@${org.domain}`;
  await insertUser(query, org.slug, { name: "Globby Waters", email });
  const otherPage = await newBrowserPage();
  await signIn(otherPage, await createSignInLink(server, org.slug, email), "Account");
  await signIn(page, org.signInLink);
  await openProfileOf(page, org.slug, email);
  await confirmAction(page, "Revoke membership");
  await expectHeading(page, "User removed");
  await goto(otherPage, `/o/${org.slug}/account`);
  await expectHeading(otherPage, "Sign in");

  await openProfileOf(page, org.slug, org.admin);
  await confirmAction(page, "Revoke membership");
  await expect(page.getByText(`${org.admin} wasn’t changed: the organization needs at least one active admin.`)).toBeVisible();
  expect(await userStatus(query, org.slug, org.admin)).toBe("active");

  await openProfileOf(page, org.slug, org.admin);
  await page.getByLabel("Organization role").selectOption("Organization Member");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("alert")).toContainText("The organization needs at least one active admin. No changes were made.");
});

test("expired invitations can be resent singly or in bulk", async ({ page, org, server, inviteAndGetLink, query, mail, axe }) => {
  const emails = ["a", "b", "c", "d"].map((name) => `${name}@${org.domain}`);
  for (const email of emails) {
    await inviteAndGetLink(email);
    await expireInvitation(query, org.slug, email);
  }
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await page.getByRole("tab", { name: "Expired invitations" }).click();
  await expect(page.getByRole("tab", { name: "Expired invitations 4" })).toBeVisible();
  await axe();

  await page.getByRole("button", { name: `Resend ${emails[0]}` }).click();
  await expect(page.getByRole("status").filter({ hasText: `A new invitation is on its way to ${emails[0]}` })).toBeVisible();
  await expect(page.getByRole("tab", { name: "Expired invitations 3" })).toBeVisible();
  await mail.next(emails[0]!);

  await page.getByRole("checkbox", { name: `Select ${emails[1]}` }).check();
  await page.getByRole("button", { name: "Edit selected…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resend invitations" }).click();
  await expect(page.getByRole("tab", { name: "Expired invitations 2" })).toBeVisible();

  await page.getByRole("link", { name: "Resend all…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resend all" }).click();
  await expect(page.getByRole("status").filter({ hasText: "2 new invitations are on their way." })).toBeVisible();
  await expect(page.getByRole("tab", { name: "Expired invitations 0" })).toBeVisible();
  for (const email of emails.slice(1)) await mail.next(email);
});

test("expired link requests a new invitation once", async ({ page, org, server, inviteAndGetLink, query, mail, newBrowserPage, axe }) => {
  const email = `blobby@${org.domain}`;
  const link = await inviteAndGetLink(email);
  await expireInvitation(query, org.slug, email);
  const otherPage = await newBrowserPage();
  for (let attempt = 0; attempt < 2; attempt++) {
    await openInvitation(otherPage, link, "This invitation has expired");
    await otherPage.getByRole("button", { name: "Ask for a new invitation" }).click();
    await expect(otherPage.getByText("Request sent.")).toBeVisible();
  }
  await axe(otherPage);

  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await page.getByRole("tab", { name: "Invitation requests 1" }).click();
  await expect(row(page, email)).toBeVisible();
  await axe();
  await row(page, email).getByRole("link", { name: "Approve" }).click();
  await expect(emailField(page)).toHaveValue(email);
  await sendButton(page).click();
  await expect(page.getByRole("tab", { name: "Invitation requests 0" })).toBeVisible();
  await mail.next(email);
  await openInvitation(otherPage, link, `Join ${org.name}`);
});

test("bulk action lists its users and explains refusals", async ({ page, org, query, axe }) => {
  const emails = ["a", "b"].map((name) => `${name}@${org.domain}`);
  for (const email of emails) await insertUser(query, org.slug, { name: `Blob ${email[0]}`, email });
  await signIn(page, org.signInLink);
  await invite(page, `c@${org.domain}`);
  await expect(inviteDialog(page)).toHaveCount(0);
  for (const name of ["Blob a", `c@${org.domain}`]) await page.getByRole("checkbox", { name: `Select ${name}`, exact: true }).check();
  await page.getByRole("button", { name: "Edit selected…" }).click();
  const bulkDialog = page.getByRole("dialog", { name: "Edit 2 users" });
  await expect(bulkDialog).toContainText(`a@${org.domain}, c@${org.domain}`);
  await axe();
  await bulkDialog.getByRole("button", { name: "Suspend" }).click();
  await expect(page.getByText(`Suspended a@${org.domain}.`)).toBeVisible();
  await expect(page.getByText(`c@${org.domain} wasn’t changed: user hasn’t joined yet.`)).toBeVisible();
  expect(await userStatus(query, org.slug, `a@${org.domain}`)).toBe("suspended");

  await openUsers(page, org.slug);
  await page.getByRole("checkbox", { name: "Select Blob b" }).check();
  await page.getByRole("button", { name: "Edit selected…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Change role to Admin" }).click();
  await expect(row(page, `b@${org.domain}`)).toContainText("Organization Admin");
  await expect(page.getByText("Use “Change role to Member” to undo.")).toBeVisible();
});

test("bulk removal ends links and sessions but keeps last admin", async ({ page, org, server, inviteAndGetLink, query, newBrowserPage }) => {
  const [active, invited, untouched] = ["active", "invited", "untouched"].map((name) => `${name}@${org.domain}`) as [string, string, string];
  await insertUser(query, org.slug, { name: "Globby Waters", email: active });
  await insertUser(query, org.slug, { name: "Bloberta Round", email: untouched });
  const link = await inviteAndGetLink(invited);
  const otherPage = await newBrowserPage();
  await signIn(otherPage, await createSignInLink(server, org.slug, active), "Account");
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  for (const name of ["Globby Waters", invited, org.admin]) {
    await page.getByRole("checkbox", { name: `Select ${name}`, exact: true }).check();
  }
  await page.getByRole("button", { name: "Edit selected…" }).click();
  const bulkDialog = page.getByRole("dialog", { name: "Edit 3 users" });
  await expect(bulkDialog).toContainText("This can’t be undone");
  await bulkDialog.getByRole("button", { name: "Remove from organization" }).click();
  const message = page.getByRole("status").filter({ hasText: "Removed" });
  for (const email of [active, invited]) {
    await expect(message).toContainText(email);
    await expect(row(page, email)).toHaveCount(0);
    expect(await userStatus(query, org.slug, email)).toBeUndefined();
  }
  await expect(message).toContainText(`${org.admin} wasn’t changed: the organization needs at least one active admin.`);
  await expect(row(page, untouched)).toContainText("Active");

  await goto(otherPage, `/o/${org.slug}/account`);
  await expectHeading(otherPage, "Sign in");
  await openInvitation(otherPage, link, "This invitation was revoked");
});
