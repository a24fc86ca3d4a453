// Axe, on the page as it stands.

import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Browser, type Page } from "@playwright/test";
import { hasScripts } from "./browser.ts";

/** Fails on whatever axe finds wrong with the page. */
export async function expectAccessible(page: Page, browser: Browser): Promise<void> {
  const violations = hasScripts(page) ? await findViolations(page) : await findViolationsInCopy(page, browser);
  const told = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.map((node) => `${node.html} — ${node.failureSummary ?? ""}`),
  }));
  expect(told, `axe at ${page.url()}`).toEqual([]);
}

async function findViolations(page: Page) {
  return (await new AxeBuilder({ page }).analyze()).violations;
}

/** Axe is a script itself: where those are off, it looks at the same HTML and style in a page where they are on. */
async function findViolationsInCopy(page: Page, browser: Browser) {
  const body = await page.content();
  const colorScheme = (await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")) ? "dark" : "light";
  const context = await browser.newContext({ javaScriptEnabled: true, viewport: page.viewportSize(), colorScheme });
  try {
    const copy = await context.newPage();
    await copy.route("**/*.{js,wasm}", (route) => route.abort());
    await copy.route(page.url(), (route) => route.fulfill({ body, contentType: "text/html; charset=utf-8" }));
    await copy.goto(page.url());
    return await findViolations(copy);
  } finally {
    await context.close();
  }
}
