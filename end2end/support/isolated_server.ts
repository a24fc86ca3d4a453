// A separate server with its own database and mail server, for tests that kill, flood or measure it.

import type { APIRequestContext } from "@playwright/test";
import { expect, test as base } from "../fixtures.ts";
import { createDatabase, dropDatabase, openDatabase, type Database } from "./database.ts";
import { build } from "./environment.ts";
import { createOrganization, signInByApi, type Organization } from "./organization.ts";
import { prepareServer, type Server } from "./server.ts";
import { startMailServer, type MailServer } from "./smtp.ts";

export { expect };

export type IsolatedServer = {
  server: Server;
  database: Database;
  mail: MailServer;
  org: Organization;
  /** Sends requests signed in as the admin of the organization. */
  adminRequest: APIRequestContext;
};

export const test = base.extend<{ isolated: IsolatedServer }>({
  isolated: async ({ playwright }, use) => {
    const { adminUrl } = build();
    const database = openDatabase(await createDatabase(adminUrl));
    const mail = await startMailServer();
    const server = await prepareServer({ databaseUrl: database.url, smtpUrl: `smtp://127.0.0.1:${mail.port}?tls=none` });
    await server.start();
    const org = await createOrganization(server);
    const adminRequest = await playwright.request.newContext({ baseURL: server.baseUrl });
    await signInByApi(adminRequest, server, org.slug, org.signInLink);
    await use({ server, database, mail, org, adminRequest });
    await adminRequest.dispose();
    await server.kill();
    await mail.stop();
    await database.close();
    await dropDatabase(adminUrl, database.url);
  },
});
