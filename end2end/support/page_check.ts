// Checks the layout and accessibility of a page in every appearance, and takes screenshots.

import { expect, test, type Page } from "@playwright/test";
import { waitForHydration } from "./browser.ts";

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
