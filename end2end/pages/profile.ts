import { expect, type Locator, type Page } from "@playwright/test";
import { openUsers, row } from "./users.ts";

/** Opens a profile from the list of users. */
export async function openProfileOf(page: Page, slug: string, email: string, search = ""): Promise<void> {
  await openUsers(page, slug, search);
  await row(page, email).getByRole("link", { name: "Manage" }).click();
  await expect(page.getByRole("heading", { name: "Effective permissions" })).toBeVisible();
}

/** Opens the confirmation dialog of an action on the profile and confirms it. */
export async function confirmAction(page: Page, label: string): Promise<Locator> {
  await page.getByRole("link", { name: label, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: label, exact: true }).click();
  return dialog;
}

/** The entries under "Activity", newest first. */
export function activity(page: Page): Locator {
  return page.getByRole("list", { name: "Activity" }).getByRole("listitem");
}

/** The row of a permission under "Effective permissions". */
export function permission(page: Page, name: string): Locator {
  return page.getByRole("table", { name: "Effective permissions" }).getByRole("row").filter({
    has: page.getByRole("cell", { name, exact: true }),
  });
}
