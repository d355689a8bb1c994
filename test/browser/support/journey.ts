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

/** Gives a code in Descope's element, a digit in each field: the focus moves on by itself, when the element has the digit. */
export async function typeCode(page: Page, code: string): Promise<void> {
  await page.locator('descope-passcode input').first().click();
  for (const [index, digit] of [...code].entries()) {
    await page.locator(`descope-passcode [data-id="${index}"] input:focus`).waitFor();
    await page.keyboard.press(digit);
  }
}

/** Presses a button of Descope's: it has a button inside, and both are one to a screen reader. */
export async function pressElement(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(HAND_MS);
  await page.locator('descope-button', { hasText: name }).click();
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
