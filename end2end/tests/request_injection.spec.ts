// Malicious input in invitation requests: it is escaped, kept out of emails or rejected at its field.

import { expect, test } from "../fixtures.ts";
import {
  confirmRequest,
  fillRequest,
  openRequests,
  requestInvitation,
  requestRow,
  requestsTab,
} from "../pages/requests.ts";
import { signIn } from "../pages/sign_in.ts";
import { expectHeading, goto, reload } from "../support/browser.ts";
import { linkIn } from "../support/mailbox.ts";

const MARKUP = `</textarea></td><img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;

test.beforeEach(async ({ org, query }) => {
  await query("update organizations set requests_enabled = true where slug = $1", [org.slug]);
});

test("markup in a request is escaped and never emailed", async ({ page, org, mail, newBrowserPage, axe }) => {
  const email = `requester@${org.domain}`;
  const name = `<b>Blob</b> & "Ross" <script>1</script>`;
  const visitor = await newBrowserPage();
  await requestInvitation(visitor, org.slug, email, `First line\n${MARKUP}\n\nFrom: admin@${org.domain}\nBcc: victim@${org.domain}`, name);
  const confirmationMail = await mail.next(email);
  // The confirmation page shows what the admins will see.
  await goto(visitor, linkIn(confirmationMail));
  await expectHeading(visitor, "Confirm your request");
  await expect(visitor.getByRole("definition").filter({ hasText: "First line" })).toContainText(MARKUP);
  await expect(visitor.getByRole("main").locator("img, script, b")).toHaveCount(0);
  await axe(visitor);
  await confirmRequest(visitor, linkIn(confirmationMail));
  const adminMail = await mail.next(org.admin);
  for (const { subject, text, html, headers } of [confirmationMail, adminMail]) {
    for (const part of [subject, text, html, JSON.stringify(headers)]) {
      for (const typed of ["onerror", "<script>", "First line", "victim@", "Ross"]) expect(part).not.toContain(typed);
    }
    expect(Object.keys(headers)).not.toContain("bcc");
  }
  expect(adminMail.to).toBe(org.admin);
  expect(await mail.all(`victim@${org.domain}`)).toEqual([]);

  await signIn(page, org.signInLink);
  await openRequests(page, org.slug);
  const row = requestRow(page, email);
  await expect(row.getByRole("cell", { name, exact: true })).toBeVisible();
  await expect(row).toContainText(MARKUP);
  await expect(row.locator("img, script, b")).toHaveCount(0);
  expect(await page.title()).toContain("Invitation requests");
  // Line breaks are kept.
  const message = row.getByRole("cell").filter({ hasText: "First line" });
  expect((await message.innerText()).split("\n")).toEqual([
    "First line", MARKUP, "", `From: admin@${org.domain}`, `Bcc: victim@${org.domain}`,
  ]);
  const overflow = await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth).catch(() => 0);
  expect(overflow, "horizontal overflow").toBeLessThanOrEqual(0);
  await axe();
});

test("bidi controls and long input are rejected at their field", async ({ page, org, query, axe }) => {
  const email = `requester@${org.domain}`;
  await goto(page, `/o/${org.slug}/request-invitation`);
  const [name, message] = [page.getByRole("textbox", { name: "Your name" }), page.getByRole("textbox", { name: "Message" })];
  const bidiName = "Blob \u202Emoc.elpmaxe";
  await fillRequest(page, email, bidiName, `Hello \u2067there`);
  await expect(name).toHaveAccessibleDescription("This contains invisible or unsupported characters.");
  await expect(message).toHaveAccessibleDescription(/This contains invisible or unsupported characters\./);
  await expect(name).toHaveValue(bidiName);
  await axe();
  const long = "0123456789".repeat(1_024);
  await fillRequest(page, email, long, long);
  await expect(name).toHaveAccessibleDescription("Use 100 characters or fewer.");
  await expect(message).toHaveAccessibleDescription(/Use 500 characters or fewer\./);
  await expect(message).toHaveValue(long);
  await axe();
  expect(await query("select 1 from invitation_requests where email_normalized = $1", [email])).toEqual([]);

  // Corrected input is accepted.
  await fillRequest(page, email, "Blob Ross", "Hello there");
  await expect(page.getByText("Check your email.")).toBeVisible();
});

test("header injection in a request is folded or rejected", async ({ page, org, mail, query, newBrowserPage }) => {
  const email = `requester@${org.domain}`;
  const visitor = await newBrowserPage();
  // A single-line field never contains line breaks, but a script can send them.
  const post = async (form: Record<string, string>) => {
    const response = await visitor.request.post("/api/ask/request", { form: { org: org.slug, ...form } });
    return response.status();
  };
  for (const invalid of [`${email}\r\nBcc: victim@${org.domain}`, `a\r\n@${org.domain}`, `a@${org.domain}\u0000`]) {
    expect(await post({ email: invalid, name: "Blob" }), JSON.stringify(invalid)).toBe(422);
  }
  expect(await post({ email, name: "Blob\u0000", message: "" })).toBe(422);
  expect(await post({ email, name: "Blob", message: "Hello\u0000" })).toBe(422);
  expect(await query("select 1 from invitation_requests where email_normalized like $1", [`%@${org.domain}`])).toEqual([]);

  expect(await post({ email, name: `Blob\r\nBcc: victim@${org.domain}\r\n\r\nHello`, message: "Bcc: x\r\n.\r\nQUIT" })).toBe(200);
  const confirmationMail = await mail.next(email);
  expect(Object.keys(confirmationMail.headers)).not.toContain("bcc");
  expect(confirmationMail.text).not.toContain("victim@");
  await confirmRequest(visitor, linkIn(confirmationMail));
  await signIn(page, org.signInLink);
  await openRequests(page, org.slug);
  await expect(requestsTab(page, 1)).toBeVisible();
  await expect(requestRow(page, email)).toContainText(`Blob Bcc: victim@${org.domain} Hello`);
  await reload(page);
  expect(await mail.all(`victim@${org.domain}`)).toEqual([]);
});
