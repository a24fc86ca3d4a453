// Environment variables: the build under test, and the shared server that the global setup passes to the workers.

import { existsSync } from "node:fs";

/** The program under test and a database server for it. */
export type Build = { binary: string; siteRoot: string; adminUrl: string };

/** The servers that the global setup has started. */
export type Running = { baseUrl: string; databaseUrl: string; secretKey: string; smtpUrl: string; mailUrl: string };

const RUNNING_VARIABLE = "VESTIBULE_END2END";

function requireVariable(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(
      `${name} is not set. 'bin/test e2e' builds, starts a database and sets it; to run Playwright by hand, set ` +
        "VESTIBULE_BINARY and VESTIBULE_SITE_ROOT (the last two lines of 'bin/build') and DATABASE_URL (a role that " +
        "may create databases).",
    );
  }
  return value;
}

export function build(): Build {
  const build = {
    binary: requireVariable("VESTIBULE_BINARY"),
    siteRoot: requireVariable("VESTIBULE_SITE_ROOT"),
    adminUrl: requireVariable("DATABASE_URL"),
  };
  for (const path of [build.binary, build.siteRoot]) {
    if (!existsSync(path)) throw new Error(`${path} does not exist. Run 'bin/build' first.`);
  }
  return build;
}

export function publishRunning(running: Running): void {
  process.env[RUNNING_VARIABLE] = JSON.stringify(running);
}

export function running(): Running {
  return JSON.parse(requireVariable(RUNNING_VARIABLE)) as Running;
}
