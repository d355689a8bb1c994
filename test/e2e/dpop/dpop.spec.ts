// The option dpop and @Dpop: bound tokens with proofs, on both adapters, beside everything else that a request may have.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { DescopeModuleOptions, RequestLike } from 'nestjs-descope';
import {
  CurrentSession,
  CurrentUser,
  DescopeModule,
  DescopeService,
  DescopeSession,
  DescopeUser,
  OptionalAuth,
  Public,
  Roles,
} from 'nestjs-descope';
import { Dpop } from 'nestjs-descope/dpop';
import { applyDescopeSecurity, describeAccess } from 'nestjs-descope/inspect';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AdapterName, Answer, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { FullMemoryStore, MemoryStore } from '../../support/memory-store.js';

const ORIGIN = 'https://api.example.com';
const LOCAL = { mode: 'allowed', replay: 'per-instance' } as const;

@Controller()
class OrdersController {
  @Inject(DescopeService) private readonly descope!: DescopeService;

  @Get('orders') list(@CurrentUser() { id }: DescopeUser) {
    return { id };
  }

  @Post('orders') create(@CurrentUser() { id }: DescopeUser) {
    return { id };
  }

  @Dpop() @Get('payments') payments(@CurrentUser() { id }: DescopeUser) {
    return { id };
  }

  @Roles('admin') @Get('admin') admin() {}

  @OptionalAuth() @Get('home') home(@CurrentSession() { user, rejectedWith }: DescopeSession) {
    return { id: user?.id, rejectedWith };
  }

  @Public() @Get('open') open(@CurrentSession() { user }: DescopeSession) {
    return { id: user?.id };
  }

  @Get('twice') async twice(@Req() request: RequestLike) {
    const { user } = await this.descope.authenticate(request);
    return { id: user?.id };
  }

  @Public() @Get('by-hand') async byHand(@Req() request: RequestLike) {
    const { user } = await this.descope.authenticate(request);
    return { id: user?.id };
  }
}

@Controller()
class PlainController {
  @Get('orders') list() {}
}

const descope = createTestDescope();
const running: RunningApplication[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((application) => application.close()));
});

async function open(
  adapter: AdapterName,
  options: DescopeModuleOptions,
  controllers: Type[] = [OrdersController],
): Promise<RunningApplication> {
  const application = await start(
    adapter,
    {
      imports: [DescopeModule.forRoot({ publicOrigin: ORIGIN, audience: null, ...options })],
      controllers,
    },
    { override: (builder) => descope.override(builder) },
  );
  running.push(application);
  return application;
}

const verdictOf = ({ status, body }: Answer) => [status, body['code'] ?? ''].join(' ').trim();
const challengeOf = ({ headers }: Answer) => headers.get('www-authenticate');
const ALGS = 'algs="ES256 PS256 RS256"';

describe.each(ADAPTERS)('A bound token, on %s,', (adapter) => {
  const call = (
    application: RunningApplication,
    path: string,
    { identity, ...init }: RequestInit & { readonly identity?: TestIdentity } = {},
  ) => {
    const { method = 'GET' } = init;
    const headers = descope.asBound(identity).prove(method, ORIGIN + path);
    return application.request(path, { ...init, headers: { ...headers, ...init.headers } });
  };

  it('is accepted with a proof for the request, once', async () => {
    const application = await open(adapter, { dpop: LOCAL });
    const ada = descope.asBound({ sub: 'U2ada' });
    const headers = { ...ada.prove('GET', `${ORIGIN}/orders`) };
    const first = await application.request('/orders?page=2', { headers });
    expect([first.status, first.body]).toEqual([200, { id: 'U2ada' }]);
    expect(first.headers.get('dpop-nonce')).toBeNull();
    const second = await application.request('/orders?page=2', { headers });
    expect(verdictOf(second)).toBe('401 DPOP_PROOF_REPLAYED');
    expect(challengeOf(second)).toBe(`DPoP realm="descope", error="invalid_dpop_proof", ${ALGS}`);
    expect(second.headers.get('cache-control')).toContain('no-store');
    expect(JSON.stringify(second.body)).not.toContain(headers.dpop);
  });

  it('is rejected as a bearer token and in a cookie, and the challenge names the scheme', async () => {
    const application = await open(adapter, { dpop: LOCAL });
    const { token } = descope.asBound();
    const { dpop } = descope.asBound().prove('GET', `${ORIGIN}/orders`);
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { authorization: `Bearer ${token}`, dpop },
    ]) {
      const answer = await application.request('/orders', { headers });
      expect(verdictOf(answer)).toBe('401 TOKEN_SENDER_CONSTRAINED');
      expect(challengeOf(answer)).toBe(`Bearer realm="descope", error="invalid_token", DPoP ${ALGS}`);
    }
    const cookie = await application.request('/orders', { headers: { cookie: `DS=${token}` } });
    expect(verdictOf(cookie)).toBe('401 TOKEN_SENDER_CONSTRAINED');
    const optional = await application.request('/home', { headers: { cookie: `DS=${token}`, dpop } });
    expect(optional.body).toEqual({ rejectedWith: 'TOKEN_SENDER_CONSTRAINED' });
  });

  it('is rejected everywhere where the option is off, as another scheme is', async () => {
    for (const dpop of [undefined, 'off', { mode: 'off' }] as const) {
      const application = await open(adapter, { dpop }, [PlainController]);
      const answer = await call(application, '/orders');
      expect(verdictOf(answer)).toBe('401 SESSION_MISSING');
      expect(challengeOf(answer)).toBe('Bearer realm="descope"');
      const bearer = { authorization: `Bearer ${descope.asBound().token}` };
      expect(verdictOf(await application.request('/orders', { headers: bearer }))).toBe(
        '401 TOKEN_SENDER_CONSTRAINED',
      );
    }
  });

  it('decides alone, also when it is bad: no cookie beside it counts, and no second header', async () => {
    const application = await open(adapter, { dpop: LOCAL, session: { refresh: true } });
    const { cookie, bearer } = descope.as();
    const bad = { authorization: `DPoP ${descope.asBound().token}`, ...cookie };
    expect(verdictOf(await application.request('/orders', { headers: bad }))).toBe('401 DPOP_PROOF_MISSING');
    expect(verdictOf(await application.request('/home', { headers: bad }))).toBe('401 DPOP_PROOF_MISSING');
    const list = { authorization: `DPoP x, ${bearer.authorization}`, ...cookie };
    expect(verdictOf(await application.request('/orders', { headers: list }))).toBe(
      '400 CREDENTIAL_MALFORMED',
    );
    const empty = { authorization: 'DPoP', ...cookie };
    expect(verdictOf(await application.request('/orders', { headers: empty }))).toBe(
      '400 CREDENTIAL_MALFORMED',
    );
    expect(verdictOf(await application.request('/orders', { headers: { ...cookie } }))).toBe('200');
  });

  it('needs a proof for its method, its URL, its key and its token', async () => {
    const application = await open(adapter, { dpop: LOCAL });
    const ada = descope.asBound();
    const eve = descope.asBound();
    const verdict = async (headers: Record<string, string>, method = 'GET') =>
      verdictOf(await application.request('/orders', { method, headers }));
    expect(await verdict({ ...ada.prove('GET', `${ORIGIN}/orders`) }, 'POST')).toBe('401 DPOP_PROOF_INVALID');
    expect(await verdict({ ...ada.prove('GET', `${ORIGIN}/users`) })).toBe('401 DPOP_PROOF_INVALID');
    expect(await verdict({ ...ada.prove('GET', `${application.url}/orders`) })).toBe(
      '401 DPOP_PROOF_INVALID',
    );
    const { dpop } = eve.prove('GET', `${ORIGIN}/orders`);
    const swapped = await application.request('/orders', {
      headers: { authorization: `DPoP ${ada.token}`, dpop },
    });
    expect(verdictOf(swapped)).toBe('401 DPOP_KEY_MISMATCH');
    expect(challengeOf(swapped)).toBe(`DPoP realm="descope", error="invalid_token", ${ALGS}`);
    const { token } = descope.as();
    expect(await verdict({ authorization: `DPoP ${token}`, dpop })).toBe('401 DPOP_TOKEN_UNBOUND');
    expect(await verdict({ ...ada.prove('POST', `${ORIGIN}/orders`) }, 'POST')).toBe('201');
  });

  it('is judged like any other by demands, whose challenges have its scheme', async () => {
    const application = await open(adapter, { dpop: LOCAL });
    expect((await call(application, '/admin', { identity: { roles: ['admin'] } })).status).toBe(200);
    const answer = await call(application, '/admin');
    expect(verdictOf(answer)).toBe('403 ACCESS_ROLE_MISSING');
    expect(challengeOf(answer)).toBe(`DPoP realm="descope", error="insufficient_scope", ${ALGS}`);
    const expired = await call(application, '/orders', { identity: { exp: 1_000 } });
    expect(verdictOf(expired)).toBe('401 TOKEN_EXPIRED');
    expect(challengeOf(expired)).toBe(`DPoP realm="descope", error="invalid_token", ${ALGS}`);
  });

  it('is the only one that @Dpop accepts, and other routes accept others beside it', async () => {
    const application = await open(adapter, { dpop: LOCAL });
    expect(verdictOf(await call(application, '/payments'))).toBe('200');
    const { bearer, cookie } = descope.as();
    for (const headers of [bearer, cookie]) {
      const answer = await application.request('/payments', { headers: { ...headers } });
      expect(verdictOf(answer)).toBe('401 DPOP_REQUIRED');
      expect(challengeOf(answer)).toBe(`DPoP realm="descope", error="invalid_token", ${ALGS}`);
      expect(verdictOf(await application.request('/orders', { headers: { ...headers } }))).toBe('200');
    }
    const nobody = await application.request('/payments');
    expect(verdictOf(nobody)).toBe('401 SESSION_MISSING');
    expect(challengeOf(nobody)).toBe(`Bearer realm="descope", DPoP ${ALGS}`);
  });

  it('is the only one that is accepted at all where it is required', async () => {
    const application = await open(adapter, { dpop: { mode: 'required', replay: 'per-instance' } });
    expect(verdictOf(await call(application, '/orders'))).toBe('200');
    const { bearer, cookie } = descope.as();
    const required = `DPoP realm="descope", error="invalid_token", ${ALGS}`;
    for (const headers of [bearer, cookie]) {
      const answer = await application.request('/orders', { headers: { ...headers } });
      expect([verdictOf(answer), challengeOf(answer)]).toEqual(['401 DPOP_REQUIRED', required]);
    }
    expect(verdictOf(await application.request('/home', { headers: { ...bearer } }))).toBe(
      '401 DPOP_REQUIRED',
    );
    expect((await application.request('/home', { headers: { ...cookie } })).body).toEqual({
      rejectedWith: 'DPOP_REQUIRED',
    });
    const nobody = await application.request('/orders');
    expect([verdictOf(nobody), challengeOf(nobody)]).toEqual([
      '401 SESSION_MISSING',
      `DPoP realm="descope", ${ALGS}`,
    ]);
    expect((await application.request('/home')).status).toBe(200);
    expect((await application.request('/open')).status).toBe(200);
  });

  it('is not read on a public route, which uses up no proof', async () => {
    const application = await open(adapter, { dpop: LOCAL });
    const ada = descope.asBound();
    const headers = { ...ada.prove('GET', `${ORIGIN}/open`) };
    for (let round = 0; round < 2; round += 1)
      expect((await application.request('/open', { headers })).body).toEqual({});
  });

  it('counts once for the guard and DescopeService.authenticate together', async () => {
    const application = await open(adapter, { dpop: LOCAL });
    const identity = { sub: 'U2ada' };
    expect((await call(application, '/twice', { identity })).body).toEqual({ id: 'U2ada' });
    expect((await call(application, '/by-hand', { identity })).body).toEqual({ id: 'U2ada' });
    const ada = descope.asBound(identity);
    const headers = { ...ada.prove('GET', `${ORIGIN}/by-hand`) };
    expect((await application.request('/by-hand', { headers })).status).toBe(200);
    expect(verdictOf(await application.request('/by-hand', { headers }))).toBe('401 DPOP_PROOF_REPLAYED');
  });

  it('gets a nonce with the first rejection and with each response, where nonces are on', async () => {
    const application = await open(adapter, { dpop: { ...LOCAL, nonces: true } });
    const ada = descope.asBound();
    const ask = (nonce?: string | null) =>
      application.request('/orders', { headers: { ...ada.prove('GET', `${ORIGIN}/orders`, { nonce }) } });
    const asked = await ask();
    expect(verdictOf(asked)).toBe('401 DPOP_NONCE_REQUIRED');
    expect(challengeOf(asked)).toBe(`DPoP realm="descope", error="use_dpop_nonce", ${ALGS}`);
    const nonce = asked.headers.get('dpop-nonce');
    const answer = await ask(nonce);
    expect([answer.status, answer.headers.get('dpop-nonce')]).toEqual([
      200,
      expect.stringMatching(/^[\w-]{22}$/),
    ]);
    const bearer = await application.request('/orders', { headers: { ...descope.as().bearer } });
    expect([bearer.status, bearer.headers.get('dpop-nonce')]).toEqual([200, null]);
  });

  it('counts once on all instances that share a store, at once', async () => {
    const store = new FullMemoryStore();
    const options = { dpop: 'allowed', shared: { store } } as const;
    const instances = [await open(adapter, options), await open(adapter, options)];
    const ada = descope.asBound();
    const headers = { ...ada.prove('GET', `${ORIGIN}/orders`) };
    const ten = [1, 2, 3, 4, 5].flatMap(() => instances);
    const answers = await Promise.all(ten.map((instance) => instance.request('/orders', { headers })));
    expect(answers.map(verdictOf).sort()).toEqual([
      '200',
      ...Array.from({ length: 9 }, () => '401 DPOP_PROOF_REPLAYED'),
    ]);
    expect(store.text).not.toContain(ada.token);
  });

  it('is answered with 503 while the store cannot be reached, and bearer tokens without a store call', async () => {
    const store = new FullMemoryStore();
    const application = await open(adapter, { dpop: 'allowed', shared: { store } });
    store.isDown = true;
    const answer = await call(application, '/orders');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.any(String)]);
    store.isDown = false;
    expect(verdictOf(await call(application, '/orders'))).toBe('200');
  });

  it('is in the access map and in OpenAPI', async () => {
    const application = await open(adapter, { dpop: LOCAL });
    const map = describeAccess(application.app);
    expect(map.find(({ path }) => path === '/payments')?.demands).toEqual([{ kind: 'dpop' }]);
    const document = { paths: { '/payments': { get: {} }, '/orders': { get: {} } } };
    expect(applyDescopeSecurity(document, application.app)).toMatchObject({
      paths: {
        '/payments': { get: { security: [{ descopeDpop: [] }] } },
        '/orders': { get: { security: [{ descopeDpop: [] }, { descopeBearer: [] }, { descopeCookie: [] }] } },
      },
      components: { securitySchemes: { descopeDpop: { type: 'http', scheme: 'dpop' } } },
    });
  });
});

describe('The boot with dpop', () => {
  const mistakes = async (options: DescopeModuleOptions) => {
    const booted = open('express', options);
    return booted.then(
      () => 'booted',
      (error: unknown) => (error as Error).message,
    );
  };

  it('fails without the public origin, and without a store in which a proof is used up once', async () => {
    expect(await mistakes({ publicOrigin: undefined, dpop: LOCAL })).toMatch(/publicOrigin: got nothing/);
    expect(await mistakes({ dpop: 'required' })).toMatch(/dpop\.replay: .*setIfAbsent.*per-instance/);
    const shared = { store: new MemoryStore() };
    expect(await mistakes({ dpop: 'required', shared })).toMatch(/dpop\.replay: /);
    expect(await mistakes({ dpop: 'yes' as 'off' })).toMatch(/dpop\.mode: got a string; expected 'off'/);
    expect(await mistakes({ dpop: { nonces: true }, shared: { store: new FullMemoryStore() } })).toMatch(
      /dpop\.nonces: got true beside a shared store; expected \{ secret \}/,
    );
  });

  it('fails for @Dpop where bound tokens are rejected', async () => {
    expect(await mistakes({})).toMatch(/OrdersController\.payments has @Dpop, but .* Set the option dpop\./);
  });

  it('succeeds with either', async () => {
    expect(await mistakes({ dpop: LOCAL })).toBe('booted');
    const shared = { store: new FullMemoryStore() };
    expect(await mistakes({ dpop: { nonces: { secret: 's'.repeat(32) } }, shared })).toBe('booted');
  });
});
