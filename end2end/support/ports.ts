import { createServer } from "node:net";

/**
 * A free port on the loopback address. It is below the ephemeral ports (from 49152 in RFC 6335, section 6, from 32768 on
 * Linux), where an outgoing connection could take it first, and below the ports of the test databases.
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
