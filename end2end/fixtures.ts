// The fixtures of every test: a separate organization, its mailbox, and a watch for browser errors.

import { test as base, expect, type APIRequestContext, type Page } from "@playwright/test";
import { expectAccessible } from "./support/axe.ts";
import { registerContext } from "./support/browser.ts";
import { openDatabase, type Database, type Query } from "./support/database.ts";
import { running, type Running } from "./support/environment.ts";
import { linkIn, openMailbox, type Mailbox } from "./support/mailbox.ts";
import { createOrganization, inviteByApi, signInByApi, type Organization } from "./support/organization.ts";
import { createErrorWatch, type ErrorWatch } from "./support/error_watch.ts";

export { expect };
export type { Organization } from "./support/organization.ts";

type Fixtures = {
  /** A new organization with its first admin. */
  org: Organization;
  /** The emails that the organization sends. */
  mail: Mailbox;
  /** Sends requests without a browser, signed in as the admin of the organization. */
  adminRequest: APIRequestContext;
  /** Invites an address, waits for the email and returns its link. */
  inviteAndGetLink: (email: string, role?: "member" | "admin") => Promise<string>;
  /** Fails on any axe violation on the page, or on violations of the given rules only. */
  axe: (page?: Page, rules?: string[]) => Promise<void>;
  /** Opens a page in a separate browser context, as a different person. */
  newBrowserPage: () => Promise<Page>;
  /** Fails the test on any error or warning in a browser and on any 5xx response. */
  errorWatch: ErrorWatch;
};

type WorkerFixtures = {
  /** The server that all tests share. */
  server: Running;
  database: Database;
  query: Query;
};

export const test = base.extend<Fixtures, WorkerFixtures>({
  server: [
    async ({}, use) => {
      await use(running());
    },
    { scope: "worker" },
  ],

  database: [
    async ({ server }, use) => {
      const database = openDatabase(server.databaseUrl);
      await use(database);
      await database.close();
    },
    { scope: "worker" },
  ],

  query: [({ database }, use) => use(database.query), { scope: "worker" }],

  errorWatch: [
    async ({ context, javaScriptEnabled }, use) => {
      const watch = createErrorWatch();
      registerContext(context, javaScriptEnabled);
      watch.add(context, javaScriptEnabled);
      await use(watch);
      expect(watch.problems, "errors in the browser").toEqual([]);
    },
    { auto: true },
  ],

  baseURL: ({ server }, use) => use(server.baseUrl),

  org: async ({ server }, use) => use(await createOrganization(server)),

  mail: ({ server, org }, use) => use(openMailbox(server.mailUrl, org.slug)),

  adminRequest: async ({ playwright, server, org }, use) => {
    const request = await playwright.request.newContext({ baseURL: server.baseUrl });
    await signInByApi(request, server, org.slug, org.signInLink);
    await use(request);
    await request.dispose();
  },

  inviteAndGetLink: ({ adminRequest, server, org, mail }, use) =>
    use(async (email, role) => {
      await inviteByApi(adminRequest, server, org.slug, email, role);
      return linkIn(await mail.next(email));
    }),

  axe: ({ page, browser }, use) => use((other, rules) => expectAccessible(other ?? page, browser, rules)),

  newBrowserPage: async ({ browser, javaScriptEnabled, errorWatch }, use) => {
    const contexts: { close: () => Promise<void> }[] = [];
    await use(async () => {
      const context = await browser.newContext();
      contexts.push(context);
      registerContext(context, javaScriptEnabled);
      errorWatch.add(context, javaScriptEnabled);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
});
