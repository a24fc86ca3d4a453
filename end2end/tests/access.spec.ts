import { expect, test } from "../fixtures.ts";
import { activity, openProfileOf, permission } from "../pages/profile.ts";
import { signIn } from "../pages/sign_in.ts";
import { createGroup, createRole } from "../pages/roles_groups.ts";
import { emailField, inviteDialog, openInviteDialog, row, rows, sendButton } from "../pages/users.ts";
import { goto, waitForHydration } from "../support/browser.ts";
import { insertUser } from "../support/organization.ts";

test("invalid role shows field errors and keeps the input", async ({ page, org, axe }) => {
  await signIn(page, org.signInLink);
  await goto(page, `/o/${org.slug}/settings/roles`);
  await expect(page.getByText("No roles yet.")).toBeVisible();
  await axe();
  await page.getByRole("link", { name: "New role" }).click();
  const roleDialog = page.getByRole("dialog", { name: "New role" });
  const permissions = roleDialog.getByRole("textbox", { name: "Permissions" });
  await roleDialog.getByLabel("Name").fill("Bookkeeper");
  await permissions.fill("invoice:read\nInvoice:pay");
  await roleDialog.getByRole("button", { name: "Save role" }).click();
  await expect(permissions).toHaveAccessibleDescription(/“Invoice:pay” isn’t a valid permission: both parts must start with a lowercase letter/);
  await expect(permissions).toHaveValue("invoice:read\nInvoice:pay");
  await axe();
  await permissions.fill("invoice:read\ninvoice:pay");
  await roleDialog.getByRole("button", { name: "Save role" }).click();
  await expect(page.getByRole("row", { name: /Bookkeeper/ })).toContainText("invoice:pay");

  await page.getByRole("link", { name: "New role" }).click();
  await roleDialog.getByLabel("Name").fill("BOOKKEEPER");
  await permissions.fill("a:b");
  await roleDialog.getByRole("button", { name: "Save role" }).click();
  await expect(roleDialog.getByLabel("Name")).toHaveAccessibleDescription("This name is already in use.");
});

test("effective permissions list their role and group sources", async ({ page, org, query, axe }) => {
  const email = `globby@${org.domain}`;
  await insertUser(query, org.slug, { name: "Globby Waters", email });
  await signIn(page, org.signInLink);
  await createRole(page, org.slug, "Reader", "invoice:read");
  await createRole(page, org.slug, "Payer", "invoice:read invoice:pay");
  await createGroup(page, org.slug, "Money", ["Payer"]);
  await openProfileOf(page, org.slug, email);
  await page.getByRole("checkbox", { name: "Reader" }).check();
  await page.getByRole("checkbox", { name: "Money" }).check();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(permission(page, "invoice:read")).toContainText("Reader role, Payer role (via Money)");
  await expect(permission(page, "invoice:pay")).toContainText("Payer role (via Money)");
  await expect(activity(page).first()).toContainText("groups added: Money · roles added: Reader");
  await axe();

  await page.getByRole("checkbox", { name: "Reader" }).uncheck();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(permission(page, "invoice:read")).not.toContainText("Reader role");

  await goto(page, `/o/${org.slug}/settings/groups`);
  await expect(page.getByRole("row", { name: /Money/ })).toContainText("1");
  await page.getByRole("row", { name: /Money/ }).getByRole("link", { name: "Edit" }).click();
  await page.getByRole("link", { name: "Delete group…" }).click();
  await page.getByRole("dialog", { name: "Delete “Money”?" }).getByRole("button", { name: "Delete group" }).click();
  await expect(page.getByText("No groups yet.")).toBeVisible();
  await openProfileOf(page, org.slug, email);
  await expect(page.getByText("No permissions. Users get permissions")).toBeVisible();
});

test("roles and groups in an invitation apply before first login", async ({ page, org, mail }) => {
  const email = `blobby@${org.domain}`;
  await signIn(page, org.signInLink);
  await createRole(page, org.slug, "Reader", "invoice:read");
  await createGroup(page, org.slug, "Money", ["Reader"]);
  await goto(page, `/o/${org.slug}/settings/users`);
  await openInviteDialog(page);
  await emailField(page).fill(email);
  await inviteDialog(page).getByText("Roles and groups").click();
  await inviteDialog(page).getByRole("checkbox", { name: "Money" }).check();
  await sendButton(page).click();
  await expect(row(page, email)).toContainText("Invited");
  await mail.next(email);
  await openProfileOf(page, org.slug, email);
  await expect(permission(page, "invoice:read")).toContainText("Reader role (via Money)");
});

test("group members can be added and removed in bulk", async ({ page, org, query, axe }) => {
  for (const name of ["a", "b", "c"]) await insertUser(query, org.slug, { name: `Blob ${name}`, email: `${name}@${org.domain}` });
  await signIn(page, org.signInLink);
  await createGroup(page, org.slug, "Chess");
  await createGroup(page, org.slug, "Money");
  await page.getByRole("link", { name: "0 members of Money" }).click();
  await expect(page.getByText("This group has no members yet.")).toBeVisible();
  await axe();
  await page.getByRole("link", { name: "Show all users" }).first().click();
  await waitForHydration(page);
  for (const name of ["a", "b"]) await page.getByRole("checkbox", { name: `Select Blob ${name}` }).check();
  await page.getByRole("button", { name: "Edit selected…" }).click();
  await page.getByRole("dialog").getByLabel("Group").selectOption("Money");
  await page.getByRole("dialog").getByRole("button", { name: "Add to group" }).click();
  await expect(page.getByText("Added 2 users to Money. Use “Remove from group” to undo.")).toBeVisible();

  await goto(page, `/o/${org.slug}/settings/groups`);
  await page.getByRole("link", { name: "2 members of Money" }).click();
  await expect(page.getByText("Members of Money")).toBeVisible();
  await expect(rows(page)).toHaveCount(2);
  await expect(row(page, `c@${org.domain}`)).toHaveCount(0);
  await waitForHydration(page);
  await axe();
  // Searching keeps the group filter.
  await page.getByLabel("Search users").fill("blob");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page).toHaveURL(/q=blob/);
  await expect(rows(page)).toHaveCount(2);
  await waitForHydration(page);

  await page.getByRole("checkbox", { name: "Select Blob a" }).check();
  await page.getByRole("button", { name: "Edit selected…" }).click();
  const bulkDialog = page.getByRole("dialog", { name: "Edit 1 user" });
  await expect(bulkDialog.getByLabel("Group")).toHaveValue(/./);
  await expect(bulkDialog.getByLabel("Group").locator("option:checked")).toHaveText("Money");
  await axe();
  await bulkDialog.getByRole("button", { name: "Remove from group" }).click();
  await expect(page.getByText("Removed 1 user from Money. Use “Add to group” to undo.")).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await expect(row(page, `b@${org.domain}`)).toBeVisible();
  await openProfileOf(page, org.slug, `a@${org.domain}`);
  await expect(activity(page).first()).toContainText("removed users from a group");
  await expect(page.getByRole("checkbox", { name: "Money" })).not.toBeChecked();
});
