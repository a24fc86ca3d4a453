import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

const systemChromium = "/usr/bin/chromium";
// If undefined, Playwright uses its own Chromium.
const chromium = process.env.VESTIBULE_CHROMIUM || (existsSync(systemChromium) ? systemChromium : undefined);

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  snapshotPathTemplate: "snapshots/{arg}{ext}",
  globalSetup: "./support/global_setup.ts",
  fullyParallel: true,
  workers: 2,
  // A flaky test points to a bug in the product or in the test.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [[process.env.CI ? "list" : "line"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    // Recording a trace takes as long as the test itself.
    trace: process.env.VESTIBULE_TRACE ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "JavaScript" },
    {
      name: "no JavaScript",
      use: { javaScriptEnabled: false },
      // Excludes tests that need WebAssembly, tests without a page, and pages that look the same.
      testIgnore: ["**/*.hydrate.spec.ts", "**/crash.spec.ts", "**/request_rate_limit.spec.ts", "**/*.visual.spec.ts"],
    },
  ],
});
