// Checks the content of a page, and its layout and accessibility in every appearance. Takes screenshots.

import { expect, test, type Page } from "@playwright/test";
import { waitForHydration } from "./browser.ts";
import type { Organization } from "./organization.ts";

const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/** Waits for the transitions that start in the next frame, too. */
const settleAnimations = `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  .then(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)))`;

/**
 * In light and dark mode, on desktop and phone: expects no axe violations and no horizontal overflow, and attaches a
 * screenshot to the test.
 */
export async function expectPageOk(page: Page, name: string, axe: (page: Page, rules?: string[]) => Promise<void>): Promise<void> {
  // Emails and error pages have no script and are never hydrated.
  if ((await page.locator("script[type=module]").count()) > 0) await waitForHydration(page);
  // Content is dimmed while newer content loads.
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      // Elements that are still fading in would fail the contrast check.
      await page.evaluate(settleAnimations);
      // The color scheme changes only colors.
      await (colorScheme === "light" ? axe(page) : axe(page, ["color-contrast"]));
      const path = test.info().outputPath(`${name}-${size}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      await test.info().attach(`${name}-${size}-${colorScheme}`, { path, contentType: "image/png" });
    }
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    expect(overflow, `horizontal overflow of ${name} on ${size}`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize(SIZES.desktop);
}

/**
 * Expects the accessibility tree of the page to match its snapshot: everything that a screen reader announces.
 * `bin/test e2e pages.visual --update-snapshots` writes the snapshots.
 */
export async function expectAriaSnapshot(page: Page, name: string, org: Organization): Promise<void> {
  let tree = await page.locator("body").ariaSnapshot();
  for (const [variable, value] of Object.entries(org).toSorted(([, a], [, b]) => b.length - a.length)) {
    tree = tree.replaceAll(value, `{${variable}}`);
  }
  for (const [pattern, replacement] of VARIABLE_TEXTS) tree = tree.replaceAll(pattern, replacement);
  expect(tree).toMatchSnapshot(`${name}.yml`);
}

/** Texts that differ between runs, besides those of the organization. */
const VARIABLE_TEXTS: [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "{id}"],
  [/vestibule_[\w-]+/g, "{key}"],
  [/http:\/\/127\.0\.0\.1:\d+/g, "{baseUrl}"],
  [/\d{1,2} [A-Z][a-z]{2} \d{4}(, \d{2}:\d{2} UTC)?/g, "{date}"],
  [/just now|\d+ \w+ ago/g, "{time}"],
];
