import { expect, test } from "../fixtures.ts";
import { join, openInvitation } from "../pages/join.ts";
import {
  confirmRequest,
  enableRequests,
  openRequests,
  requestInvitation,
  requestRow,
  requestsTab,
  saveSettings,
} from "../pages/requests.ts";
import { signIn } from "../pages/sign_in.ts";
import { emailField, inviteDialog, row, sendButton } from "../pages/users.ts";
import { expectHeading, goto, waitForHydration } from "../support/browser.ts";
import { linkIn } from "../support/mailbox.ts";
import { createSignInLink, insertUser } from "../support/organization.ts";

test("disabled requests hide the link and the page", async ({ page, org, axe }) => {
  await goto(page, `/o/${org.slug}/login`);
  await expect(page.getByRole("link", { name: "Request an invitation" })).toHaveCount(0);
  const response = await page.goto(`/o/${org.slug}/request-invitation`);
  expect(response?.status()).toBe(404);
  await axe();
});

test("confirmed request can be approved with a role", async ({ page, org, mail, newBrowserPage, axe }) => {
  const email = `blob.ross@${org.domain}`;
  await signIn(page, org.signInLink);
  await enableRequests(page, org.slug);
  const visitor = await newBrowserPage();
  await goto(visitor, `/o/${org.slug}/request-invitation`);
  await axe(visitor);
  await visitor.getByRole("textbox", { name: "Email" }).fill("nonsense");
  await visitor.getByRole("button", { name: "Request invitation" }).click();
  await expect(visitor.getByRole("textbox", { name: "Email" })).toHaveAccessibleDescription("Missing “@”.");
  await expect(visitor.getByRole("textbox", { name: "Email" })).toHaveValue("nonsense");
  await expect(visitor.getByRole("textbox", { name: "Your name" })).toHaveAccessibleDescription("This field is required.");

  await requestInvitation(visitor, org.slug, email, "<b>Let me in</b>");
  await openRequests(page, org.slug);
  await expect(page.getByText("No open requests.")).toBeVisible();
  const link = linkIn(await mail.next(email));
  await confirmRequest(visitor, link);
  await axe(visitor);
  await goto(visitor, link);
  await expectHeading(visitor, "Request sent");

  expect((await mail.next(org.admin)).text).toContain(`/o/${org.slug}/settings/requests`);
  await openRequests(page, org.slug);
  await expect(page.getByRole("tab", { name: "Invitation requests 1" })).toBeVisible();
  await expect(page.getByText("<b>Let me in</b>")).toBeVisible();
  await axe();
  await page.getByRole("link", { name: "Approve" }).click();
  await expect(emailField(page)).toHaveValue(email);
  await inviteDialog(page).getByLabel("Organization role").selectOption("Organization Admin");
  await sendButton(page).click();
  await expect(row(page, email)).toContainText("Invited");
  await expect(page.getByRole("tab", { name: "Invitation requests 0" })).toBeVisible();

  await openInvitation(visitor, linkIn(await mail.next(email)), `Join ${org.name}`);
  await join(visitor, org.name, "Blob Ross");
  await expectHeading(visitor, "Users");
});

test("several requests can be dismissed or approved together", async ({ page, org, mail, newBrowserPage }) => {
  const emails = ["a", "b", "c", "d"].map((name) => `${name}@${org.domain}`);
  await signIn(page, org.signInLink);
  await enableRequests(page, org.slug);
  const visitor = await newBrowserPage();
  for (const email of emails) {
    await requestInvitation(visitor, org.slug, email);
    await confirmRequest(visitor, linkIn(await mail.next(email)));
  }
  await openRequests(page, org.slug);
  for (const email of emails.slice(0, 2)) await page.getByRole("checkbox", { name: `Select ${email}` }).check();
  await page.getByRole("button", { name: "Dismiss selected" }).click();
  await expect(page.getByText("Dismissed 2 requests.")).toBeVisible();
  await expect(page.getByRole("tab", { name: "Invitation requests 2" })).toBeVisible();

  // A dismissed address is not shown again during the cooldown.
  await requestInvitation(visitor, org.slug, emails[0]!);
  await confirmRequest(visitor, linkIn(await mail.next(emails[0]!)));
  await openRequests(page, org.slug);
  await expect(page.getByRole("tab", { name: "Invitation requests 2" })).toBeVisible();

  for (const email of emails.slice(2)) await page.getByRole("checkbox", { name: `Select ${email}` }).check();
  await page.getByRole("button", { name: "Approve selected…" }).click();
  await expect(emailField(page)).toHaveValue(emails.slice(2).join(", "));
  await sendButton(page).click();
  for (const email of emails.slice(2)) await expect(row(page, email)).toContainText("Invited");
});

test("stale request cannot be approved but can be dismissed", async ({ page, org, mail, query, newBrowserPage, axe }) => {
  const emails = ["a", "b"].map((name) => `${name}@${org.domain}`);
  await signIn(page, org.signInLink);
  await enableRequests(page, org.slug);
  const visitor = await newBrowserPage();
  for (const email of emails) {
    await requestInvitation(visitor, org.slug, email);
    await confirmRequest(visitor, linkIn(await mail.next(email)));
    await insertUser(query, org.slug, { name: "", email });
  }
  await openRequests(page, org.slug);
  const stale = page.getByRole("row").filter({ hasText: emails[0]! });
  await expect(stale).toContainText("Already a member");
  await expect(stale).toContainText("via invitation");
  await axe();
  await stale.getByRole("link", { name: "Approve" }).click();
  await expect(emailField(page)).toHaveValue(emails[0]!);
  await sendButton(page).click();
  await expect(inviteDialog(page).getByText("user already exists in the organization").first()).toBeVisible();

  await openRequests(page, org.slug);
  await stale.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText("Dismissed 1 request.")).toBeVisible();
  await expect(stale).toHaveCount(0);
  await page.getByRole("button", { name: "Dismiss all stale" }).click();
  await expect(page.getByText("Dismissed 1 stale request.")).toBeVisible();
  await expect(page.getByText("No open requests.")).toBeVisible();
});

test("request response is identical for every address", async ({ page, org, mail, query, inviteAndGetLink, newBrowserPage }) => {
  const active = `active@${org.domain}`;
  await insertUser(query, org.slug, { name: "Blobby", email: active });
  const waiting = `invited@${org.domain}`;
  const invitation = await inviteAndGetLink(waiting);
  await query("update organizations set requests_enabled = true where slug = $1", [org.slug]);
  const visitor = await newBrowserPage();
  const texts: string[] = [];
  for (const email of [active, waiting, `visitor@${org.domain}`]) {
    await requestInvitation(visitor, org.slug, email);
    texts.push(await visitor.getByRole("main").innerText());
  }
  expect(new Set(texts).size).toBe(1);
  expect(linkIn(await mail.next(active))).toContain("/sign-in/");
  expect(linkIn(await mail.next(waiting))).toBe(invitation);
  expect(linkIn(await mail.next(`visitor@${org.domain}`))).toContain("/confirm-request/");
  await goto(page, `/o/${org.slug}/login`);
});

test("dismissal emails the requester only when selected", async ({ page, org, mail, newBrowserPage, axe }) => {
  const [silent, single, bulk] = ["silent", "single", "bulk"].map((name) => `${name}@${org.domain}`) as [string, string, string];
  await signIn(page, org.signInLink);
  await enableRequests(page, org.slug);
  const visitor = await newBrowserPage();
  for (const email of [silent, single, bulk]) {
    await requestInvitation(visitor, org.slug, email);
    await confirmRequest(visitor, linkIn(await mail.next(email)));
  }
  await openRequests(page, org.slug);
  await requestRow(page, silent).getByRole("button", { name: "Dismiss" }).click();
  await expect(requestsTab(page, 2)).toBeVisible();
  await waitForHydration(page);
  await requestRow(page, single).getByRole("checkbox", { name: "Notify by email" }).check();
  await axe();
  await requestRow(page, single).getByRole("button", { name: "Dismiss" }).click();
  await expect(requestsTab(page, 1)).toBeVisible();
  await waitForHydration(page);
  await page.getByRole("checkbox", { name: `Select ${bulk}` }).check();
  await page.locator("form", { hasText: "Dismiss selected" }).getByRole("checkbox", { name: "Notify by email" }).check();
  await page.getByRole("button", { name: "Dismiss selected" }).click();
  await expect(page.getByText("No open requests.")).toBeVisible();

  for (const email of [single, bulk]) {
    const sentMail = await mail.next(email);
    expect(sentMail.subject).toBe(`Your request to join ${org.name}`);
    for (const part of [sentMail.text, sentMail.html]) expect(part).toContain(`Your request to join ${org.name} was declined.`);
    expect(sentMail.html).not.toContain("<a ");
  }
  // Emails are sent in order, so an earlier one would have arrived by now.
  expect(await mail.all(silent)).toHaveLength(1);
});

test("open request is dismissed automatically on joining", async ({ page, org, server, mail, inviteAndGetLink, query, newBrowserPage }) => {
  const [joining, waiting] = [`joining@${org.domain}`, `waiting@${org.domain}`];
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await enableRequests(page, org.slug);
  await page.getByRole("switch", { name: "Dismiss stale requests automatically" }).check();
  await saveSettings(page);
  const visitor = await newBrowserPage();
  for (const email of [joining, waiting]) {
    await requestInvitation(visitor, org.slug, email);
    await confirmRequest(visitor, linkIn(await mail.next(email)));
  }
  // Inviting approves the request. Reopen it, as if the user joined via SSO.
  const link = await inviteAndGetLink(joining);
  await query("update invitation_requests set status = 'open', ended_at = null where email_normalized = $1", [joining]);
  await openRequests(page, org.slug);
  await expect(requestsTab(page, 2)).toBeVisible();
  await openInvitation(visitor, link, `Join ${org.name}`);
  await join(visitor, org.name, "Blob Ross");
  await expectHeading(visitor, "Account");
  await openRequests(page, org.slug);
  await expect(requestsTab(page, 1)).toBeVisible();
  await expect(requestRow(page, waiting)).toBeVisible();
  // Only the confirmation link and the invitation, no dismissal.
  expect(await mail.all(joining)).toHaveLength(2);
});

test("dismissed address can request again after the cooldown", async ({ page, org, mail, query, newBrowserPage }) => {
  const email = `requester@${org.domain}`;
  const days = page.getByRole("textbox", { name: "Wait after a dismissal (days)" });
  await signIn(page, org.signInLink);
  await enableRequests(page, org.slug);
  await days.fill("366");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(days).toHaveAccessibleDescription(/Enter a number from 1 to 365\./);
  await days.fill("2");
  await saveSettings(page);
  const visitor = await newBrowserPage();
  const requestAndConfirm = async () => {
    await requestInvitation(visitor, org.slug, email);
    await confirmRequest(visitor, linkIn(await mail.next(email)));
    await openRequests(page, org.slug);
  };
  await requestAndConfirm();
  await requestRow(page, email).getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText("Dismissed 1 request.")).toBeVisible();
  await requestAndConfirm();
  await expect(requestsTab(page, 0)).toBeVisible();
  await query("update invitation_requests set ended_at = ended_at - interval '2 days' where email_normalized = $1 and status = 'dismissed'", [email]);
  await requestAndConfirm();
  await expect(requestRow(page, email)).toBeVisible();
});

test("admins are emailed about open requests unless turned off", async ({ page, org, mail, query, newBrowserPage }) => {
  await signIn(page, org.signInLink);
  await enableRequests(page, org.slug);
  const emailSwitch = page.getByRole("switch", { name: "Email admins about open requests" });
  await expect(emailSwitch).toBeChecked();
  await emailSwitch.uncheck();
  await saveSettings(page);
  const visitor = await newBrowserPage();
  const requestAndConfirm = async (email: string) => {
    await requestInvitation(visitor, org.slug, email);
    await confirmRequest(visitor, linkIn(await mail.next(email)));
  };
  const countQueued = async (condition: string) => {
    const rows = await query(`select 1 from deliveries where kind = 'open_requests' and email = $1 and ${condition}`, [org.admin]);
    return rows.length;
  };
  await requestAndConfirm(`one@${org.domain}`);
  expect(await countQueued("true")).toBe(0);
  await goto(page, `/o/${org.slug}/settings/general`);
  await expect(emailSwitch).not.toBeChecked();
  await emailSwitch.check();
  await saveSettings(page);
  await requestAndConfirm(`two@${org.domain}`);
  const sentMail = await mail.next(org.admin);
  expect(sentMail.subject).toBe(`2 invitation requests for ${org.name}`);
  expect(sentMail.text).toContain("2 open invitation requests");
  expect(linkIn(sentMail)).toMatch(`/o/${org.slug}/settings/requests`);
  // At most once an hour: the next email is due later.
  await requestAndConfirm(`three@${org.domain}`);
  expect(await countQueued("due_at > now() + interval '50 minutes'")).toBe(1);
  expect(await countQueued("true")).toBe(2);
});
