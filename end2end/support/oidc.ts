// A local OpenID Connect provider (oidc-provider) with configurable accounts and a minimal login page.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { expect, type APIRequestContext, type Page } from "@playwright/test";
import Provider from "oidc-provider";
import { freePort } from "./ports.ts";
import type { Organization } from "./organization.ts";

/** An account at the provider. */
export type Account = { email: string; verified?: boolean; name?: string };

export type IdentityProvider = {
  /** At localhost, so that browsers treat it as a different site than Vestibule at 127.0.0.1. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  accounts: Map<string, Account>;
  start: () => Promise<void>;
  stop: () => Promise<void>;
  /** Intercepts the next redirect to the callback of Vestibule and returns its URL. */
  interceptCallback: () => Promise<string>;
  /** Serves a page, as an attacker would on another site, and returns its URL. */
  servePage: (html: string) => string;
};

/** Creates a provider with one organization registered as its client. Call `start` to run it. */
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
    jwks: { keys: [{ ...key, kid: "test-key", use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    // Its default fetch refuses loopback addresses.
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
    // Skips the consent screen.
    loadExistingGrant: async (context: { oidc: Context }) => {
      const { client, session } = context.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  let onCallback: ((url: string) => void) | undefined;
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (onCallback) captureCallback(response, onCallback);
    const path = new URL(request.url ?? "/", issuer).pathname;
    const content = pages.get(path);
    if (content !== undefined) return html(response, content);
    if (!path.startsWith("/interaction/")) return callback(request, response);
    if (request.method === "GET") return html(response, LOGIN);
    const fields = new URLSearchParams(await body(request));
    const result = fields.has("cancel") ? { error: "access_denied" } : { login: { accountId: fields.get("account") } };
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
    interceptCallback: () => new Promise((resolve) => (onCallback = resolve)),
    servePage: (content) => {
      const path = `/page-${pages.size}`;
      pages.set(path, content);
      return `${issuer}${path}`;
    },
  };
}

type Context = { client: { clientId: string }; session: { accountId: string } };

/** Replaces a redirect to the callback of Vestibule by an empty page. */
function captureCallback(response: ServerResponse, onCallback: (url: string) => void): void {
  const end = response.end.bind(response) as (content?: unknown) => ServerResponse;
  response.end = ((content?: unknown) => {
    const location = String(response.getHeader("location") ?? "");
    if (!location.includes("/sso/callback?")) return end(content);
    response.removeHeader("location");
    response.removeHeader("content-length");
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.statusCode = 200;
    onCallback(location);
    return end(page("Intercepted", ""));
  }) as typeof response.end;
}

const LOGIN = page(
  "Sign in to the provider",
  `<form method="post"><label>Account <input name="account" autofocus></label>
   <button>Sign in here</button><button name="cancel" value="yes">Cancel</button></form>`,
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

/** Signs in on the login page of the provider, which must be open. */
export async function signInAtProvider(page: Page, account: string): Promise<void> {
  await page.getByLabel("Account").fill(account);
  await page.getByRole("button", { name: "Sign in here" }).click();
}

export type ConnectionOptions = { name?: string; justInTime?: boolean; role?: "member" | "admin"; domains?: string };

/** Adds a connection by calling the server function that the dialog calls. */
export async function saveConnection(
  adminRequest: APIRequestContext,
  baseUrl: string,
  org: Organization,
  idp: IdentityProvider,
  options: ConnectionOptions = {},
): Promise<string> {
  const answer = await adminRequest.post(`${baseUrl}/api/authentication/save`, {
    form: {
      org: org.slug,
      name: options.name ?? "Acme",
      issuer: idp.issuer,
      client_id: idp.clientId,
      client_secret: idp.clientSecret,
      default_role: options.role ?? "member",
      allowed_domains: options.domains ?? "",
      ...((options.justInTime ?? true) ? { just_in_time: "true" } : {}),
    },
  });
  expect(answer.status(), await answer.text()).toBe(200);
  return (await answer.json()) as string;
}
