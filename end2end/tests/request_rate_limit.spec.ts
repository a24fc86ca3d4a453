// Strangers who ask for an invitation: very many at once, and what anybody could learn from how long an answer takes.

import { randomUUID } from "node:crypto";
import { expect, test, type IsolatedServer } from "../support/isolated_server.ts";
import { linkIn } from "../support/mailbox.ts";
import { insertUser, inviteByApi } from "../support/organization.ts";

test.describe.configure({ mode: "serial" });

const MEBIBYTE = 1024 * 1024;

/** Asks as somebody at this address of the internet; gives back what a visitor sees of the answer, and its milliseconds. */
async function ask({ server, org }: IsolatedServer, email: string, source: string) {
  const started = performance.now();
  const answer = await fetch(`${server.baseUrl}/api/ask/request`, {
    method: "POST",
    headers: { "x-forwarded-for": source, accept: "application/json" },
    body: new URLSearchParams({ org: org.slug, email, name: "Blobby Blob", message: "Hello" }),
  });
  const body = await answer.text();
  return { seen: `${answer.status} ${body}`, took: performance.now() - started };
}

/** Asks for each of these, some at a time; every answer is the same. */
async function askAll(isolated: IsolatedServer, tries: { email: string; source: string }[]): Promise<void> {
  const rest = [...tries];
  const one = async () => {
    for (let next = rest.pop(); next; next = rest.pop()) {
      expect((await ask(isolated, next.email, next.source)).seen).toBe("200 null");
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

/** A network of its own for each. */
const network = (n: number) => `10.${Math.floor(n / 256)}.${n % 256}.1`;

test("flood from one source is limited and memory stays flat", async ({ isolated }) => {
  test.setTimeout(300_000);
  const { server, database, org, adminRequest, mail } = isolated;
  await database.query("update organizations set requests_enabled = true");
  const flood = (count: number) => Array.from({ length: count }, () => ({ email: `${randomUUID()}@flood.example`, source: "203.0.113.66" }));
  await askAll(isolated, flood(3_000));
  const before = server.memory();
  await askAll(isolated, flood(7_000));
  await askAll(isolated, Array.from({ length: 1_000 }, (_, n) => ({ email: `blob${n}@${org.domain}`, source: network(n) })));
  const grown = server.memory() - before;
  test.info().annotations.push({ type: "memory", description: `${(grown / MEBIBYTE).toFixed(1)} MiB more after 8,000 requests` });
  expect(grown).toBeLessThan(24 * MEBIBYTE);

  const [tries] = await database.query<{ flood: number; others: number }>(
    `select count(*) filter (where email like '%@flood.example')::int as flood,
        count(*) filter (where email not like '%@flood.example')::int as others
     from invitation_requests`,
  );
  expect(tries).toEqual({ flood: 20, others: 480 });

  // One of the others confirms, and the admins can answer.
  await expect.poll(() => mail.received.filter(({ to }) => to.endsWith(org.domain)).length, { timeout: 60_000 }).toBe(480);
  const { to } = mail.received.find((one) => one.to.endsWith(org.domain))!;
  const link = linkIn((await mail.to(to, 0))[0]!);
  const opened = await fetch(link, { redirect: "manual" });
  const cookie = opened.headers.get("set-cookie")!.split(";")[0]!;
  const confirmed = await fetch(`${server.baseUrl}/api/ask/confirm`, {
    method: "POST",
    headers: { cookie, accept: "application/json" },
    body: new URLSearchParams({ org: org.slug }),
  });
  expect(confirmed.status).toBe(200);
  const tab = await adminRequest.get(`/o/${org.slug}/settings/requests`);
  expect(await tab.text()).toContain(to);
  const dismissed = await adminRequest.post("/api/requests/dismiss", { form: { org: org.slug, "email[0]": to } });
  expect(await dismissed.text()).toBe("1");
});

test("response time does not reveal the state of an address", async ({ isolated }) => {
  test.setTimeout(120_000);
  const { server, database, org, adminRequest } = isolated;
  await database.query("update organizations set requests_enabled = true");
  const each = 100;
  const states = ["unknown", "invited", "active", "suspended"] as const;
  const email = (state: string, n: number) => `${state}${n}@${org.domain}`;
  const numbers = Array.from({ length: each }, (_, n) => n);
  await inviteByApi(adminRequest, server, org.slug, numbers.map((n) => email("invited", n)).join("\n"));
  for (const status of ["active", "suspended"] as const) {
    for (const n of numbers) await insertUser(database.query, org.slug, { name: "Some Blob", email: email(status, n), status });
  }
  const took: Record<string, number[]> = { unknown: [], invited: [], active: [], suspended: [] };
  for (const n of numbers) {
    // In another order each time, so that no state has the place after another.
    for (let at = 0; at < states.length; at += 1) {
      const state = states[(at + n) % states.length]!;
      const answer = await ask(isolated, email(state, n), network(n * states.length + at));
      expect(answer.seen).toBe("200 null");
      took[state]!.push(answer.took);
    }
  }
  for (const state of states) {
    // How often an answer for this state takes longer than one for an unknown address: half the time, were they alike.
    const longer = took[state]!.flatMap((one) => took.unknown!.map((other): number => (one > other ? 1 : 0)));
    const share = longer.reduce((sum, one) => sum + one, 0) / longer.length;
    const median = took[state]!.toSorted((a, b) => a - b)[each / 2]!;
    test.info().annotations.push({ type: state, description: `median ${median.toFixed(2)} ms, longer in ${(share * 100).toFixed(0)} %` });
    expect(share, `${state} against unknown`).toBeGreaterThan(0.3);
    expect(share, `${state} against unknown`).toBeLessThan(0.7);
  }
});
