// Rate limits of invitation requests under load, and whether response times reveal anything.

import { randomUUID } from "node:crypto";
import { expect, test, type IsolatedServer } from "../support/isolated_server.ts";
import { linkIn } from "../support/mailbox.ts";
import { insertUser, inviteByApi } from "../support/organization.ts";

test.describe.configure({ mode: "serial" });

const MEBIBYTE = 1024 * 1024;

/** Requests an invitation from an IP address. Returns the visible response and its duration in milliseconds. */
async function requestInvitation({ server, org }: IsolatedServer, email: string, source: string) {
  const started = performance.now();
  const response = await fetch(`${server.baseUrl}/api/ask/request`, {
    method: "POST",
    headers: { "x-forwarded-for": source, accept: "application/json" },
    body: new URLSearchParams({ org: org.slug, email, name: "Blobby Blob", message: "Hello" }),
  });
  const body = await response.text();
  return { visible: `${response.status} ${body}`, duration: performance.now() - started };
}

/** Sends all requests, 16 at a time, and expects the same response to each. */
async function requestAll(isolated: IsolatedServer, requests: { email: string; source: string }[]): Promise<void> {
  const queue = [...requests];
  const worker = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      expect((await requestInvitation(isolated, next.email, next.source)).visible).toBe("200 null");
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** A source address in a different network for each number. */
const network = (n: number) => `10.${Math.floor(n / 256)}.${n % 256}.1`;

test("flood from one source is limited and memory stays flat", async ({ isolated }) => {
  test.setTimeout(300_000);
  const { server, database, org, adminRequest, mail } = isolated;
  await database.query("update organizations set requests_enabled = true");
  const flood = (count: number) => Array.from({ length: count }, () => ({ email: `${randomUUID()}@flood.example`, source: "203.0.113.66" }));
  await requestAll(isolated, flood(3_000));
  const before = server.memory();
  await requestAll(isolated, flood(7_000));
  await requestAll(isolated, Array.from({ length: 1_000 }, (_, n) => ({ email: `blob${n}@${org.domain}`, source: network(n) })));
  const growth = server.memory() - before;
  test.info().annotations.push({ type: "memory", description: `${(growth / MEBIBYTE).toFixed(1)} MiB more after 8,000 requests` });
  expect(growth).toBeLessThan(24 * MEBIBYTE);

  const [counts] = await database.query<{ flood: number; others: number }>(
    `select count(*) filter (where email like '%@flood.example')::int as flood,
        count(*) filter (where email not like '%@flood.example')::int as others
     from invitation_requests`,
  );
  expect(counts).toEqual({ flood: 20, others: 480 });

  // Someone else confirms a request, and an admin dismisses it.
  await expect.poll(() => mail.received.filter(({ to }) => to.endsWith(org.domain)).length, { timeout: 60_000 }).toBe(480);
  const { to } = mail.received.find((candidate) => candidate.to.endsWith(org.domain))!;
  const link = linkIn((await mail.to(to, 0))[0]!);
  const confirmPage = await fetch(link, { redirect: "manual" });
  const cookie = confirmPage.headers.get("set-cookie")!.split(";")[0]!;
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
  const samples = 100;
  const states = ["unknown", "invited", "active", "suspended"] as const;
  const email = (state: string, n: number) => `${state}${n}@${org.domain}`;
  const numbers = Array.from({ length: samples }, (_, n) => n);
  await inviteByApi(adminRequest, server, org.slug, numbers.map((n) => email("invited", n)).join("\n"));
  for (const status of ["active", "suspended"] as const) {
    for (const n of numbers) await insertUser(database.query, org.slug, { name: "Some Blob", email: email(status, n), status });
  }
  const durations: Record<string, number[]> = { unknown: [], invited: [], active: [], suspended: [] };
  for (const n of numbers) {
    // The order rotates, so that no state always follows the same one.
    for (let index = 0; index < states.length; index += 1) {
      const state = states[(index + n) % states.length]!;
      const response = await requestInvitation(isolated, email(state, n), network(n * states.length + index));
      expect(response.visible).toBe("200 null");
      durations[state]!.push(response.duration);
    }
  }
  for (const state of states) {
    // How often this state responds slower than an unknown address. It is half the time if they are indistinguishable.
    const slower = durations[state]!.flatMap((duration) => durations.unknown!.map((other): number => (duration > other ? 1 : 0)));
    const share = slower.reduce((sum, value) => sum + value, 0) / slower.length;
    const median = durations[state]!.toSorted((a, b) => a - b)[samples / 2]!;
    test.info().annotations.push({ type: state, description: `median ${median.toFixed(2)} ms, slower in ${(share * 100).toFixed(0)} %` });
    expect(share, `${state} against unknown`).toBeGreaterThan(0.3);
    expect(share, `${state} against unknown`).toBeLessThan(0.7);
  }
});
