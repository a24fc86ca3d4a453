// Lets tests read the emails that the shared server sends. The SMTP server runs in the process of the global setup; the
// tests long-poll it over HTTP.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Mail, MailServer } from "./smtp.ts";

export type { Mail } from "./smtp.ts";

/** Duration of one long poll in milliseconds. */
const POLL_TIMEOUT = 10_000;

/** Serves the received emails at `/?to=ADDRESS&after=NUMBER&containing=TEXT&wait=MILLISECONDS`. */
export async function serveMailbox(mail: MailServer): Promise<{ url: string; stop: () => Promise<void> }> {
  const server: Server = createServer(async (request, response) => {
    const search = new URL(request.url ?? "/", "http://localhost").searchParams;
    const timeout = AbortSignal.timeout(Math.max(Number(search.get("wait")), 1));
    const containing = search.get("containing") ?? "";
    for (;;) {
      const nextMail = mail.next(timeout);
      const all = await mail.to(search.get("to") ?? "", Number(search.get("after")));
      const mails = all.filter((candidate) => candidate.text.includes(containing));
      if (mails.length > 0 || timeout.aborted) {
        response.setHeader("content-type", "application/json").end(JSON.stringify(mails));
        return;
      }
      await nextMail;
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

/** The emails of one organization. */
export type Mailbox = {
  /** The latest email to the address. Waits until there is one. */
  latest: (to: string) => Promise<Mail>;
  /** The next unread email to the address. Waits until there is one. */
  next: (to: string) => Promise<Mail>;
  /** All emails to the address so far. Does not wait. */
  all: (to: string) => Promise<Mail[]>;
};

/** Opens the mailbox at `url`, limited to emails that contain the name of the organization or a link to it. */
export function openMailbox(url: string, organization: string): Mailbox {
  const read = new Map<string, number>();
  const fetchMails = async (to: string, after: number, wait: number): Promise<Mail[]> => {
    const query = { to, after: String(after), wait: String(wait), containing: organization.replace(/^org-/, "") };
    const answer = await fetch(`${url}?${new URLSearchParams(query)}`);
    return (await answer.json()) as Mail[];
  };
  const waitForMails = async (to: string, after: number): Promise<Mail[]> => {
    for (const start = Date.now(); Date.now() - start < 3 * POLL_TIMEOUT; ) {
      const mails = await fetchMails(to, after, POLL_TIMEOUT);
      if (mails.length > 0) return mails;
    }
    throw new Error(`No email to ${to} arrived within ${(3 * POLL_TIMEOUT) / 1000} seconds.`);
  };
  return {
    latest: async (to) => (await waitForMails(to, 0)).at(-1)!,
    next: async (to) => {
      const mail = (await waitForMails(to, read.get(to) ?? 0))[0]!;
      read.set(to, mail.number);
      return mail;
    },
    all: (to) => fetchMails(to, 0, 0),
  };
}

/** The link in the text of an email, which is on a separate line. */
export function linkIn(mail: Mail): string {
  const link = /^\s*(https?:\/\/\S+)\s*$/m.exec(mail.text)?.[1];
  if (!link) throw new Error(`No link in this email:\n${mail.text}`);
  return link;
}

/** The 6-digit code in the text of a sign-in email, which is on a separate line. */
export function codeIn(mail: Mail): string {
  const code = /^\s*(\d{6})\s*$/m.exec(mail.text)?.[1];
  if (!code) throw new Error(`No code in this email:\n${mail.text}`);
  return code;
}
