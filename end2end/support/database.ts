// Test databases, and direct queries: to move timestamps and to check that nothing has changed.

import { randomBytes } from "node:crypto";
import pg from "pg";

export type Row = Record<string, unknown>;
export type Query = <R extends Row = Row>(sql: string, values?: unknown[]) => Promise<R[]>;
export type Database = { url: string; query: Query; pool: pg.Pool; close: () => Promise<void> };

export function openDatabase(url: string): Database {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  // Idle connections break when the database is dropped at the end.
  pool.on("error", () => {});
  const query: Query = async <R extends Row>(sql: string, values: unknown[] = []) =>
    (await pool.query<R>(sql, values)).rows;
  return { url, query, pool, close: () => pool.end() };
}

/** Creates an empty database on the server that `adminUrl` points to. */
export async function createDatabase(adminUrl: string): Promise<string> {
  const name = `e2e_${randomBytes(6).toString("hex")}`;
  await runOnce(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function dropDatabase(adminUrl: string, url: string): Promise<void> {
  await runOnce(adminUrl, `drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
}

async function runOnce(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * Makes every email due that waits for a later retry, except those that a worker has leased, which are due within 20
 * seconds.
 */
export async function makeRetriesDue(query: Query): Promise<void> {
  await query("update deliveries set due_at = now() where state = 'retrying' and due_at > now() + interval '21 seconds'");
}

/** Expires the leases of a killed server, so that its emails are due immediately. */
export async function expireLeases(query: Query): Promise<void> {
  await query("update deliveries set due_at = now() where due_at is not null");
}
