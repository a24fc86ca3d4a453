// The list of users: paging, search, sorting, tabs, the profile, and who may see them.

import { expect, test } from "../fixtures.ts";
import { signIn } from "../pages/sign_in.ts";
import * as users from "../pages/users.ts";
import { expectHeading, goto, hasScripts, reload, waitForHydration } from "../support/browser.ts";
import {
  createOrganization,
  createSignInLink,
  expireInvitation,
  insertUser,
  inviteByApi,
  snapshotOrganization,
} from "../support/organization.ts";

test("list of users pages forward and backward", async ({ page, org, adminRequest, server, axe }) => {
  const emails = Array.from({ length: 120 }, (_, n) => `blob${String(n).padStart(3, "0")}@${org.domain}`);
  await inviteByApi(adminRequest, server, org.slug, emails.join("\n"));
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await users.openUsers(page, org.slug, "?sort=email");
  await expect(page.getByRole("tab", { name: "Users" })).toContainText("121");

  const all = [org.admin, ...emails];
  const next = page.getByRole("link", { name: "Next", exact: true });
  const previous = page.getByRole("link", { name: "Previous", exact: true });
  await expect(users.rows(page)).toHaveCount(50);
  expect(await users.addresses(page)).toEqual(all.slice(0, 50));
  await expect(previous).toBeHidden();
  await axe();
  await next.click();
  await expect(users.row(page, all[50]!)).toBeVisible();
  expect(await users.addresses(page)).toEqual(all.slice(50, 100));
  await next.click();
  await expect(users.row(page, all[100]!)).toBeVisible();
  expect(await users.addresses(page)).toEqual(all.slice(100));
  await expect(next).toBeHidden();

  await previous.click();
  await expect(users.row(page, all[50]!)).toBeVisible();
  expect(await users.addresses(page)).toEqual(all.slice(50, 100));
  await page.goBack();
  await expect(users.row(page, all[100]!)).toBeVisible();
  // The URL identifies the page.
  await goto(page, page.url());
  expect(await users.addresses(page)).toEqual(all.slice(100));
});

test("search, filters and sort are kept in the URL", async ({ page, org, query, adminRequest, server, axe }) => {
  await insertUser(query, org.slug, { name: "Ellie Psoid", email: `ellie@${org.domain}`, role: "admin" });
  await insertUser(query, org.slug, { name: "Amorph Us", email: `amorph_us@${org.domain}` });
  await insertUser(query, org.slug, { name: "Ooze Özdemir", email: `ooze@${org.domain}`, status: "suspended" });
  await inviteByApi(adminRequest, server, org.slug, `jelly@${org.domain}`);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await expect(users.rows(page)).toHaveCount(5);
  const search = page.getByLabel("Search users");
  const searchButton = page.getByRole("button", { name: "Search" });

  await search.fill("ÖZDEMIR");
  await search.press("Enter");
  await expect(users.rows(page)).toHaveCount(1);
  await expect(users.row(page, `ooze@${org.domain}`)).toContainText("Suspended");
  await expect(page).toHaveURL(/\?q=%C3%96ZDEMIR/);
  await waitForHydration(page);
  await expect(search).toHaveValue("ÖZDEMIR");
  await axe();

  await search.fill("%");
  await searchButton.click();
  await expect(page.getByText("No users match your search.")).toBeVisible();
  await axe();
  await waitForHydration(page);
  await search.fill("h_u");
  await searchButton.click();
  await expect(users.rows(page)).toHaveCount(1);
  await expect(users.row(page, `amorph_us@${org.domain}`)).toBeVisible();

  await users.openUsers(page, org.slug);
  await page.getByLabel("Status").selectOption("Invited");
  await searchButton.click();
  await expect(page).toHaveURL(/status=invited/);
  await expect(users.rows(page)).toHaveCount(1);
  await expect(users.row(page, `jelly@${org.domain}`)).toBeVisible();
  await waitForHydration(page);
  await page.getByLabel("Status").selectOption("Any");
  await page.getByLabel("Role", { exact: true }).selectOption("Organization Admin");
  await searchButton.click();
  await expect(page).toHaveURL(/role=admin/);
  await expect(users.rows(page)).toHaveCount(2);
  await page.goBack();
  await expect(users.rows(page)).toHaveCount(1);
  await expect(users.row(page, `jelly@${org.domain}`)).toBeVisible();
  // Without JavaScript the browser restores the form as it was left.
  if (hasScripts(page)) await expect(page.getByLabel("Status")).toHaveValue("invited");
  await page.goBack();
  await expect(users.rows(page)).toHaveCount(5);

  await waitForHydration(page);
  await page.getByRole("columnheader", { name: "Email" }).getByRole("link").click();
  await expect(page).toHaveURL(/sort=email/);
  await expect(page.getByRole("columnheader", { name: "Email" })).toHaveAttribute("aria-sort", "ascending");
  const sorted = ["admin", "amorph_us", "ellie", "jelly", "ooze"].map((name) => `${name}@${org.domain}`);
  await expect(users.rows(page).first()).toContainText(sorted[0]!);
  expect(await users.addresses(page)).toEqual(sorted);
  await waitForHydration(page);
  await page.getByRole("columnheader", { name: "Email" }).getByRole("link").click();
  await expect(page.getByRole("columnheader", { name: "Email" })).toHaveAttribute("aria-sort", "descending");
  await expect(users.rows(page).first()).toContainText(sorted.at(-1)!);
  expect(await users.addresses(page)).toEqual(sorted.toReversed());

  // Inviting keeps the sort order.
  await waitForHydration(page);
  await users.invite(page, `last@${org.domain}`);
  await expect(users.row(page, `last@${org.domain}`)).toBeVisible();
  await expect(page).toHaveURL(/sort=email/);
  await expect(users.rows(page)).toHaveCount(6);
});

test("every column sorts in both directions", async ({ page, org, query }) => {
  await insertUser(query, org.slug, { name: "Amorph Us", email: `z@${org.domain}`, role: "member" });
  await insertUser(query, org.slug, { name: "Zoe Blob", email: `a@${org.domain}`, status: "suspended" });
  await signIn(page, org.signInLink);
  for (const label of ["Name", "Status", "Organization role", "Last login"]) {
    const orders: string[][] = [];
    for (const order of ["", "&order=desc"]) {
      const code = label.toLowerCase().replace("organization ", "").replace(" ", "_");
      await users.openUsers(page, org.slug, `?sort=${code}${order}`);
      await expect(page.getByRole("columnheader", { name: label })).toHaveAttribute("aria-sort", order ? "descending" : "ascending");
      orders.push(await users.addresses(page));
    }
    expect(orders[0], label).toHaveLength(3);
    expect(orders[1], label).toEqual(orders[0]!.toReversed());
  }
});

test("expired invitation can be resent from its tab", async ({ page, org, mail, adminRequest, server, query, axe }) => {
  const [expired, open] = [`expired@${org.domain}`, `open@${org.domain}`];
  await inviteByApi(adminRequest, server, org.slug, `${expired},${open}`);
  await mail.next(expired);
  await expireInvitation(query, org.slug, expired);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));

  await expect(users.row(page, open)).toBeVisible();
  await expect(users.row(page, expired)).toBeHidden();
  const tab = page.getByRole("tab", { name: "Expired invitations" });
  await expect(tab).toContainText("1");
  await tab.click();
  await expect(users.row(page, expired).getByText("Expired", { exact: true })).toBeVisible();
  await expect(users.row(page, open)).toBeHidden();
  await expect(tab).toHaveAttribute("aria-selected", "true");
  await waitForHydration(page);
  await axe();

  await users.invite(page, expired);
  await expect(users.statusMessage(page).filter({ hasText: "1 invited" })).toBeVisible();
  await mail.next(expired);
  await users.openUsers(page, org.slug);
  await expect(users.row(page, expired).getByText("Invited", { exact: true })).toBeVisible();
  await expect(page.getByRole("tab", { name: "Expired invitations" })).toContainText("0");
});

test("profile shows the inviter and the delivery of the email", async ({ page, org, mail, axe }) => {
  const email = `blobby@${org.domain}`;
  await signIn(page, org.signInLink);
  await users.invite(page, email);
  await mail.next(email);
  await expect(users.statusMessage(page).filter({ hasText: "1 invited" })).toBeVisible();
  await waitForHydration(page);
  await users.openProfile(page, email);
  await waitForHydration(page);
  await expect(page.getByRole("main")).toContainText(`by ${org.admin}`);
  await expect(users.deliveries(page)).toHaveCount(1);
  await expect(async () => {
    await reload(page);
    await expect(users.deliveries(page)).toContainText("Mail server accepted it: 250 2.0.0 accepted as", { timeout: 500 });
  }).toPass();
  await axe();
  await page.getByRole("main").getByRole("link", { name: "Users" }).click();
  await expectHeading(page, "Users");
});

test("member cannot see or change settings", async ({ page, org, query, server, axe, adminRequest }) => {
  const member = `member@${org.domain}`;
  await insertUser(query, org.slug, { name: "Blob Ross", email: member });
  const { id } = (await query<{ id: string }>("select id from users where email = $1", [org.admin]))[0]!;
  await inviteByApi(adminRequest, server, org.slug, `invited@${org.domain}`);
  await signIn(page, await createSignInLink(server, org.slug, member), "Account");
  await expect(page.getByRole("link", { name: "Users" })).toHaveCount(0);

  const before = await snapshotOrganization(query, org.slug);
  for (const path of [users.usersPath(org.slug), users.usersPath(org.slug, "?dialog=invite"), users.usersPath(org.slug, `/${id}`)]) {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(404);
    await expectHeading(page, "Page not found");
    expect(await page.content()).not.toContain("invited@");
  }
  await axe();

  // A forged form post to the page.
  const posted = await page.request.post(users.usersPath(org.slug), {
    form: { _action: "/api/users/invite", org: org.slug, addresses: `evil@${org.domain}`, role: "admin" },
    headers: { accept: "text/html" },
  });
  expect(posted.status()).toBe(404);

  for (const [path, body] of adminFunctions(org.slug, id, org.domain)) {
    const forbidden = await page.request.post(path, body);
    const missing = await page.request.post(path, forUnknownOrganization(body, org.slug));
    expect(forbidden.status(), path).toBe(404);
    expect(await forbidden.json(), path).toBe("not_found");
    // A forbidden resource responds like one that does not exist.
    expect(await forbidden.text(), path).toBe(await missing.text());
    expect(missing.status(), path).toBe(404);
  }
  expect(await snapshotOrganization(query, org.slug)).toEqual(before);
});

test("admin of another organization cannot see or change users", async ({ page, org, query, server, adminRequest, playwright }) => {
  const { id } = (await query<{ id: string }>("select id from users where email = $1", [org.admin]))[0]!;
  await inviteByApi(adminRequest, server, org.slug, `invited@${org.domain}`);
  const otherOrg = await createOrganization(server);
  await signIn(page, otherOrg.signInLink);
  const before = await snapshotOrganization(query, org.slug);

  // Our user ID under their own organization.
  const response = await page.goto(users.usersPath(otherOrg.slug, `/${id}`));
  expect(response?.status()).toBe(404);
  await expectHeading(page, "Page not found");
  const profile = await page.request.post("/api/users/profile", { data: { org: otherOrg.slug, user: id } });
  expect(profile.status()).toBe(404);

  // Our pages: they are not signed in here.
  await goto(page, users.usersPath(org.slug));
  await expectHeading(page, "Sign in");
  const visitor = await playwright.request.newContext({ baseURL: server.baseUrl });
  for (const requests of [page.request, visitor]) {
    for (const [path, body] of adminFunctions(org.slug, id, org.domain)) {
      const rejected = await requests.post(path, body);
      expect(rejected.status(), path).toBe(401);
      expect(await rejected.json(), path).toBe("signed_out");
    }
  }
  await visitor.dispose();
  expect(await snapshotOrganization(query, org.slug)).toEqual(before);
});

/** The admin-only server functions, each with a valid request. */
function adminFunctions(org: string, user: string, domain: string): [string, { data?: object; form?: Record<string, string> }][] {
  return [
    ["/api/users/list", { data: { org, query: {} } }],
    ["/api/users/profile", { data: { org, user } }],
    ["/api/users/classify", { data: { org, addresses: `invited@${domain}` } }],
    ["/api/users/invite", { form: { org, addresses: `evil@${domain}`, role: "admin" } }],
  ];
}

/** The same request for an organization that does not exist. */
function forUnknownOrganization<B extends { data?: object; form?: Record<string, string> }>(body: B, org: string): B {
  return JSON.parse(JSON.stringify(body).replaceAll(`"${org}"`, '"no-such-org"')) as B;
}
