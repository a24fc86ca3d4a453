// Not a test suite: `bin/bench weight` measures pages with it.

import { defineConfig } from "@playwright/test";
import tests from "../playwright.config.ts";

export default defineConfig({
  testDir: ".",
  testMatch: "bundle_size.ts",
  outputDir: "../test-results",
  workers: 1,
  timeout: 120_000,
  reporter: "line",
  use: { ...tests.use, trace: "off" },
});
