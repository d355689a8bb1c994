// A real browser signs in through the real web component.
import { describe, expect, it } from '@jest/globals';
import { useBench } from './support/bench.js';
import { giveCode, giveEmail, press, readStorage, signIn } from './support/journey.js';

const bench = useBench();
const EMAIL = 'ada@example.com';

/** Nobody was asked but the application and Descope, and the console has nothing to complain about. */
function expectPeace(): void {
  const { application, emulator, visit } = bench;
  const origins = new Set(visit.requests.map(({ url }) => new URL(url).origin));
  expect([...origins].sort()).toEqual([application.url, emulator.url].sort());
  expect(visit.console.filter((line) => /^(error|uncaught)|Content Security Policy/.test(line))).toEqual([]);
}

describe('the login page', () => {
  it('shows a wrong code on the screen, and brings the tokens of the right one to the application', async () => {
    const { application, emulator, visit } = bench;
    await visit.page.goto(`${application.url}/login`);
    await giveEmail(visit.page, EMAIL);
    await visit.page.getByText(EMAIL).waitFor();
    await giveCode(visit.page, emulator.outbox.last()?.code === '000000' ? '000001' : '000000');
    await visit.page.getByText('The code is wrong or has expired').waitFor();
    expect(application.stored).toEqual([]);
    await giveCode(visit.page, emulator.outbox.last()?.code ?? '');
    await visit.page.waitForURL('**/home');
    const [stored] = application.stored;
    const { sessionJwt, refreshJwt } = stored?.body as Record<string, string>;
    expect([sessionJwt?.split('.').length, refreshJwt?.split('.').length]).toEqual([3, 3]);
    expect(stored?.headers).toMatchObject({
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      origin: application.url,
    });
  });

  it('keeps tokens out of the storage, during and after', async () => {
    const { application, emulator, visit } = bench;
    application.storeStatus = 403; // the page stays
    await visit.page.goto(`${application.url}/login`);
    await signIn(visit.page, emulator, EMAIL);
    await visit.page.getByRole('alert').getByText('could not be signed in').waitFor();
    expect(await readStorage(visit.page)).toEqual([{}, {}]);
    expect(await visit.page.evaluate('document.cookie')).toBe('');
  });

  it('asks nobody but the application and Descope, and its policy is never violated', async () => {
    const { application, emulator, visit } = bench;
    await visit.page.goto(`${application.url}/login`);
    await signIn(visit.page, emulator, EMAIL);
    await visit.page.waitForURL('**/home');
    expectPeace();
  });

  it('lets the UI library and its styles in where the mode is not strict', async () => {
    const { application, emulator, visit } = bench;
    application.options = { mode: 'standard', baseCdnUrl: application.url };
    await visit.page.goto(`${application.url}/login`);
    await visit.page.getByLabel('E-mail address').fill(EMAIL);
    await press(visit.page, 'Send me a code');
    await visit.page.getByLabel('Code from the e-mail').waitFor();
    const colour = await visit.page.evaluate('getComputedStyle(document.querySelector("h1")).color');
    expect(colour).toBe('rgb(1, 2, 3)');
    await giveCode(visit.page, emulator.outbox.last()?.code ?? '');
    await visit.page.waitForURL('**/home');
    expectPeace();
  });

  it('brings no token to the application in cookie mode: the browser has cookies', async () => {
    const { application, emulator, visit } = bench;
    emulator.configure({ responseMode: 'cookies' });
    await visit.page.goto(`${application.url}/login`);
    await signIn(visit.page, emulator, EMAIL);
    await visit.page.waitForURL('**/home');
    expect(application.stored[0]?.body).toEqual({});
    expect(application.stored[0]?.headers.cookie).toMatch(/DS=.*DSR=/);
    expect(await readStorage(visit.page)).toEqual([{}, {}]);
  });

  it('signs in by password too', async () => {
    const { application, visit } = bench;
    await visit.page.goto(`${application.url}/login`);
    await visit.page.getByLabel('E-mail address').fill(EMAIL);
    await press(visit.page, 'Use a password');
    await visit.page.getByLabel('Password').fill('long enough');
    await press(visit.page, 'Sign in');
    await visit.page.waitForURL('**/home');
    expect(application.stored[0]?.body).toHaveProperty('sessionJwt');
  });
});

describe('a link in a mail', () => {
  it('signs in without staying in the address, the history or a Referer', async () => {
    const { application, emulator, visit } = bench;
    await visit.page.goto(`${application.url}/login?next=%2Forders`);
    await visit.page.getByLabel('E-mail address').fill(EMAIL);
    await press(visit.page, 'Send me a link');
    await visit.page.getByText('We have sent you a link').waitFor();
    const { link = '', token = 'none' } = emulator.outbox.last() ?? {};
    application.storeStatus = 403; // the page stays, with its address
    await visit.page.goto(link);
    await visit.page.getByRole('alert').getByText('could not be signed in').waitFor();
    expect(application.stored[0]?.body).toHaveProperty('sessionJwt');
    expect(visit.page.url()).toBe(`${application.url}/login?next=%2Forders`);
    const told = visit.requests.filter(({ url, referer = '' }) => (url + referer).includes(token));
    expect(told.map(({ url }) => url)).toEqual([link]);
  });

  it('is out of the address before anything else is asked for', async () => {
    const { application, visit } = bench;
    await visit.context.route('**/*.js', (route) => route.abort());
    await visit.page.goto(
      `${application.url}/login?descope-login-flow=a%7C%23%7Cb_1&code=secret&err=x&keep=1#h`,
    );
    await visit.page.getByRole('button', { name: 'Try again' }).waitFor();
    expect(visit.page.url()).toBe(`${application.url}/login?keep=1#h`);
    expect(visit.requests.filter(({ referer = '' }) => referer.includes('secret'))).toEqual([]);
  });
});
