// Every kind of email and the dev mailbox in every appearance. Screenshots are attached to the tests.

import { AxeBuilder } from "@axe-core/playwright";
import type { APIRequestContext, Page } from "@playwright/test";
import { expect, test, type Organization } from "../fixtures.ts";
import { confirmRequest, openRequests, requestInvitation, requestRow } from "../pages/requests.ts";
import { requestSignIn, signIn } from "../pages/sign_in.ts";
import { expectHeading, goto } from "../support/browser.ts";
import { createDatabase, dropDatabase } from "../support/database.ts";
import { build } from "../support/environment.ts";
import { linkIn, type Mail, type Mailbox } from "../support/mailbox.ts";
import { createOrganization, createSignInLink, inviteByApi } from "../support/organization.ts";
import { expectPageOk } from "../support/page_check.ts";
import { prepareServer, type Settings } from "../support/server.ts";

/** Expects no axe violations except missing landmarks, which the email client provides. */
async function expectAccessibleEmail(page: Page, rules?: string[]): Promise<void> {
  const builder = new AxeBuilder({ page });
  const checked = rules ? builder.withRules(rules) : builder.disableRules(["landmark-one-main", "region"]);
  expect((await checked.analyze()).violations).toEqual([]);
}

type Context = { page: Page; org: Organization; mail: Mailbox; server: Settings; adminRequest: APIRequestContext };

/** Sends an email of each kind and returns it. */
const EMAILS: Record<string, (context: Context) => Promise<Mail>> = {
  invitation: async ({ org, mail, server, adminRequest }) => {
    const email = `blobby@${org.domain}`;
    await inviteByApi(adminRequest, server, org.slug, email);
    return mail.next(email);
  },
  "sign-in": async ({ page, org, mail }) => {
    await goto(page, `/o/${org.slug}/login`);
    await requestSignIn(page, org.admin);
    await expectHeading(page, "Check your email");
    return mail.next(org.admin);
  },
  request: async ({ page, org, mail }) => {
    const email = `requester@${org.domain}`;
    await requestInvitation(page, org.slug, email);
    return mail.next(email);
  },
  "open-requests": async ({ page, org, mail }) => {
    const email = `requester@${org.domain}`;
    await requestInvitation(page, org.slug, email);
    await confirmRequest(page, linkIn(await mail.next(email)));
    return mail.next(org.admin);
  },
  dismissed: async ({ page, org, mail, server }) => {
    const email = `requester@${org.domain}`;
    await requestInvitation(page, org.slug, email);
    await confirmRequest(page, linkIn(await mail.next(email)));
    await signIn(page, await createSignInLink(server, org.slug, org.admin));
    await openRequests(page, org.slug);
    await requestRow(page, email).getByRole("checkbox", { name: "Notify by email" }).check();
    await requestRow(page, email).getByRole("button", { name: "Dismiss" }).click();
    await expect(page.getByText("Dismissed 1 request.")).toBeVisible();
    return mail.next(email);
  },
};

for (const [kind, send] of Object.entries(EMAILS)) {
  test(`${kind} email renders in all appearances`, async ({ page, org, mail, adminRequest, server, query }) => {
    test.slow();
    await query("update organizations set requests_enabled = true where slug = $1", [org.slug]);
    const message = await send({ page, org, mail, adminRequest, server });
    expect(message.html, "loads no external resources").not.toMatch(/<img|url\(|@import|<script|<form/i);
    await page.goto("about:blank");
    await page.setContent(message.html);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(message.subject);
    // The text and HTML parts say the same, apart from the apostrophes.
    const htmlText = (await page.locator("body").innerText()).replace(/\s+/g, " ").replaceAll("’", "'");
    for (const line of message.text.split("\n").filter((line) => /until |expire|ignore this email|declined/i.test(line))) {
      expect(htmlText).toContain(line.trim());
    }
    const links = await page.getByRole("link").all();
    expect(links).toHaveLength(kind === "dismissed" ? 0 : 2);
    for (const link of links) await expect(link).toHaveAttribute("href", linkIn(message));
    await expectPageOk(page, `mail-${kind}`, expectAccessibleEmail);
  });
}

test("captured mailbox renders in all appearances", async ({ page, axe }) => {
  test.slow();
  const { adminUrl } = build();
  const databaseUrl = await createDatabase(adminUrl);
  // Without a mail server, emails are captured.
  const server = await prepareServer({ databaseUrl, smtpUrl: "" });
  try {
    await server.start();
    const org = await createOrganization(server);
    const mailbox = `${server.baseUrl}/dev/mail`;
    await page.goto(mailbox);
    await expectPageOk(page, "mailbox-empty", axe);
    await goto(page, `${server.baseUrl}/o/${org.slug}/login`);
    await requestSignIn(page, org.admin);
    await expectHeading(page, "Check your email");
    await signIn(page, org.signInLink);
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByRole("dialog").getByRole("textbox", { name: "Email" }).fill(`a-very-long-mailbox-name-indeed@${org.domain}`);
    await page.getByRole("dialog").getByRole("button", { name: "Send invitations" }).click();
    await expect(page.getByText("1 invited")).toBeVisible();
    await expect(async () => {
      await page.goto(mailbox);
      await expect(page.getByRole("link")).toHaveCount(2, { timeout: 500 });
    }).toPass();
    await expectPageOk(page, "mailbox", axe);
    // The frame of an email blocks scripts, including axe. The emails themselves are tested above.
    const placeholder = `<!DOCTYPE html><html lang="en"><title>Email</title></html>`;
    await page.route("**/dev/mail/*/html", (route) => route.fulfill({ body: placeholder, contentType: "text/html" }));
    await page.getByRole("link", { name: /^You are invited/ }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(`You are invited to join ${org.name}`);
    await expectPageOk(page, "mailbox-mail", axe);
  } finally {
    await page.goto("about:blank");
    await server.kill();
    await dropDatabase(adminUrl, databaseUrl);
  }
});
