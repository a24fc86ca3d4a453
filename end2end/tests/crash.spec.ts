// Crash safety: the server is killed at critical moments and restarted, with a real database and SMTP server. No browser
// is involved.

import { expireLeases, type Database } from "../support/database.ts";
import { expect, test, type IsolatedServer } from "../support/isolated_server.ts";
import { createSignInLink, inviteByApi, type Organization } from "../support/organization.ts";
import type { MailServer } from "../support/smtp.ts";

test.describe.configure({ mode: "serial" });

const addressList = (org: Organization, count: number) => Array.from({ length: count }, (_, n) => `blob${n}@${org.domain}`);

/** The number of invited users according to each of the tables that must agree. */
async function countInvited({ database }: IsolatedServer): Promise<Record<string, number>> {
  const rows = await database.query<{ users: number; invitations: number; deliveries: number; audited: number }>(
    `select (select count(*) from users where status = 'invited')::int as users,
        (select count(*) from invitations)::int as invitations,
        (select count(*) from deliveries where kind = 'invitation')::int as deliveries,
        (select count(*) from audit_events where action = 'user.invited')::int as audited`,
  );
  return rows[0]!;
}

test("bulk invite is rolled back when the server is killed", async ({ isolated }) => {
  test.setTimeout(120_000);
  const { server, database, org, adminRequest, mail } = isolated;
  const addresses = addressList(org, 10_000);
  // Locking the outbox stops the transaction halfway: users and invitations have been written, deliveries have not.
  const blocker = await database.pool.connect();
  await blocker.query("begin");
  await blocker.query("lock table deliveries in access exclusive mode");
  const outcome = inviteByApi(adminRequest, server, org.slug, addresses.join("\n")).then(
    () => "completed",
    () => "aborted",
  );
  await expect
    .poll(
      async () => {
        const blockedLocks = await database.query(
          `select 1 from pg_locks l join pg_class c on c.oid = l.relation
           where c.relname = 'deliveries' and not l.granted and l.mode = 'RowExclusiveLock'`,
        );
        return blockedLocks.length;
      },
      { timeout: 30_000 },
    )
    .toBeGreaterThan(0);
  await server.kill();
  expect(await outcome).toBe("aborted");
  await blocker.query("commit");
  blocker.release();
  // PostgreSQL detects the lost connection and rolls back.
  await expect.poll(() => countTransactions(database), { timeout: 30_000 }).toBe(0);

  expect(await countInvited(isolated)).toEqual({ users: 0, invitations: 0, deliveries: 0, audited: 0 });
  await server.start();
  expect(await countInvited(isolated)).toEqual({ users: 0, invitations: 0, deliveries: 0, audited: 0 });
  expect(mail.received).toEqual([]);

  const retry = await inviteByApi(adminRequest, server, org.slug, addresses.join("\n"));
  expect(retry.addresses.filter((address) => address.class === "new")).toHaveLength(10_000);
  expect(await countInvited(isolated)).toEqual({ users: 10_000, invitations: 10_000, deliveries: 10_000, audited: 10_000 });
  await waitUntil(mail, () => mail.received.length >= addresses.length);
  expect(mail.received.map(({ to }) => to).toSorted()).toEqual(addresses.toSorted());
});

test("bulk invite killed at any moment is all or nothing", async ({ isolated }) => {
  test.setTimeout(120_000);
  const { server, database, org, adminRequest } = isolated;
  const addresses = addressList(org, 2_000).join("\n");
  const counts = new Set<number>();
  for (const delay of [20, 60, 120, 200, 300, 450, 700]) {
    const request = inviteByApi(adminRequest, server, org.slug, addresses).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await server.kill();
    const response = await request;
    await expect.poll(() => countTransactions(database), { timeout: 30_000 }).toBe(0);
    const totals = await countInvited(isolated);
    const count = totals.users!;
    expect([0, 2_000], `killed after ${delay} ms`).toContain(count);
    expect(totals).toEqual({ users: count, invitations: count, deliveries: count, audited: count });
    // An acknowledged invite must persist.
    if (response) expect(count).toBe(2_000);
    counts.add(count);
    if (count > 0) break;
    await server.start();
  }
  test.info().annotations.push({ type: "invited users", description: [...counts].join(", ") });
});

test("server killed while sending delivers every email", async ({ isolated }) => {
  test.setTimeout(120_000);
  const { server, database, org, adminRequest, mail } = isolated;
  const addresses = addressList(org, 600);
  mail.setDelay(10);
  await inviteByApi(adminRequest, server, org.slug, addresses.join("\n"));
  let kills = 0;
  for (const threshold of [100, 250, 400]) {
    await waitUntil(mail, () => mail.received.length >= threshold);
    await server.kill();
    kills += 1;
    await expireLeases(database.query);
    await server.start();
  }
  await waitUntil(mail, () => new Set(mail.received.map(({ to }) => to)).size === addresses.length);
  await expect
    .poll(() => database.query("select state, count(*)::int from deliveries where kind = 'invitation' group by state"), { timeout: 30_000 })
    .toEqual([{ state: "accepted", count: addresses.length }]);

  const ids = new Map<string, Set<string>>();
  for (const { to, messageId } of mail.received) ids.set(to, (ids.get(to) ?? new Set()).add(messageId));
  expect([...ids.keys()].toSorted()).toEqual(addresses.toSorted());
  for (const [to, messageIds] of ids) expect([...messageIds], to).toHaveLength(1);
  expect(new Set([...ids.values()].flatMap((messageIds) => [...messageIds])).size).toBe(addresses.length);
  // Only emails in transit during a kill are sent twice.
  const duplicates = mail.received.length - addresses.length;
  test.info().annotations.push({ type: "duplicates", description: `${duplicates} in ${kills} kills` });
  expect(duplicates).toBeLessThanOrEqual(kills * 60);
});

test("server stopped while sending exits without duplicates", async ({ isolated }) => {
  const { server, org, adminRequest, mail } = isolated;
  const addresses = addressList(org, 400);
  mail.setDelay(10);
  await inviteByApi(adminRequest, server, org.slug, addresses.join("\n"));
  await waitUntil(mail, () => mail.received.length >= 100);
  const stoppedAt = Date.now();
  await server.stop();
  expect(Date.now() - stoppedAt).toBeLessThan(10_000);
  await server.start();
  await waitUntil(mail, () => mail.received.length >= addresses.length);
  expect(mail.received.map(({ to }) => to).toSorted()).toEqual(addresses.toSorted());
});

test("session survives a server crash", async ({ isolated }) => {
  const { server, org, adminRequest } = isolated;
  await server.kill();
  await server.start();
  const response = await adminRequest.post("/api/users/list", { data: { org: org.slug, query: {} } });
  expect(response.status()).toBe(200);
  expect(await createSignInLink(server, org.slug, org.admin)).toContain("/sign-in/");
});

/** The number of open transactions. */
async function countTransactions(database: Database): Promise<number> {
  const rows = await database.query(
    "select 1 from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()",
  );
  return rows.length;
}

/** Waits until the condition holds, checking it after each accepted email. */
async function waitUntil(mail: MailServer, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`After a minute only ${mail.received.length} emails had arrived.`);
    await mail.next(AbortSignal.timeout(1_000));
  }
}
