import { expect, test } from "../fixtures.ts";
import { join, openInvitation } from "../pages/join.ts";
import { row } from "../pages/users.ts";
import { signIn } from "../pages/sign_in.ts";
import { expectHeading, goto } from "../support/browser.ts";
import {
  createOrganization,
  createSignInLink,
  expireInvitation,
  insertUser,
  revokeInvitation,
  snapshotOrganization,
  userStatus,
} from "../support/organization.ts";

test("open invitation shows its details and can be accepted", async ({ page, org, inviteAndGetLink, axe, query }) => {
  const email = `blobby@${org.domain}`;
  await openInvitation(page, await inviteAndGetLink(email), `Join ${org.name}`);
  await expect(page).toHaveURL(`/o/${org.slug}/join`);
  await expect(page.getByText(org.admin)).toBeVisible();
  await expect(page.getByText(email)).toBeVisible();
  await expect(page.getByText(/This invitation expires on \d+ \w+ \d{4}, \d\d:\d\d UTC \(7 days left\)\./)).toBeVisible();
  await axe();

  const name = page.getByLabel("Your name");
  await join(page, org.name, " ");
  await expect(name).toHaveAccessibleDescription("This field is required.");
  await axe();
  await join(page, org.name, "x".repeat(101));
  await expect(name).toHaveAccessibleDescription("Use 100 characters or fewer.");
  await expect(name).toHaveValue("x".repeat(101));
  expect(await userStatus(query, org.slug, email)).toBe("invited");

  await join(page, org.name, "Blobby O’Blob");
  await expectHeading(page, "Account");
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("Blobby O’Blob");
  await axe();
  expect(await userStatus(query, org.slug, email)).toBe("active");
});

test("invited admin lands on the Users page after joining", async ({ page, org, inviteAndGetLink }) => {
  const email = `blob.ross@${org.domain}`;
  await openInvitation(page, await inviteAndGetLink(email, "admin"), `Join ${org.name}`);
  await join(page, org.name, "Blob Ross");
  await expectHeading(page, "Users");
  await expect(row(page, email)).toContainText("Organization Admin");
});

test("expired invitation shows its expiry and cannot be accepted", async ({ page, org, inviteAndGetLink, query, axe }) => {
  const email = `blobby@${org.domain}`;
  const link = await inviteAndGetLink(email);
  await openInvitation(page, link, `Join ${org.name}`);
  await expireInvitation(query, org.slug, email);

  // It expired while the page was open.
  await join(page, org.name, "Blobby");
  await expectHeading(page, "This invitation has expired");
  expect(await userStatus(query, org.slug, email)).toBe("invited");

  await openInvitation(page, link, "This invitation has expired");
  await expect(page.getByText(/It expired on \d+ \w+ \d{4}, \d\d:\d\d UTC\./)).toBeVisible();
  await axe();
});

test("revoked invitation cannot be accepted", async ({ page, org, inviteAndGetLink, query, axe }) => {
  const email = `blobby@${org.domain}`;
  const link = await inviteAndGetLink(email);
  await openInvitation(page, link, `Join ${org.name}`);
  await revokeInvitation(query, org.slug, email);

  await join(page, org.name, "Blobby");
  await expectHeading(page, "This invitation was revoked");
  expect(await userStatus(query, org.slug, email)).toBeUndefined();

  await openInvitation(page, link, "This invitation was revoked");
  await axe();
});

test("used link leads to sign-in without creating a session", async ({ page, org, inviteAndGetLink, newBrowserPage, axe }) => {
  const link = await inviteAndGetLink(`blobby@${org.domain}`);
  await openInvitation(page, link, `Join ${org.name}`);
  await join(page, org.name, "Blobby");
  await expectHeading(page, "Account");

  const otherPage = await newBrowserPage();
  await openInvitation(otherPage, link, "You already joined");
  await axe(otherPage);
  await otherPage.getByRole("link", { name: "Go to sign-in" }).click();
  await expectHeading(otherPage, "Sign in");
  expect((await otherPage.context().cookies()).map(({ name }) => name)).not.toContain(`session-${org.slug}`);
  await goto(otherPage, `/o/${org.slug}/account`);
  await expectHeading(otherPage, "Sign in");
});

test("open join page reports that the link has been used", async ({ page, org, inviteAndGetLink, newBrowserPage }) => {
  const link = await inviteAndGetLink(`blobby@${org.domain}`);
  const otherPage = await newBrowserPage();
  await openInvitation(page, link, `Join ${org.name}`);
  await openInvitation(otherPage, link, `Join ${org.name}`);
  await join(otherPage, org.name, "Blobby");
  await expectHeading(otherPage, "Account");
  await join(page, org.name, "Blobby again");
  await expectHeading(page, "You already joined");
});

test("garbled or foreign link does not work", async ({ page, org, inviteAndGetLink, server, axe }) => {
  const link = await inviteAndGetLink(`blobby@${org.domain}`);
  const token = link.split("/").at(-1)!;
  const otherOrg = await createOrganization(server);
  const garbled = token.slice(0, 5) + (token[5] === "A" ? "B" : "A") + token.slice(6);
  for (const badLink of [
    `/o/${org.slug}/join/x`,
    `/o/${org.slug}/join/${token.slice(0, -1)}`,
    `/o/${org.slug}/join/${garbled}`,
    `/o/${otherOrg.slug}/join/${token}`,
  ]) {
    await openInvitation(page, badLink, "This link doesn’t work");
  }
  await axe();
  await openInvitation(page, link, `Join ${org.name}`);
});

test("link of a suspended user looks like an unknown one", async ({ page, org, inviteAndGetLink, query }) => {
  const email = `blobby@${org.domain}`;
  const link = await inviteAndGetLink(email);
  await query("update users set status = 'suspended', joined_at = now(), joined_by = 'invitation' where email = $1", [email]);
  await openInvitation(page, link, "This link doesn’t work");
});

test("invitation asks a different signed-in user to sign out", async ({ page, org, inviteAndGetLink, server, axe, query }) => {
  const email = `blobby@${org.domain}`;
  const signedInEmail = `ross@${org.domain}`;
  await insertUser(query, org.slug, { name: "Blob Ross", email: signedInEmail });
  await signIn(page, await createSignInLink(server, org.slug, signedInEmail), "Account");

  await openInvitation(page, await inviteAndGetLink(email), "You’re signed in with a different account");
  await expect(page.getByText(email)).toBeVisible();
  await expect(page.getByText(signedInEmail)).toBeVisible();
  await axe();
  expect(await userStatus(query, org.slug, email)).toBe("invited");

  await page.getByRole("button", { name: "Sign out and continue" }).click();
  await expectHeading(page, `Join ${org.name}`);
  await join(page, org.name, "Blobby");
  await expectHeading(page, "Account");
  await expect(page.getByRole("definition").filter({ hasText: email })).toBeVisible();
});

test("join is refused after signing in as someone else", async ({ page, org, inviteAndGetLink, server, query }) => {
  const email = `blobby@${org.domain}`;
  const signedInEmail = `ross@${org.domain}`;
  await insertUser(query, org.slug, { name: "Blob Ross", email: signedInEmail });
  await openInvitation(page, await inviteAndGetLink(email), `Join ${org.name}`);
  await signIn(await page.context().newPage(), await createSignInLink(server, org.slug, signedInEmail), "Account");
  await join(page, org.name, "Blobby");
  await expectHeading(page, "You’re signed in with a different account");
  expect(await userStatus(query, org.slug, email)).toBe("invited");
});

test("opening an invitation link repeatedly changes nothing", async ({ page, org, inviteAndGetLink, request, query, newBrowserPage }) => {
  const email = `blobby@${org.domain}`;
  const link = await inviteAndGetLink(email);
  const before = await snapshotOrganization(query, org.slug);
  for (const method of ["GET", "HEAD", "GET", "HEAD", "GET"]) {
    const response = await request.fetch(link, { method });
    expect(response.status()).toBeLessThan(400);
  }
  await openInvitation(await newBrowserPage(), link, `Join ${org.name}`);
  expect(await snapshotOrganization(query, org.slug)).toEqual(before);

  await openInvitation(page, link, `Join ${org.name}`);
  await join(page, org.name, "Blobby");
  await expectHeading(page, "Account");
});

test("invitation in a second tab cannot be joined by mistake", async ({ page, org, inviteAndGetLink, query }) => {
  const emails = [`blobby@${org.domain}`, `ross@${org.domain}`];
  const [firstLink, secondLink] = [await inviteAndGetLink(emails[0]!), await inviteAndGetLink(emails[1]!)];
  await openInvitation(page, firstLink, `Join ${org.name}`);
  await expect(page.getByText(emails[0]!)).toBeVisible();
  const tab = await page.context().newPage();
  await openInvitation(tab, secondLink, `Join ${org.name}`);
  await expect(tab.getByText(emails[1]!)).toBeVisible();

  await join(page, org.name, "Blobby");
  await expect(page.getByRole("alert")).toBeVisible();
  expect(await userStatus(query, org.slug, emails[1]!)).toBe("invited");

  // Opening the link again restores the invitation.
  await openInvitation(page, firstLink, `Join ${org.name}`);
  await join(page, org.name, "Blobby");
  await expectHeading(page, "Account");
  expect(await userStatus(query, org.slug, emails[0]!)).toBe("active");
  expect(await userStatus(query, org.slug, emails[1]!)).toBe("invited");
});

test("resent invitation also works with its earlier link", async ({ page, org, inviteAndGetLink, query }) => {
  const email = `blobby@${org.domain}`;
  const originalLink = await inviteAndGetLink(email);
  await expireInvitation(query, org.slug, email);
  await openInvitation(page, originalLink, "This invitation has expired");
  await inviteAndGetLink(email);
  await openInvitation(page, originalLink, `Join ${org.name}`);
  await join(page, org.name, "Blobby");
  await expectHeading(page, "Account");
});
