// The start page of the sample app: what it shows, what its buttons do, and how it lies on the screen.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import type { View, Visit } from './support/browser.js';
import { useBrowser } from './support/browser.js';
import { countTexts, findCutTexts, findOverlaps, findViolations } from './support/layout.js';
import type { RunningSample } from './support/sample.js';
import { startRunningSample } from './support/sample.js';

const visit = useBrowser();
let sample: RunningSample;
let visitor: Visit;

beforeAll(async () => {
  sample = await startRunningSample({});
});
afterEach(async () => {
  await visitor.close();
  sample.emulator.clock.reset();
});
afterAll(() => sample.close());

const button = (name: string | RegExp) => visitor.page.getByRole('button', { name });
const step = (id: string) => visitor.page.locator(`#${id}`);

async function arrive(person?: string, view: View = {}): Promise<void> {
  visitor = await visit(view);
  await visitor.page.goto(sample.url);
  if (person === undefined) return;
  await button(`Sign in as ${person}`).click();
  await visitor.page.getByRole('heading', { name: person, exact: true }).waitFor();
}

/** Texts of a log, once there are as many as said. */
async function readLog(id: string, count: number): Promise<string[]> {
  const lines = step(id).locator('.log li');
  await lines.nth(count - 1).waitFor();
  return lines.allInnerTexts();
}

const resultOf = async (row: Locator): Promise<string> => {
  await row.locator('.result:not(:empty)').waitFor();
  return row.locator('.result').innerText();
};

/**
 * Holds the time of the page. The application is set back to two seconds before it by each request, which so has three
 * until a session that it brings lasts longer than it says.
 */
async function holdTime(page: Page): Promise<{ advance: (ms: number) => Promise<void> }> {
  const { clock } = sample.emulator;
  let now = Math.ceil(Date.now() / 1000) * 1000;
  await page.clock.install({ time: now - 1_000 });
  await page.clock.pauseAt(now);
  await page.route('**/*', (route) => {
    clock.set(now - 2_000);
    return route.continue();
  });
  const advance = (ms: number) => {
    now += ms;
    return page.clock.runFor(ms);
  };
  return { advance };
}

/** Opens whatever can be opened. */
async function unfold(): Promise<void> {
  await button('Try them all').click();
  await step('routes').locator('.result:not(:empty)').nth(7).waitFor();
  await button('GET /admin').click();
  await button('query { orders').click();
  await button('key /admin').click();
  await visitor.page.locator('.response').nth(2).waitFor();
  await button(/^Connect$/).click();
  await button('Ask for orders').click();
  await readLog('socket', 3);
  for (const summary of await visitor.page.locator('summary').all()) await summary.click();
}

const VIEWS = [1280, 390].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => [width, colorScheme] as const),
);

describe('The outbox', () => {
  it.each(VIEWS)('reads well %i pixels wide and %s', async (width, colorScheme) => {
    const message = { loginId: 'ada@example.com', deliveryMethod: 'email', atMs: Date.now() };
    sample.emulator.outbox.add({ ...message, code: '111111' });
    sample.emulator.outbox.add({ ...message, link: 'https://example.com/sign-in?token=1' });
    visitor = await visit({ width, colorScheme });
    const { page } = visitor;
    await page.goto(`${sample.url}/embedded/outbox`);
    await page.evaluate('window.stop()'); // it would look again by itself
    await page.getByText('111111').first().waitFor();
    expect(await findViolations(page)).toEqual([]);
    expect(await findOverlaps(page)).toEqual([]);
    expect(await findCutTexts(page)).toEqual([]);
  });
});

describe('The start page', () => {
  describe.each(VIEWS)('%i pixels wide and %s', (width, colorScheme) => {
    it.each([undefined, 'Ada Lovelace', 'Carol Clark'])('reads well when %s is signed in', async (person) => {
      await arrive(person, { width, colorScheme });
      const { page } = visitor;
      for (const state of ['as it opens', 'unfolded']) {
        if (state === 'unfolded') await (person === undefined ? unfoldAnonymously() : unfold());
        expect([state, await findViolations(page)]).toEqual([state, []]);
        expect([state, await findOverlaps(page)]).toEqual([state, []]);
        expect([state, await findCutTexts(page)]).toEqual([state, []]);
        expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false);
        expect(await countTexts(page)).toBeGreaterThan(80);
      }
    });
  });

  it('would be seen to have one text over another', async () => {
    await arrive();
    const { page } = visitor;
    await page.evaluate(`document.querySelector('h3').style.marginBottom = '-2rem'`);
    expect(await findOverlaps(page)).not.toEqual([]);
    await page.evaluate(`document.querySelector('h2').style.marginLeft = '60rem'`);
    expect(await findCutTexts(page)).not.toEqual([]);
  });

  it('can be used by keyboard alone', async () => {
    await arrive();
    const { page } = visitor;
    const focused = () =>
      page.evaluate<string>(`document.activeElement.textContent.replace(/\\s+/g, ' ').trim()`);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    for (let turn = 0; turn < 4; turn += 1) await page.keyboard.press('Tab');
    expect(await focused()).toContain('Bob Baker');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Bob Baker', exact: true }).waitFor();
  });

  it('shows who one is, and the claims of the token with the time left', async () => {
    await arrive('Bob Baker');
    const who = await step('who').innerText();
    for (const shown of ['bob@example.com', 'editor', 'reports:read', 'acme', 'globex'])
      expect(who).toContain(shown);
    const token = step('token');
    expect(await token.locator('[data-claim=email]').innerText()).toContain('bob@example.com');
    expect(await token.locator('[data-claim=drn]').innerText()).toContain('Kind of token');
    // The emulator dates a second token of the same claims back by a second.
    expect(await token.locator('[data-time-left]').innerText()).toMatch(/^(?:59:\d\d|1:00:00) of 1:00:0\d$/);
    expect(await visitor.page.evaluate(`document.querySelector('#token progress').position`)).toBeGreaterThan(
      0.99,
    );
  });

  it.each([
    ['Ada Lovelace', ['200', '200', '200', '201', '200', '200', '200', '403 ACCESS_TENANT_MISSING']],
    [
      'Carol Clark',
      [
        '403 ACCESS_ROLE_MISSING',
        '200',
        '200',
        '201',
        '200',
        '403 ACCESS_PERMISSION_MISSING',
        '403 ACCESS_TENANT_MISSING',
        '403 ACCESS_TENANT_MISSING',
      ],
    ],
  ])('tries every route as %s, and shows status and code', async (person, results) => {
    await arrive(person);
    await button('Try them all').click();
    const rows = step('routes').locator('.row');
    expect(await Promise.all((await rows.all()).map(resultOf))).toEqual(results);
    await button('GET /tenants/globex/admin').click();
    await visitor.page.getByText('GET /tenants/globex/admin → 403 ACCESS_TENANT_MISSING').waitFor();
    const announced = await visitor.page.locator('#announcement').innerText();
    expect(announced).toBe('GET /tenants/globex/admin: 403 ACCESS_TENANT_MISSING');
  });

  it('shows a refresh as it happens', async () => {
    await arrive('Ada Lovelace');
    const time = await holdTime(visitor.page);
    await button(/^Take a session of 5 seconds/).click();
    await readLog('refresh', 1);
    await time.advance(6_000);
    const lines = await readLog('refresh', 4);
    expect(lines.map((line) => line.replace(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/^A session of 5 seconds is stored\. 200, 0:0[345] left$/),
      'The session has expired. The browser sends it all the same …',
      expect.stringMatching(/^GET \/auth\/me 200, (?:59:5\d|1:00:00) left$/),
      '… and the response brought a new one.',
    ]);
    const shown = step('token').locator('[data-time-left]');
    expect(await shown.innerText()).toMatch(/^(?:59:\d\d|1:00:00) of 1:00:00$/);
  });

  it('refreshes a session on request', async () => {
    await arrive('Ada Lovelace');
    const before = sample.emulator.requests.count('/v1/auth/refresh');
    await button('Refresh now').click();
    const lines = await readLog('refresh', 2);
    expect(lines.map((line) => line.replace(/\s+/g, ' '))).toEqual([
      'POST /auth/refresh 200',
      expect.stringMatching(/^GET \/auth\/me 200, (?:59:5\d|1:00:00) left$/),
    ]);
    expect(sample.emulator.requests.count('/v1/auth/refresh')).toBe(before + 1);
  });

  it('asks the GraphQL server, and shows a rejection by its code', async () => {
    await arrive('Bob Baker');
    const rows = step('graphql').locator('.row');
    for (const row of await rows.all()) await row.click();
    expect(await Promise.all((await rows.all()).map(resultOf))).toEqual([
      '200',
      '200',
      '200 ACCESS_ROLE_MISSING',
    ]);
  });

  it('asks the gateway, which rejects a message by itself, and a client without a session at once', async () => {
    await arrive('Bob Baker');
    await button(/^Connect$/).click();
    await button('Ask for orders').click();
    await readLog('socket', 3);
    await button('Cancel an order').click();
    await readLog('socket', 5);
    await button('Disconnect').click();
    const lines = await readLog('socket', 6);
    expect(lines.map((line) => line.replace(/\s+/g, ' '))).toEqual([
      'Connecting to /live',
      'Sent {"event":"orders"}',
      expect.stringMatching(/^Received \{"event":"orders","data":\[\{"id":"1","product":"Tea"/),
      'Sent {"event":"cancel","data":{"id":"1"}}',
      expect.stringContaining('"code":"ACCESS_ROLE_MISSING"'),
      'Closed 1000',
    ]);
    await visitor.close();
    await arrive();
    await button(/^Connect$/).click();
    expect((await readLog('socket', 2))[1]).toMatch(/^Closed\s+1008 SESSION_MISSING$/);
  });

  it('calls as a machine, without the cookie of the person', async () => {
    await arrive('Ada Lovelace');
    const rows = step('machine').locator('.row');
    for (const row of await rows.all()) await row.click();
    const results = await Promise.all((await rows.all()).map(resultOf));
    expect(results).toEqual(['200', '200', '403 ACCESS_ROLE_MISSING']);
  });

  it.each([undefined, 'Bob Baker'])(
    'shows what is rejected after a sign-out, when %s was signed in',
    async (person) => {
      await arrive(person);
      await button(/then try the old tokens$/).click();
      const lines = await readLog('sign-out', 6);
      expect(lines.map((line) => line.replace(/\s+/g, ' '))).toEqual([
        'GET /me, signed in 200',
        'POST /auth/logout 204',
        'GET /me, whose cookies are gone 401 SESSION_MISSING',
        'GET /me with the old session token 401 SESSION_SIGNED_OUT',
        'POST /auth/refresh, whose cookie is gone 401 SESSION_MISSING',
        'You are signed out. Reload the page to see it.',
      ]);
      await visitor.page.reload();
      await visitor.page.getByRole('heading', { name: 'Nobody is signed in', exact: true }).waitFor();
    },
  );

  it('leads to Swagger UI, which knows what a route demands and calls it with the cookie', async () => {
    await arrive('Ada Lovelace');
    const { page } = visitor;
    await page.getByRole('link', { name: 'Swagger UI' }).click();
    await page.getByRole('button', { name: 'GET /admin', exact: true }).click();
    await page.getByText('roles: admin').first().waitFor();
    await page.getByRole('button', { name: 'Try it out' }).click();
    await page.getByRole('button', { name: 'Execute' }).click();
    await page.locator('.live-responses-table').getByText('Only admins may read this.').waitFor();
    expect(visitor.console).toEqual([]);
  });
});

async function unfoldAnonymously(): Promise<void> {
  await button('Try them all').click();
  await step('routes').locator('.result:not(:empty)').nth(7).waitFor();
  await button('GET /admin').click();
  await visitor.page.locator('.response').waitFor();
  await button(/then try the old tokens$/).click();
  await readLog('sign-out', 6);
  for (const summary of await visitor.page.locator('summary').all()) await summary.click();
}
