// Databases of the tests' own, and a look behind the pages: to move time, and to see that nothing was changed.

import { randomBytes } from "node:crypto";
import pg from "pg";

export type Row = Record<string, unknown>;
export type Query = <R extends Row = Row>(sql: string, values?: unknown[]) => Promise<R[]>;
export type Database = { url: string; query: Query; pool: pg.Pool; close: () => Promise<void> };

export function openDatabase(url: string): Database {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  // The database is dropped under idle connections at the end.
  pool.on("error", () => {});
  const query: Query = async <R extends Row>(sql: string, values: unknown[] = []) =>
    (await pool.query<R>(sql, values)).rows;
  return { url, query, pool, close: () => pool.end() };
}

/** A new, empty database beside the one that `adminUrl` names. */
export async function createDatabase(adminUrl: string): Promise<string> {
  const name = `e2e_${randomBytes(6).toString("hex")}`;
  await once(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export async function dropDatabase(adminUrl: string, url: string): Promise<void> {
  await once(adminUrl, `drop database if exists ${new URL(url).pathname.slice(1)} with (force)`);
}

async function once(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * Makes every mail due that waits long for another try: as if that time had passed. What a worker has in hand is due
 * again within 20 seconds, and stays in its hand.
 */
export async function makeRetriesDue(query: Query): Promise<void> {
  await query("update deliveries set due_at = now() where state = 'retrying' and due_at > now() + interval '21 seconds'");
}

/** Makes every mail due that a dead server had in hand: as if it had been dead for a while. */
export async function expireLeases(query: Query): Promise<void> {
  await query("update deliveries set due_at = now() where due_at is not null");
}
