// A visitor's whole way through the sample app: in by the real web component, refreshed unnoticed, and out for good.
import { afterEach, describe, expect, it } from '@jest/globals';
import { askUntil } from '../support/ask-until.js';
import type { Visit } from './support/browser.js';
import { useBrowser } from './support/browser.js';
import { giveEmail, press } from './support/journey.js';
import type { RunningSample } from './support/sample.js';
import { startRunningSample } from './support/sample.js';

const visit = useBrowser();
const ADA = 'ada@example.com';
const HOUR_MS = 3_600_000;
const WAYS = ['express', 'fastify'].flatMap((adapter) =>
  ['cookies', 'request-session'].map((store) => [adapter, store] as const),
);

let sample: RunningSample;
let visitor: Visit;

async function arrive(environment: Record<string, string>, width = 1280): Promise<void> {
  sample = await startRunningSample(environment);
  visitor = await visit({ width });
  await visitor.context.route('**/favicon.ico', (route) => route.fulfill({ status: 204 })); // a page of JSON names none
}

afterEach(async () => {
  await (visitor as Visit | undefined)?.close();
  await (sample as RunningSample | undefined)?.close();
});

/** Signs in with the code that the outbox page shows, in another tab. */
async function signIn(): Promise<void> {
  const { page, context } = visitor;
  await giveEmail(page, ADA);
  await page.getByLabel('Code from the e-mail').waitFor();
  const outbox = await context.newPage();
  await outbox.goto(`${sample.url}/embedded/outbox`);
  const code = await outbox.locator('.code').first().innerText();
  await outbox.close();
  await page.getByLabel('Code from the e-mail').fill(code);
  await press(page, 'Sign in');
}

const heading = (name: string) => visitor.page.getByRole('heading', { name, exact: true }).waitFor();
const readCookies = async () => (await visitor.context.cookies()).map(({ name }) => name).sort();
const refreshes = () => sample.emulator.requests.count('/v1/auth/refresh');

/** Waits until a session of one second has lapsed, and its cookie is gone from the browser. */
async function outlive(): Promise<void> {
  sample.emulator.clock.advance(1000);
  await askUntil(readCookies, (names) => !names.includes('DS'));
}

/** What the console complains about; the statuses of rejected requests are no complaint. */
const complaints = () =>
  visitor.console.filter((line) => /^(error|uncaught)|Content Security Policy/.test(line));

describe.each(WAYS)('A visitor of the sample app on %s, with sessions kept by %s', (adapter, store) => {
  const environment = { HTTP_ADAPTER: adapter, SESSION_STORE: store };

  it('signs in, is refreshed unnoticed, signs out, and cannot come back', async () => {
    await arrive(environment);
    const { page, context } = visitor;
    await page.goto(sample.url);
    await heading('Nobody is signed in');
    expect(await readCookies()).toEqual([]);
    await page.getByRole('link', { name: 'Open the sign-in page' }).click();
    await signIn();
    await heading('Ada Lovelace');
    expect(page.url()).toBe(`${sample.url}/`);
    expect(await readCookies()).toEqual(store === 'cookies' ? ['DS', 'DSR'] : ['sid']);
    expect(await page.evaluate('document.cookie')).toBe('');

    sample.emulator.clock.advance(HOUR_MS + 60_000);
    await page.getByRole('button', { name: 'GET /me' }).click();
    await page.getByText('GET /me → 200').waitFor();
    await page.reload();
    await heading('Ada Lovelace');
    expect(refreshes()).toBe(1);

    const old = await context.cookies();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await heading('Nobody is signed in');
    await context.addCookies(old);
    await page.goto(sample.url);
    await heading('Nobody is signed in');
    await page.getByRole('button', { name: 'GET /me' }).click();
    await page.getByText('GET /me → 401').waitFor();
    expect(refreshes()).toBe(1);
    expect(complaints().filter((line) => !line.includes('status of 401'))).toEqual([]);
  });

  it('is sent to the login page, and brought back to where it wanted to go', async () => {
    await arrive(environment);
    const { page } = visitor;
    await page.goto(`${sample.url}/me`);
    expect(page.url()).toBe(`${sample.url}/auth/login?next=%2Fme`);
    await signIn();
    await page.waitForURL(`${sample.url}/me`);
    expect(await page.locator('body').innerText()).toContain('Ada Lovelace');
    expect(complaints()).toEqual([]);
  });

  it('signs in as somebody else by one press, which gives the session another id', async () => {
    await arrive(environment);
    const { page, context } = visitor;
    await page.goto(sample.url);
    await page.getByRole('button', { name: 'Sign in as Ada Lovelace' }).click();
    await heading('Ada Lovelace');
    const before = await context.cookies();
    await page.getByRole('button', { name: 'Bob' }).click();
    await heading('Bob Baker');
    const values = before.map(({ value }) => value);
    expect((await context.cookies()).filter(({ value }) => values.includes(value))).toEqual([]);
  });

  it('stays signed in while sessions of one second come and go', async () => {
    await arrive(environment);
    const { page } = visitor;
    await page.goto(`${sample.url}/auth/login`);
    await signIn(); // takes a busy machine more than a second
    await heading('Ada Lovelace');
    sample.emulator.configure({ sessionSeconds: 1 });
    sample.emulator.clock.advance(HOUR_MS);
    for (let turn = 0; turn < 3; turn += 1) {
      if (turn > 0) await outlive();
      await page.reload();
      await heading('Ada Lovelace');
    }
    expect(refreshes()).toBeGreaterThanOrEqual(3);
  });
});

describe('The sample app', () => {
  it.each([1280, 390])('has no page that scrolls sideways at %i pixels', async (width) => {
    await arrive({}, width);
    const { page } = visitor;
    const isWide = () => page.evaluate('document.documentElement.scrollWidth > innerWidth');
    for (const path of ['/', '/auth/login', '/embedded/outbox']) {
      await page.goto(sample.url + path);
      expect([path, await isWide()]).toEqual([path, false]);
    }
    await page.goto(`${sample.url}/auth/login`);
    await signIn();
    await heading('Ada Lovelace');
    expect(await isWide()).toBe(false);
  });
});
