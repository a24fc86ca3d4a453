import { expect, type Page } from "@playwright/test";
import { goto } from "../support/browser.ts";

/** Creates a role on its page. An admin must be signed in. */
export async function createRole(page: Page, slug: string, name: string, permissions: string): Promise<void> {
  await goto(page, `/o/${slug}/settings/roles`);
  await page.getByRole("link", { name: "New role" }).click();
  const dialog = page.getByRole("dialog", { name: "New role" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Permissions").fill(permissions);
  await dialog.getByRole("button", { name: "Save role" }).click();
  // On narrow screens table cells are displayed as blocks, without the cell role.
  await expect(page.locator("td", { hasText: name })).toBeVisible();
  await expect(dialog).toHaveCount(0);
}

/** Creates a group on its page. An admin must be signed in. */
export async function createGroup(page: Page, slug: string, name: string, roles: string[] = []): Promise<void> {
  await goto(page, `/o/${slug}/settings/groups`);
  await page.getByRole("link", { name: "New group" }).click();
  const dialog = page.getByRole("dialog", { name: "New group" });
  await dialog.getByLabel("Name").fill(name);
  for (const role of roles) await dialog.getByLabel(role).check();
  await dialog.getByRole("button", { name: "Save group" }).click();
  // On narrow screens table cells are displayed as blocks, without the cell role.
  await expect(page.locator("td", { hasText: name })).toBeVisible();
  await expect(dialog).toHaveCount(0);
}
