// A real SMTP server that keeps what it gets. How it treats a mail stands in the recipient's address:
//
//   refuse-…@          550 at RCPT
//   busy-2-…@          451 at RCPT, two times, then taken
//   drop-2-…@          the connection is dropped at DATA, two times, then taken
//   slow-500-…@        taken after 500 ms

import type { AddressInfo, Socket } from "node:net";
import { simpleParser, type ParsedMail } from "mailparser";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";

export type ReceivedMail = { number: number; from: string; to: string; messageId: string; raw: Buffer };

export type Mail = {
  number: number;
  from: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  messageId: string;
  headers: Record<string, string>;
};

export type MailServer = {
  port: number;
  /** What was taken, in its order. */
  kept: ReceivedMail[];
  /** The mails to an address after the one of this number. */
  to: (address: string, after: number) => Promise<Mail[]>;
  /** Waits until another mail was taken, or until the signal says that it was long enough. */
  next: (signal: AbortSignal) => Promise<void>;
  /** From now on every mail takes so many milliseconds. */
  setDelay: (milliseconds: number) => void;
  /** How often a recipient was named, taken or not. */
  tries: (address: string) => number;
  stop: () => Promise<void>;
};

/** Listens on the port, or on one that is free. */
export async function startMailServer(port = 0): Promise<MailServer> {
  let pause = 0;
  const kept: ReceivedMail[] = [];
  const parsed = new Map<number, Promise<Mail>>();
  const tries = new Map<string, number>();
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    logger: false,
    onRcptTo(address, _session, done) {
      const to = address.address;
      const tried = (tries.get(to) ?? 0) + 1;
      tries.set(to, tried);
      if (to.startsWith("refuse-")) return done(reply(550, "5.1.1 no such mailbox"));
      if (tried <= number(to, "busy")) return done(reply(451, "4.3.2 busy, try again later"));
      return done();
    },
    onData(stream, session, done) {
      receive(stream, session, done).catch((error: unknown) => done(error as Error));
    },
  });

  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession, done: (error?: Error | null, message?: string) => void) {
    const recipients = session.envelope.rcptTo.map((recipient) => recipient.address);
    if (recipients.some((to) => (tries.get(to) ?? 0) <= number(to, "drop"))) {
      for (const connection of server.connections as Set<{ id: string; _socket: Socket }>) {
        if (connection.id === session.id) connection._socket.destroy();
      }
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const wait = Math.max(pause, ...recipients.map((to) => number(to, "slow")));
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : "";
    const messageId = /^message-id:\s*(\S+)/im.exec(raw.toString("latin1"))?.[1] ?? "";
    for (const to of recipients) kept.push({ number: kept.length + 1, from, to, messageId, raw });
    done(null, `2.0.0 kept as ${kept.length}`);
    for (const wake of waiting) wake();
    waiting.clear();
  }

  server.on("error", () => {});
  server.server.on("connection", (socket: Socket) => {
    socket.setNoDelay();
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });

  const read = (mail: ReceivedMail) => {
    const known = parsed.get(mail.number) ?? parse(mail);
    parsed.set(mail.number, known);
    return known;
  };

  return {
    port: (server.server.address() as AddressInfo).port,
    kept,
    to: (address, after) => Promise.all(kept.filter((mail) => mail.to === address && mail.number > after).map(read)),
    next: (signal) =>
      new Promise((resolve) => {
        waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      }),
    setDelay: (milliseconds) => {
      pause = milliseconds;
    },
    tries: (address) => tries.get(address) ?? 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function number(address: string, word: string): number {
  return Number(new RegExp(`^${word}-(\\d+)-`).exec(address)?.[1] ?? 0);
}

function reply(code: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode: code });
}

async function parse(mail: ReceivedMail): Promise<Mail> {
  const parsed: ParsedMail = await simpleParser(mail.raw, { skipTextToHtml: true, skipHtmlToText: true });
  return {
    number: mail.number,
    from: mail.from,
    to: mail.to,
    subject: parsed.subject ?? "",
    text: parsed.text ?? "",
    html: parsed.html || "",
    messageId: mail.messageId,
    headers: Object.fromEntries(parsed.headerLines.map(({ key, line }) => [key, line.slice(key.length + 1).trim()])),
  };
}
