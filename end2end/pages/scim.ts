import { expect, type Page } from "@playwright/test";
import { goto } from "../support/browser.ts";

/** Creates an API key on its page and returns it. An admin must be signed in. */
export async function createApiKey(page: Page, slug: string, name: string): Promise<string> {
  await goto(page, `/o/${slug}/settings/provisioning`);
  await page.getByRole("link", { name: "Create API key" }).click();
  const dialog = page.getByRole("dialog", { name: "Create API key" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Create API key" }).click();
  const key = page.getByRole("textbox", { name: "API key" });
  await expect(key).toHaveValue(/^vestibule_/);
  await expect(dialog).toHaveCount(0);
  return key.inputValue();
}
