import type { Page } from "@playwright/test";
import { expectHeading, goto } from "../support/browser.ts";

/** Opens a sign-in link and signs in. Admins land on "Users", members on "Account". */
export async function signIn(page: Page, link: string, landingPage: "Users" | "Account" = "Users"): Promise<void> {
  await goto(page, link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expectHeading(page, landingPage);
}

/** Requests a sign-in email on the login page, which must be open. */
export async function requestSignIn(page: Page, email: string): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Email me a sign-in link" }).click();
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expectHeading(page, "Sign in");
}
