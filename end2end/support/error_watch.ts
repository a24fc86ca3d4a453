// What must never happen in a browser, whatever a test is about: it is gathered here, and fails the test.

import type { BrowserContext } from "@playwright/test";

/** Chromium's own notes about answers that tests ask for: a refusal is an answer, and not an error. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4\d\d /;
/** Without scripts, what they would have needed is fetched and not used. */
const NOT_USED = /was preloaded using link preload but not used/;

export type Watch = {
  /** What went wrong until now. */
  problems: string[];
  /** From now on what fits is expected, such as the failed requests of a server that was stopped. */
  expect: (pattern: RegExp) => void;
  /** Watches this browser too. */
  add: (context: BrowserContext, javaScript: boolean) => void;
};

export function watch(): Watch {
  const problems: string[] = [];
  const expected: RegExp[] = [REFUSED];
  const note = (problem: string, words = problem) => {
    if (!expected.some((pattern) => pattern.test(words))) problems.push(problem);
  };
  const add = (context: BrowserContext, javaScript: boolean) => {
    context.on("console", (message) => {
      if (message.type() !== "error" && message.type() !== "warning") return;
      if (!javaScript && NOT_USED.test(message.text())) return;
      note(`${message.type()} at ${message.page()?.url()}: ${message.text()}`, message.text());
    });
    context.on("weberror", (error) => note(`uncaught in the page: ${error.error()}`));
    context.on("response", (response) => {
      if (response.status() >= 500) note(`${response.status()} from ${response.request().method()} ${response.url()}`);
    });
  };
  return { problems, expect: (pattern) => expected.push(pattern), add };
}
