// What a person does on the login page.
import type { Emulator } from 'nestjs-descope/emulator';
import type { Page } from 'playwright-core';

// The web component takes two presses within 100 ms for one, and a test is quicker than a hand.
const HAND_MS = 150;

/** Presses a button of the flow. */
export async function press(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(HAND_MS);
  await page.getByRole('button', { name }).click();
}

/** Gives an e-mail address, by the Enter key. */
export async function giveEmail(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.keyboard.press('Enter');
}

/** Gives a code. */
export async function giveCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code from the e-mail').fill(code);
  await press(page, 'Sign in');
}

/** Signs in by the code from the outbox. */
export async function signIn(page: Page, emulator: Emulator, email: string): Promise<void> {
  await giveEmail(page, email);
  await page.getByLabel('Code from the e-mail').waitFor();
  await giveCode(page, emulator.outbox.last(email)?.code ?? '');
}

/** Everything that the browser keeps for the page. */
export function readStorage(page: Page): Promise<unknown> {
  return page.evaluate('[{ ...localStorage }, { ...sessionStorage }]');
}
