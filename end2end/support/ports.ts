import { createServer } from "node:net";

/**
 * A port of the loopback address that nobody has. Below those that the system hands out by itself (RFC 6335, section 6
 * begins them at 49152, Linux at 32768), or any connection could take it before whoever asked does; and below those of
 * the databases.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 8_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
