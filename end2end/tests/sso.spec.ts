import type { APIRequestContext, Page } from "@playwright/test";
import { expect, test as base, type Organization } from "../fixtures.ts";
import { join, openInvitation } from "../pages/join.ts";
import { requestSignIn, signIn } from "../pages/sign_in.ts";
import { expectHeading, goto } from "../support/browser.ts";
import { linkIn } from "../support/mailbox.ts";
import {
  createProvider,
  saveConnection,
  signInAtProvider,
  type ConnectionOptions,
  type IdentityProvider,
} from "../support/oidc.ts";
import { createSignInLink, insertUser, userStatus } from "../support/organization.ts";

type Fixtures = {
  /** A running provider that has the organization as its client. */
  idp: IdentityProvider;
  /** Adds the connection "Acme" to the provider and returns its ID. */
  addConnection: (options?: ConnectionOptions) => Promise<string>;
};

const test = base.extend<Fixtures>({
  idp: async ({ server, org }, use) => {
    const idp = await createProvider(server.baseUrl, org);
    await idp.start();
    await use(idp);
    await idp.stop();
  },
  addConnection: ({ adminRequest, server, org, idp }, use) =>
    use((options) => saveConnection(adminRequest, server.baseUrl, org, idp, options)),
});

const CONTINUE = { name: "Continue with Acme" };

/** Signs in with SSO from the login page, using an account at the provider. */
async function signInWithAcme(page: Page, org: Organization, account: string): Promise<void> {
  await goto(page, `/o/${org.slug}/login`);
  await page.getByRole("button", CONTINUE).click();
  await signInAtProvider(page, account);
}

/** Reloads the page and returns its status code. */
async function reloadStatus(page: Page): Promise<number | undefined> {
  return (await page.reload())?.status();
}

/** The audit events with this action, as JSON. */
async function auditEvents(adminRequest: APIRequestContext, org: Organization, action: string): Promise<string> {
  const response = await adminRequest.post("/api/audit_log/list", { data: { org: org.slug, query: { action } } });
  return response.text();
}

test("new connection passes its test and lets a visitor join", async ({ page, org, idp, newBrowserPage, axe, query }) => {
  const email = `visitor@${org.domain}`;
  idp.accounts.set("unauthenticated", { email, name: "Vera Visitor" });
  await signIn(page, org.signInLink);
  await goto(page, `/o/${org.slug}/settings/authentication`);
  await axe();
  const redirect = page.getByRole("textbox", { name: "Redirect URI", exact: true });
  await expect(redirect).toHaveValue(new RegExp(`/o/${org.slug}/sso/callback$`));
  await page.getByRole("link", { name: "Add connection" }).click();
  const dialog = page.getByRole("dialog", { name: "Add connection" });
  await dialog.getByRole("button", { name: "Save connection" }).click();
  await expect(dialog.getByLabel("Issuer URL")).toHaveAccessibleDescription(/This field is required\./);
  await axe();
  await dialog.getByLabel("Display name").fill("Acme");
  await dialog.getByLabel("Issuer URL").fill(idp.issuer);
  await dialog.getByLabel("Client ID").fill(idp.clientId);
  await dialog.getByLabel("Client secret").fill(idp.clientSecret);
  await dialog.getByRole("switch", { name: "Just-in-time joining" }).check();
  await dialog.getByLabel("Default organization role").selectOption("Organization Member");
  await dialog.getByRole("button", { name: "Save connection" }).click();
  await expect(page.locator("td", { hasText: idp.issuer })).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await page.getByRole("button", { name: "Test connection" }).click();
  await expect(page.getByText("Discovery and signing keys are fine.")).toBeVisible();
  await axe();
  // The secret is never shown again.
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByLabel("Client secret")).toHaveValue("");
  expect(await page.content()).not.toContain(idp.clientSecret);

  const visitor = await newBrowserPage();
  await goto(visitor, `/o/${org.slug}/login?next=/o/${org.slug}/account`);
  await axe(visitor);
  await visitor.getByRole("button", CONTINUE).click();
  await signInAtProvider(visitor, "unauthenticated");
  await expectHeading(visitor, "Account");
  await expect(visitor.getByRole("main").getByText(email)).toBeVisible();
  expect(new URL(visitor.url()).search).toBe("");

  const [{ id }] = (await query<{ id: string }>("select id from users where email = $1", [email])) as [{ id: string }];
  await goto(page, `/o/${org.slug}/settings/users/${id}`);
  await expect(page.getByText("via SSO")).toBeVisible();
  await goto(page, `/o/${org.slug}/settings/audit-log`);
  await expect(page.getByRole("main")).toContainText("added a connection");
  await expect(page.getByRole("main")).toContainText("by: sso");
});

test("uninvited user is refused without just-in-time joining", async ({ page, org, idp, addConnection, query, adminRequest, axe }) => {
  await addConnection({ justInTime: false });
  const email = `visitor@${org.domain}`;
  idp.accounts.set("unauthenticated", { email });
  await signInWithAcme(page, org, "unauthenticated");
  await expectHeading(page, "You’re not a member yet");
  await expect(page.getByText(email)).toBeVisible();
  await expect(page.getByRole("link", { name: "Request an invitation" })).toHaveCount(0);
  await axe();
  expect(await userStatus(query, org.slug, email)).toBeUndefined();
  await query("update organizations set requests_enabled = true where slug = $1", [org.slug]);
  expect(await reloadStatus(page)).toBe(403);
  await page.getByRole("link", { name: "Request an invitation" }).click();
  await expectHeading(page, "Request an invitation");
  expect(await auditEvents(adminRequest, org, "sso.sign_in_refused")).toContain("not invited");
});

test("invitation role is kept when joining via SSO", async ({ page, org, idp, addConnection, inviteAndGetLink, axe, query }) => {
  await addConnection({ justInTime: false });
  const email = `blob@${org.domain}`;
  idp.accounts.set("blob", { email: email.toUpperCase() });
  await openInvitation(page, await inviteAndGetLink(email, "admin"), `Join ${org.name}`);
  await axe();
  await page.getByRole("button", CONTINUE).click();
  await signInAtProvider(page, "blob");
  await expectHeading(page, "Users");
  expect(await userStatus(query, org.slug, email)).toBe("active");
});

test("SSO account with another address shows both addresses", async ({ page, org, idp, addConnection, inviteAndGetLink, axe, query }) => {
  await addConnection();
  const [invitedEmail, otherEmail] = [`blob@${org.domain}`, `other@${org.domain}`];
  idp.accounts.set("other", { email: otherEmail });
  await openInvitation(page, await inviteAndGetLink(invitedEmail), `Join ${org.name}`);
  await page.getByRole("button", CONTINUE).click();
  await signInAtProvider(page, "other");
  await expectHeading(page, "This invitation is for another address");
  await expect(page.getByRole("definition").filter({ hasText: invitedEmail })).toBeVisible();
  await expect(page.getByRole("definition").filter({ hasText: otherEmail })).toBeVisible();
  await axe();
  expect(await userStatus(query, org.slug, otherEmail)).toBeUndefined();
  await page.getByRole("link", { name: "Back to the invitation" }).click();
  await expectHeading(page, `Join ${org.name}`);
  await join(page, org.name, "Blob Ross");
  await expectHeading(page, "Account");
});

test("request becomes stale when its address joins via SSO", async ({ page, org, idp, addConnection, mail, query, newBrowserPage, server }) => {
  await addConnection();
  await query("update organizations set requests_enabled = true where slug = $1", [org.slug]);
  const email = `blob@${org.domain}`;
  idp.accounts.set("blob", { email });
  const visitor = await newBrowserPage();
  await goto(visitor, `/o/${org.slug}/request-invitation`);
  await visitor.getByRole("textbox", { name: "Email" }).fill(email);
  await visitor.getByRole("textbox", { name: "Your name" }).fill("Blob Ross");
  await visitor.getByRole("button", { name: "Request invitation" }).click();
  await goto(visitor, linkIn(await mail.next(email)));
  await visitor.getByRole("button", { name: "Send request" }).click();
  await expectHeading(visitor, "Request sent");
  await signInWithAcme(visitor, org, "blob");
  await expectHeading(visitor, "Account");

  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await goto(page, `/o/${org.slug}/settings/requests`);
  const row = page.getByRole("row").filter({ hasText: email });
  await expect(row).toContainText("Already a member");
  await expect(row).toContainText("via SSO");
  await row.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText("Dismissed 1 request.")).toBeVisible();
  await expect(row).toHaveCount(0);
});

test("suspended, unverified and canceled sign-ins are explained", async ({ page, org, idp, addConnection, query, axe }) => {
  await addConnection();
  const email = `blob@${org.domain}`;
  await insertUser(query, org.slug, { name: "Blob", email, status: "suspended" });
  idp.accounts.set("blob", { email });
  idp.accounts.set("unverified", { email: `unverified@${org.domain}`, verified: false });
  await signInWithAcme(page, org, "blob");
  await expectHeading(page, "Your account is suspended");
  expect(await reloadStatus(page)).toBe(403);
  await axe();
  await page.context().clearCookies();
  await signInWithAcme(page, org, "unverified");
  await expectHeading(page, "Verify your email address first");
  await axe();
  await page.context().clearCookies();
  await goto(page, `/o/${org.slug}/login`);
  await page.getByRole("button", CONTINUE).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await expectHeading(page, "Sign-in canceled");
  await page.getByRole("button", CONTINUE).click();
  await expect(page.getByRole("heading", { name: "Sign in to the provider" })).toBeVisible();
  expect(await userStatus(query, org.slug, `unverified@${org.domain}`)).toBeUndefined();
});

test("linked identity is kept when its address changes", async ({ page, org, idp, addConnection, newBrowserPage, axe }) => {
  await addConnection();
  const email = `blob@${org.domain}`;
  idp.accounts.set("blob", { email });
  await signInWithAcme(page, org, "blob");
  await expectHeading(page, "Account");
  idp.accounts.set("blob", { email: `renamed@${org.domain}` });
  idp.accounts.set("successor", { email });
  const successor = await newBrowserPage();
  await signInWithAcme(successor, org, "successor");
  await expectHeading(successor, "This address belongs to another account");
  await axe(successor);
  const secondBrowser = await newBrowserPage();
  await signInWithAcme(secondBrowser, org, "blob");
  await expectHeading(secondBrowser, "Account");
  await expect(secondBrowser.getByRole("main").getByText(email)).toBeVisible();
});

test("used or expired login flow cannot sign in", async ({ page, org, idp, addConnection, query, axe }) => {
  const connection = await addConnection();
  idp.accounts.set("blob", { email: `blob@${org.domain}` });
  const callback = page.waitForRequest((request) => request.url().includes("/sso/callback?"));
  await signInWithAcme(page, org, "blob");
  await expectHeading(page, "Account");
  const callbackUrl = (await callback).url();
  await page.context().clearCookies({ name: `session-${org.slug}` });
  await goto(page, callbackUrl);
  await expectHeading(page, "This sign-in attempt has expired");
  expect(page.url()).not.toContain("code=");
  await axe();
  expect(await reloadStatus(page)).toBe(410);
  await goto(page, `/o/${org.slug}/account`);
  await expectHeading(page, "Sign in");

  await page.getByRole("button", CONTINUE).click();
  // The session at the provider is still active, so it redirects back without asking.
  await expectHeading(page, "Account");
  await page.context().clearCookies();
  await goto(page, `/o/${org.slug}/login`);
  await page.getByRole("button", CONTINUE).click();
  await query("update sso_login_flows set expires_at = now() where used_at is null and connection_id = $1", [connection]);
  await signInAtProvider(page, "blob");
  await expectHeading(page, "This sign-in attempt has expired");
});

test("cross-site start and foreign callback are rejected", async ({ page, org, idp, addConnection, server, newBrowserPage, query }) => {
  const connection = await addConnection();
  idp.accounts.set("mallory", { email: `mallory@${org.domain}` });
  const startPage = idp.servePage(
    `<form method="post" action="${server.baseUrl}/o/${org.slug}/sso/start">
     <input name="connection" value="${connection}"><button>Win a prize</button></form>`,
  );
  await page.goto(startPage);
  await page.getByRole("button", { name: "Win a prize" }).click();
  await expect(page.getByRole("heading", { name: "Request blocked" })).toBeVisible();
  expect(await query("select 1 from sso_login_flows where connection_id = $1", [connection])).toEqual([]);

  const mallory = await newBrowserPage();
  const intercepted = idp.interceptCallback();
  await signInWithAcme(mallory, org, "mallory");
  const callbackUrl = await intercepted;
  await page.goto(idp.servePage(`<a href="${callbackUrl.replaceAll("&", "&amp;")}">Win a prize</a>`));
  await page.getByRole("link", { name: "Win a prize" }).click();
  await expectHeading(page, "This sign-in attempt has expired");
  await goto(page, `/o/${org.slug}/account`);
  await expectHeading(page, "Sign in");
  expect(await userStatus(query, org.slug, `mallory@${org.domain}`)).toBeUndefined();
});

test("unreachable provider shows a page with a retry button", async ({ page, org, idp, addConnection, errorWatch, axe }) => {
  errorWatch.expect(/502|ERR_CONNECTION_REFUSED/);
  await addConnection();
  idp.accounts.set("blob", { email: `blob@${org.domain}` });
  await idp.stop();
  await goto(page, `/o/${org.slug}/login`);
  await page.getByRole("button", CONTINUE).click();
  await expectHeading(page, "Acme can’t be reached");
  await axe();
  await idp.start();
  await page.getByRole("button", CONTINUE).click();
  await signInAtProvider(page, "blob");
  await expectHeading(page, "Account");
});

test("sign-out works here and at the provider", async ({ page, org, idp, addConnection, axe, adminRequest }) => {
  await addConnection();
  idp.accounts.set("blob", { email: `blob@${org.domain}` });
  await signInWithAcme(page, org, "blob");
  await expectHeading(page, "Account");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expectHeading(page, "You’re signed out");
  await axe();
  // The session at the provider is still active, so signing in needs no interaction.
  await page.getByRole("link", { name: "Go to sign-in" }).click();
  await expectHeading(page, "Sign in");
  await page.getByRole("button", CONTINUE).click();
  await expectHeading(page, "Account");
  const providerPage = await page.context().newPage();
  await providerPage.goto(`${idp.issuer}/session/end?client_id=${idp.clientId}`);
  await providerPage.getByRole("button", { name: "Sign out here" }).click();
  await expect(async () => {
    await goto(page, `/o/${org.slug}/account`);
    await expectHeading(page, "Sign in");
  }).toPass({ timeout: 10_000 });
  expect(await auditEvents(adminRequest, org, "user.session_ended")).toContain("Acme");

  await signInWithAcme(page, org, "blob");
  await expectHeading(page, "Account");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByRole("link", { name: "Also sign out of Acme" }).click();
  await page.getByRole("button", { name: "Sign out here" }).click();
  await expectHeading(page, "Sign in");
  await page.getByRole("button", CONTINUE).click();
  await expect(page.getByRole("heading", { name: "Sign in to the provider" })).toBeVisible();
});

test("disabled email links apply to members, not to admins", async ({ page, org, idp, addConnection, mail, query, newBrowserPage, axe, server }) => {
  const member = `member@${org.domain}`;
  await insertUser(query, org.slug, { name: "Member", email: member });
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await goto(page, `/o/${org.slug}/settings/authentication`);
  await page.getByRole("switch", { name: "Disable email links" }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("alert")).toContainText("Add a connection first");
  await addConnection();
  await goto(page, `/o/${org.slug}/settings/authentication`);
  await expect(page.getByText("1 active member has never signed in with SSO")).toBeVisible();
  await page.getByRole("switch", { name: "Disable email links" }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();

  const otherPage = await newBrowserPage();
  const texts: string[] = [];
  for (const email of [member, org.admin]) {
    await goto(otherPage, `/o/${org.slug}/login`);
    await expect(otherPage.getByText("Only admins can use email links.")).toBeVisible();
    await requestSignIn(otherPage, email);
    await expectHeading(otherPage, "Check your email");
    texts.push((await otherPage.getByRole("main").innerText()).replace(email, ""));
  }
  expect(new Set(texts).size).toBe(1);
  expect(linkIn(await mail.next(org.admin))).toContain("/sign-in/");
  const rows = await query<{ state: string }>(
    "select state from deliveries where email = $1 and kind = 'sign_in'", [member],
  );
  expect(rows).toEqual([{ state: "cancelled" }]);
  await goto(otherPage, `/o/${org.slug}/login`);
  await axe(otherPage);
  idp.accounts.set("member", { email: member });
  await signInWithAcme(otherPage, org, "member");
  await expectHeading(otherPage, "Account");
});
