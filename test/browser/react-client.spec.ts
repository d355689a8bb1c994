// The unmodified @descope/react-sdk on the emulator, against a Nest API, with Descope's own elements on the screen: what
// docs/emulator-flows.md shows, in a browser that reaches this machine alone.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { findFreePort } from '../support/free-port.js';
import type { PageProgram } from '../support/page-program.js';
import { runPageProgram } from '../support/page-program.js';
import type { Visit } from './support/browser.js';
import { useBrowser } from './support/browser.js';
import { press, pressElement, typeCode } from './support/journey.js';
import { findCutTexts, findOverlaps, findViolations, standStill } from './support/layout.js';
import type { FrontEnd } from './support/react-client.js';
import { API_BLOCK, startFrontEnd } from './support/react-client.js';

const visit = useBrowser();
const ADA = 'ada@example.com';
const MAIN = `import { Logger } from '@nestjs/common';
import { startApi } from './api.js';
Logger.overrideLogger(false); // the URL is what the program prints first
const { PORT, FRONT_END } = process.env;
startApi(Number(PORT), FRONT_END).then(() => console.log('http://127.0.0.1:' + PORT));`;

let emulator: Emulator;
let api: PageProgram;
let frontEnd: FrontEnd;
let visitor: Visit;

beforeAll(async () => {
  emulator = await startEmulator({ screens: 'components', seed: { users: [{ loginId: ADA }] } });
  frontEnd = await startFrontEnd();
  const { projectId, url } = emulator;
  const env = { PORT: String(await findFreePort()), FRONT_END: frontEnd.url };
  api = await runPageProgram(
    { api: API_BLOCK(), main: MAIN },
    { ...env, DESCOPE_PROJECT_ID: projectId, DESCOPE_BASE_URI: url },
  );
  await frontEnd.bundle({ emulator: url, api: api.url });
});
beforeEach(async () => {
  visitor = await visit();
});
afterEach(() => visitor.close());
afterAll(async () => {
  await frontEnd.close();
  await api.close();
  await emulator.close();
});

async function signIn(): Promise<void> {
  const { page } = visitor;
  await page.goto(frontEnd.url);
  await page.locator('descope-email-field input').fill(ADA);
  await pressElement(page, 'Send me a code');
  await page.locator('descope-passcode input').first().waitFor();
  await typeCode(page, emulator.outbox.last(ADA)?.code ?? '');
  await page.getByText(`Signed in as ${ADA}`).waitFor();
}

async function readOrders(): Promise<string> {
  await press(visitor.page, 'Show my orders');
  const output = visitor.page.locator('output:not(:empty)');
  await output.waitFor();
  return output.innerText();
}

/** The hosts that were asked, and what the console complained about. */
function readTraffic() {
  const web = visitor.requests.filter(({ url }) => /^(https?|wss?):/.test(url));
  return {
    origins: [...new Set(web.map(({ url }) => new URL(url).origin))].sort(),
    // The component documents the theme "os", and complains about it.
    complaints: visitor.console.filter((line) => /^(error|uncaught)(?!.*Supported theme values)/.test(line)),
  };
}

describe('a React client with real screens', () => {
  it('signs in, calls the API, keeps the session over a reload, and signs out, without the internet', async () => {
    const { page } = visitor;
    await signIn();
    expect(await readOrders()).toMatch(/^200 \{"of":"U/);
    await page.reload();
    await page.getByText(`Signed in as ${ADA}`).waitFor();
    expect(await readOrders()).toMatch(/^200 \{"of":"U/);
    await press(page, 'Sign out');
    await page.locator('descope-email-field input').waitFor();
    expect(readTraffic()).toEqual({
      origins: [api.url, emulator.url, frontEnd.url].sort(),
      complaints: [],
    });
  });

  it('shows a mistake on the screen', async () => {
    const { page } = visitor;
    await page.goto(frontEnd.url);
    await page.locator('descope-email-field input').fill('new@example.com');
    await pressElement(page, 'Use a password');
    await page.locator('descope-password input').fill('short');
    await pressElement(page, 'Sign in');
    await page
      .getByRole('alert')
      .getByText(/8 characters/)
      .waitFor();
    await page.locator('descope-password input').fill('long enough');
    await pressElement(page, 'Sign in');
    await page.getByText('Signed in as new@example.com').waitFor();
  });
});

describe('the screens in Descope’s elements', () => {
  it.each([
    [390, 'light'],
    [1280, 'dark'],
  ] as const)('fit at %s pixels, %s', async (width, colorScheme) => {
    await visitor.close();
    visitor = await visit({ width, colorScheme });
    const { page } = visitor;
    const expectGood = async (name: string) => {
      await standStill(page);
      const shot = process.env.SCREENSHOTS;
      if (shot) await page.screenshot({ path: `${shot}/${name}-${width}-${colorScheme}.png` });
      expect([await findOverlaps(page), await findCutTexts(page)]).toEqual([[], []]);
      // The two buttons in one are the library's own.
      const violations = await findViolations(page);
      expect(violations.filter((line) => !line.startsWith('nested-interactive'))).toEqual([]);
    };
    await page.goto(frontEnd.url);
    await page.locator('descope-email-field input').waitFor();
    await expectGood('login');
    await page.locator('descope-email-field input').fill(ADA);
    await pressElement(page, 'Send me a code');
    await page.locator('descope-passcode input').first().waitFor();
    await expectGood('code');
    await pressElement(page, 'Start again');
    await page.locator('descope-email-field input').fill(ADA);
    await pressElement(page, 'Use a password');
    await page.locator('descope-password input').waitFor();
    await expectGood('password');
  });
});
