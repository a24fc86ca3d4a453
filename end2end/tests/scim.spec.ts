import type { APIRequestContext, APIResponse } from "@playwright/test";
import { expect, test } from "../fixtures.ts";
import { createApiKey } from "../pages/scim.ts";
import { signIn } from "../pages/sign_in.ts";
import { openUsers, row } from "../pages/users.ts";
import { expectHeading, goto } from "../support/browser.ts";
import { createSignInLink } from "../support/organization.ts";

/** A SCIM client, like an identity provider. */
function scimClient(request: APIRequestContext, base: string, key: string) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/scim+json" };
  const send = (method: string, path: string, body?: object): Promise<APIResponse> =>
    request.fetch(`${base}${path}`, { method, headers, data: body && JSON.stringify(body) });
  return {
    get: (path: string) => send("GET", path),
    create: async (userName: string, displayName: string): Promise<string> => {
      const response = await send("POST", "/Users", { userName, displayName });
      expect(response.status(), await response.text()).toBe(201);
      return ((await response.json()) as { id: string }).id;
    },
    setActive: async (id: string, active: boolean): Promise<APIResponse> =>
      send("PATCH", `/Users/${id}`, { Operations: [{ op: "replace", value: { active } }] }),
  };
}

test("directory creates and deactivates users", async ({ page, request, org, server, newBrowserPage, axe }) => {
  await signIn(page, org.signInLink);
  const key = await createApiKey(page, org.slug, "Okta");
  await axe();
  const base = await page.getByRole("textbox", { name: "SCIM base URL" }).inputValue();
  expect(base).toBe(`${server.baseUrl}/o/${org.slug}/scim/v2`);
  const scim = scimClient(request, base, key);
  const email = `blobby@${org.domain}`;

  await openUsers(page, org.slug);
  await expect(row(page, email)).toHaveCount(0);
  const id = await scim.create(email, "Blobby Waters");
  await page.reload();
  await expect(row(page, email)).toContainText("Blobby Waters");
  await expect(row(page, email)).toContainText("Active");
  await expect(row(page, email)).toContainText("Joined via SCIM");
  await row(page, email).getByRole("link", { name: "Manage" }).click();
  await expect(page.getByText("via SCIM", { exact: false }).first()).toBeVisible();

  // Deactivating the user ends the session in another browser.
  const userPage = await newBrowserPage();
  await signIn(userPage, await createSignInLink(server, org.slug, email), "Account");
  expect((await (await scim.setActive(id, false)).json()).active).toBe(false);
  await goto(userPage, `/o/${org.slug}/account`);
  await expectHeading(userPage, "Sign in");
  await openUsers(page, org.slug);
  await expect(row(page, email)).toContainText("Suspended");
  expect((await (await scim.setActive(id, true)).json()).active).toBe(true);
  await openUsers(page, org.slug);
  await expect(row(page, email)).toContainText("Active");

  // The last admin cannot be deactivated, and the response says why.
  const admins = await scim.get(`/Users?filter=${encodeURIComponent(`userName eq "${org.admin}"`)}`);
  const rejected = await scim.setActive(((await admins.json()) as { Resources: { id: string }[] }).Resources[0]!.id, false);
  expect(rejected.status()).toBe(409);
  expect(((await rejected.json()) as { detail: string }).detail).toContain("This user is the last active Organization Admin");
});

test("API key is shown once and stops working when revoked", async ({ page, request, org, server, axe }) => {
  await signIn(page, org.signInLink);
  await goto(page, `/o/${org.slug}/settings/provisioning`);
  await expect(page.getByText("No API keys yet.")).toBeVisible();
  await page.getByRole("link", { name: "Create API key" }).click();
  const dialog = page.getByRole("dialog", { name: "Create API key" });
  await dialog.getByLabel("Name").fill(" ");
  for (const box of await dialog.getByRole("checkbox").all()) await box.uncheck();
  await dialog.getByRole("button", { name: "Create API key" }).click();
  await expect(dialog.getByLabel("Name")).toHaveAccessibleDescription(/This field is required\./);
  await axe();

  const key = await createApiKey(page, org.slug, "Entra");
  const keyRow = page.getByRole("row").filter({ hasText: "Entra" });
  await expect(keyRow).toContainText("Never");
  await expect(keyRow).toContainText("All scopes");
  const scim = scimClient(request, `${server.baseUrl}/o/${org.slug}/scim/v2`, key);
  expect((await scim.get("/ServiceProviderConfig")).status()).toBe(200);
  await goto(page, `/o/${org.slug}/settings/provisioning`);
  await expect(keyRow).toContainText("just now");
  await expect(page.getByRole("textbox", { name: "API key" })).toHaveCount(0);
  expect(await page.content()).not.toContain(key);

  await keyRow.getByRole("link", { name: "Revoke" }).click();
  const confirmation = page.getByRole("dialog", { name: "Revoke “Entra”?" });
  await axe();
  await confirmation.getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByText("No API keys yet.")).toBeVisible();
  const response = await scim.get("/ServiceProviderConfig");
  expect(response.status()).toBe(401);
  expect(response.headers()["www-authenticate"]).toContain("Bearer");
  await goto(page, `/o/${org.slug}/settings/audit-log`);
  await expect(page.getByRole("row").filter({ hasText: "revoked an API key" })).toContainText("Entra");
});
