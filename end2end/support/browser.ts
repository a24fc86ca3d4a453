// Navigation, with and without JavaScript.

import { expect, type BrowserContext, type Page } from "@playwright/test";

const withoutScripts = new WeakSet<BrowserContext>();

export function registerContext(context: BrowserContext, javaScript: boolean): void {
  if (!javaScript) withoutScripts.add(context);
}

export function hasScripts(page: Page): boolean {
  return !withoutScripts.has(page.context());
}

/** Waits until WebAssembly has hydrated the page. Returns immediately without JavaScript. */
export async function waitForHydration(page: Page): Promise<void> {
  if (hasScripts(page)) await expect(page.locator("html[data-hydrated]")).toBeAttached();
}

/** Opens a page and waits until it is interactive. */
export async function goto(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await waitForHydration(page);
}

export async function reload(page: Page): Promise<void> {
  await page.reload();
  await waitForHydration(page);
}

/** Waits until the page with this heading is shown and interactive. */
export async function expectHeading(page: Page, heading: string): Promise<void> {
  await expect(page.getByRole("heading", { level: 1, name: heading, exact: true })).toBeVisible();
  await waitForHydration(page);
}

/**
 * Waits until the page shows a state that the server reaches asynchronously. With JavaScript the page polls; without it,
 * this reloads the page.
 */
export async function eventually(page: Page, check: (timeout: number) => Promise<void>): Promise<void> {
  if (hasScripts(page)) return check(15_000);
  await expect(async () => {
    await page.reload();
    await check(500);
  }).toPass({ timeout: 20_000 });
}
