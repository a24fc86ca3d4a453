// The mail that the shared server sends, for the tests to read: the SMTP server runs in the process of the global
// set-up, the tests ask it over HTTP and are answered when there is something.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Mail, MailServer } from "./smtp.ts";

export type { Mail } from "./smtp.ts";

/** How long one question stays open, in milliseconds. */
const POLL_TIMEOUT = 10_000;

/** Shows what the mail server keeps: `/?to=ADDRESS&after=NUMBER&containing=TEXT&wait=MILLISECONDS`. */
export async function serveMailbox(mail: MailServer): Promise<{ url: string; stop: () => Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    const search = new URL(request.url ?? "/", "http://localhost").searchParams;
    const enough = AbortSignal.timeout(Math.max(Number(search.get("wait")), 1));
    const containing = search.get("containing") ?? "";
    for (;;) {
      const another = mail.next(enough);
      const all = await mail.to(search.get("to") ?? "", Number(search.get("after")));
      const mails = all.filter((one) => one.text.includes(containing));
      if (mails.length > 0 || enough.aborted) {
        response.setHeader("content-type", "application/json").end(JSON.stringify(mails));
        return;
      }
      await another;
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The mails of one organization. */
export type Mailbox = {
  /** The newest mail to this address; waits for the first. */
  latest: (to: string) => Promise<Mail>;
  /** The next mail to this address that was not read yet; waits for it. */
  next: (to: string) => Promise<Mail>;
  /** All mails to this address until now; does not wait. */
  all: (to: string) => Promise<Mail[]>;
};

/** Opens the mailbox at `url` for the mails that tell of this organization, by its name or by a link to it. */
export function openMailbox(url: string, organization: string): Mailbox {
  const read = new Map<string, number>();
  const ask = async (to: string, after: number, wait: number): Promise<Mail[]> => {
    const query = { to, after: String(after), wait: String(wait), containing: organization.replace(/^org-/, "") };
    const answer = await fetch(`${url}?${new URLSearchParams(query)}`);
    return (await answer.json()) as Mail[];
  };
  const some = async (to: string, after: number): Promise<Mail[]> => {
    for (const start = Date.now(); Date.now() - start < 3 * POLL_TIMEOUT; ) {
      const mails = await ask(to, after, POLL_TIMEOUT);
      if (mails.length > 0) return mails;
    }
    throw new Error(`No mail to ${to} came within ${(3 * POLL_TIMEOUT) / 1000} seconds.`);
  };
  return {
    latest: async (to) => (await some(to, 0)).at(-1)!,
    next: async (to) => {
      const mail = (await some(to, read.get(to) ?? 0))[0]!;
      read.set(to, mail.number);
      return mail;
    },
    all: (to) => ask(to, 0, 0),
  };
}

/** The link in a mail's text; it stands on a line of its own. */
export function linkIn(mail: Mail): string {
  const link = /^\s*(https?:\/\/\S+)\s*$/m.exec(mail.text)?.[1];
  if (!link) throw new Error(`No link in this mail:\n${mail.text}`);
  return link;
}

/** The 6 digits in a sign-in mail's text; they stand on a line of their own. */
export function codeIn(mail: Mail): string {
  const code = /^\s*(\d{6})\s*$/m.exec(mail.text)?.[1];
  if (!code) throw new Error(`No code in this mail:\n${mail.text}`);
  return code;
}
