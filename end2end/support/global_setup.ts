// Starts the database, SMTP server and Vestibule that all tests share. Each test creates a separate organization.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FullConfig } from "@playwright/test";
import { createDatabase, dropDatabase } from "./database.ts";
import { build, publishRunning } from "./environment.ts";
import { serveMailbox } from "./mailbox.ts";
import { prepareServer } from "./server.ts";
import { startMailServer } from "./smtp.ts";

export default async function setUp(config: FullConfig): Promise<() => Promise<void>> {
  const { adminUrl } = build();
  const databaseUrl = await createDatabase(adminUrl);
  const mail = await startMailServer();
  const mailbox = await serveMailbox(mail);
  const results = join(config.configFile ? join(config.configFile, "..") : ".", "test-results");
  mkdirSync(results, { recursive: true });
  const smtpUrl = `smtp://127.0.0.1:${mail.port}?tls=none`;
  const server = await prepareServer({ databaseUrl, smtpUrl }, join(results, "server.log"));
  const tearDown = async () => {
    await server.stop();
    await mailbox.stop();
    await mail.stop();
    await dropDatabase(adminUrl, databaseUrl);
  };
  try {
    await server.start();
  } catch (error) {
    await tearDown();
    throw error;
  }
  publishRunning({ ...server, mailUrl: mailbox.url });
  return async () => {
    const unexpectedExit = server.unexpectedExit();
    await tearDown();
    if (unexpectedExit) throw new Error(`${unexpectedExit} Later tests had no server. See server.log.`);
    const panics = server.log().split("\n").filter((line) => line.includes("panicked"));
    if (panics.length > 0) throw new Error(`The server panicked (see server.log):\n${panics.join("\n")}`);
  };
}
