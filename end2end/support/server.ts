// Runs the server under test on a free port of the loopback address.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { build } from "./environment.ts";
import { freePort } from "./ports.ts";

/** How long the server may take to become ready, in milliseconds. */
const READY_TIMEOUT = 30_000;

export type Settings = { databaseUrl: string; smtpUrl: string; secretKey: string; baseUrl: string };

export type Server = Settings & {
  /** Runs the program with these arguments and returns its standard output. */
  run: (...args: string[]) => Promise<string>;
  /** Starts the server, or restarts it at the same address. */
  start: () => Promise<void>;
  /** Shuts it down gracefully. */
  stop: () => Promise<void>;
  /** Kills it without warning, like a power failure. */
  kill: () => Promise<void>;
  /** Its resident memory in bytes (Linux only). */
  memory: () => number;
  /** Its log output. */
  log: () => string;
  /** How it exited, if it exited without being stopped. */
  unexpectedExit: () => string | undefined;
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
    // Tests set X-Forwarded-For like a proxy.
    TRUSTED_PROXIES: "127.0.0.1",
  };
}

/** Runs a command of the program and returns its standard output. */
export async function runProgram(settings: Settings, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(build().binary, args, { env: environment(settings) });
  return stdout;
}

/** Prepares a server without starting it. Its log is appended to `logFile`, to be read after a failed run. */
export async function prepareServer(options: { databaseUrl: string; smtpUrl: string }, logFile?: string): Promise<Server> {
  const settings: Settings = {
    ...options,
    secretKey: "secret key for the end-to-end tests only",
    baseUrl: `http://127.0.0.1:${await freePort()}`,
  };
  const metrics = `127.0.0.1:${await freePort()}`;
  let log = "";
  let child: ChildProcess | undefined;
  let unexpectedExit: string | undefined;

  const start = async () => {
    const started = spawn(build().binary, ["serve"], {
      env: { ...environment(settings), METRICS_LISTEN: metrics },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    started.once("exit", (code, signal) => {
      if (child === started) unexpectedExit = `The server exited unexpectedly with ${signal ?? `code ${code}`}.`;
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
        throw new Error(`The server did not become ready. The end of its log:\n${log.slice(-4_000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const terminate = async (signal: NodeJS.Signals) => {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const exited = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    await exited;
  };
  return {
    ...settings,
    run: (...args) => runProgram(settings, ...args),
    start,
    stop: () => terminate("SIGTERM"),
    kill: () => terminate("SIGKILL"),
    memory: () => {
      const status = readFileSync(`/proc/${child?.pid}/status`, "utf8");
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    },
    log: () => log,
    unexpectedExit: () => unexpectedExit,
  };
}

async function isReady(baseUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${baseUrl}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
