import { expect, test } from "../fixtures.ts";
import { requestSignIn, signIn, signOut } from "../pages/sign_in.ts";
import { usersPath } from "../pages/users.ts";
import { expectHeading, goto, reload, waitForHydration } from "../support/browser.ts";
import { codeIn, linkIn } from "../support/mailbox.ts";
import { createOrganization, createSignInLink, insertUser } from "../support/organization.ts";

test("emailed link signs in", async ({ page, org, mail, axe, server }) => {
  await goto(page, `/o/${org.slug}/login`);
  await axe();
  await requestSignIn(page, org.admin);
  await expectHeading(page, "Check your email");
  await expect(page.getByText(org.admin)).toBeVisible();
  await axe();

  const message = await mail.next(org.admin);
  expect(message.subject).toBe(`Sign in to ${org.name}`);
  const link = linkIn(message);
  expect(link).toMatch(`${server.baseUrl}/o/${org.slug}/sign-in/`);
  expect(message.html).toContain(`href="${link}"`);

  await goto(page, link);
  await expect(page).toHaveURL(`/o/${org.slug}/sign-in`);
  await expect(page.getByText(org.admin)).toBeVisible();
  await axe();
  await page.getByRole("button", { name: "Sign in" }).click();
  await expectHeading(page, "Users");
  await axe();

  await page.getByRole("link", { name: org.admin, exact: true }).click();
  await expectHeading(page, "Account");
  await axe();
});

test("emailed code works only in the browser that requested it", async ({ page, org, mail, newBrowserPage }) => {
  await goto(page, `/o/${org.slug}/login`);
  await requestSignIn(page, org.admin);
  await expectHeading(page, "Check your email");
  const code = codeIn(await mail.next(org.admin));

  const otherPage = await newBrowserPage();
  await goto(otherPage, `/o/${org.slug}/login/code`);
  await otherPage.getByLabel("Code").fill(code);
  await otherPage.getByRole("button", { name: "Sign in" }).click();
  await expect(otherPage.getByRole("alert")).toContainText("This code is incorrect or has expired.");

  await page.getByLabel("Code").fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expectHeading(page, "Users");
});

test("wrong code is rejected and the right one still works", async ({ page, org, mail, axe }) => {
  await goto(page, `/o/${org.slug}/login`);
  await requestSignIn(page, org.admin);
  await expectHeading(page, "Check your email");
  const code = codeIn(await mail.next(org.admin));
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
  const field = page.getByLabel("Code");

  await field.fill("12345");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(field).toHaveAccessibleDescription("Enter the 6-digit code from the email.");
  await expect(field).toHaveValue("12345");
  await axe();

  await field.fill(wrong);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("This code is incorrect or has expired.");
  await expect(page.getByRole("heading", { name: "Check your email" })).toBeVisible();
  await expect(field).toHaveValue(wrong);
  await axe();

  await field.fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expectHeading(page, "Users");
});

test("five wrong codes invalidate the code but not the link", async ({ page, org, mail }) => {
  await goto(page, `/o/${org.slug}/login`);
  await requestSignIn(page, org.admin);
  await expectHeading(page, "Check your email");
  const message = await mail.next(org.admin);
  const code = codeIn(message);
  for (const step of [1, 2, 3, 4, 5, 0]) {
    const attempt = String((Number(code) + step) % 1_000_000).padStart(6, "0");
    await page.getByLabel("Code").fill(attempt);
    const responded = page.waitForResponse((response) => response.request().method() === "POST");
    await page.getByRole("button", { name: "Sign in" }).click();
    await responded;
    await expect(page.getByRole("alert")).toContainText("This code is incorrect or has expired.");
    await waitForHydration(page);
  }
  await signIn(page, linkIn(message));
});

test("unknown address gets the same response and no email", async ({ page, org, mail, query }) => {
  const unknown = `unknown@${org.domain}`;
  const texts: string[] = [];
  for (const email of [org.admin, unknown]) {
    await goto(page, `/o/${org.slug}/login`);
    await requestSignIn(page, email);
    await expectHeading(page, "Check your email");
    texts.push((await page.getByRole("main").innerText()).replaceAll(email, "…"));
  }
  expect(texts[1]).toBe(texts[0]);

  await mail.next(org.admin);
  await expect
    .poll(() => query("select state from deliveries where email = $1", [unknown]), { timeout: 20_000 })
    .toEqual([{ state: "cancelled" }]);
  expect(await mail.all(unknown)).toEqual([]);
});

test("invalid address shows a field error and keeps the input", async ({ page, org, axe }) => {
  await goto(page, `/o/${org.slug}/login`);
  const field = page.getByLabel("Email");
  await requestSignIn(page, "");
  await expect(field).toHaveAccessibleDescription("This field is required.");
  await requestSignIn(page, "blobby.blobsrus.com");
  await expect(field).toHaveAccessibleDescription("Missing “@”.");
  await expect(field).toHaveValue("blobby.blobsrus.com");
  await axe();
});

test("signing in again returns to the requested page", async ({ page, org, mail, server, request }) => {
  await signIn(page, org.signInLink);
  const cookies = await page.context().cookies();
  await signOut(page);
  await expect(page).toHaveURL(`/o/${org.slug}/login`);

  // The session has ended on the server, not only in this browser.
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const listed = await request.post("/api/users/list", { data: { org: org.slug, query: {} }, headers: { cookie } });
  expect(listed.status()).toBe(401);

  const requestedPath = usersPath(org.slug, "?q=blob&sort=email");
  await goto(page, requestedPath);
  await expectHeading(page, "Sign in");
  await requestSignIn(page, org.admin);
  await expectHeading(page, "Check your email");
  await page.getByLabel("Code").fill(codeIn(await mail.next(org.admin)));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expectHeading(page, "Users");
  await expect(page).toHaveURL(`${server.baseUrl}${requestedPath}`);
});

test("link scanner does not use up the sign-in link", async ({ page, org, request, newBrowserPage, axe }) => {
  for (const method of ["GET", "HEAD", "GET"]) {
    const response = await request.fetch(org.signInLink, { method });
    expect(response.status()).toBeLessThan(400);
  }
  // Some scanners also run scripts.
  await goto(await newBrowserPage(), org.signInLink);
  await signIn(page, org.signInLink);

  const laterPage = await newBrowserPage();
  await goto(laterPage, org.signInLink);
  await expectHeading(laterPage, "This sign-in link has expired or was already used");
  await axe(laterPage);
  await laterPage.getByRole("link", { name: "Go to sign-in" }).click();
  await expectHeading(laterPage, "Sign in");
});

test("garbled sign-in link shows an error page", async ({ page, org }) => {
  await goto(page, org.signInLink.slice(0, -4));
  await expectHeading(page, "This sign-in link has expired or was already used");
});

test("session cookie is HttpOnly and SameSite", async ({ page, org, query }) => {
  await signIn(page, org.signInLink);
  const cookies = await page.context().cookies();
  expect(cookies.map(({ name }) => name)).toContain(`session-${org.slug}`);
  for (const cookie of cookies) {
    expect(cookie, cookie.name).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  }
  const session = cookies.find(({ name }) => name === `session-${org.slug}`)!;
  const hours = (session.expires * 1000 - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(23.9);
  expect(hours).toBeLessThanOrEqual(24.01);
  const stored = await query<{ row: string }>("select s::text as row from sessions s");
  expect(stored.filter(({ row }) => row.includes(session.value))).toEqual([]);
});

test("session is limited to its organization", async ({ page, org, server, query }) => {
  await signIn(page, org.signInLink);
  const otherOrg = await createOrganization(server);
  await goto(page, usersPath(otherOrg.slug));
  await expectHeading(page, "Sign in");
  await insertUser(query, otherOrg.slug, { name: "Blob Ross", email: org.admin });
  await signIn(page, await createSignInLink(server, otherOrg.slug, org.admin), "Account");
  // One browser can be signed in to both organizations.
  await goto(page, usersPath(org.slug));
  await expectHeading(page, "Users");
  await reload(page);
  await expectHeading(page, "Users");
});

test("unknown organization is not found", async ({ page, axe }) => {
  const response = await page.goto("/o/no-such-org/login");
  expect(response?.status()).toBe(404);
  await expectHeading(page, "Page not found");
  await axe();
});
