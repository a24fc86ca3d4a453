// What WebAssembly adds to the user pages, and how they behave before it has loaded.

import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures.ts";
import { signIn } from "../pages/sign_in.ts";
import * as users from "../pages/users.ts";
import { waitForHydration } from "../support/browser.ts";
import { createSignInLink, insertUser, inviteByApi, userStatus } from "../support/organization.ts";

/** The preview of an address while the list is typed. */
const preview = (page: Page, address: string) => users.addressItem(users.inviteDialog(page), address);

test("invite dialog classifies addresses while typing", async ({ page, org, query, adminRequest, server, axe }) => {
  await insertUser(query, org.slug, { name: "Known Blob", email: `known@${org.domain}` });
  await insertUser(query, org.slug, { name: "Suspended Blob", email: `suspended@${org.domain}`, status: "suspended" });
  await inviteByApi(adminRequest, server, org.slug, `invited@${org.domain}`);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await users.openInviteDialog(page);
  await users.emailField(page).pressSequentially(`new@${org.domain}`);
  await expect(preview(page, `new@${org.domain}`)).toContainText("will be invited");
  await expect(users.sendButton(page)).toHaveAccessibleName("Send invitations (1)");

  await users.emailField(page).pressSequentially(`,Known Blob <known@${org.domain}>; invited@${org.domain},NEW@${org.domain}`);
  await expect(preview(page, `known@${org.domain}`)).toContainText("user already exists in the organization");
  await expect(preview(page, `invited@${org.domain}`)).toContainText("already invited");
  await expect(preview(page, `NEW@${org.domain}`)).toContainText("duplicate");
  await expect(users.sendButton(page)).toHaveAccessibleName("Send invitations (1)");
  await expect(users.inviteDialog(page)).toContainText("1 will be invited · 1 already a user · 1 already invited · 1 duplicate");
  await axe();
});

test("invite dialog offers alternatives without losing input", async ({ page, org, mail, query, adminRequest, server, axe }) => {
  await insertUser(query, org.slug, { name: "Suspended Blob", email: `suspended@${org.domain}`, status: "suspended" });
  await inviteByApi(adminRequest, server, org.slug, `invited@${org.domain}`);
  await mail.next(`invited@${org.domain}`);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await users.openInviteDialog(page);
  const list = `new@${org.domain}, invited@${org.domain}, suspended@${org.domain}`;
  await users.emailField(page).fill(list);
  await users.inviteDialog(page).getByRole("button", { name: `Resend invited@${org.domain}` }).click();
  await expect(users.inviteDialog(page).getByText(`A new invitation is on its way to invited@${org.domain}.`)).toBeVisible();
  await mail.next(`invited@${org.domain}`);
  await axe();
  await users.inviteDialog(page).getByRole("button", { name: `Reactivate suspended@${org.domain}` }).click();
  await expect(preview(page, `suspended@${org.domain}`)).toContainText("user already exists in the organization");
  await expect(users.emailField(page)).toHaveValue(list);
  expect(await userStatus(query, org.slug, `new@${org.domain}`), "no one was invited").toBeUndefined();
  await users.sendButton(page).click();
  await expect(users.inviteResult(page)).toContainText("1 invited · 1 already a user · 1 already invited");
});

test("invite dialog marks addresses with an open request", async ({ page, org, query }) => {
  const email = `requester@${org.domain}`;
  await query(
    `insert into invitation_requests (organization_id, id, email, email_normalized, name, status, proof, created_at)
     select id, gen_random_uuid(), $2, $2, 'Blob Ross', 'open', 'email', now() from organizations where slug = $1`,
    [org.slug, email],
  );
  await signIn(page, org.signInLink);
  await users.openInviteDialog(page);
  await users.emailField(page).fill(`${email}, new@${org.domain}`);
  await expect(preview(page, email)).toContainText("requested an invitation, will be invited");
  await expect(preview(page, `new@${org.domain}`)).toContainText("will be invited");
  await expect(preview(page, `new@${org.domain}`)).not.toContainText("requested an invitation");
  await expect(users.sendButton(page)).toHaveAccessibleName("Send invitations (2)");
});

test("bulk actions apply only to users on the current page", async ({ page, org, adminRequest, server, query, axe }) => {
  const emails = Array.from({ length: 60 }, (_, n) => `blob${String(n).padStart(2, "0")}@${org.domain}`);
  await inviteByApi(adminRequest, server, org.slug, emails.join("\n"));
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await users.openUsers(page, org.slug, "?sort=email");
  const box = (email: string) => page.getByRole("checkbox", { name: `Select ${email}`, exact: true });
  const editSelected = page.getByRole("button", { name: "Edit selected…" });
  for (const email of emails.slice(0, 2)) await box(email).check();
  await expect(page.getByText("2 selected", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Next", exact: true }).click();
  await expect(users.row(page, emails[59]!)).toBeVisible();
  await expect(page.getByText("Select users to edit several at once.")).toBeVisible();
  await box(emails[59]!).check();
  await expect(page.getByText("1 selected", { exact: true })).toBeVisible();
  await editSelected.click();
  const dialog = page.getByRole("dialog", { name: "Edit 1 user" });
  await expect(dialog).toContainText(emails[59]!);
  await dialog.getByRole("button", { name: "Remove from organization" }).click();
  await expect(page.getByText(`Removed ${emails[59]} from the organization.`)).toBeVisible();
  expect(await userStatus(query, org.slug, emails[59]!)).toBeUndefined();
  for (const email of emails.slice(0, 2)) expect(await userStatus(query, org.slug, email)).toBe("invited");

  // Searching shows a different page of users.
  await users.openUsers(page, org.slug, "?sort=email");
  for (const email of emails.slice(0, 2)) await box(email).check();
  await page.getByLabel("Search users").fill("blob01");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(users.rows(page)).toHaveCount(1);
  await expect(page.getByText("1 selected", { exact: true })).toBeVisible();
  await editSelected.click();
  await expect(page.getByRole("dialog", { name: "Edit 1 user" })).toContainText(emails[1]!);

  // An ID that is only in the URL is ignored.
  const { id } = (await query<{ id: string }>("select id from users where email = $1", [emails[58]]))[0]!;
  await page.goto(`${page.url()}&user=${id}`);
  await waitForHydration(page);
  await expect(page.getByRole("dialog", { name: "Edit 1 user" })).not.toContainText(emails[58]!);
  await axe();
  await page.getByRole("dialog").getByRole("button", { name: "Remove from organization" }).click();
  await expect(page.getByText(`Removed ${emails[1]} from the organization.`)).toBeVisible();
  for (const email of [emails[0]!, emails[58]!]) expect(await userStatus(query, org.slug, email)).toBe("invited");
});

test("pasted column can be corrected in place", async ({ page, org }) => {
  await signIn(page, org.signInLink);
  await users.openInviteDialog(page);
  const column = `Email\nblobby@${org.domain}\nblob.ross.${org.domain}\n`;
  await users.emailField(page).focus();
  await page.keyboard.insertText(column);
  await expect(preview(page, `blobby@${org.domain}`)).toContainText("will be invited");
  const malformed = preview(page, `blob.ross.${org.domain}`);
  await expect(malformed).toContainText("Missing “@”.");
  await malformed.getByRole("button", { name: `Edit blob.ross.${org.domain}` }).click();
  await expect(users.emailField(page)).toBeFocused();
  await page.keyboard.insertText(`blob.ross@${org.domain}`);
  await expect(users.sendButton(page)).toHaveAccessibleName("Send invitations (2)");
  await users.sendButton(page).click();
  await expect(users.statusMessage(page).filter({ hasText: "2 invited" })).toBeVisible();
});

test("invite dialog is keyboard accessible and keeps focus", async ({ page, org }) => {
  await signIn(page, org.signInLink);
  const button = page.getByRole("button", { name: "Invite", exact: true });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(users.inviteDialog(page)).toBeVisible();
  await expect(page).toHaveURL(/dialog=invite/);
  await expect(users.emailField(page)).toBeFocused();

  await page.keyboard.press("Escape");
  await expect(users.inviteDialog(page)).toBeHidden();
  await expect(page).not.toHaveURL(/dialog=/);
  await expect(button).toBeFocused();

  await page.keyboard.press("Space");
  await expect(users.emailField(page)).toBeFocused();
  await page.keyboard.type(`blobby@${org.domain}`);
  await expect(preview(page, `blobby@${org.domain}`)).toContainText("will be invited");
  // Tabbing never leaves the dialog.
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(
      "document.activeElement !== document.body && !document.querySelector('dialog').contains(document.activeElement)",
    );
    expect(outside, `after ${step + 1} steps`).toBe(false);
  }
  await users.sendButton(page).focus();
  await page.keyboard.press("Enter");
  await expect(users.statusMessage(page).filter({ hasText: "1 invited" })).toBeVisible();
  await expect(users.inviteDialog(page)).toBeHidden();
  await expect(button).toBeFocused();
});

test("error summary takes focus and links to the field", async ({ page, org }) => {
  await signIn(page, org.signInLink);
  await users.openInviteDialog(page);
  await users.sendButton(page).click();
  const summary = users.inviteDialog(page).getByRole("alert");
  await expect(summary).toBeFocused();
  await summary.getByRole("link", { name: "Enter at least one email address." }).click();
  await expect(users.emailField(page)).toBeFocused();
  await expect(users.inviteDialog(page)).toBeVisible();
});

test("forms work before WebAssembly has loaded", async ({ page, org, mail, errorWatch }) => {
  errorWatch.expect(/net::ERR_FAILED|Failed to fetch|fetch dynamically imported|TypeError/);
  await page.route("**/*.wasm", (route) => route.abort());
  await page.goto(org.signInLink);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Users" })).toBeVisible();
  await users.openInviteDialog(page);
  await users.emailField(page).fill(`blobby@${org.domain},nonsense`);
  await users.sendButton(page).click();
  await expect(users.addressItem(users.inviteResult(page), `blobby@${org.domain}`)).toContainText("invited");
  await expect(users.emailField(page)).toHaveValue("nonsense");
  await mail.next(`blobby@${org.domain}`);
});

test("input typed before hydration is kept", async ({ page, org }) => {
  await signIn(page, org.signInLink);
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/*.wasm", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(users.usersPath(org.slug, "?dialog=invite"));
  await users.emailField(page).fill(`blobby@${org.domain}`);
  await users.inviteDialog(page).getByLabel("Organization role").selectOption("Organization Admin");
  release();
  await waitForHydration(page);
  await expect(users.emailField(page)).toHaveValue(`blobby@${org.domain}`);
  await expect(preview(page, `blobby@${org.domain}`)).toContainText("will be invited");
  await users.sendButton(page).click();
  await expect(users.row(page, `blobby@${org.domain}`)).toContainText("Organization Admin");
});

test("browser history opens and closes the dialog", async ({ page, org }) => {
  await signIn(page, org.signInLink);
  await page.evaluate("window.sameDocument = true");
  await users.openInviteDialog(page);
  await page.goBack();
  await expect(users.inviteDialog(page)).toBeHidden();
  await page.goForward();
  await expect(users.inviteDialog(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(users.inviteDialog(page)).toBeHidden();

  await page.getByLabel("Search users").fill("admin");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page).toHaveURL(/q=admin/);
  await users.row(page, org.admin).getByRole("link", { name: "Manage" }).click();
  await expect(page.getByRole("heading", { level: 1, name: org.admin })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/q=admin/);
  await expect(page.getByLabel("Search users")).toHaveValue("admin");
  await page.goBack();
  await expect(page).not.toHaveURL(/q=admin/);
  expect(await page.evaluate("window.sameDocument")).toBe(true);
});

test("list stays visible and busy while results load", async ({ page, org }) => {
  await signIn(page, org.signInLink);
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/api/users/list", async (route) => {
    await released;
    await route.continue();
  });
  await page.getByLabel("Search users").fill("no-match");
  await page.getByRole("button", { name: "Search" }).click();
  const busy = page.getByRole("main").locator("[aria-busy=true]");
  await expect(busy).toBeVisible();
  await expect(users.row(page, org.admin)).toBeVisible();
  release();
  await expect(page.getByText("No users match your search.")).toBeVisible();
  await expect(busy).toHaveCount(0);
});

test("search input survives background refreshes", async ({ page, org, mail }) => {
  await signIn(page, org.signInLink);
  // The delivery takes long enough that the page polls again.
  await users.invite(page, `slow-8000-blobby@${org.domain}`);
  await expect(users.row(page, `slow-8000-blobby@${org.domain}`)).toContainText("Email queued");
  const search = page.getByLabel("Search users");
  await search.pressSequentially("blo");
  for (let polls = 0; polls < 2; polls += 1) {
    await page.waitForResponse((response) => response.url().endsWith("/api/users/list"));
  }
  await search.pressSequentially("bby");
  await expect(search).toBeFocused();
  await expect(search).toHaveValue("blobby");
  await mail.next(`slow-8000-blobby@${org.domain}`);
  await expect(users.row(page, `slow-8000-blobby@${org.domain}`)).toContainText("Email accepted");
  await expect(search).toHaveValue("blobby");
});

test("double click on the send button invites once", async ({ page, org, mail }) => {
  const email = `blobby@${org.domain}`;
  await signIn(page, org.signInLink);
  await users.openInviteDialog(page);
  await users.emailField(page).fill(email);
  await users.sendButton(page).dblclick();
  await expect(users.statusMessage(page).filter({ hasText: "1 invited" })).toBeVisible();
  await mail.next(email);
  expect(await mail.all(email)).toHaveLength(1);
});

test("invite dialog keeps its input when the server is unreachable", async ({ page, org, errorWatch }) => {
  errorWatch.expect(/net::ERR_/);
  await signIn(page, org.signInLink);
  await users.openInviteDialog(page);
  await page.route("**/api/**", (route) => route.abort());
  await users.emailField(page).fill(`blobby@${org.domain}`);
  await users.sendButton(page).click();
  await expect(users.inviteDialog(page).getByRole("alert")).toContainText("Couldn’t reach the server.");
  await expect(users.emailField(page)).toHaveValue(`blobby@${org.domain}`);
  await page.unroute("**/api/**");
  await users.sendButton(page).click();
  await expect(users.statusMessage(page).filter({ hasText: "1 invited" })).toBeVisible();
});
