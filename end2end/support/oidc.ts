// A real identity provider on this machine: oidc-provider, with accounts as a test wants them and a login page of its own.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { expect, type APIRequestContext, type Page } from "@playwright/test";
import Provider from "oidc-provider";
import { freePort } from "./ports.ts";
import type { Organization } from "./organization.ts";

/** Somebody at the provider, by their name there. */
export type Account = { email: string; verified?: boolean; name?: string };

export type IdentityProvider = {
  /** Another site than ours, as far as a browser can tell: ours is at 127.0.0.1. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  accounts: Map<string, Account>;
  start: () => Promise<void>;
  stop: () => Promise<void>;
  /** Keeps back whoever is on the way from here to us; gives back where they were going. */
  interceptCallback: () => Promise<string>;
  /** Shows this page, as an attacker would on a site of theirs; gives back its address. */
  show: (html: string) => string;
};

/** A provider that knows Vestibule as the client of one organization. It is not started yet. */
export async function createProvider(baseUrl: string, org: Organization): Promise<IdentityProvider> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const accounts = new Map<string, Account>();
  const pages = new Map<string, string>();
  const clientId = `vestibule-${org.slug}`;
  const clientSecret = randomBytes(24).toString("hex");
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${baseUrl}/o/${org.slug}/sso/callback`],
        post_logout_redirect_uris: [`${baseUrl}/o/${org.slug}/login`],
        backchannel_logout_uri: `${baseUrl}/o/${org.slug}/sso/logout`,
        backchannel_logout_session_required: true,
      },
    ],
    jwks: { keys: [{ ...key, kid: "one", use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    // Its own fetch refuses to speak with this machine.
    fetch: (url: URL, { headers, method, body, signal }: RequestInit) => fetch(url, { headers, method, body, signal } as RequestInit),
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        postLogoutSuccessSource: (context: { body: string }) => {
          context.body = page("Signed out of the provider", "");
        },
        logoutSource: (context: { body: string }, form: string) => {
          context.body = page(
            "Sign out of the provider?",
            `${form}<button form="op.logoutForm" name="logout" value="yes">Sign out here</button>`,
          );
        },
      },
    },
    ttl: { Session: 3_600, Interaction: 600, Grant: 3_600, IdToken: 300, AccessToken: 300, AuthorizationCode: 60 },
    interactions: { url: (_: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    findAccount: (_: unknown, id: string) => {
      const account = accounts.get(id);
      if (!account) return undefined;
      const { email, verified = true, name = "Blob Ross" } = account;
      return { accountId: id, claims: () => ({ sub: id, email, email_verified: verified, name }) };
    },
    // Nobody is asked whether we may know who they are.
    loadExistingGrant: async (context: { oidc: Context }) => {
      const { client, session } = context.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  let held: ((url: string) => void) | undefined;
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (held) captureCallback(response, held);
    const path = new URL(request.url ?? "/", issuer).pathname;
    const shown = pages.get(path);
    if (shown !== undefined) return html(response, shown);
    if (!path.startsWith("/interaction/")) return callback(request, response);
    if (request.method === "GET") return html(response, LOGIN);
    const fields = new URLSearchParams(await body(request));
    const result = fields.has("stop") ? { error: "access_denied" } : { login: { accountId: fields.get("account") } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
  let server: Server | undefined;
  const stop = async () => {
    const stopping = server;
    server = undefined;
    if (!stopping) return;
    stopping.closeAllConnections();
    await new Promise((resolve) => stopping.close(resolve));
  };
  return {
    issuer,
    clientId,
    clientSecret,
    accounts,
    start: async () => {
      const starting = createServer((request, response) => void handle(request, response));
      await new Promise<void>((resolve, reject) =>
        starting.once("error", reject).listen(port, "127.0.0.1", resolve),
      );
      server = starting;
    },
    stop,
    interceptCallback: () => new Promise((resolve) => (held = resolve)),
    show: (content) => {
      const path = `/page-${pages.size}`;
      pages.set(path, content);
      return `${issuer}${path}`;
    },
  };
}

type Context = { client: { clientId: string }; session: { accountId: string } };

/** Whatever leads back to us becomes a page that leads nowhere. */
function captureCallback(response: ServerResponse, held: (url: string) => void): void {
  const end = response.end.bind(response) as (content?: unknown) => ServerResponse;
  response.end = ((content?: unknown) => {
    const location = String(response.getHeader("location") ?? "");
    if (!location.includes("/sso/callback?")) return end(content);
    response.removeHeader("location");
    response.removeHeader("content-length");
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.statusCode = 200;
    held(location);
    return end(page("ReceivedMail back", ""));
  }) as typeof response.end;
}

const LOGIN = page(
  "Sign in to the provider",
  `<form method="post"><label>Account <input name="account" autofocus></label>
   <button>Sign in here</button><button name="stop" value="yes">Stop</button></form>`,
);

function page(title: string, content: string): string {
  return `<!DOCTYPE html><html lang="en"><title>${title}</title><h1>${title}</h1>${content}</html>`;
}

function html(response: ServerResponse, content: string): void {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(content);
}

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Signs in on the provider's own page, which is open. */
export async function signInAtProvider(page: Page, account: string): Promise<void> {
  await page.getByLabel("Account").fill(account);
  await page.getByRole("button", { name: "Sign in here" }).click();
}

export type Wanted = { name?: string; justInTime?: boolean; role?: "member" | "admin"; domains?: string };

/** Adds the connection by the server function, as the dialog does. */
export async function connect(
  adminRequest: APIRequestContext,
  baseUrl: string,
  org: Organization,
  idp: IdentityProvider,
  wanted: Wanted = {},
): Promise<string> {
  const answer = await adminRequest.post(`${baseUrl}/api/authentication/save`, {
    form: {
      org: org.slug,
      name: wanted.name ?? "Acme",
      issuer: idp.issuer,
      client_id: idp.clientId,
      client_secret: idp.clientSecret,
      default_role: wanted.role ?? "member",
      allowed_domains: wanted.domains ?? "",
      ...((wanted.justInTime ?? true) ? { just_in_time: "true" } : {}),
    },
  });
  expect(answer.status(), await answer.text()).toBe(200);
  return (await answer.json()) as string;
}
