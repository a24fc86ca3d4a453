// Looking at a page as it stands.

import { expect, test, type Page } from "@playwright/test";
import { waitForHydration } from "./browser.ts";

/** A desk and a phone. */
export const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

/** Axe finds nothing, nothing sticks out at the side, and a picture is attached to the test. */
export async function expectPageOk(page: Page, name: string, axe: (page: Page) => Promise<void>): Promise<void> {
  // What is no page of ours has nothing to wait for.
  if ((await page.locator("script[type=module]").count()) > 0) await waitForHydration(page);
  // What is still coming up has other colours.
  await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))");
  await axe(page);
  const wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  expect(wider, `${name} sticks out at the side`).toBeLessThanOrEqual(0);
  const path = test.info().outputPath(`${name}.png`);
  await page.screenshot({ path, fullPage: true });
  await test.info().attach(name, { path, contentType: "image/png" });
}
