// The delivery state that pages show, for every behavior of the mail server.

import { createServer, type Server as NetServer, type Socket } from "node:net";
import { expect, test } from "../fixtures.ts";
import { signIn } from "../pages/sign_in.ts";
import * as users from "../pages/users.ts";
import { eventually, goto, waitForHydration } from "../support/browser.ts";
import { createDatabase, dropDatabase, makeRetriesDue, openDatabase } from "../support/database.ts";
import { build } from "../support/environment.ts";
import { freePort } from "../support/ports.ts";
import { createOrganization } from "../support/organization.ts";
import { prepareServer } from "../support/server.ts";
import { startMailServer } from "../support/smtp.ts";

test("rejected email shows the reply of the mail server", async ({ page, org, mail, axe }) => {
  const email = `refuse-blobby@${org.domain}`;
  await signIn(page, org.signInLink);
  await users.invite(page, `${email},fine@${org.domain}`);
  await mail.next(`fine@${org.domain}`);
  await eventually(page, (timeout) => expect(users.row(page, email)).toContainText("Email not delivered", { timeout }));
  // The invitation is still open.
  await expect(users.row(page, email).getByText("Invited", { exact: true })).toBeVisible();
  await eventually(page, (timeout) => expect(users.row(page, `fine@${org.domain}`)).toContainText("Email accepted", { timeout }));
  await waitForHydration(page);
  await axe();

  await users.openProfile(page, email);
  await expect(users.deliveries(page)).toHaveCount(1);
  await expect(users.deliveries(page)).toContainText("Email not delivered");
  await expect(users.deliveries(page)).toContainText("550 5.1.1 no such mailbox");
  await waitForHydration(page);
  await axe();
});

test("deferred email is retried until the mail server accepts it", async ({ page, org, mail, axe }) => {
  const email = `busy-2-blobby@${org.domain}`;
  await signIn(page, org.signInLink);
  await users.invite(page, email);
  await eventually(page, (timeout) => expect(users.row(page, email)).toContainText("Email delayed", { timeout }));
  await waitForHydration(page);
  await axe();

  await users.openProfile(page, email);
  await expect(users.deliveries(page)).toContainText("451 4.3.2 busy, try again later");
  await expect(users.deliveries(page)).toContainText(/attempt [12] failed, next attempt: \d+ \w+ \d{4}, \d\d:\d\d UTC/);
  expect(await mail.all(email)).toEqual([]);

  await mail.next(email);
  await users.openUsers(page, org.slug);
  await eventually(page, (timeout) => expect(users.row(page, email)).toContainText("Email accepted", { timeout }));
  expect(await mail.all(email)).toHaveLength(1);
});

test("email is retried after a dropped connection", async ({ page, org, mail }) => {
  const email = `drop-1-blobby@${org.domain}`;
  await signIn(page, org.signInLink);
  await users.invite(page, email);
  await eventually(page, (timeout) => expect(users.row(page, email)).toContainText(/Email (delayed|accepted)/, { timeout }));
  await mail.next(email);
  await eventually(page, (timeout) => expect(users.row(page, email)).toContainText("Email accepted", { timeout }));
  expect(await mail.all(email)).toHaveLength(1);
});

test("email is sent once an unreachable mail server is back", async ({ page, axe }) => {
  test.setTimeout(120_000);
  const { adminUrl } = build();
  const database = openDatabase(await createDatabase(adminUrl));
  const port = await freePort();
  const server = await prepareServer({ databaseUrl: database.url, smtpUrl: `smtp://127.0.0.1:${port}?tls=none` });
  let mail: Awaited<ReturnType<typeof startMailServer>> | undefined;
  let silentServer: Awaited<ReturnType<typeof startSilentServer>> | undefined;
  try {
    await server.start();
    const org = await createOrganization(server);
    const [unreachable, silent] = [`unreachable@${org.domain}`, `silent@${org.domain}`];
    await signIn(page, org.signInLink);

    // No server is listening.
    await users.openInviteDialog(page);
    await users.emailField(page).fill(unreachable);
    const sentAt = Date.now();
    await users.sendButton(page).click();
    await expect(users.statusMessage(page).filter({ hasText: "1 invited" })).toBeVisible();
    expect(Date.now() - sentAt).toBeLessThan(5_000);
    await eventually(page, (timeout) => expect(users.row(page, unreachable)).toContainText("Email delayed", { timeout }));
    await waitForHydration(page);
    await axe();

    // A server accepts the connection but never replies.
    silentServer = await startSilentServer(port);
    await makeRetriesDue(database.query);
    await waitForHydration(page);
    await users.openInviteDialog(page);
    await users.emailField(page).fill(silent);
    const sentAgainAt = Date.now();
    await users.sendButton(page).click();
    await expect(users.row(page, silent)).toBeVisible();
    expect(Date.now() - sentAgainAt).toBeLessThan(5_000);
    await expect(users.row(page, silent)).toContainText("Email queued");
    await silentServer.connected;
    await silentServer.stop();

    // The mail server is back.
    mail = await startMailServer(port);
    for (const email of [unreachable, silent]) {
      await expect(async () => {
        await makeRetriesDue(database.query);
        expect(await mail!.to(email, 0)).toHaveLength(1);
      }).toPass({ timeout: 60_000 });
      await eventually(page, (timeout) => expect(users.row(page, email)).toContainText("Email accepted", { timeout }));
    }
    expect(mail.received).toHaveLength(2);
    await goto(page, `${server.baseUrl}${users.usersPath(org.slug)}`);
    await users.openProfile(page, unreachable);
    await expect(users.deliveries(page)).toContainText("250 2.0.0 accepted as");
  } finally {
    await page.goto("about:blank");
    await silentServer?.stop();
    await server.stop();
    await mail?.stop();
    await database.close();
    await dropDatabase(adminUrl, database.url);
  }
});

/** Accepts connections and never sends a byte. */
async function startSilentServer(port: number) {
  const sockets = new Set<Socket>();
  let connect = () => {};
  const connected = new Promise<void>((resolve) => (connect = resolve));
  const server: NetServer = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    connect();
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { connected, stop };
}
