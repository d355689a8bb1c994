// The flow of the login page, as the web component calls it.
import { describe, expect, it } from '@jest/globals';
import { flowCalls } from '../../support/flow-calls.js';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    tenants: [{ id: 'acme', name: 'Acme' }],
    users: [
      { loginId: 'ada@example.com', email: 'ada@example.com', password: 'correct horse' },
      { loginId: 'off@example.com', status: 'disabled' },
    ],
  },
});

const { call, start, next, codeFor } = flowCalls(bed);

describe('the files of a flow', () => {
  it.each(['/pages', ''])('stand below the base URL%s', async (base) => {
    const folder = `${base}/${bed.emulator.projectId}/v2-beta`;
    const config = (await (await bed.request(`${folder}/config.json`)).json()) as {
      flows: Record<string, { startScreenId: string }>;
    };
    const screen = await bed.request(`${folder}/${config.flows['sign-up-or-in']?.startScreenId}.html`);
    expect(screen.headers.get('content-type')).toMatch(/^text\/html/);
    expect(await screen.text()).toContain('name="email"');
    expect(await (await bed.request(`${folder}/theme.json`)).json()).toHaveProperty('light.globals');
    expect((await bed.request(`${folder}/constructor`)).status).toBe(404);
  });

  it('are those of the project alone', async () => {
    expect((await bed.request('/pages/P2other000000000000000000000/v2-beta/config.json')).status).toBe(404);
  });
});

describe('the flow sign-up-or-in', () => {
  it('signs a new user up by code, and tells a wrong code on the screen', async () => {
    const asked = await start({ email: 'new@example.com' });
    expect(asked).toMatchObject({ status: 'waiting', stepId: '1', screen: { id: 'code' } });
    expect(asked.executionId).toMatch(/^sign-up-or-in\|#\|[^_]+$/);
    const wrong = await next(asked, { code: codeFor('new@example.com') === '000000' ? '000001' : '000000' });
    expect(wrong).toMatchObject({ status: 'waiting', screen: { id: 'code' } });
    expect(wrong.screen.state.errorText).toMatch(/wrong/);
    const done = await next(wrong, { code: ` ${codeFor('new@example.com')} ` });
    expect(done).toMatchObject({ status: 'completed', screen: { id: '' }, authInfo: { firstSeen: true } });
    expect((await bed.sdk.validateSession(done.authInfo?.sessionJwt ?? '')).token.amr).toEqual(['email']);
    expect((await bed.sdk.refresh(done.authInfo?.refreshJwt)).ok).toBe(true);
    expect((await next(asked, { code: '1' })).errorCode).toBe('E103205');
  });

  it('sends a new code, and starts again', async () => {
    const asked = await start({ email: 'ada@example.com' });
    await next(asked, {}, 'btnResend');
    expect(bed.emulator.outbox.all).toHaveLength(2);
    expect((await next(asked, {}, 'btnBack')).screen.id).toBe('login');
    await next(asked, { email: 'ada@example.com' });
    expect((await next(asked, { code: codeFor('ada@example.com') })).authInfo?.firstSeen).toBe(false);
  });

  it('takes a password, of a known user and of a new one', async () => {
    const known = await start({ email: 'ada@example.com' }, { interactionId: 'btnPassword' });
    expect((await next(known, { password: 'wrong' })).screen).toMatchObject({
      id: 'password',
      state: { errorText: 'The login id or the password is wrong' },
    });
    expect((await next(known, { password: 'correct horse' })).status).toBe('completed');
    const fresh = await start({ email: 'p@example.com' }, { interactionId: 'btnPassword' });
    expect((await next(fresh, { password: 'short' })).screen.state.errorText).toMatch(/8 characters/);
    expect((await next(fresh, { password: 'long enough' })).authInfo?.firstSeen).toBe(true);
  });

  it('mails a link to the page that asked, whose token it takes back', async () => {
    const options = { location: 'https://app.example.com/login?next=%2Forders' };
    const asked = await start({ email: 'ada@example.com' }, { interactionId: 'btnLink', options });
    const link = new URL(bed.emulator.outbox.last()?.link ?? '');
    expect(link.searchParams.get('next')).toBe('/orders');
    expect(link.searchParams.get('descope-login-flow')).toBe(`${asked.executionId}_${asked.stepId}`);
    expect((await next(asked, { token: 'x' }, 'submit')).screen.state.errorText).toMatch(
      /wrong or has expired/,
    );
    const token = link.searchParams.get('t');
    expect((await next(asked, { token }, 'submit')).status).toBe('completed');
  });

  it('keeps tokens out of the body in cookie mode', async () => {
    bed.emulator.configure({ responseMode: 'cookies' });
    const asked = await start({ email: 'ada@example.com' });
    const done = await next(asked, { code: codeFor('ada@example.com') });
    expect(done.authInfo).toMatchObject({ sessionJwt: '', refreshJwt: '' });
    expect(done.cookies.map((cookie) => cookie.split('=')[0])).toEqual(['DS', 'DSR']);
  });

  it('rejects on the screen anyone who may not come in', async () => {
    const disabled = await start({ email: 'off@example.com' });
    const rejected = await next(disabled, { code: codeFor('off@example.com') });
    expect(rejected.screen.state.errorText).toMatch(/disabled/);
    expect((await start({ email: 'nobody' })).screen).toMatchObject({ id: 'login' });
    const stranger = await start({ email: 'ada@example.com' }, { options: { tenant: 'acme' } });
    expect((await next(stranger, { code: codeFor('ada@example.com') })).screen.state.errorText).toMatch(
      /acme/,
    );
  });

  it('rejects flows and executions that there are not', async () => {
    expect((await call('/v1/flow/start', { flowId: 'constructor' })).errorCode).toBe('E011003');
    expect((await call('/v1/flow/start', {})).errorCode).toBe('E011002');
    expect((await call('/v1/flow/next', { executionId: '__proto__' })).errorCode).toBe('E103205');
    const started = await call('/v1/flow/start', { flowId: 'sign-up-or-in' });
    expect(started.screen.id).toBe('login');
    bed.emulator.reset();
    expect((await next(started, {})).errorCode).toBe('E103205');
  });
});
