// Screens in Descope's own elements, which the emulator serves: in the login page, and in the unmodified web component on
// a page of somebody's own, with flows for a user who is signed in.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { Application } from './support/application.js';
import { startApplication } from './support/application.js';
import type { Visit } from './support/browser.js';
import { useBrowser } from './support/browser.js';
import type { ComponentPage } from './support/component-page.js';
import { startComponentPage } from './support/component-page.js';
import { pressElement, typeCode } from './support/journey.js';
import { findCutTexts, findOverlaps, findViolations, standStill } from './support/layout.js';

const visit = useBrowser();
const ADA = 'ada@example.com';

let emulator: Emulator;
let application: Application;
let componentPage: ComponentPage;
let visitor: Visit;

beforeAll(async () => {
  emulator = await startEmulator({
    screens: 'components',
    seed: {
      tenants: [
        { id: 'acme', name: 'Acme' },
        { id: 'b"c', name: 'Bold & <b>Co</b>' },
      ],
      users: [
        { loginId: ADA, password: 'Correct-horse-1', tenants: [{ tenantId: 'acme' }, { tenantId: 'b"c' }] },
      ],
      flows: [{ id: 'join', kind: 'sign-up', output: { plan: '{{form.plan}}', app: 'v{{client.version}}' } }],
    },
  });
  application = await startApplication(emulator);
  componentPage = await startComponentPage();
});
beforeEach(async () => {
  visitor = await visit();
});
afterEach(() => visitor.close());
afterAll(async () => {
  await componentPage.close();
  await application.close();
  await emulator.close();
});

const button = (name: string) => visitor.page.locator('descope-button', { hasText: name });

const press = (name: string) => pressElement(visitor.page, name);

async function giveCode(): Promise<void> {
  await visitor.page.locator('descope-passcode input').first().waitFor();
  await typeCode(visitor.page, emulator.outbox.last()?.code ?? '');
}

async function expectGood(name: string): Promise<void> {
  const { page } = visitor;
  await standStill(page);
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
  expect([await findOverlaps(page), await findCutTexts(page)]).toEqual([[], []]);
  // The two buttons in one are the library's own.
  const violations = await findViolations(page);
  expect(violations.filter((line) => !line.startsWith('nested-interactive'))).toEqual([]);
}

function readOrigins(): readonly string[] {
  const web = visitor.requests.filter(({ url }) => /^(https?|wss?):/.test(url));
  return [...new Set(web.map(({ url }) => new URL(url).origin))].sort();
}

describe('the login page in the standard mode', () => {
  it.each([
    [390, 'dark'],
    [1280, 'light'],
  ] as const)('draws real screens without a CDN, at %s pixels, %s', async (width, colorScheme) => {
    await visitor.close();
    visitor = await visit({ width, colorScheme });
    application.options = { mode: 'standard', baseCdnUrl: emulator.url };
    await visitor.page.goto(`${application.url}/login`);
    await visitor.page.locator('descope-email-field input').waitFor();
    await expectGood(`page-${width}-${colorScheme}`);
    await visitor.page.locator('descope-email-field input').fill(ADA);
    await press('Send me a code');
    await giveCode();
    await visitor.page.waitForURL('**/home');
    expect(application.stored.at(-1)?.body).toHaveProperty('sessionJwt');
    expect(readOrigins()).toEqual([application.url, emulator.url].sort());
    expect(visitor.console.filter((line) => /^(error|uncaught)|Content Security Policy/.test(line))).toEqual(
      [],
    );
  });
});

async function runFlow(flow: string, attributes: Readonly<Record<string, string>> = {}): Promise<void> {
  const { url, projectId } = emulator;
  const base = { 'project-id': projectId, 'base-url': url, 'base-cdn-url': url, 'flow-id': flow };
  await visitor.page.goto(componentPage.address({ ...base, ...attributes }));
}

/** The web component keeps its tokens in the storage of the page; here they come from the emulator. */
async function signInBefore(): Promise<void> {
  const { sessionJwt, refreshJwt } = await emulator.signIn(ADA);
  await visitor.context.addInitScript(
    `localStorage.setItem('DS', '${sessionJwt}'); localStorage.setItem('DSR', '${refreshJwt}')`,
  );
}

async function readResult(): Promise<Readonly<Record<string, unknown>>> {
  await visitor.page.waitForFunction('window.result');
  return visitor.page.evaluate('window.result');
}

const claimsOf = (result: Readonly<Record<string, unknown>>) => decodeJwt(String(result['sessionJwt']));

describe('the unmodified web component', () => {
  it('steps a session up', async () => {
    await signInBefore();
    await runFlow('step-up');
    await button('Send me a code').waitFor();
    await expectGood('confirm');
    await press('Send me a code');
    await giveCode();
    expect(claimsOf(await readResult())).toHaveProperty('su', true);
  });

  it('selects a tenant', async () => {
    await signInBefore();
    await runFlow('select-tenant');
    await button('Acme').waitFor();
    await expectGood('tenants');
    await press('Bold & <b>Co</b>');
    expect(claimsOf(await readResult())).toHaveProperty('dct', 'b"c');
  });

  it('asks this machine alone, also with a tenant', async () => {
    await runFlow('sign-in', { tenant: 'acme' });
    await visitor.page.locator('descope-email-field input').fill(ADA);
    await press('Use a password');
    await visitor.page.locator('descope-password input').fill('Correct-horse-1');
    await press('Sign in');
    expect(claimsOf(await readResult())).toHaveProperty('dct', 'acme');
    expect(readOrigins()).toEqual([new URL(componentPage.address({})).origin, emulator.url].sort());
  });

  it('is told that nobody is signed in', async () => {
    await runFlow('step-up');
    expect((await readResult())['error']).toMatch(/The flow step-up is for a signed-in user/);
  });

  it('gives a flow its inputs, and the page the output', async () => {
    const form = JSON.stringify({ email: 'join@example.com', plan: 'gold' });
    await runFlow('join', { form, client: JSON.stringify({ version: 7 }) });
    await visitor.page.waitForFunction(
      `document.querySelector('descope-wc').shadowRoot.querySelector('descope-email-field')?.value === 'join@example.com'`,
    );
    await press('Send me a code');
    await giveCode();
    expect(await readResult()).toMatchObject({ firstSeen: true, flowOutput: { plan: 'gold', app: 'v7' } });
  });

  it('opens a link of a mail in the page that asked for it', async () => {
    await runFlow('sign-in');
    await visitor.page.locator('descope-email-field input').fill(ADA);
    await press('Send me a link');
    await visitor.page.getByText('We have sent you a link').waitFor();
    await visitor.page.goto(emulator.outbox.last()?.link ?? '');
    expect(claimsOf(await readResult())).toHaveProperty('amr', ['email']);
  });
});
