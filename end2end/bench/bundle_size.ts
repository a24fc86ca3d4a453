// Measures the transfer size and load time of pages with a cold cache, a CPU slowed down four times, and a connection of
// 1.6 Mbit/s with 150 ms latency. `bin/bench weight` selects the pages and reads the results.

import { readFileSync, writeFileSync } from "node:fs";
import { expect, test, type CDPSession, type Page } from "@playwright/test";

type PageSpec = { name: string; url: string; heading: string; cookies: { name: string; value: string }[] };

/** Transferred bytes, and times in milliseconds since the navigation started. */
type Measurement = {
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

/** Timings recorded in the page. */
type PageTimings = { firstPaint: number; largestPaint: number; hydrated: number; longTasks: { start: number; duration: number }[] };

const CPU_SLOWDOWN = 4;
const NETWORK = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 };

const pages = JSON.parse(readFileSync(process.env.BENCH_PAGES ?? "", "utf8")) as PageSpec[];
const measurements: Measurement[] = [];

function recordTimings(): void {
  const timings: PageTimings = { firstPaint: 0, largestPaint: 0, hydrated: 0, longTasks: [] };
  (window as unknown as { timings: PageTimings }).timings = timings;
  const observe = (type: string, callback: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(callback)).observe({ type, buffered: true });
  observe("paint", (entry) => {
    if (entry.name === "first-contentful-paint") timings.firstPaint = entry.startTime;
  });
  observe("largest-contentful-paint", (entry) => (timings.largestPaint = entry.startTime));
  observe("longtask", (entry) => timings.longTasks.push({ start: entry.startTime, duration: entry.duration }));
  new MutationObserver((_, observer) => {
    if (document.documentElement?.hasAttribute("data-hydrated")) {
      timings.hydrated = performance.now();
      observer.disconnect();
    }
  }).observe(document, { attributes: true, subtree: true });
}

type Chunk = { at: number; bytes: number; script: boolean };

/** Records every chunk that is transferred. */
async function recordTransfers(network: CDPSession) {
  const chunks: Chunk[] = [];
  const scripts = new Set<string>();
  let startedAt = 0;
  let requests = 0;
  network.on("Network.requestWillBeSent", (event) => {
    startedAt ||= event.timestamp;
    requests += 1;
    if (/\.(js|wasm)($|\?)/.test(event.request.url)) scripts.add(event.requestId);
  });
  const counted = new Map<string, number>();
  const addChunk = (id: string, timestamp: number, bytes: number) => {
    chunks.push({ at: (timestamp - startedAt) * 1000, bytes, script: scripts.has(id) });
    counted.set(id, (counted.get(id) ?? 0) + bytes);
  };
  network.on("Network.responseReceived", (event) => addChunk(event.requestId, event.timestamp, event.response.encodedDataLength));
  network.on("Network.dataReceived", (event) => addChunk(event.requestId, event.timestamp, event.encodedDataLength));
  // For some responses, such as the document, the length is only known at the end.
  network.on("Network.loadingFinished", (event) =>
    addChunk(event.requestId, event.timestamp, Math.max(0, event.encodedDataLength - (counted.get(event.requestId) ?? 0))));
  await network.send("Network.enable");
  return { chunks, requests: () => requests };
}

const totalBytes = (chunks: Chunk[]) => chunks.reduce((bytes, chunk) => bytes + chunk.bytes, 0);

async function measure(page: Page, { name, url, heading }: PageSpec): Promise<Measurement> {
  const network = await page.context().newCDPSession(page);
  const transfers = await recordTransfers(network);
  await network.send("Network.emulateNetworkConditions", NETWORK);
  await network.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWDOWN });
  await page.addInitScript(recordTimings);
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
  await expect(page.locator("html[data-hydrated]")).toBeAttached({ timeout: 60_000 });
  // Wait for the last transfer and paint.
  await page.waitForLoadState("networkidle");
  const timings = await page.evaluate(() => (window as unknown as { timings: PageTimings }).timings);
  const { firstPaint, largestPaint, hydrated, longTasks } = timings;
  const blockingTimes = longTasks.filter((task) => task.start >= firstPaint).map((task) => Math.max(0, task.duration - 50));
  return {
    name,
    bytesToPaint: totalBytes(transfers.chunks.filter((chunk) => chunk.at <= firstPaint)),
    bytes: totalBytes(transfers.chunks),
    scriptBytes: totalBytes(transfers.chunks.filter((chunk) => chunk.script)),
    requests: transfers.requests(),
    firstPaint,
    largestPaint,
    usable: hydrated,
    blocking: blockingTimes.reduce((total, time) => total + time, 0),
  };
}

for (const spec of pages) {
  test(spec.name, async ({ context, page, browser }) => {
    const cookies = spec.cookies.map((cookie) => ({ ...cookie, url: spec.url }));
    await context.addCookies(cookies);
    measurements.push(await measure(page, spec));
    // The page must also work without JavaScript.
    const noScriptContext = await browser.newContext({ javaScriptEnabled: false });
    await noScriptContext.addCookies(cookies);
    const noScriptPage = await noScriptContext.newPage();
    await noScriptPage.goto(spec.url);
    await expect(noScriptPage.locator("main :is(form, a.button)").first()).toBeVisible();
    await noScriptContext.close();
  });
}

test.afterAll(() => writeFileSync(process.env.BENCH_RESULTS ?? "", JSON.stringify(measurements)));
