// What a developer does in the emulator's console, form by form; what was done there acts on the API.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { ConsoleVisitor } from '../../support/console-visitor.js';
import { useEmulator } from '../../support/use-emulator.js';
import { startWebhookReceiver } from '../../support/webhook-receiver.js';

const bed = useEmulator({
  seed: {
    users: [
      {
        loginId: 'ada@example.com',
        userId: 'U2ada',
        roles: ['admin'],
        tenants: [{ tenantId: 'acme', roles: [] }],
      },
    ],
    roles: [{ name: 'admin', permissions: ['orders:write'] }, { name: 'editor' }],
    tenants: [{ id: 'acme', name: 'Acme' }, { id: 'globex' }],
    inboundApps: [
      { name: 'robot', clientId: 'robot-client', clientSecret: 'robot-secret', scopes: ['orders:read'] },
    ],
  },
});
let visitor: ConsoleVisitor;
beforeEach(async () => {
  visitor = await new ConsoleVisitor(bed.emulator).enter();
});

const load = async (loginId: string) => (await bed.admin.management.user.load(loginId)).data;
const post = (path: string, body: object, token = '') =>
  bed.request(path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bed.emulator.projectId}${token}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
const isAccepted = (token: string) =>
  bed.sdk.validateJwt(token).then(
    () => true,
    () => false,
  );

describe('The page of users', () => {
  it('creates a user with roles, tenants and a password, who signs in', async () => {
    const fields = {
      loginId: 'bob@example.com',
      displayName: 'Bob',
      password: 'Correct-horse-1',
      roles: ['editor', 'admin'],
      tenants: 'acme',
    };
    expect((await visitor.send('users', 'create', fields)).text).toContain('was created');
    expect(await load('bob@example.com')).toMatchObject({
      name: 'Bob',
      email: 'bob@example.com',
      roleNames: ['editor', 'admin'],
      userTenants: [{ tenantId: 'acme' }],
    });
    expect((await bed.sdk.password.signIn('bob@example.com', 'Correct-horse-1')).ok).toBe(true);
  });

  it('shows what was wrong, and keeps what was typed', async () => {
    const answer = await visitor.send('users', 'create', {
      loginId: 'ada@example.com',
      displayName: 'Second "Ada"',
    });
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringMatching(/role="alert"[^]*User already exists/),
    ]);
    expect(answer.text).toContain('value="Second &#34;Ada&#34;"');
    expect(bed.emulator.loginIds).toEqual(['ada@example.com']);
  });

  it('finds users by a part of their names, and shows a page of them', async () => {
    for (let index = 0; index < 60; index += 1)
      await bed.admin.management.user.create(`user-${index}@example.com`, { displayName: `Number ${index}` });
    const all = (await visitor.open('/emulator/users')).text;
    expect(all).toMatch(/61 users[^]*Page 1 of 2/);
    expect((await visitor.open('/emulator/users?page=1')).text).toContain('Number 59');
    const { text } = await visitor.open('/emulator/users?text=NUMBER%205');
    expect([text.includes('11 users'), text.includes('ada@example.com')]).toEqual([true, false]);
  });

  it('shows names as text, whatever they hold', async () => {
    const name = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>';
    await bed.admin.management.user.create('eve@example.com', {
      displayName: name,
      customAttributes: { [name]: name },
    });
    await bed.admin.management.role.create(name, name);
    await bed.admin.management.tenant.createWithId('eve', name);
    const { userId } = (await load('eve@example.com')) ?? {};
    await bed.request('/v1/<img src=x onerror=alert(1)>');
    for (const page of [
      'users',
      `user?id=${userId}`,
      'roles',
      'tokens',
      'access-keys',
      'requests',
      'users?text="><script>',
    ]) {
      const { text } = await visitor.open(`/emulator/${page}`);
      expect([page, text.match(/<script/g)?.length, /<img|"><script/.test(text)]).toEqual([page, 1, false]);
    }
    expect((await visitor.open('/emulator/users')).text).toContain('&#60;script&#62;alert(1)');
  });
});

describe('The page of a user', () => {
  const page = 'user?id=U2ada';

  it('signs in as the user, and shows both tokens and a command once', async () => {
    const answer = await visitor.send(page, 'sign-in', { tenantId: 'acme', stepUp: 'on' });
    const session = answer.copied.get('Session token') ?? '';
    expect(decodeJwt(session)).toMatchObject({ sub: 'U2ada', roles: ['admin'], dct: 'acme', su: true });
    expect((await bed.sdk.refresh(answer.copied.get('Refresh token') ?? '')).ok).toBe(true);
    expect(answer.copied.get('Command')).toBe(
      `curl -H "Authorization: Bearer ${session}" http://localhost:3000/`,
    );
    expect((await visitor.open(`/emulator/${page}`)).text).not.toContain('Session token');
  });

  it('changes the profile, the password, the roles and the tenants', async () => {
    await visitor.send(page, 'profile', {
      displayName: 'Ada L.',
      email: 'ada@example.com',
      phone: '+15550100',
      password: 'Another-horse-2',
    });
    await visitor.send(page, 'roles', { roles: ['editor'] });
    await visitor.send(page, 'tenants', { tenants: ['acme', 'globex'] });
    await visitor.send(page, 'tenant-roles', { roles: 'editor' }, { tenantId: 'globex' });
    expect(await load('ada@example.com')).toMatchObject({
      name: 'Ada L.',
      phone: '+15550100',
      roleNames: ['editor'],
      userTenants: [
        expect.objectContaining({ tenantId: 'acme', roleNames: [] }),
        expect.objectContaining({ tenantId: 'globex', roleNames: ['editor'] }),
      ],
    });
    expect((await bed.sdk.password.signIn('ada@example.com', 'Another-horse-2')).ok).toBe(true);
    await visitor.send(page, 'tenants', {});
    expect(await load('ada@example.com')).toMatchObject({ userTenants: [] });
  });

  it('disables and enables the user, and ends its sign-ins', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    await visitor.send(page, 'status');
    expect((await bed.sdk.refresh(refreshJwt)).ok).toBe(false);
    expect((await visitor.open(`/emulator/${page}`)).text).toContain('A disabled user cannot sign in');
    await visitor.send(page, 'status');
    expect((await bed.sdk.refresh(refreshJwt)).ok).toBe(true);
    await visitor.send(page, 'end-sessions');
    expect((await bed.sdk.refresh(refreshJwt)).ok).toBe(false);
  });

  it('deletes the user, as a call of management does: its audit event names the management key', async () => {
    expect((await visitor.send(page, 'delete')).text).toContain('was deleted');
    expect(bed.emulator.loginIds).toEqual([]);
    const { data } = await bed.admin.management.audit.search({ actions: ['UserDeleted'] });
    expect(data).toMatchObject([
      { action: 'UserDeleted', actorId: expect.stringMatching(/^K/), loginIds: ['ada@example.com'] },
    ]);
    expect((await visitor.open(`/emulator/${page}`)).text).toContain('There is no such user');
  });
});

describe('The page of roles and tenants', () => {
  it('creates and deletes them, with permissions', async () => {
    await visitor.send('roles', 'create-role', { role: 'auditor', permissions: 'orders:read, orders:list' });
    await visitor.send('roles', 'create-role', { role: 'guest', tenantId: 'acme' });
    await visitor.send('roles', 'create-tenant', { tenant: 'initech', name: 'Initech' });
    expect((await bed.admin.management.role.loadAll()).data).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'auditor', permissionNames: ['orders:read', 'orders:list'] }),
        expect.objectContaining({ name: 'guest', tenantId: 'acme' }),
      ]),
    );
    await visitor.send('roles', 'delete-role', {}, { name: 'guest' });
    await visitor.send('roles', 'delete-tenant', {}, { id: 'initech' });
    const { text } = await visitor.open('/emulator/roles');
    expect([text.includes('guest'), text.includes('Initech'), text.includes('auditor')]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe('The page of tokens', () => {
  const keys = () => createLocalJWKSet({ keys: bed.emulator.publishedKeys as never[] });

  it('mints a token of a user with chosen claims and lifetime', async () => {
    const fields = {
      kind: 'session',
      user: 'ada@example.com',
      lifetime: '90',
      tenantId: 'acme',
      scopes: 'a b',
      claims: '{"plan":"free","roles":["owner"]}',
      header: '{"typ":"at+jwt"}',
    };
    const { copied } = await visitor.send('tokens', 'mint', fields);
    const { payload, protectedHeader } = await jwtVerify(copied.get('Token') ?? '', keys());
    expect(payload).toMatchObject({
      sub: 'U2ada',
      roles: ['owner'],
      plan: 'free',
      dct: 'acme',
      scope: 'a b',
      permissions: ['orders:write'],
    });
    expect([(payload.exp ?? 0) - (payload.iat ?? 0), protectedHeader.typ]).toEqual([90, 'at+jwt']);
  });

  it('mints tokens of the other kinds', async () => {
    const mint = async (fields: Record<string, string>) =>
      (await visitor.send('tokens', 'mint', fields)).copied.get('Token') ?? '';
    expect((await bed.sdk.refresh(await mint({ kind: 'refresh', user: 'ada@example.com' }))).ok).toBe(true);
    expect(decodeJwt(await mint({ kind: 'app', app: 'robot', scopes: 'orders:read' }))).toMatchObject({
      azp: 'robot-client',
      scope: 'orders:read',
    });
    const agent = decodeJwt(
      await mint({
        kind: 'agent',
        serverId: 'MS2tools',
        user: 'ada@example.com',
        audience: 'https://mcp.example.com',
      }),
    );
    expect(agent).toMatchObject({
      sub: 'U2ada',
      aud: 'https://mcp.example.com',
      iss: expect.stringContaining('/agentic/'),
    });
    expect(await isAccepted(await mint({ kind: 'session', lifetime: '-5' }))).toBe(false);
    expect(await isAccepted(await mint({ kind: 'session', foreign: 'on' }))).toBe(false);
    expect(await isAccepted(await mint({ kind: 'session' }))).toBe(true);
  });

  it.each([
    [{ claims: '[1]' }, 'Claims must be a JSON object'],
    [{ claims: '{no' }, 'Claims must be a JSON object'],
    [{ lifetime: '1h' }, 'Lifetime must be a whole number'],
    [{ user: 'nobody@example.com' }, 'There is no user nobody@example.com'],
  ])('does not mint %j', async (fields, message) => {
    const answer = await visitor.send('tokens', 'mint', { kind: 'session', ...fields });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(message)]);
  });

  it('mints no claims that are nested too deeply', async () => {
    const claims = `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const { status, text } = await visitor.send('tokens', 'mint', { kind: 'session', claims });
    expect([status, text]).toEqual([400, expect.stringContaining('Claims must not be nested so deeply')]);
  });

  it('takes a token apart, and tells who signed it and whether it counts, by its own clock', async () => {
    const read = async (token: string) => (await visitor.send('tokens', 'read', { token })).text;
    const { sessionJwt } = await bed.emulator.signIn('ada@example.com');
    expect(await read(`Authorization: Bearer ${sessionJwt}`)).toMatch(
      /valid[^]*signed by the signing key[^]*session token[^]*U2ada/,
    );
    bed.emulator.clock.advance(600_000 + 2 * 3600_000); // in hours: the clock goes on
    expect(await read(sessionJwt)).toMatch(/expired[^]*2 hours ago/);
    bed.emulator.clock.reset();
    await bed.emulator.rotateKeys();
    expect(await read(sessionJwt)).toContain('signed by an earlier key');
    await bed.admin.management.user.logoutUser('ada@example.com');
    expect(await read(sessionJwt)).toContain('its sign-in has ended');
    const [head, body] = sessionJwt.split('.');
    expect(await read(`${head}.${body}.AAAA`)).toContain('the signature is wrong');
    await bed.emulator.rotateKeys({ revoke: true });
    expect(await read(sessionJwt)).toContain('signed by a key that the project does not publish');
    expect(await read(await bed.emulator.signToken({ claims: { iss: 'https://evil.example' } }))).toContain(
      'not issued by this project',
    );
    const answer = await visitor.send('tokens', 'read', { token: 'no.token' });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('This is no signed JWT')]);
  });
});

describe('The outbox', () => {
  it('shows codes to copy and links to follow', async () => {
    await bed.sdk.otp.signIn.email('ada@example.com');
    await bed.sdk.magicLink.signIn.email('ada@example.com', 'http://localhost:3000/verify');
    await post('/v1/auth/magiclink/signin/email', { loginId: 'ada@example.com', URI: 'javascript:alert(1)' });
    const { text, copied } = await visitor.open('/emulator/outbox');
    const [first, second] = bed.emulator.outbox.all;
    expect(copied.get('Code for ada@example.com')).toBe(first?.code);
    expect(text).toContain(`href="${second?.link}"`);
    expect(text).not.toMatch(/href="javascript/i);
    await visitor.send('outbox', 'clear');
    expect(bed.emulator.outbox.all).toEqual([]);
  });

  it('uses a magic link and confirms an enchanted one, where the application has no page', async () => {
    await post('/v1/auth/magiclink/signin/email', { loginId: 'ada@example.com' });
    const { copied } = await visitor.send('outbox', 'use');
    expect(decodeJwt(copied.get('Session token') ?? '')).toMatchObject({ sub: 'U2ada' });
    await visitor.send('outbox', 'clear');
    const { data } = await bed.sdk.enchantedLink.signIn('ada@example.com');
    expect((await visitor.send('outbox', 'use')).text).toContain('The link was confirmed');
    expect(
      (await post('/v1/auth/enchantedlink/pending-session', { pendingRef: data?.pendingRef })).status,
    ).toBe(200);
    const again = await visitor.send('outbox', 'use');
    expect([again.status, again.text]).toEqual([400, expect.stringContaining('role="alert"')]);
  });
});

describe('The page of access keys', () => {
  it('creates one and shows its cleartext once; rotates, deactivates, activates and deletes it', async () => {
    const exchange = (key: string | undefined) => post('/v1/auth/accesskey/exchange', {}, `:${key}`);
    const created = await visitor.send('access-keys', 'create', {
      name: 'batch',
      roles: 'editor',
      days: '2',
      customClaims: '{"a":1}',
    });
    const first = created.copied.get('Cleartext of the access key');
    const session = (await (await exchange(first)).json()) as { sessionJwt: string };
    expect(decodeJwt(session.sessionJwt)).toMatchObject({ roles: ['editor'], a: 1 });
    expect((await visitor.open('/emulator/access-keys')).text).not.toContain(first);
    const second = (await visitor.send('access-keys', 'rotate')).copied.get('Cleartext of the access key');
    expect([(await exchange(first)).status, (await exchange(second)).status]).toEqual([401, 200]);
    await visitor.send('access-keys', 'deactivate');
    expect((await exchange(second)).status).toBe(401);
    await visitor.send('access-keys', 'activate');
    expect((await exchange(second)).status).toBe(200);
    bed.emulator.clock.advance(2 * 86_400_000);
    expect((await exchange(second)).status).toBe(401);
    await visitor.send('access-keys', 'delete');
    expect((await visitor.open('/emulator/access-keys')).text).toContain('There is no access key yet');
  });

  it('says that a claim which Descope sets itself has no effect', async () => {
    const answer = await visitor.send('access-keys', 'create', { name: 'batch', customClaims: '{"exp":1}' });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('customClaims.exp')]);
  });

  it('binds one to a user by the login id', async () => {
    await visitor.send('access-keys', 'create', { name: 'of-ada', user: 'ada@example.com' });
    const { data } = await bed.admin.management.accessKey.searchAll();
    expect(data).toMatchObject([{ name: 'of-ada', boundUserId: 'U2ada' }]);
    const wrong = await visitor.send('access-keys', 'create', { name: 'x', user: 'nobody' });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('User not found')]);
  });
});

describe('The page of inbound apps', () => {
  it('creates one, shows and rotates its secret, and deletes it', async () => {
    const fields = {
      name: 'reader',
      scopes: 'orders:read, orders:list',
      redirectUris: 'http://localhost:8080/callback',
    };
    const { copied } = await visitor.send('inbound-apps', 'create', fields);
    const { data } = await bed.admin.management.inboundApplication.loadAllApplications();
    const app = data?.find(({ name }) => name === 'reader');
    expect(app).toMatchObject({
      clientId: copied.get('Client id'),
      approvedCallbackUrls: [fields.redirectUris],
    });
    const about = { id: app?.id ?? '' };
    const shown = await visitor.send('inbound-apps', 'secret', {}, about);
    expect(shown.copied.get('Client secret')).toBe(copied.get('Client secret'));
    const rotated = (await visitor.send('inbound-apps', 'rotate', {}, about)).copied.get('Client secret');
    expect(rotated).not.toBe(copied.get('Client secret'));
    expect(
      (await bed.admin.management.inboundApplication.getApplicationSecret(about.id)).data?.cleartext,
    ).toBe(rotated);
    await visitor.send('inbound-apps', 'delete', {}, about);
    expect((await visitor.open('/emulator/inbound-apps')).text).not.toContain('reader');
  });

  it('rejects a redirect URI that is none', async () => {
    const answer = await visitor.send('inbound-apps', 'create', { name: 'bad', redirectUris: 'nowhere' });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('approvedCallbackUrls')]);
  });
});

describe('The pages of keys, clock and faults', () => {
  it('rotate the signing key, and revoke earlier ones', async () => {
    const { sessionJwt } = await bed.emulator.signIn('ada@example.com');
    const { kid } = bed.emulator.signingKey;
    await visitor.send('keys', 'rotate');
    expect([
      bed.emulator.signingKey.kid === kid,
      bed.emulator.publishedKeys.some((key) => key['kid'] === kid),
    ]).toEqual([false, true]);
    await visitor.send('keys', 'rotate', {}, { revoke: 'on' });
    expect(bed.emulator.publishedKeys).toHaveLength(1);
    expect((await visitor.send('tokens', 'read', { token: sessionJwt })).text).toContain('does not publish');
  });

  it('move the clock, set it, and put it back', async () => {
    await visitor.send('clock', 'advance', {}, { seconds: '3600' });
    expect(bed.emulator.clock.now() - Date.now()).toBeGreaterThan(3_590_000);
    await visitor.send('clock', 'set', { moment: '2031-05-06T07:08:09' });
    expect(new Date(bed.emulator.clock.now()).toISOString()).toMatch(/^2031-05-06T07:0/);
    expect((await visitor.send('clock', 'set', { moment: 'tomorrow' })).status).toBe(400);
    await visitor.send('clock', 'reset');
    expect(Math.abs(bed.emulator.clock.now() - Date.now())).toBeLessThan(1000);
  });

  it('order a fault, list its hits, and remove it', async () => {
    await visitor.send('faults', 'add', {
      path: '/v2/keys',
      status: '503',
      times: '2',
      body: 'broken',
      kind: '',
    });
    await visitor.send('faults', 'add', { path: '/v1/mgmt', method: 'POST', kind: 'reset' });
    const keys = await bed.request(`/v2/keys/${bed.emulator.projectId}`);
    expect([keys.status, await keys.text()]).toEqual([503, 'broken']);
    await expect(post('/v1/mgmt/user/search', {})).rejects.toThrow('fetch failed');
    expect((await visitor.open('/emulator/faults')).text).toMatch(/1 of\s+2\s+requests/);
    await visitor.send('faults', 'remove');
    expect(bed.emulator.faults.all).toMatchObject([{ options: { path: '/v1/mgmt' } }]);
    await visitor.send('faults', 'clear');
    expect(bed.emulator.faults.all).toEqual([]);
  });

  it.each([
    [{ path: 'v2/keys' }, 'must start with a slash'],
    [{ path: '/', status: '42' }, 'from 200 to 599'],
    [{ path: '/', times: '0' }, 'at least 1'],
    [{ path: '/', delayMs: '-1' }, 'from 0 to 600000'],
    [{ path: '/v1' }, 'Choose what the response is'],
  ])('do not order the fault %j', async (fields, message) => {
    const answer = await visitor.send('faults', 'add', fields);
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(message)]);
    expect(bed.emulator.faults.all).toEqual([]);
  });
});

describe('The pages of requests and webhooks', () => {
  it('show requests with their status, and what was ignored; and forget them', async () => {
    await post('/v1/auth/otp/signin/email', { loginId: 'nobody@example.com', nickname: 'x' });
    const { text } = await visitor.open('/emulator/requests');
    expect(text).toMatch(/400[^]*POST[^]*\/v1\/auth\/otp\/signin\/email[^]*Ignored: nickname/);
    await visitor.send('requests', 'clear');
    expect(bed.emulator.requests.count()).toBe(0);
  });

  it('send requests as they come, first without and then with their status', async () => {
    const stream = await fetch(`${bed.emulator.url}/emulator/requests/live`, { headers: visitor.headers });
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    bed.emulator.faults.add({ path: '/v2/keys', delayMs: 400 });
    const answered = bed.request(`/v2/keys/${bed.emulator.projectId}`);
    let seen = '';
    for await (const chunk of stream.body ?? []) {
      seen += new TextDecoder().decode(chunk as Uint8Array);
      if (seen.split('event: row').length > 2) break;
    }
    await answered;
    const [, first = '', second = ''] = seen.split('event: row');
    expect([first.includes('no response yet'), second.includes('>200')]).toEqual([true, true]);
    expect(/id: (request-\d+)/.exec(first)?.[1]).toBe(/id: (request-\d+)/.exec(second)?.[1]);
  });

  it('show deliveries, and send one again', async () => {
    const receiver = await startWebhookReceiver();
    bed.emulator.webhooks.add({ url: receiver.url, secret: receiver.secret });
    await visitor.send('users', 'create', { loginId: 'bob@example.com' });
    await bed.emulator.webhooks.settled();
    expect((await visitor.open('/emulator/webhooks')).text).toMatch(/UserCreated[^]*delivered/);
    await visitor.send('webhooks', 'send');
    await bed.emulator.webhooks.settled();
    expect(receiver.received).toMatchObject([
      { event: { action: 'UserCreated' } },
      { event: { action: 'UserCreated' } },
    ]);
    await receiver.close();
  });
});

describe('The first page', () => {
  it('shows how an application finds the emulator', async () => {
    const { copied } = await visitor.open('/emulator/');
    expect([...copied.values()]).toEqual([
      `DESCOPE_BASE_URI=${bed.emulator.url}`,
      `DESCOPE_PROJECT_ID=${bed.emulator.projectId}`,
      `DESCOPE_MANAGEMENT_KEY=${bed.emulator.managementKey}`,
    ]);
  });

  it('resets everything, and the console stays open', async () => {
    await visitor.send('users', 'create', { loginId: 'bob@example.com' });
    bed.emulator.clock.advance(1_000_000);
    bed.emulator.faults.add({ path: '/', status: 500 });
    expect((await visitor.send('', 'reset')).text).toContain('as it was at the start');
    expect([bed.emulator.loginIds, bed.emulator.faults.all]).toEqual([['ada@example.com'], []]);
  });
});
