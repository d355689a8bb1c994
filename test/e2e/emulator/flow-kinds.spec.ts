// Flows of every kind, and those of a seed. What they are given and give back is that of `@descope/web-component` 4.3
// (`sdk.flow.start` and `next` in its DescopeWc, and its types FlowState and ScreenState).
import { describe, expect, it } from '@jest/globals';
import { startEmulator } from 'nestjs-descope/emulator';
import { flowCalls } from '../../support/flow-calls.js';
import { useEmulator } from '../../support/use-emulator.js';

const ADA = 'ada@example.com';
const MARKUP = `Bold & <b>"Co"</b>`;

const bed = useEmulator({
  seed: {
    tenants: [
      { id: 'acme', name: 'Acme' },
      { id: 'b"c', name: MARKUP },
    ],
    users: [
      { loginId: ADA, password: 'Correct-horse-1', tenants: [{ tenantId: 'acme' }, { tenantId: 'b"c' }] },
      { loginId: '+15550100', phone: '+15550100' },
    ],
    flows: [
      { id: 'staff-login', kind: 'sign-in' },
      {
        id: 'Join2',
        kind: 'sign-up',
        output: {
          plan: '{{form.plan}}',
          from: 'v{{client.version}}',
          missing: '{{client.none}}',
          trial: true,
        },
      },
    ],
  },
});
const { start, next, codeFor } = flowCalls(bed);

const readConfig = async () => {
  const response = await bed.request(`/pages/${bed.emulator.projectId}/v2-beta/config.json`);
  return (await response.json()) as { flows: Record<string, { startScreenId?: string }> };
};

describe('the flows of a project', () => {
  it('are one of each kind, and those of the seed', async () => {
    const { flows } = await readConfig();
    const first = Object.entries(flows).map(([id, { startScreenId }]) => [id, startScreenId]);
    expect(Object.fromEntries(first)).toEqual({
      'sign-up-or-in': 'login',
      'sign-in': 'sign-in',
      'sign-up': 'sign-up',
      'staff-login': 'sign-in',
      Join2: 'sign-up',
      // The component asks the server for their first screen, with the user's token.
      'step-up': undefined,
      'select-tenant': undefined,
    });
  });

  it('have ids of letters, digits and "-", each once, and a known kind', async () => {
    const flows = [{ id: 'a_b', kind: 'sign-in' }, { id: 'a', kind: 'dance' }, { id: 'c' }];
    const seed = { flows } as never;
    await expect(startEmulator({ seed })).rejects.toThrow(
      /flows\[0\]\.id must be letters, digits and -[^]*flows\[1\]\.kind must be one of sign-up-or-in[^]*flows\[2\]\.kind is missing/,
    );
    const twice = {
      flows: [
        { id: 'a', kind: 'sign-in' as const },
        { id: 'a', kind: 'sign-up' as const },
      ],
    };
    await expect(startEmulator({ seed: twice })).rejects.toThrow(/the id "a" appears twice in flows/);
  });
});

describe('a flow of the kind sign-in', () => {
  it.each(['sign-in', 'staff-login'])('rejects an unknown user on the screen: %s', async (flowId) => {
    const unknown = await start({ email: 'new@example.com' }, { flowId });
    expect(unknown).toMatchObject({ status: 'waiting', screen: { id: 'sign-in' } });
    expect(unknown.screen.state.errorText).toBe('User not found');
    expect(unknown.executionId).toMatch(new RegExp(`^${flowId}\\|#\\|[^_]+$`));
    expect(bed.emulator.outbox.all).toEqual([]);
    const byPassword = await next(unknown, { email: 'new@example.com' }, 'btnPassword');
    expect((await next(byPassword, { password: 'long enough' })).screen.state.errorText).toBe(
      'The login id or the password is wrong',
    );
    expect(bed.emulator.loginIds).not.toContain('new@example.com');
  });

  it('signs a known user in', async () => {
    const asked = await start({ email: ADA }, { flowId: 'staff-login' });
    expect((await next(asked, { code: codeFor(ADA) })).authInfo?.firstSeen).toBe(false);
  });
});

describe('a flow of the kind sign-up', () => {
  it('rejects a known user on the screen', async () => {
    const known = await start({ email: ADA }, { flowId: 'sign-up' });
    expect(known.screen).toMatchObject({ id: 'sign-up', state: { errorText: 'User already exists' } });
    const byPassword = await next(known, { email: ADA }, 'btnPassword');
    const rejected = await next(byPassword, { password: 'Correct-horse-1' });
    expect(rejected.screen.state.errorText).toBe('User already exists');
  });

  it('creates the user with what the form of the page knows, and gives the output of the seed back', async () => {
    const form = { email: 'new@example.com', displayName: 'New Person', plan: 'gold' };
    const options = { client: { version: 7 } };
    const asked = await start(form, { flowId: 'Join2', options });
    const done = await next(asked, { code: codeFor('new@example.com') });
    expect(done.authInfo).toMatchObject({ firstSeen: true, user: { name: 'New Person' } });
    expect(done.output).toEqual({ plan: 'gold', from: 'v7', missing: '', trial: true });
  });
});

describe('the flow step-up', () => {
  it('is for a signed-in user alone', async () => {
    const rejected = await start({}, { flowId: 'step-up', interactionId: '' });
    expect(rejected.errorCode).toBe('E061005');
    expect(rejected.errorMessage).toMatch(
      /The flow step-up is for a signed-in user.*refresh token is missing/,
    );
  });

  it('marks the session by a code to the same user, until a refresh', async () => {
    const { refreshJwt: token } = await bed.emulator.signIn(ADA, { amr: ['pwd'] });
    const asked = await start({}, { flowId: 'step-up', interactionId: '', token });
    expect(asked.screen).toMatchObject({ id: 'confirm', state: { form: { email: ADA } } });
    const sent = await next(asked, { email: 'other@example.com' }, 'btnGo', token);
    expect(sent.screen.id).toBe('code');
    const done = await next(sent, { code: codeFor(ADA) }, 'btnGo', token);
    const { sessionJwt = '', refreshJwt } = done.authInfo ?? {};
    const { token: claims } = await bed.sdk.validateSession(sessionJwt);
    expect(claims).toMatchObject({ su: true, amr: ['pwd', 'email', 'mfa'] });
    const refreshed = await bed.sdk.refresh(refreshJwt);
    expect(refreshed.data?.claims).not.toHaveProperty('su');
  });

  it('takes a password too, where the user has one', async () => {
    const { refreshJwt: token } = await bed.emulator.signIn(ADA);
    const asked = await start({}, { flowId: 'step-up', interactionId: '', token });
    const password = await next(asked, {}, 'btnPassword', token);
    const wrong = await next(password, { password: 'wrong' }, 'btnGo', token);
    expect(wrong.screen).toMatchObject({ id: 'password', state: { errorText: 'The password is wrong' } });
    const done = await next(wrong, { password: 'Correct-horse-1' }, 'btnGo', token);
    expect((await bed.sdk.validateSession(done.authInfo?.sessionJwt ?? '')).token).toHaveProperty('su', true);
    const { refreshJwt: other } = await bed.emulator.signIn('+15550100');
    const { screen } = await start({}, { flowId: 'step-up', interactionId: '', token: other });
    expect(screen.state.componentsState).toEqual({ btnPassword: 'hide' });
  });

  it('does not go on with the token of another user', async () => {
    const { refreshJwt: ada } = await bed.emulator.signIn(ADA);
    const { refreshJwt: other } = await bed.emulator.signIn('+15550100');
    const asked = await start({}, { flowId: 'step-up', interactionId: '', token: ada });
    const mixed = await next(asked, {}, 'btnGo', other);
    expect(mixed.screen.state.errorText).toBe('The flow was started by another user');
    expect((await next(asked, {})).screen.state.errorText).toMatch(/refresh token is missing/);
    expect(bed.emulator.outbox.all).toEqual([]);
  });
});

describe('the flow select-tenant', () => {
  const readScreen = async (id: string) => {
    const response = await bed.request(`/pages/${bed.emulator.projectId}/v2-beta/${id}.html`);
    return [response.status, await response.text()] as const;
  };

  it('lists the tenants of the signed-in user, and puts the chosen one into the session', async () => {
    const { refreshJwt: token } = await bed.emulator.signIn(ADA);
    const asked = await start({}, { flowId: 'select-tenant', interactionId: '', token });
    const [, html] = await readScreen(asked.screen.id);
    expect(html).toContain('data-descope-tenant="acme">Acme</button>');
    expect(html).toContain('data-descope-tenant="b&#34;c">Bold &#38; &#60;b&#62;&#34;Co&#34;&#60;/b&#62;<');
    const wrong = await next(asked, { tenant: 'other' }, 'tenant-1', token);
    expect(wrong.screen.state.errorText).toBe('The user does not belong to the tenant other');
    const done = await next(asked, { tenant: 'acme' }, 'tenant-0', token);
    expect(done.authInfo).toMatchObject({ refreshJwt: token });
    const { token: claims } = await bed.sdk.validateSession(done.authInfo?.sessionJwt ?? '');
    expect(claims).toHaveProperty('dct', 'acme');
    expect((await bed.sdk.refresh(token)).data?.claims).toHaveProperty('dct', 'acme');
    expect((await readScreen(asked.screen.id))[0]).toBe(404);
  });

  it('needs no screen where the page names the tenant', async () => {
    const { refreshJwt: token } = await bed.emulator.signIn(ADA);
    const options = { tenant: 'acme' };
    const done = await start({}, { flowId: 'select-tenant', interactionId: '', token, options });
    expect(done.status).toBe('completed');
    const other = await start({}, { flowId: 'select-tenant', token, options: { tenant: 'nowhere' } });
    expect(other.screen.state.errorText).toBe('The user does not belong to the tenant nowhere');
  });

  it('uses a refresh token up where the project replaces them', async () => {
    bed.emulator.configure({ refreshRotation: true });
    const { refreshJwt: token } = await bed.emulator.signIn(ADA);
    const options = { tenant: 'acme' };
    const done = await start({}, { flowId: 'select-tenant', interactionId: '', token, options });
    expect(done.authInfo?.refreshJwt).not.toBe(token);
    expect((await bed.sdk.refresh(token)).ok).toBe(false);
    expect((await bed.sdk.refresh(done.authInfo?.refreshJwt)).data?.claims).toHaveProperty('dct', 'acme');
  });

  it('tells a user without tenants so', async () => {
    const { refreshJwt: token } = await bed.emulator.signIn('+15550100');
    const asked = await start({}, { flowId: 'select-tenant', interactionId: '', token });
    expect(asked.screen.state.errorText).toBe('You do not belong to a tenant');
  });
});
