// What a real browser shows when something fails, and that text in options stays text.
import { describe, expect, it } from '@jest/globals';
import { useBench } from './support/bench.js';
import { giveEmail, signIn } from './support/journey.js';

const bench = useBench();
const EMAIL = 'ada@example.com';

describe('a failure', () => {
  it.each([
    [403, 'You could not be signed in'],
    [503, 'not possible at the moment'],
  ])('of the store route is told: %s', async (status, words) => {
    const { application, emulator, visit } = bench;
    application.storeStatus = status;
    await visit.page.goto(`${application.url}/login`);
    await signIn(visit.page, emulator, EMAIL);
    await visit.page.getByRole('alert').getByText(words).waitFor();
    application.storeStatus = 200;
    await visit.page.getByRole('button', { name: 'Try again' }).click();
    await signIn(visit.page, emulator, EMAIL);
    await visit.page.waitForURL('**/home');
  });

  it('of Descope is told, and the next try works', async () => {
    const { application, emulator, visit } = bench;
    emulator.faults.add({ path: '/v1/flow/start', status: 429, times: 1 });
    await visit.page.goto(`${application.url}/login`);
    await giveEmail(visit.page, EMAIL);
    await visit.page.getByRole('alert').getByText('Something went wrong').waitFor();
    await visit.page.waitForTimeout(200);
    await signIn(visit.page, emulator, EMAIL);
    await visit.page.waitForURL('**/home');
  });

  it('of an old link begins the flow anew, and one without any screen offers to try again', async () => {
    const { application, emulator, visit } = bench;
    const link = `${application.url}/login?descope-login-flow=sign-up-or-in%7C%23%7Cold_1&t=old`;
    await visit.page.goto(link);
    await visit.page.getByLabel('E-mail address').waitFor();
    emulator.faults.add({ path: '/v1/flow/next', status: 500, times: 1 });
    await visit.page.goto(link);
    await visit.page.getByRole('alert').getByText('Something went wrong').waitFor();
    await visit.page.getByRole('button', { name: 'Try again' }).click();
    await signIn(visit.page, emulator, EMAIL);
    await visit.page.waitForURL('**/home');
  });

  it('of the component script is told, also when its content is not the promised one', async () => {
    const { application, visit } = bench;
    application.options = { integrity: `sha384-${'A'.repeat(64)}` };
    await visit.page.goto(`${application.url}/login`);
    await visit.page.getByRole('alert').getByText('not possible at the moment').waitFor();
  });
});

describe('an attack by options', () => {
  const payloads = [
    '</script><script>window.pwned=1</script>',
    '"><img src=x onerror="window.pwned=1">',
    "';window.pwned=1;//",
    '\u2028window.pwned=1//',
    '<!--<script>',
    '${window.pwned=1}',
  ];

  it.each(payloads)('does not run: %j', async (payload) => {
    const { application, emulator, visit } = bench;
    application.options = {
      tenant: payload,
      locale: payload,
      texts: { heading: payload, loading: payload, failed: payload, again: payload, noScript: payload },
      successRedirect: `/home?${payload.replaceAll('\\', '')}`,
    };
    await visit.page.goto(`${application.url}/login`);
    expect(await visit.page.locator('h1').textContent()).toBe(payload);
    emulator.faults.add({ path: '/v1/flow/start', status: 500 });
    await giveEmail(visit.page, EMAIL);
    await visit.page.getByRole('alert').getByText(payload.trim()).waitFor();
    expect(await visit.page.evaluate('window.pwned')).toBeUndefined();
    expect(await visit.page.locator('img').count()).toBe(0);
  });

  it('does not run in a flow id, which then is just unknown', async () => {
    const { application, visit } = bench;
    application.options = { flowId: payloads[1] ?? '' };
    await visit.page.goto(`${application.url}/login`);
    await visit.page.waitForTimeout(1000);
    expect(await visit.page.evaluate('window.pwned')).toBeUndefined();
  });
});
