// Accessibility checks with axe.

import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Browser, type Page } from "@playwright/test";
import { hasScripts } from "./browser.ts";

/** Fails on any axe violation on the page, or on violations of the given rules only. */
export async function expectAccessible(page: Page, browser: Browser, rules?: string[]): Promise<void> {
  const violations = hasScripts(page) ? await findViolations(page, rules) : await findViolationsInCopy(page, browser);
  const report = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    at: nodes.map((node) => `${node.html} — ${node.failureSummary ?? ""}`),
  }));
  expect(report, `axe at ${page.url()}`).toEqual([]);
}

async function findViolations(page: Page, rules?: string[]) {
  const builder = new AxeBuilder({ page });
  return (await (rules ? builder.withRules(rules) : builder).analyze()).violations;
}

/** Axe needs JavaScript. Where that is disabled, it checks a copy of the page in a context that has it enabled. */
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
