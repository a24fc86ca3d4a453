import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures.ts";
import { join, openInvitation } from "../pages/join.ts";
import { signIn } from "../pages/sign_in.ts";
import { dialog, emailField, row, sendButton } from "../pages/users.ts";
import { arrive, goto } from "../support/browser.ts";
import { linkIn } from "../support/mailbox.ts";
import { addPerson } from "../support/organization.ts";

/** Switches "New user invitations" on, as an admin does. */
async function open(page: Page, slug: string): Promise<void> {
  await goto(page, `/o/${slug}/settings/general`);
  await page.getByRole("switch", { name: "New user invitations" }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
}

/** Asks on the login page, as a stranger does. */
async function ask(page: Page, slug: string, email: string, message = ""): Promise<void> {
  await goto(page, `/o/${slug}/login`);
  await page.getByRole("link", { name: "Request an invitation" }).click();
  await arrive(page, "Request an invitation");
  await page.getByRole("textbox", { name: "Email" }).fill(email);
  await page.getByRole("textbox", { name: "Your name" }).fill("Blob Ross");
  await page.getByRole("textbox", { name: "Message" }).fill(message);
  await page.getByRole("button", { name: "Request invitation" }).click();
  await expect(page.getByText("Look into your mailbox.")).toBeVisible();
}

async function confirm(page: Page, link: string): Promise<void> {
  await goto(page, link);
  await arrive(page, "Confirm your request");
  await page.getByRole("button", { name: "Send request" }).click();
  await arrive(page, "Your request is confirmed");
}

async function openRequests(page: Page, slug: string): Promise<void> {
  await goto(page, `/o/${slug}/settings/requests`);
}

test("where strangers may not ask, there is no link and no page", async ({ page, org, axe }) => {
  await goto(page, `/o/${org.slug}/login`);
  await expect(page.getByRole("link", { name: "Request an invitation" })).toHaveCount(0);
  const answer = await page.goto(`/o/${org.slug}/request-invitation`);
  expect(answer?.status()).toBe(404);
  await axe();
});

test("asked, confirmed by mail, approved with a role, joined", async ({ page, org, mail, anotherBrowser, axe }) => {
  const email = `blob.ross@${org.domain}`;
  await signIn(page, org.link);
  await open(page, org.slug);
  const stranger = await anotherBrowser();
  await goto(stranger, `/o/${org.slug}/request-invitation`);
  await axe(stranger);
  await stranger.getByRole("textbox", { name: "Email" }).fill("nonsense");
  await stranger.getByRole("button", { name: "Request invitation" }).click();
  await expect(stranger.getByRole("textbox", { name: "Email" })).toHaveAccessibleDescription("There is no “@” in it.");
  await expect(stranger.getByRole("textbox", { name: "Email" })).toHaveValue("nonsense");
  await expect(stranger.getByRole("textbox", { name: "Your name" })).toHaveAccessibleDescription("Fill this in.");

  await ask(stranger, org.slug, email, "<b>Let me in</b>");
  await openRequests(page, org.slug);
  await expect(page.getByText("Nobody waits for an invitation.")).toBeVisible();
  const link = linkIn(await mail.next(email));
  await confirm(stranger, link);
  await axe(stranger);
  await goto(stranger, link);
  await arrive(stranger, "Your request is confirmed");

  expect((await mail.next(org.admin)).text).toContain(`/o/${org.slug}/settings/requests`);
  await openRequests(page, org.slug);
  await expect(page.getByRole("tab", { name: "Invitation requests 1" })).toBeVisible();
  await expect(page.getByText("<b>Let me in</b>")).toBeVisible();
  await axe();
  await page.getByRole("link", { name: "Approve" }).click();
  await expect(emailField(page)).toHaveValue(email);
  await dialog(page).getByLabel("Organization role").selectOption("Organization Admin");
  await sendButton(page).click();
  await expect(row(page, email)).toContainText("Invited");
  await expect(page.getByRole("tab", { name: "Invitation requests 0" })).toBeVisible();

  await openInvitation(stranger, linkIn(await mail.next(email)), `Join ${org.name}`);
  await join(stranger, org.name, "Blob Ross");
  await arrive(stranger, "Users");
});

test("several are dismissed or approved at once", async ({ page, org, mail, anotherBrowser }) => {
  const emails = ["a", "b", "c", "d"].map((name) => `${name}@${org.domain}`);
  await signIn(page, org.link);
  await open(page, org.slug);
  const stranger = await anotherBrowser();
  for (const email of emails) {
    await ask(stranger, org.slug, email);
    await confirm(stranger, linkIn(await mail.next(email)));
  }
  await openRequests(page, org.slug);
  for (const email of emails.slice(0, 2)) await page.getByRole("checkbox", { name: `Select ${email}` }).check();
  await page.getByRole("button", { name: "Dismiss selected" }).click();
  await expect(page.getByText("2 requests dismissed.")).toBeVisible();
  await expect(page.getByRole("tab", { name: "Invitation requests 2" })).toBeVisible();

  // Who was dismissed is not shown again for a while.
  await ask(stranger, org.slug, emails[0]!);
  await confirm(stranger, linkIn(await mail.next(emails[0]!)));
  await openRequests(page, org.slug);
  await expect(page.getByRole("tab", { name: "Invitation requests 2" })).toBeVisible();

  for (const email of emails.slice(2)) await page.getByRole("checkbox", { name: `Select ${email}` }).check();
  await page.getByRole("button", { name: "Approve selected…" }).click();
  await expect(emailField(page)).toHaveValue(emails.slice(2).join(", "));
  await sendButton(page).click();
  for (const email of emails.slice(2)) await expect(row(page, email)).toContainText("Invited");
});

test("a request whose address came in otherwise is stale: approving is refused, dismissing removes it", async ({ page, org, mail, query, anotherBrowser, axe }) => {
  const emails = ["a", "b"].map((name) => `${name}@${org.domain}`);
  await signIn(page, org.link);
  await open(page, org.slug);
  const stranger = await anotherBrowser();
  for (const email of emails) {
    await ask(stranger, org.slug, email);
    await confirm(stranger, linkIn(await mail.next(email)));
    await addPerson(query, org.slug, { name: "", email });
  }
  await openRequests(page, org.slug);
  const stale = page.getByRole("row").filter({ hasText: emails[0]! });
  await expect(stale).toContainText("Already a member");
  await expect(stale).toContainText("by invitation");
  await axe();
  await stale.getByRole("link", { name: "Approve" }).click();
  await expect(emailField(page)).toHaveValue(emails[0]!);
  await sendButton(page).click();
  await expect(dialog(page).getByText("user already exists in the organization").first()).toBeVisible();

  await openRequests(page, org.slug);
  await stale.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText("1 request dismissed.")).toBeVisible();
  await expect(stale).toHaveCount(0);
  await page.getByRole("button", { name: "Dismiss all stale" }).click();
  await expect(page.getByText("Stale requests dismissed: 1.")).toBeVisible();
  await expect(page.getByText("Nobody waits for an invitation.")).toBeVisible();
});

test("the answer is the same for everybody; the mailbox gets what is meant for it", async ({ page, org, mail, query, invited, anotherBrowser }) => {
  const active = `active@${org.domain}`;
  await addPerson(query, org.slug, { name: "Somebody", email: active });
  const waiting = `invited@${org.domain}`;
  const invitation = await invited(waiting);
  await query("update organizations set requests_open = true where slug = $1", [org.slug]);
  const stranger = await anotherBrowser();
  const answers: string[] = [];
  for (const email of [active, waiting, `stranger@${org.domain}`]) {
    await ask(stranger, org.slug, email);
    answers.push(await stranger.getByRole("main").innerText());
  }
  expect(new Set(answers).size).toBe(1);
  expect(linkIn(await mail.next(active))).toContain("/sign-in/");
  expect(linkIn(await mail.next(waiting))).toBe(invitation);
  expect(linkIn(await mail.next(`stranger@${org.domain}`))).toContain("/confirm-request/");
  await goto(page, `/o/${org.slug}/login`);
});
