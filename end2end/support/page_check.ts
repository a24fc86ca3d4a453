// Checks the layout and accessibility of a page and takes a screenshot.

import { expect, test, type Page } from "@playwright/test";
import { waitForHydration } from "./browser.ts";

/** The viewports of the visual tests. */
export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/** Expects no axe violations and no horizontal overflow, and attaches a screenshot to the test. */
export async function expectPageOk(page: Page, name: string, axe: (page: Page) => Promise<void>): Promise<void> {
  // Emails and error pages have no script and are never hydrated.
  if ((await page.locator("script[type=module]").count()) > 0) await waitForHydration(page);
  // Elements that are still fading in would fail the contrast check.
  await page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))");
  await axe(page);
  const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(overflow, `horizontal overflow of ${name}`).toBeLessThanOrEqual(0);
  const path = test.info().outputPath(`${name}.png`);
  await page.screenshot({ path, fullPage: true });
  await test.info().attach(name, { path, contentType: "image/png" });
}
