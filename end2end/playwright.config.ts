import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

const system = "/usr/bin/chromium";
// Nothing: Playwright's own.
const chromium = process.env.VESTIBULE_CHROMIUM || (existsSync(system) ? system : undefined);

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  globalSetup: "./support/global_setup.ts",
  fullyParallel: true,
  workers: 2,
  // A test that needs a second try tells of a fault, of ours or of its own.
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: [[process.env.CI ? "list" : "line"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    trace: "retain-on-failure",
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
      // What only WebAssembly brings, what has no page in it, and what looks the same.
      testIgnore: ["**/*.hydrate.spec.ts", "**/crash.spec.ts", "**/request_rate_limit.spec.ts", "**/*.visual.spec.ts"],
    },
  ],
});
