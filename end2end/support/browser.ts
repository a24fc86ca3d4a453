// Going to pages, with scripts and without.

import { expect, type BrowserContext, type Page } from "@playwright/test";

const withoutScripts = new WeakSet<BrowserContext>();

export function registerContext(context: BrowserContext, javaScript: boolean): void {
  if (!javaScript) withoutScripts.add(context);
}

export function hasScripts(page: Page): boolean {
  return !withoutScripts.has(page.context());
}

/** Waits until WebAssembly has taken the page over; without scripts there is nothing to wait for. */
export async function waitForHydration(page: Page): Promise<void> {
  if (hasScripts(page)) await expect(page.locator("html[data-hydrated]")).toBeAttached();
}

/** Opens a page, and waits until it answers. */
export async function goto(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await waitForHydration(page);
}

export async function reload(page: Page): Promise<void> {
  await page.reload();
  await waitForHydration(page);
}

/** Waits for the page with this heading, and until it answers. */
export async function expectHeading(page: Page, heading: string): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: heading, exact: true })).toBeVisible();
  await waitForHydration(page);
}

/**
 * Waits until the page shows what the server will know in a moment. With scripts the page looks by itself; without, a
 * person loads it again.
 */
export async function eventually(page: Page, check: (timeout: number) => Promise<void>): Promise<void> {
  if (hasScripts(page)) return check(15_000);
  await expect(async () => {
    await page.reload();
    await check(500);
  }).toPass({ timeout: 20_000 });
}
