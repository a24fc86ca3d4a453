// The server under test: the real program, on a free port of the loopback address.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { build } from "./environment.ts";
import { freePort } from "./ports.ts";

/** How long the server has to be ready after its start, in milliseconds. */
const READY_TIMEOUT = 30_000;

export type Settings = { databaseUrl: string; smtpUrl: string; secretKey: string; baseUrl: string };

export type Server = Settings & {
  /** Runs the program with these arguments and gives back its standard output. */
  run: (...args: string[]) => Promise<string>;
  /** Starts it, or starts it again at the same address. */
  start: () => Promise<void>;
  /** Ends it as an operator does. */
  stop: () => Promise<void>;
  /** Ends it as a power cut does. */
  kill: () => Promise<void>;
  /** How much memory it has in use, in bytes (Linux alone). */
  memory: () => number;
  /** What it has written to its log. */
  log: () => string;
  /** Why it is not there, when nobody here has ended it. */
  lost: () => string | undefined;
};

function environment(settings: Settings): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    RUST_BACKTRACE: "1",
    DATABASE_URL: settings.databaseUrl,
    BASE_URL: settings.baseUrl,
    LISTEN: new URL(settings.baseUrl).host,
    SECRET_KEY: settings.secretKey,
    SMTP_URL: settings.smtpUrl,
    MAIL_FROM: "Vestibule <vestibule@blobsrus.example>",
    LEPTOS_SITE_ROOT: build().siteRoot,
    LEPTOS_OUTPUT_NAME: "vestibule",
    // Tests say where they come from as a proxy does.
    TRUSTED_PROXIES: "127.0.0.1",
  };
}

/** Runs the program once, as an operator does at the command line. */
export async function runProgram(settings: Settings, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(build().binary, args, { env: environment(settings) });
  return stdout;
}

/** A server that is not started yet. `logFile` gets its log, so that it can be read after a failed run. */
export async function makeServer(wanted: { databaseUrl: string; smtpUrl: string }, logFile?: string): Promise<Server> {
  const settings: Settings = {
    ...wanted,
    secretKey: "a secret key of the end-to-end tests and of no use elsewhere",
    baseUrl: `http://127.0.0.1:${await freePort()}`,
  };
  const metrics = `127.0.0.1:${await freePort()}`;
  let log = "";
  let child: ChildProcess | undefined;
  let lost: string | undefined;

  const start = async () => {
    const started = spawn(build().binary, ["serve"], {
      env: { ...environment(settings), METRICS_LISTEN: metrics },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    started.once("exit", (code, signal) => {
      if (child === started) lost = `The server ended before it was told to, by ${signal ?? `code ${code}`}.`;
    });
    const file = logFile ? createWriteStream(logFile, { flags: "a" }) : undefined;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        file?.write(text);
      });
    }
    const deadline = Date.now() + READY_TIMEOUT;
    while (!(await isReady(settings.baseUrl))) {
      if (started.exitCode !== null || Date.now() > deadline) {
        throw new Error(`The server did not get ready. The end of its log:\n${log.slice(-4_000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    child = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill(signal);
    await ended;
  };
  return {
    ...settings,
    run: (...args) => runProgram(settings, ...args),
    start,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    memory: () => {
      const status = readFileSync(`/proc/${child?.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    },
    log: () => log,
    lost: () => lost,
  };
}

async function isReady(baseUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${baseUrl}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
