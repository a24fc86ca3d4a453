// Collects browser errors, which fail every test.

import type { BrowserContext } from "@playwright/test";

/** Chromium reports every 4xx response as an error. Tests provoke those on purpose. */
const CLIENT_ERROR = /^Failed to load resource: the server responded with a status of 4\d\d /;
/** Without JavaScript, preloaded scripts are never used. */
const UNUSED_PRELOAD = /was preloaded using link preload but not used/;

export type ErrorWatch = {
  /** The errors so far. */
  problems: string[];
  /** Ignores errors that match, such as failed requests to a stopped server. */
  expect: (pattern: RegExp) => void;
  /** Watches another browser context. */
  add: (context: BrowserContext, javaScript: boolean) => void;
};

export function createErrorWatch(): ErrorWatch {
  const problems: string[] = [];
  const expected: RegExp[] = [CLIENT_ERROR];
  const report = (problem: string, message = problem) => {
    if (!expected.some((pattern) => pattern.test(message))) problems.push(problem);
  };
  const add = (context: BrowserContext, javaScript: boolean) => {
    context.on("console", (entry) => {
      if (entry.type() !== "error" && entry.type() !== "warning") return;
      if (!javaScript && UNUSED_PRELOAD.test(entry.text())) return;
      report(`${entry.type()} at ${entry.page()?.url()}: ${entry.text()}`, entry.text());
    });
    context.on("weberror", (error) => report(`uncaught error: ${error.error()}`));
    context.on("response", (response) => {
      if (response.status() >= 500) report(`${response.status()} from ${response.request().method()} ${response.url()}`);
    });
  };
  return { problems, expect: (pattern) => expected.push(pattern), add };
}
