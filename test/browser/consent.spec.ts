// The consent page of the emulator in a real browser, and the clients of MCP that send a person there.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { askUntil } from '../support/ask-until.js';
import type { McpEra, McpSession } from '../support/mcp-clients.js';
import { ERAS, Person } from '../support/mcp-clients.js';
import type { RunningNotes } from '../support/mcp-notes.js';
import { FLAVOURS, startNotes } from '../support/mcp-notes.js';
import type { Visit } from './support/browser.js';
import { useBrowser } from './support/browser.js';
import type { CallbackServer } from './support/callback.js';
import { startCallback } from './support/callback.js';
import { countTexts, findCutTexts, findOverlaps, findViolations } from './support/layout.js';

const visit = useBrowser();
let notes: RunningNotes;
let callback: CallbackServer;
let visitor: Visit;
beforeAll(async () => {
  const flavour = FLAVOURS.find(({ isBare }) => !isBare);
  if (!flavour) throw new Error('There is no such flavour.');
  notes = await startNotes(flavour);
  callback = await startCallback();
});
afterEach(async () => {
  await visitor.close();
  notes.emulator.reset();
});
afterAll(async () => {
  callback.close();
  await notes.close();
});

/** A client that has asked for consent. */
async function ask(era: McpEra | undefined): Promise<{ session: McpSession; person: Person }> {
  if (!era) throw new Error('There is no such client.');
  const person = new Person({ redirectUri: callback.url, grantTypes: era.stepUpGrants });
  const session = era.asPerson(notes.url, person);
  await expect(session.connect()).rejects.toThrow(/unauthorized/i);
  return { session, person };
}

/** Answers the page that a client asks for; the client goes on with what the browser arrives with. */
async function decide(
  page: Page,
  { session, person }: { session: McpSession; person: Person },
): Promise<void> {
  await page.goto(person.authorizationUrl.href);
  const arrived = callback.next();
  await page.getByRole('button', { name: 'Allow' }).click();
  await session.finish(await arrived);
}

describe.each(ERAS)('A person in a browser, with $name', (era) => {
  it('allows a client, which calls a tool, and allows it a second scope later', async () => {
    visitor = await visit();
    const asked = await ask(era);
    await decide(visitor.page, asked);
    await asked.session.connect();
    expect(await asked.session.call('read_notes')).toBe('notes of U2ada');
    await expect(asked.session.call('write_note')).rejects.toThrow(/unauthorized/i);
    await visitor.page.goto(asked.person.authorizationUrl.href);
    const scopes = await visitor.page.locator('li').allInnerTexts();
    expect(scopes.map((text) => text.trim()).sort()).toEqual(['notes:read', 'notes:write']);
    await decide(visitor.page, asked);
    expect(await asked.session.call('write_note')).toBe('written by U2ada');
    await asked.session.close();
    expect(visitor.console).toEqual([]);
  });
});

describe('The consent page', () => {
  const VIEWS = [1280, 390].flatMap((width) =>
    (['light', 'dark'] as const).map((colorScheme) => [width, colorScheme] as const),
  );

  it.each(VIEWS)(
    'reads well %i pixels wide and %s, with and without a mistake',
    async (width, colorScheme) => {
      visitor = await visit({ width, colorScheme });
      const { page } = visitor;
      const { person } = await ask(ERAS[0]);
      await page.goto(person.authorizationUrl.href);
      for (const state of ['as it opens', 'with a mistake']) {
        if (state === 'with a mistake') {
          await page.getByLabel('User').fill('nobody@example.com');
          await page.getByRole('button', { name: 'Allow' }).click();
          await page.getByText('There is no such user').waitFor();
        }
        expect([state, await findViolations(page)]).toEqual([state, []]);
        expect([state, await findOverlaps(page)]).toEqual([state, []]);
        expect([state, await findCutTexts(page)]).toEqual([state, []]);
        expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false);
        expect(await countTexts(page)).toBeGreaterThan(10);
      }
    },
  );

  it('can be used by keyboard alone', async () => {
    visitor = await visit();
    const { page } = visitor;
    const { session, person } = await ask(ERAS[1]);
    await page.goto(person.authorizationUrl.href);
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.id')).toBe('loginId');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Deny');
    const arrived = callback.next();
    await page.keyboard.press('Enter');
    await expect(session.finish(await arrived)).rejects.toThrow(/denied/i);
  });

  it('is not shown in a frame, and does not run a script', async () => {
    visitor = await visit();
    const { page } = visitor;
    const { person } = await ask(ERAS[0]);
    await page.goto(callback.url.replace('callback', 'other'));
    await page.evaluate(`
      const frame = document.createElement('iframe');
      frame.src = ${JSON.stringify(person.authorizationUrl.href)};
      document.body.append(frame);
    `);
    await askUntil(
      () => Promise.resolve(visitor.console.join(' ')),
      (text) => text.includes('frame-ancestors'),
    );
    await page.goto(person.authorizationUrl.href);
    await page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.body.append(script);
    `);
    expect(await page.title()).toContain('Allow access?');
    expect(visitor.console.join('\n')).toMatch(/frame-ancestors[\s\S]*script/);
  });
});
