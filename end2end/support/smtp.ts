// An SMTP server that stores the emails it receives. The recipient's address controls its behavior:
//
//   refuse-…@          550 at RCPT
//   busy-2-…@          451 at RCPT twice, then accepted
//   drop-2-…@          the connection is dropped at DATA twice, then accepted
//   slow-500-…@        accepted after 500 ms

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
  /** The accepted emails in order. */
  received: ReceivedMail[];
  /** The emails to an address with a higher number. */
  to: (address: string, after: number) => Promise<Mail[]>;
  /** Waits until another email is accepted or the signal is aborted. */
  next: (signal: AbortSignal) => Promise<void>;
  /** Delays every email from now on. */
  setDelay: (milliseconds: number) => void;
  /** How many times a recipient was attempted. */
  attempts: (address: string) => number;
  stop: () => Promise<void>;
};

/** Listens on the port, or on a free one. */
export async function startMailServer(port = 0): Promise<MailServer> {
  let delay = 0;
  const received: ReceivedMail[] = [];
  const parsed = new Map<number, Promise<Mail>>();
  const attempts = new Map<string, number>();
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    logger: false,
    onRcptTo(address, _session, done) {
      const to = address.address;
      const attempt = (attempts.get(to) ?? 0) + 1;
      attempts.set(to, attempt);
      if (to.startsWith("refuse-")) return done(reply(550, "5.1.1 no such mailbox"));
      if (attempt <= parameter(to, "busy")) return done(reply(451, "4.3.2 busy, try again later"));
      return done();
    },
    onData(stream, session, done) {
      receive(stream, session, done).catch((error: unknown) => done(error as Error));
    },
  });

  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession, done: (error?: Error | null, message?: string) => void) {
    const recipients = session.envelope.rcptTo.map((recipient) => recipient.address);
    if (recipients.some((to) => (attempts.get(to) ?? 0) <= parameter(to, "drop"))) {
      for (const connection of server.connections as Set<{ id: string; _socket: Socket }>) {
        if (connection.id === session.id) connection._socket.destroy();
      }
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const waitTime = Math.max(delay, ...recipients.map((to) => parameter(to, "slow")));
    if (waitTime > 0) await new Promise((resolve) => setTimeout(resolve, waitTime));
    const from = session.envelope.mailFrom ? session.envelope.mailFrom.address : "";
    const messageId = /^message-id:\s*(\S+)/im.exec(raw.toString("latin1"))?.[1] ?? "";
    for (const to of recipients) received.push({ number: received.length + 1, from, to, messageId, raw });
    done(null, `2.0.0 accepted as ${received.length}`);
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
    const result = parsed.get(mail.number) ?? parse(mail);
    parsed.set(mail.number, result);
    return result;
  };

  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    to: (address, after) => Promise.all(received.filter((mail) => mail.to === address && mail.number > after).map(read)),
    next: (signal) =>
      new Promise((resolve) => {
        waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      }),
    setDelay: (milliseconds) => {
      delay = milliseconds;
    },
    attempts: (address) => attempts.get(address) ?? 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function parameter(address: string, name: string): number {
  return Number(new RegExp(`^${name}-(\\d+)-`).exec(address)?.[1] ?? 0);
}

function reply(code: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode: code });
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
