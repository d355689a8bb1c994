// JWT templates change the tokens of a project, and an application reads what they make.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { CurrentUser, DescopeModule, DescopeUser, Roles } from 'nestjs-descope';
import type { EmulatorSeed } from 'nestjs-descope/emulator';
import { EmulatorError, startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import { useEmulator } from '../../support/use-emulator.js';

const seed: EmulatorSeed = {
  users: [
    {
      loginId: 'ada@example.com',
      userId: 'U2ada',
      name: 'Ada',
      roles: ['admin'],
      tenants: [{ tenantId: 'acme', roles: ['editor'] }],
      customAttributes: { plan: 'pro', tags: ['a', 'b'] },
    },
    {
      loginId: 'eve',
      userId: 'U2eve',
      tenants: [{ tenantId: 'acme' }, { tenantId: 'globex', roles: ['editor'] }],
    },
  ],
  roles: [
    { name: 'admin', permissions: ['all'] },
    { name: 'editor', permissions: ['write'] },
  ],
  tenants: [{ id: 'acme', name: 'Acme', customAttributes: { region: 'eu' } }, { id: 'globex' }],
  accessKeys: [
    { name: 'batch', cleartext: 'K2batch-cleartext', tenants: [{ tenantId: 'acme', roles: ['editor'] }] },
  ],
  jwtTemplates: [
    { name: 'with-email', template: { email: '{{user.email}}', plan: '{{user.customAttributes.plan}}' } },
    { name: 'bare', authSchema: 'none' },
    { name: 'of-keys', type: 'key', template: { keyName: '{{accessKey.name}}' } },
  ],
};

const bed = useEmulator({ seed });
const templates = () => bed.admin.management.jwtTemplate;

/** Creates a template, uses it, and signs a user in. */
async function signInWith(template: object, loginId = 'ada@example.com', options = {}) {
  const made = await templates().create({ name: 'made', type: 'user', ...template });
  expect(made.error).toBeUndefined();
  bed.emulator.configure({ userJwtTemplate: 'made' });
  return (await bed.emulator.signIn(loginId, options)).claims;
}

// Descope's page on JWT templates, and the fields of `descope_jwt_template` in its Terraform provider.
describe('The JWT template of a seed', () => {
  it('adds claims of the user to session and refresh tokens, and follows the user at the next refresh', async () => {
    const { refreshJwt, claims } = await bed.emulator.signIn('ada@example.com');
    expect(claims).toMatchObject({ email: 'ada@example.com', plan: 'pro', sub: 'U2ada', roles: ['admin'] });
    const payload = JSON.parse(Buffer.from(refreshJwt.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(payload).toMatchObject({ email: 'ada@example.com', drn: 'DSR' });
    await bed.admin.management.user.updateEmail('ada@example.com', 'ada@acme.test', true);
    expect((await bed.sdk.refresh(refreshJwt)).data).toMatchObject({ claims: { email: 'ada@acme.test' } });
  });

  it('is the first of its type, unless a setting names another or none', async () => {
    const claimsOf = async () => (await bed.emulator.signIn('ada@example.com')).claims;
    bed.emulator.configure({ userJwtTemplate: 'bare' });
    expect(Object.keys(await claimsOf())).not.toEqual(expect.arrayContaining(['roles']));
    bed.emulator.configure({ userJwtTemplate: 'default' });
    expect(await claimsOf()).toMatchObject({ roles: ['admin'] });
    expect(await claimsOf()).not.toHaveProperty('email');
    bed.emulator.reset();
    expect(await claimsOf()).toHaveProperty('email', 'ada@example.com');
    expect(() => bed.emulator.configure({ userJwtTemplate: 'of-keys' })).toThrow(
      'The setting userJwtTemplate is "of-keys"; there are the JWT templates default, with-email, bare.',
    );
  });

  it('of access keys changes their tokens alone', async () => {
    const { data } = await bed.sdk
      .exchangeAccessKey('K2batch-cleartext')
      .then((token) => ({ data: token.token }));
    expect(data).toMatchObject({ keyName: 'batch', tenants: { acme: { roles: ['editor'] } } });
    expect(data).not.toHaveProperty('email');
  });

  it('is refused with every mistake where it sets a claim of Descope, or an unknown value', async () => {
    const wrong = {
      jwtTemplates: [
        { name: 'a', template: { sub: 'x', iss: 'y', who: '{{user.nick}}' } },
        { name: 'a', authSchema: 'tenant' },
      ],
    } as unknown as EmulatorSeed;
    await expect(startEmulator({ seed: wrong })).rejects.toThrow('jwtTemplates[1].authSchema must be one of');
    const { jwtTemplates: [first] = [] } = wrong;
    await expect(startEmulator({ seed: { jwtTemplates: first ? [first] : [] } })).rejects.toThrow(
      /template\.sub: .*overrideSubject allows it\n.*template\.iss: [^\n]*\n.*\{\{user\.nick\}\} is unknown/,
    );
    await expect(startEmulator({ userJwtTemplate: 'nope' })).rejects.toThrow(EmulatorError);
  });
});

describe('A JWT template of management', () => {
  it('is made, listed, loaded, changed and removed', async () => {
    const made = (await templates().create({ name: 'mine', type: 'user', template: { a: 1 } })).data;
    expect(made).toMatchObject({ id: expect.stringMatching(/^JT/), name: 'mine', authSchema: 'default' });
    const id = made?.id ?? '';
    expect((await templates().list()).data?.map(({ name }) => name)).toEqual([
      'with-email',
      'bare',
      'of-keys',
      'mine',
    ]);
    await templates().update({ id, name: 'mine', type: 'user', template: { b: 2 } });
    expect((await templates().load(id)).data).toMatchObject({ template: { b: 2 }, addJti: false });
    expect((await templates().delete(id)).ok).toBe(true);
    expect((await templates().load(id)).error?.errorMessage).toBe(`There is no JWT template ${id}`);
  });

  // "The project's default templates are restored where this one was referenced" (API reference, delete JWT template).
  it('leaves the tokens to Descope once it is removed', async () => {
    expect(await signInWith({ template: { mark: true } })).toHaveProperty('mark', true);
    const made = (await templates().list()).data?.find(({ name }) => name === 'made');
    await templates().delete(made?.id ?? '');
    expect((await bed.emulator.signIn('ada@example.com')).claims).not.toHaveProperty('mark');
  });

  it('is read at once, however long a value of it is', async () => {
    const template = { name: 'long', type: 'user' as const, template: { a: `{{${' '.repeat(3000)}` } };
    const startedMs = performance.now();
    expect((await templates().validate('', template)).data?.valid).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });

  // "Strict validation runs first": RESERVED_CLAIM_KEY, NAME_MISSING (API reference, create JWT template).
  it('is not saved with a mistake, which validate names', async () => {
    const template = { type: 'user', template: { exp: 1, mail: '{{user.mail}}' } };
    const rejected = await templates().create(template);
    expect(rejected.error?.errorMessage).toMatch(/NAME_MISSING name.*RESERVED_CLAIM_KEY template\.exp/);
    const { data } = await templates().validate('', template);
    expect(data).toMatchObject({ valid: false });
    expect(data?.issues?.map(({ path }) => path)).toEqual(['name', 'template.exp', 'template.mail']);
    const [seeded] = (await templates().list()).data ?? [];
    expect((await templates().validate(seeded?.id ?? '')).data).toEqual({ valid: true, issues: [] });
    expect((await templates().create({ name: 'x', type: 'other' })).error?.errorMessage).toBe(
      'The emulator has no type other; it has user, key',
    );
    expect((await templates().create({ name: 'bare' })).error?.errorMessage).toContain('already exists');
  });

  it('keeps the type of a value, and fills texts, lists and objects', async () => {
    const claims = await signInWith(
      {
        template: {
          'https://acme.test/tags': '{{user.customAttributes.tags}}',
          verified: '{{ user.verifiedEmail }}',
          greeting: 'Hello {{user.name}} of {{tenant.name}}',
          nested: { list: ['{{user.userId}}', 7], region: '{{tenant.customAttributes.region}}' },
          aud: ['orders', '{{tenant.id}}'],
        },
      },
      'ada@example.com',
      { tenantId: 'acme' },
    );
    expect(claims).toMatchObject({
      'https://acme.test/tags': ['a', 'b'],
      verified: true,
      greeting: 'Hello Ada of Acme',
      nested: { list: ['U2ada', 7], region: 'eu' },
      aud: ['orders', 'acme'],
    });
  });

  it.each([
    ['none', { phone: '' }],
    ['nil', { phone: null }],
    ['delete', {}],
  ])('with the empty claim policy %s', async (emptyClaimPolicy, expected) => {
    const claims = await signInWith({ template: { phone: '{{user.phone}}' }, emptyClaimPolicy });
    expect(Object.fromEntries(Object.entries(claims).filter(([name]) => name === 'phone'))).toEqual(expected);
  });

  it('with autoDCT has the only tenant as the current one, and none where there are several', async () => {
    expect(await signInWith({ autoDCT: true })).toHaveProperty('dct', 'acme');
    expect((await bed.emulator.signIn('eve')).claims).not.toHaveProperty('dct');
    expect((await bed.emulator.signIn('eve', { tenantId: 'globex' })).claims).toHaveProperty('dct', 'globex');
  });

  it('can leave out permissions, add a jti, and write the issuer as a URL', async () => {
    const claims = await signInWith({ excludePermissions: true, addJti: true, conformanceIssuer: true });
    expect(claims).toMatchObject({
      roles: ['admin'],
      tenants: { acme: { roles: ['editor'] } },
      iss: `${bed.emulator.url}/${bed.emulator.projectId}`,
    });
    expect(claims).not.toHaveProperty('permissions');
    expect(claims['tenants']).toEqual({ acme: { roles: ['editor'] } });
    const { claims: next } = await bed.emulator.signIn('ada@example.com');
    expect(next['jti']).not.toBe(claims['jti']);
  });
});

@Controller()
class OrdersController {
  @Get('who') who(@CurrentUser() user: DescopeUser) {
    return { id: user.id, mail: user.customClaims['email'] ?? null, tenant: user.tenant ?? null };
  }

  @Roles('editor', { tenant: 'param:id' }) @Get('tenants/:id') ofTenant() {
    return {};
  }

  @Roles('editor') @Get('project') ofProject() {
    return {};
  }
}

describe('An application that guards its routes', () => {
  let application: RunningApplication | undefined;
  afterEach(() => application?.close());

  async function ask(path: string, sessionJwt: string) {
    application ??= await start('express', {
      imports: [
        DescopeModule.forRoot({
          projectId: bed.emulator.projectId,
          baseUrl: bed.emulator.url,
          audience: 'orders',
        }),
      ],
      controllers: [OrdersController],
    });
    const headers = { authorization: `Bearer ${sessionJwt}` };
    const { status, body } = await application.request(path, { headers });
    return { status, body };
  }

  it('reads a session with a subject of its own, an audience, and the roles of the current tenant', async () => {
    await templates().create({
      name: 'made',
      type: 'user',
      template: { sub: '{{user.email}}', email: '{{user.email}}', aud: 'orders' },
      authSchema: 'tenantOnly',
      autoDCT: true,
      overrideSubject: true,
    });
    bed.emulator.configure({ userJwtTemplate: 'made' });
    const { sessionJwt, claims, refreshJwt } = await bed.emulator.signIn('ada@example.com');
    // go-sdk's NewToken takes the id from `dsub`.
    expect(claims).toMatchObject({ sub: 'ada@example.com', dsub: 'U2ada', dct: 'acme', roles: ['editor'] });
    expect(claims).toMatchObject({ permissions: ['write'] });
    expect(claims).not.toHaveProperty('tenants');
    expect(await ask('/who', sessionJwt)).toEqual({
      status: 200,
      body: { id: 'U2ada', mail: 'ada@example.com', tenant: 'acme' },
    });
    expect((await ask('/tenants/acme', sessionJwt)).status).toBe(200);
    expect((await ask('/tenants/globex', sessionJwt)).status).toBe(403);
    expect((await ask('/project', sessionJwt)).status).toBe(403);
    const refreshed = (await bed.sdk.refresh(refreshJwt)).data;
    expect(refreshed).toMatchObject({ user: { userId: 'U2ada' }, claims: { dsub: 'U2ada' } });
    expect((await bed.sdk.me(refreshJwt)).data).toMatchObject({ userId: 'U2ada' });
  });
});
