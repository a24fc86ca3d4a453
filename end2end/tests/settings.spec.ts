import { readFileSync } from "node:fs";
import { expect, test } from "../fixtures.ts";
import { signIn } from "../pages/sign_in.ts";
import { emailField, inviteDialog, openInviteDialog, row, sendButton } from "../pages/users.ts";
import { expectHeading, goto, waitForHydration } from "../support/browser.ts";
import { createSignInLink, insertUser } from "../support/organization.ts";

test("settings show field errors and apply once saved", async ({ page, org, mail, axe }) => {
  await signIn(page, org.signInLink);
  await goto(page, `/o/${org.slug}/settings/general`);
  await axe();
  const field = (label: string) => page.getByRole("textbox", { name: label });
  await field("Organization name").fill(" ");
  await field("Invitation lifetime (days)").fill("31");
  await field("Session length (hours)").fill("a day");
  await field("Allowed domains").fill(`${org.domain}, a@b.example`);
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(field("Organization name")).toHaveAccessibleDescription("This field is required.");
  await expect(field("Invitation lifetime (days)")).toHaveAccessibleDescription(/Enter a number from 1 to 30\./);
  await expect(field("Session length (hours)")).toHaveAccessibleDescription(/Enter a number from 1 to 4320\./);
  await expect(field("Session length (hours)")).toHaveValue("a day");
  await expect(field("Allowed domains")).toHaveAccessibleDescription(/“a@b.example” isn’t a valid domain/);
  await axe();

  await field("Organization name").fill("Blobs & Sons");
  await field("Invitation lifetime (days)").fill("3");
  await field("Session length (hours)").fill("48");
  await field("Allowed domains").fill(org.domain);
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();

  await goto(page, `/o/${org.slug}/settings/users`);
  await openInviteDialog(page);
  await emailField(page).fill(`blobby@${org.domain}, visitor@elsewhere.example`);
  await sendButton(page).click();
  await expect(inviteDialog(page).getByText("domain not allowed")).toBeVisible();
  await goto(page, `/o/${org.slug}/settings/users`);
  await expect(row(page, `blobby@${org.domain}`)).toContainText("3 days left");
  const invitation = await mail.next(`blobby@${org.domain}`);
  expect(invitation.text).toContain("Blobs & Sons");
  await expect(page.getByText("visitor@elsewhere.example")).toHaveCount(0);
});

test("account page ends one session or all of them", async ({ page, org, server, query, newBrowserPage, axe }) => {
  const email = `globby@${org.domain}`;
  await insertUser(query, org.slug, { name: "Globby", email });
  const [phone, library] = [await newBrowserPage(), await newBrowserPage()];
  await signIn(page, await createSignInLink(server, org.slug, email), "Account");
  await signIn(phone, await createSignInLink(server, org.slug, email), "Account");
  await goto(page, `/o/${org.slug}/account`);
  await expect(page.getByText("This device")).toHaveCount(1);
  await axe();

  await page.getByRole("textbox", { name: "Name" }).fill("Globby Waters");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: /^Sign out .+ on / }).click();
  await expect(page.getByRole("button", { name: /^Sign out .+ on / })).toHaveCount(0);
  await goto(phone, `/o/${org.slug}/account`);
  await expectHeading(phone, "Sign in");

  await signIn(library, await createSignInLink(server, org.slug, email), "Account");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  const confirmation = page.getByRole("dialog", { name: "Sign out everywhere?" });
  await expect(confirmation).toContainText("including this one");
  await axe();
  await confirmation.getByRole("link", { name: "Cancel" }).click();
  await expect(confirmation).toHaveCount(0);
  await waitForHydration(page);
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await confirmation.getByRole("button", { name: "Sign out everywhere" }).click();
  await expectHeading(page, "Sign in");
  await goto(library, `/o/${org.slug}/account`);
  await expectHeading(library, "Sign in");
});

test("audit log can be filtered and exported as CSV", async ({ page, org, server, inviteAndGetLink, axe }) => {
  const email = `blobby@${org.domain}`;
  await inviteAndGetLink(email);
  await inviteAndGetLink(`other@${org.domain}`);
  await signIn(page, await createSignInLink(server, org.slug, org.admin));
  await goto(page, `/o/${org.slug}/settings/audit-log`);
  const invitedRow = page.getByRole("row").filter({ hasText: "invited" }).filter({ hasText: email });
  await expect(invitedRow).toContainText(org.admin);
  await expect(invitedRow).toContainText("127.0.0.1");
  await axe();

  await page.getByRole("searchbox", { name: "Actor or target" }).fill("blobby");
  await page.getByRole("combobox", { name: "Event" }).selectOption("invited");
  await page.getByRole("button", { name: "Filter" }).click();
  await expect(page.getByRole("row")).toHaveCount(2);
  await expect(invitedRow).toBeVisible();

  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export as CSV" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`${org.slug}-audit-log.csv`);
  const lines = readFileSync((await download.path())!, "utf8").trimEnd().split("\r\n");
  expect(lines[0]).toBe("time,actor,action,event,target,source,details");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(`"user.invited","invited","${email}","127.0.0.1"`);
});
