// Pages whose WebAssembly chunk is fetched when they are first opened.

import type { Page } from "@playwright/test";
import { expect, test } from "../fixtures.ts";
import { signIn } from "../pages/sign_in.ts";
import { expectHeading, goto } from "../support/browser.ts";

/** The pages in the navigation: link, heading and path. */
const PAGES = [
  ["Groups", "Groups", "settings/groups"],
  ["Roles", "Roles", "settings/roles"],
  ["General", "General", "settings/general"],
  ["Authentication", "Authentication", "settings/authentication"],
  ["Provisioning", "Provisioning", "settings/provisioning"],
  ["Audit log", "Audit log", "settings/audit-log"],
  ["Users", "Users", "settings/users"],
] as const;

const followLink = (page: Page, link: string) =>
  page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: link, exact: true }).click();

test("each lazy chunk is fetched once across navigation", async ({ page, org }) => {
  await signIn(page, org.signInLink);
  await page.evaluate("window.sameDocument = true");
  const fetched: string[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith(".wasm")) fetched.push(request.url());
  });
  for (const [link, heading] of PAGES) {
    await followLink(page, link);
    await expectHeading(page, heading);
  }
  await page.getByRole("link", { name: org.admin }).first().click();
  await expectHeading(page, "Account");
  expect(await page.evaluate("window.sameDocument"), "no full page load").toBe(true);
  expect(fetched.length).toBeGreaterThan(0);
  expect(new Set(fetched).size).toBe(fetched.length);

  for (const [, heading, path] of PAGES) {
    await goto(page, `/o/${org.slug}/${path}`);
    await expectHeading(page, heading);
  }
});

test("missing chunk falls back to the server-rendered page", async ({ page, org, errorWatch }) => {
  await signIn(page, org.signInLink);
  await page.evaluate("window.sameDocument = true");
  errorWatch.expect(/net::ERR_FAILED|Failed to fetch|TypeError/);
  await page.route("**/pkg/{split,chunk}_*.wasm", (route) => route.abort());
  await followLink(page, "Groups");
  await expect(page.getByRole("heading", { level: 1, name: "Groups" })).toBeVisible();
  expect(await page.evaluate("window.sameDocument"), "full page load").toBeUndefined();
  await page.getByRole("link", { name: "New group" }).click();
  await page.getByLabel("Name").fill("Pink blobs");
  await page.getByRole("button", { name: "Save group" }).click();
  await expect(page.getByRole("row", { name: /Pink blobs/ })).toBeVisible();
});
