import { expect, type Locator, type Page } from "@playwright/test";
import { expectHeading, goto } from "../support/browser.ts";

/** Turns on "New user invitations". An admin must be signed in. */
export async function enableRequests(page: Page, slug: string): Promise<void> {
  await goto(page, `/o/${slug}/settings/general`);
  await page.getByRole("switch", { name: "New user invitations" }).check();
  await saveSettings(page);
}

/** Saves Settings > General, which must be open. */
export async function saveSettings(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
}

/** Fills in and submits the request form, which must be open. */
export async function fillRequest(page: Page, email: string, name = "Blob Ross", message = ""): Promise<void> {
  await page.getByRole("textbox", { name: "Email" }).fill(email);
  await page.getByRole("textbox", { name: "Your name" }).fill(name);
  await page.getByRole("textbox", { name: "Message" }).fill(message);
  await page.getByRole("button", { name: "Request invitation" }).click();
}

/** Requests an invitation, starting from the login page. */
export async function requestInvitation(page: Page, slug: string, email: string, message = "", name = "Blob Ross"): Promise<void> {
  await goto(page, `/o/${slug}/login`);
  await page.getByRole("link", { name: "Request an invitation" }).click();
  await expectHeading(page, "Request an invitation");
  await fillRequest(page, email, name, message);
  await expect(page.getByText("Check your email.")).toBeVisible();
}

/** Confirms a request with the link from its email. */
export async function confirmRequest(page: Page, link: string): Promise<void> {
  await goto(page, link);
  await expectHeading(page, "Confirm your request");
  await page.getByRole("button", { name: "Send request" }).click();
  await expectHeading(page, "Request sent");
}

export async function openRequests(page: Page, slug: string): Promise<void> {
  await goto(page, `/o/${slug}/settings/requests`);
}

/** The "Invitation requests" tab with this count. */
export function requestsTab(page: Page, count: number): Locator {
  return page.getByRole("tab", { name: `Invitation requests ${count}` });
}

/** The row of the request from this address. */
export function requestRow(page: Page, email: string): Locator {
  return page.getByRole("row").filter({ hasText: email });
}
