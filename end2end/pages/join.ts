import type { Page } from "@playwright/test";
import { expectHeading, goto } from "../support/browser.ts";

/** Opens an invitation link and waits for the page with this heading. */
export async function openInvitation(page: Page, link: string, heading: string): Promise<void> {
  await goto(page, link);
  await expectHeading(page, heading);
}

/** Enters a name and joins, on the join page that is open. */
export async function join(page: Page, organization: string, name: string): Promise<void> {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: `Join ${organization}` }).click();
}
