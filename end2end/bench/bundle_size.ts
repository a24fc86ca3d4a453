// What a page weighs and how soon it can be used: in a browser that has nothing of it yet, on a machine four times as slow,
// over a line of 1.6 Mbit/s with 150 ms there and back. `bin/bench weight` says which pages, and reads the numbers.

import { readFileSync, writeFileSync } from "node:fs";
import { expect, test, type CDPSession, type Page } from "@playwright/test";

type Wanted = { name: string; url: string; heading: string; cookies: { name: string; value: string }[] };

/** Bytes over the wire and times in milliseconds since the page was asked for. */
type Measured = {
  name: string;
  bytesToPaint: number;
  bytes: number;
  scriptBytes: number;
  requests: number;
  firstPaint: number;
  largestPaint: number;
  usable: number;
  blocking: number;
};

/** What the page notes about itself. */
type Noted = { firstPaint: number; largestPaint: number; hydrated: number; long: { start: number; duration: number }[] };

const SLOWER = 4;
const LINE = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 };

const wanted = JSON.parse(readFileSync(process.env.BENCH_PAGES ?? "", "utf8")) as Wanted[];
const measured: Measured[] = [];

function note(): void {
  const noted: Noted = { firstPaint: 0, largestPaint: 0, hydrated: 0, long: [] };
  (window as unknown as { noted: Noted }).noted = noted;
  const watch = (type: string, seen: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(seen)).observe({ type, buffered: true });
  watch("paint", (entry) => {
    if (entry.name === "first-contentful-paint") noted.firstPaint = entry.startTime;
  });
  watch("largest-contentful-paint", (entry) => (noted.largestPaint = entry.startTime));
  watch("longtask", (entry) => noted.long.push({ start: entry.startTime, duration: entry.duration }));
  new MutationObserver((_, observer) => {
    if (document.documentElement?.hasAttribute("data-hydrated")) {
      noted.hydrated = performance.now();
      observer.disconnect();
    }
  }).observe(document, { attributes: true, subtree: true });
}

type Piece = { at: number; bytes: number; script: boolean };

/** Gathers what comes over the wire, piece by piece. */
async function listen(network: CDPSession) {
  const pieces: Piece[] = [];
  const scripts = new Set<string>();
  let began = 0;
  let requests = 0;
  network.on("Network.requestWillBeSent", (event) => {
    began ||= event.timestamp;
    requests += 1;
    if (/\.(js|wasm)($|\?)/.test(event.request.url)) scripts.add(event.requestId);
  });
  const counted = new Map<string, number>();
  const piece = (id: string, timestamp: number, bytes: number) => {
    pieces.push({ at: (timestamp - began) * 1000, bytes, script: scripts.has(id) });
    counted.set(id, (counted.get(id) ?? 0) + bytes);
  };
  network.on("Network.responseReceived", (event) => piece(event.requestId, event.timestamp, event.response.encodedDataLength));
  network.on("Network.dataReceived", (event) => piece(event.requestId, event.timestamp, event.encodedDataLength));
  // Of some answers, the page's own among them, only their end tells how long they were.
  network.on("Network.loadingFinished", (event) =>
    piece(event.requestId, event.timestamp, Math.max(0, event.encodedDataLength - (counted.get(event.requestId) ?? 0))));
  await network.send("Network.enable");
  return { pieces, requests: () => requests };
}

const sum = (pieces: Piece[]) => pieces.reduce((bytes, piece) => bytes + piece.bytes, 0);

async function measure(page: Page, { name, url, heading }: Wanted): Promise<Measured> {
  const network = await page.context().newCDPSession(page);
  const wire = await listen(network);
  await network.send("Network.emulateNetworkConditions", LINE);
  await network.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  await page.addInitScript(note);
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
  await expect(page.locator("html[data-hydrated]")).toBeAttached({ timeout: 60_000 });
  // Until nothing more comes and nothing more is painted.
  await page.waitForLoadState("networkidle");
  const noted = await page.evaluate(() => (window as unknown as { noted: Noted }).noted);
  const { firstPaint, largestPaint, hydrated, long } = noted;
  const over = long.filter((task) => task.start >= firstPaint).map((task) => Math.max(0, task.duration - 50));
  return {
    name,
    bytesToPaint: sum(wire.pieces.filter((piece) => piece.at <= firstPaint)),
    bytes: sum(wire.pieces),
    scriptBytes: sum(wire.pieces.filter((piece) => piece.script)),
    requests: wire.requests(),
    firstPaint,
    largestPaint,
    usable: hydrated,
    blocking: over.reduce((all, one) => all + one, 0),
  };
}

for (const one of wanted) {
  test(one.name, async ({ context, page, browser }) => {
    const cookies = one.cookies.map((cookie) => ({ ...cookie, url: one.url }));
    await context.addCookies(cookies);
    measured.push(await measure(page, one));
    // The same without scripts: what there is to do can be done.
    const plain = await browser.newContext({ javaScriptEnabled: false });
    await plain.addCookies(cookies);
    const still = await plain.newPage();
    await still.goto(one.url);
    await expect(still.locator("main :is(form, a.button)").first()).toBeVisible();
    await plain.close();
  });
}

test.afterAll(() => writeFileSync(process.env.BENCH_RESULTS ?? "", JSON.stringify(measured)));
