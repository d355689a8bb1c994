// The emulator's console in a real browser: how its pages read, what the keyboard reaches, and what comes live.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { Page } from 'playwright-core';
import { askUntil } from '../support/ask-until.js';
import type { View, Visit } from './support/browser.js';
import { useBrowser } from './support/browser.js';
import { countTexts, findCutTexts, findOverlaps, findViolations } from './support/layout.js';

const visit = useBrowser();
const LONG = `${'a-very-long-login-id-'.repeat(4)}@${'sub.'.repeat(8)}example.com`;
const PAGES = [
  ['', 'Overview'],
  ['users', 'Users'],
  ['roles', 'Roles and tenants'],
  ['outbox', 'Outbox'],
  ['tokens', 'Tokens'],
  ['access-keys', 'Access keys'],
  ['inbound-apps', 'Inbound apps'],
  ['keys', 'Signing keys'],
  ['clock', 'Clock'],
  ['faults', 'Faults'],
  ['requests', 'Requests'],
  ['webhooks', 'Webhooks'],
] as const;

let emulator: Emulator;
let visitor: Visit;
beforeAll(async () => {
  emulator = await startEmulator({
    seed: {
      users: [
        {
          loginId: 'ada@example.com',
          name: 'Ada Lovelace',
          roles: ['admin'],
          tenants: [{ tenantId: 'acme', roles: ['editor'] }],
        },
        { loginId: 'bob@example.com', name: '<script>alert(1)</script>', status: 'disabled' },
        { loginId: LONG },
      ],
      roles: [{ name: 'admin', permissions: ['orders:write', 'orders:read'] }, { name: 'editor' }],
      tenants: [{ id: 'acme', name: 'Acme Corporation' }],
      accessKeys: [{ name: 'batch', cleartext: 'K2batch-cleartext', roles: ['admin'] }],
      inboundApps: [{ name: 'robot', clientSecret: 'robot-secret', scopes: ['orders:read'] }],
      webhooks: [{ url: 'http://127.0.0.1:9/nobody' }],
    },
  });
});
beforeEach(() => emulator.reset());
afterEach(() => visitor.close());
afterAll(() => emulator.close());

async function start(view: View = {}): Promise<Page> {
  visitor = await visit(view);
  await visitor.page.goto(emulator.consoleUrl);
  return visitor.page;
}

const ask = (path: string, body: object) =>
  fetch(`${emulator.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${emulator.projectId}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

// Something of each kind to be seen.
async function fill(): Promise<void> {
  await ask('/v1/auth/otp/signin/email', { loginId: 'ada@example.com', nickname: 'x' });
  await ask('/v1/auth/enchantedlink/signin/email', { loginId: LONG });
  await ask('/v1/auth/magiclink/signin/email', {
    loginId: LONG,
    URI: `http://localhost:3000/${'verify-'.repeat(12)}`,
  });
  await ask(`/v1/nothing/${'long'.repeat(40)}`, {});
  emulator.faults.add({ path: '/v1/none', status: 503, times: 2 });
}

async function expectLegible(page: Page, where: string): Promise<void> {
  await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
  expect([where, await findViolations(page)]).toEqual([where, []]);
  expect([where, await findOverlaps(page)]).toEqual([where, []]);
  expect([where, await findCutTexts(page)]).toEqual([where, []]);
  expect([where, await page.evaluate('document.documentElement.scrollWidth > innerWidth')]).toEqual([
    where,
    false,
  ]);
  expect(await countTexts(page)).toBeGreaterThan(10);
}

const VIEWS = [1280, 390].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => [width, colorScheme] as const),
);
const CLOSED_VIEWS = VIEWS.flatMap((view) => ((view[0] === 390) === (view[1] === 'dark') ? [view] : []));

describe('The console', () => {
  it.each(VIEWS)(
    'reads well on every page, %i pixels wide and %s',
    async (width, colorScheme) => {
      await fill();
      const page = await start({ width, colorScheme });
      for (const [name, title] of PAGES) {
        await page.getByRole('navigation').getByRole('link', { name: title, exact: true }).click();
        await page.waitForURL(`**/emulator/${name}`);
        expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(title);
        await expectLegible(page, title);
      }
      for (const user of ['ada@example.com', LONG]) {
        await page.goto(`${emulator.url}/emulator/users`);
        await page.getByRole('link', { name: user }).click();
        await page.getByRole('button', { name: 'Sign in as this user' }).click();
        await page.getByText('The tokens are shown once').waitFor();
        await expectLegible(page, `the page of ${user}`);
      }
      await page.getByRole('button', { name: 'Take the session token apart' }).click();
      await page.getByText('signed by the signing key').waitFor();
      await expectLegible(page, 'a token');
      expect(visitor.console).toEqual([]);
    },
    180_000,
  );

  it.each(CLOSED_VIEWS)(
    'reads well where it is closed, %i pixels wide and %s',
    async (width, colorScheme) => {
      visitor = await visit({ width, colorScheme });
      await visitor.page.goto(`${emulator.url}/?token=wrong`);
      await visitor.page.getByText('The token in the address is wrong').waitFor();
      expect(await findViolations(visitor.page)).toEqual([]);
      expect(await findCutTexts(visitor.page)).toEqual([]);
    },
  );

  it('opens by the address of the terminal, keeps no token in the address, and stays open', async () => {
    const page = await start();
    expect(page.url()).toBe(`${emulator.url}/emulator/`);
    await page.goto(emulator.url);
    expect(page.url()).toBe(`${emulator.url}/emulator/`);
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(visitor.requests.every(({ referer }) => referer === undefined)).toBe(true);
  });
});

describe('A developer in the console', () => {
  it('creates a user by keyboard alone, and signs in as it', async () => {
    const page = await start();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter'); // skips the navigation
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    await page.goto(`${emulator.url}/emulator/users`);
    await tabTo(page, 'Create a user');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('carol@example.com');
    await tabTo(page, 'admin');
    await page.keyboard.press('Space');
    await tabTo(page, 'Create the user');
    await page.keyboard.press('Enter');
    await page.getByText('was created').waitFor();
    await tabTo(page, 'Open it');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/emulator/user?*');
    await tabTo(page, 'Sign in as this user');
    await page.keyboard.press('Enter');
    const token = await page.getByLabel('Session token').inputValue();
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ roles: ['admin'] });
    expect(visitor.console).toEqual([]);
  });

  it('copies a code, and follows what is sent, live', async () => {
    const page = await start();
    await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${emulator.url}/emulator/outbox`);
    await page.getByText('Live: new ones appear here').waitFor();
    await ask('/v1/auth/otp/signin/email', { loginId: 'ada@example.com' });
    await page.getByRole('heading', { name: 'ada@example.com' }).waitFor();
    await page.getByRole('button', { name: 'Copy Code for ada@example.com' }).click();
    await page.getByText('Copied.').waitFor({ state: 'attached' });
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(emulator.outbox.last()?.code);
    expect(await page.getByText('Nothing was sent yet').count()).toBe(0);
  });

  it('sees requests as they come, with what is ignored, and hears how many', async () => {
    const page = await start();
    await page.goto(`${emulator.url}/emulator/requests`);
    await page.getByText('Live: new ones appear here').waitFor();
    await ask('/v1/auth/otp/signin/email', {
      loginId: 'ada@example.com',
      nickname: 'x',
    });
    await fetch(`${emulator.url}/v2/keys/${emulator.projectId}`);
    await page.locator('.rows li').nth(1).waitFor();
    const rows = () => page.locator('.rows li').allInnerTexts();
    const [latest = '', first = ''] = await askUntil(
      rows,
      (texts) => /^200/.test(texts[0] ?? '') && /^200/.test(texts[1] ?? ''),
    );
    expect([latest, first]).toEqual([
      expect.stringContaining(`GET /v2/keys/${emulator.projectId}`),
      expect.stringMatching(/POST \/v1\/auth\/otp\/signin\/email[^]*Ignored: nickname/),
    ]);
    await page.getByText('2 more have come.').waitFor({ state: 'attached' });
    expect(visitor.console).toEqual([]);
  });

  it('has everything but live rows without a script', async () => {
    const page = await start();
    await page.route('**/emulator/**', async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), 'content-security-policy': "script-src 'none'" };
      await route.fulfill({ response, headers });
    });
    await page.goto(`${emulator.url}/emulator/faults`);
    await page.getByLabel('Path').fill('/v2/keys');
    await page.getByLabel('Status').fill('503');
    await page.getByRole('button', { name: 'Order the fault' }).click();
    await page.getByText('The fault counts').waitFor();
    expect(emulator.faults.all).toMatchObject([{ options: { path: '/v2/keys', status: 503 } }]);
  });
});

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate<string>(
      "(document.activeElement.closest('label') ?? document.activeElement).innerText.trim()",
    );
    if (focused === name) return;
  }
  throw new Error(`The keyboard does not reach ${name}.`);
}
