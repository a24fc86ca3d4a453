// Power cuts: the server is killed at the worst moments and started again. No page is open; the program, the database
// and the SMTP server are real.

import { expireLeases, type Database } from "../support/database.ts";
import { expect, test, type IsolatedServer } from "../support/isolated_server.ts";
import { inviteByApi, signInLink, type Organization } from "../support/organization.ts";
import type { MailServer } from "../support/smtp.ts";

test.describe.configure({ mode: "serial" });

const list = (org: Organization, count: number) => Array.from({ length: count }, (_, n) => `blob${n}@${org.domain}`);

/** How many people are invited, by each of the tables that must agree. */
async function countInvited({ database }: IsolatedServer): Promise<Record<string, number>> {
  const rows = await database.query<{ users: number; invitations: number; mails: number; audited: number }>(
    `select (select count(*) from users where status = 'invited')::int as users,
        (select count(*) from invitations)::int as invitations,
        (select count(*) from deliveries where kind = 'invitation')::int as mails,
        (select count(*) from audit_events where action = 'user.invited')::int as audited`,
  );
  return rows[0]!;
}

test("bulk invite is rolled back when the server is killed", async ({ isolated }) => {
  test.setTimeout(120_000);
  const { server, database, org, adminRequest, mail } = isolated;
  const addresses = list(org, 10_000);
  // Whoever holds the outbox stops the transaction between its statements: users and invitations are written, mails are not.
  const holder = await database.pool.connect();
  await holder.query("begin");
  await holder.query("lock table deliveries in access exclusive mode");
  const answer = inviteByApi(adminRequest, server, org.slug, addresses.join("\n")).then(
    () => "answered",
    () => "cut off",
  );
  await expect
    .poll(
      async () => {
        const waiting = await database.query(
          `select 1 from pg_locks l join pg_class c on c.oid = l.relation
           where c.relname = 'deliveries' and not l.granted and l.mode = 'RowExclusiveLock'`,
        );
        return waiting.length;
      },
      { timeout: 30_000 },
    )
    .toBeGreaterThan(0);
  await server.kill();
  expect(await answer).toBe("cut off");
  await holder.query("commit");
  holder.release();
  // The database notices by itself that nobody waits for an answer any more.
  await expect.poll(() => open(database), { timeout: 30_000 }).toBe(0);

  expect(await countInvited(isolated)).toEqual({ users: 0, invitations: 0, mails: 0, audited: 0 });
  await server.start();
  expect(await countInvited(isolated)).toEqual({ users: 0, invitations: 0, mails: 0, audited: 0 });
  expect(mail.received).toEqual([]);

  const again = await inviteByApi(adminRequest, server, org.slug, addresses.join("\n"));
  expect(again.addresses.filter(({ class: is }) => is === "new")).toHaveLength(10_000);
  expect(await countInvited(isolated)).toEqual({ users: 10_000, invitations: 10_000, mails: 10_000, audited: 10_000 });
  await until(mail, () => mail.received.length >= addresses.length);
  expect(mail.received.map(({ to }) => to).toSorted()).toEqual(addresses.toSorted());
});

test("bulk invite killed at any moment is all or nothing", async ({ isolated }) => {
  test.setTimeout(120_000);
  const { server, database, org, adminRequest } = isolated;
  const addresses = list(org, 2_000).join("\n");
  const seen = new Set<number>();
  for (const wait of [20, 60, 120, 200, 300, 450, 700]) {
    const answer = inviteByApi(adminRequest, server, org.slug, addresses).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, wait));
    await server.kill();
    const answered = await answer;
    await expect.poll(() => open(database), { timeout: 30_000 }).toBe(0);
    const found = await countInvited(isolated);
    const count = found.users!;
    expect([0, 2_000], `killed after ${wait} ms`).toContain(count);
    expect(found).toEqual({ users: count, invitations: count, mails: count, audited: count });
    // What was answered is kept.
    if (answered) expect(count).toBe(2_000);
    seen.add(count);
    if (count > 0) break;
    await server.start();
  }
  test.info().annotations.push({ type: "ended as", description: [...seen].join(", ") });
});

test("server killed while sending delivers every email", async ({ isolated }) => {
  test.setTimeout(120_000);
  const { server, database, org, adminRequest, mail } = isolated;
  const addresses = list(org, 600);
  mail.setDelay(10);
  await inviteByApi(adminRequest, server, org.slug, addresses.join("\n"));
  let kills = 0;
  for (const taken of [100, 250, 400]) {
    await until(mail, () => mail.received.length >= taken);
    await server.kill();
    kills += 1;
    await expireLeases(database.query);
    await server.start();
  }
  await until(mail, () => new Set(mail.received.map(({ to }) => to)).size === addresses.length);
  await expect
    .poll(() => database.query("select state, count(*)::int from deliveries where kind = 'invitation' group by state"), { timeout: 30_000 })
    .toEqual([{ state: "accepted", count: addresses.length }]);

  const ids = new Map<string, Set<string>>();
  for (const { to, messageId } of mail.received) ids.set(to, (ids.get(to) ?? new Set()).add(messageId));
  expect([...ids.keys()].toSorted()).toEqual(addresses.toSorted());
  for (const [to, those] of ids) expect([...those], to).toHaveLength(1);
  expect(new Set([...ids.values()].flatMap((those) => [...those])).size).toBe(addresses.length);
  // Only what the mail server took just before a kill comes twice: a few for each, and not all of them again.
  const doubled = mail.received.length - addresses.length;
  test.info().annotations.push({ type: "doubled", description: `${doubled} in ${kills} kills` });
  expect(doubled).toBeLessThanOrEqual(kills * 60);
});

test("server stopped while sending exits quickly without duplicates", async ({ isolated }) => {
  const { server, org, adminRequest, mail } = isolated;
  const addresses = list(org, 400);
  mail.setDelay(10);
  await inviteByApi(adminRequest, server, org.slug, addresses.join("\n"));
  await until(mail, () => mail.received.length >= 100);
  const asked = Date.now();
  await server.stop();
  expect(Date.now() - asked).toBeLessThan(10_000);
  await server.start();
  await until(mail, () => mail.received.length >= addresses.length);
  expect(mail.received.map(({ to }) => to).toSorted()).toEqual(addresses.toSorted());
});

test("session survives a server crash", async ({ isolated }) => {
  const { server, org, adminRequest } = isolated;
  await server.kill();
  await server.start();
  const answer = await adminRequest.post("/api/users/list", { data: { org: org.slug, query: {} } });
  expect(answer.status()).toBe(200);
  expect(await signInLink(server, org.slug, org.admin)).toContain("/sign-in/");
});

/** Transactions that are not over. */
async function open(database: Database): Promise<number> {
  const rows = await database.query(
    "select 1 from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()",
  );
  return rows.length;
}

/** Waits for the mail server, mail by mail. */
async function until(mail: MailServer, enough: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!enough()) {
    if (Date.now() > deadline) throw new Error(`After a minute there were ${mail.received.length} mails.`);
    await mail.next(AbortSignal.timeout(1_000));
  }
}
