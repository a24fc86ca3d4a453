import { expect, type Locator, type Page } from "@playwright/test";
import { goto } from "../support/browser.ts";

export function usersPath(slug: string, search = ""): string {
  return `/o/${slug}/settings/users${search}`;
}

/** Opens the list of users. An admin must be signed in. */
export async function openUsers(page: Page, slug: string, search = ""): Promise<void> {
  await goto(page, usersPath(slug, search));
}

/** The row of the user with this address. */
export function row(page: Page, email: string): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("cell", { name: email, exact: true }) });
}

/** The rows of all users on this page of the list. */
export function rows(page: Page): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("link", { name: "Manage" }) });
}

/** The addresses on this page of the list, from top to bottom. */
export async function addresses(page: Page): Promise<string[]> {
  const texts = await rows(page).getByRole("cell").filter({ hasText: /^\S+@\S+$/ }).allTextContents();
  return texts.map((text) => text.trim());
}

export function inviteDialog(page: Page): Locator {
  return page.getByRole("dialog", { name: "Invite users" });
}

export function emailField(page: Page): Locator {
  return inviteDialog(page).getByRole("textbox", { name: "Email" });
}

export function sendButton(page: Page): Locator {
  return inviteDialog(page).getByRole("button", { name: "Send invitations" });
}

/** The result for each address, shown in the dialog after sending. */
export function inviteResult(page: Page): Locator {
  return inviteDialog(page).getByRole("status", { name: "Result" });
}

/** The list item of an address as it was typed, before or after sending. */
export function addressItem(list: Locator, address: string): Locator {
  return list.getByRole("listitem").filter({ hasText: new RegExp(address.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) });
}

export async function openInviteDialog(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await expect(inviteDialog(page)).toBeVisible();
}

/** Sends invitations with the dialog. */
export async function invite(page: Page, list: string, role?: "Organization Admin" | "Organization Member"): Promise<void> {
  await openInviteDialog(page);
  await emailField(page).fill(list);
  if (role) await inviteDialog(page).getByLabel("Organization role").selectOption(role);
  await sendButton(page).click();
}

/** The status messages of the page, such as the notice that everyone was invited. */
export function statusMessage(page: Page): Locator {
  return page.getByRole("status");
}

/** Opens the profile of a user in the list, which must be open. */
export async function openProfile(page: Page, email: string): Promise<void> {
  await row(page, email).getByRole("link", { name: "Manage" }).click();
  await expect(page.getByRole("heading", { name: "Emails" })).toBeVisible();
}

/** The emails on a profile. */
export function deliveries(page: Page): Locator {
  return page.getByRole("list", { name: "Emails" }).getByRole("listitem");
}
