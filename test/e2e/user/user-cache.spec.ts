// The option userCache: a user of the application is loaded once for a token and a while, and never given to anybody else.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Scope, ServiceUnavailableException } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Query, Resolver } from '@nestjs/graphql';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { DescopeModuleOptions, DescopeUserLoader, RequestLike, SignedInSession } from 'nestjs-descope';
import {
  CurrentSession,
  CurrentUser,
  DescopeModule,
  DescopeRevocations,
  DescopeService,
  DescopeSession,
  Public,
} from 'nestjs-descope';
import type { DescopeAuditEvent } from 'nestjs-descope/events';
import { OnDescopeEvent } from 'nestjs-descope/events';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import { DescopeSockets } from 'nestjs-descope/websockets';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { toDelivery, WEBHOOK_SECRET } from '../../support/descope-webhook.js';
import { ENGINES, send, startGraphql } from '../../support/graphql-application.js';
import { MemoryServer } from '../../support/memory-channel.js';
import { connect, createSocketAdapter } from '../../support/socket-client.js';
import { createClock } from '../../support/tokens.js';
import { bearer } from '../../support/who.controller.js';

const TTL_MS = 60_000;

/** A table of users, which counts how often it is read. */
@Injectable()
class Accounts implements DescopeUserLoader {
  static readonly names = new Map<string, string>();
  static readonly failures: Error[] = [];
  reads = 0;

  async loadUser({ user, claims }: SignedInSession) {
    this.reads += 1;
    await new Promise(setImmediate);
    const failure = Accounts.failures.shift();
    if (failure !== undefined) throw failure;
    const name = Accounts.names.get(user.id);
    if (name === undefined) return null;
    const { sub: actor = null } = (claims['act'] ?? {}) as { readonly sub?: string };
    return { id: user.id, kind: user.kind, name, tenant: user.tenant ?? null, actor, visits: 0 };
  }

  @OnDescopeEvent('UserModified')
  rename({ userId = '', data }: DescopeAuditEvent) {
    Accounts.names.set(userId, String(data['name']));
  }
}

interface Account {
  visits: number;
}

@Controller()
class AccountController {
  @Inject(Accounts) private readonly accounts!: Accounts;
  @Inject(DescopeRevocations) private readonly revocations!: DescopeRevocations;

  @Get('me')
  me(@CurrentUser() account: unknown) {
    return { account, reads: this.accounts.reads };
  }

  @Get('visit')
  visit(@CurrentUser() account: unknown) {
    return { visits: ++(account as Account).visits };
  }

  @Get('leave')
  async leave(@CurrentSession() session: DescopeSession) {
    await this.revocations.revokeSession(session);
    return {};
  }

  @Public()
  @Get('reads')
  reads() {
    return { reads: this.accounts.reads };
  }
}

const descope = createTestDescope();
const ANNA = { sub: 'U2anna' };
let running: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const application of running) await application.close();
  running = [];
  Accounts.names.clear();
  Accounts.failures.length = 0;
});

async function boot(adapter: AdapterName, options: DescopeModuleOptions = {}) {
  Accounts.names.set('U2anna', 'Anna').set('U2bob', 'Bob');
  const application = await start(
    adapter,
    {
      imports: [
        DescopeModule.forRoot({
          audience: null,
          loadUser: Accounts,
          userCache: { ttlMs: TTL_MS },
          events: { secret: WEBHOOK_SECRET },
          ...options,
        }),
      ],
      controllers: [AccountController],
      providers: [Accounts],
    },
    { override: (builder) => descope.override(builder) },
  );
  running.push(application);
  const me = async (caller: TestIdentity | string = ANNA, path = '/me') => {
    const token = typeof caller === 'string' ? caller : descope.as(caller).token;
    const { status, body } = await application.request(path, { headers: bearer(token) });
    return { status, code: body['code'], account: body['account'], reads: body['reads'] };
  };
  return { ...application, me };
}

async function bootFailure(
  options: DescopeModuleOptions,
  providers: readonly (new (...parts: never[]) => object)[] = [],
): Promise<string> {
  const imports = [DescopeModule.forRoot({ projectId: descope.projectId, audience: null, ...options })];
  try {
    await (await start('express', { imports, providers: [...providers] })).close();
    return 'it booted';
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    return `${code}: ${message}`;
  }
}

describe.each(ADAPTERS)('With userCache, on %s,', (adapter) => {
  it('loadUser is called once for a token, also by requests that come together', async () => {
    const { me } = await boot(adapter);
    const { token } = descope.as(ANNA);
    const all = await Promise.all(Array.from({ length: 20 }, () => me(token)));
    expect(new Set(all.map(({ reads }) => reads))).toEqual(new Set([1]));
    expect(await me(token)).toMatchObject({ status: 200, account: { name: 'Anna' }, reads: 1 });
  });

  it('and without it, for each request', async () => {
    for (const userCache of [undefined, false] as const) {
      const { me } = await boot(adapter, { userCache });
      const { token } = descope.as(ANNA);
      expect([(await me(token)).reads, (await me(token)).reads]).toEqual([1, 2]);
    }
  });

  it('a row that changed is seen when the time is over, and no sooner by itself', async () => {
    const clock = createClock(Date.now());
    const { me } = await boot(adapter, { clock });
    const { token } = descope.as(ANNA);
    await me(token);
    Accounts.names.set('U2anna', 'Anne');
    clock.advance(TTL_MS - 1);
    expect(await me(token)).toMatchObject({ account: { name: 'Anna' }, reads: 1 });
    clock.advance(1);
    expect(await me(token)).toMatchObject({ account: { name: 'Anne' }, reads: 2 });
  });

  it('forgetUser makes a changed row seen at once in all sessions of its user, and in those of no other', async () => {
    const { me, app } = await boot(adapter);
    const [phone, laptop, bob] = [ANNA, { ...ANNA, device: 2 }, { sub: 'U2bob' }].map(
      (identity) => descope.as(identity).token,
    ) as [string, string, string];
    for (const token of [phone, laptop, bob]) await me(token);
    Accounts.names.set('U2anna', 'Anne').set('U2bob', 'Rob');
    await app.get(DescopeService).forgetUser('U2anna');
    for (const token of [phone, laptop]) expect(await me(token)).toMatchObject({ account: { name: 'Anne' } });
    expect(await me(bob)).toMatchObject({ account: { name: 'Bob' }, reads: 5 });
  });

  it.each([undefined, '', ' ', 7])('forgetUser says that %j is no id', async (id) => {
    const { app } = await boot(adapter);
    const forgotten = app.get(DescopeService).forgetUser(id as string);
    await expect(forgotten).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('nobody gets the user of another tenant, actor, kind or id', async () => {
    const { me } = await boot(adapter);
    const callers: [TestIdentity, object][] = [
      [
        { ...ANNA, dct: 'T1' },
        { tenant: 'T1', actor: null },
      ],
      [
        { ...ANNA, dct: 'T2' },
        { tenant: 'T2', actor: null },
      ],
      [
        { ...ANNA, act: { sub: 'U2support' } },
        { tenant: null, actor: 'U2support' },
      ],
      [
        { ...ANNA, kind: 'access-key' },
        { kind: 'unknown', name: 'Anna' },
      ],
      [{ sub: 'U2bob' }, { id: 'U2bob', name: 'Bob' }],
      [ANNA, { id: 'U2anna', kind: 'user', tenant: null, actor: null }],
    ];
    const tokens = callers.map(([identity]) => descope.as(identity).token);
    for (let round = 0; round < 2; round += 1) {
      const answers = await Promise.all(tokens.map((token) => me(token)));
      expect(answers.map(({ account }) => account)).toEqual(
        callers.map(([, expected]) => expect.objectContaining(expected) as unknown),
      );
    }
    expect((await me(tokens[0])).reads).toBe(callers.length);
  });

  it('who has no user yet is let in as soon as there is one', async () => {
    const { me } = await boot(adapter);
    const { token } = descope.as({ sub: 'U2new' });
    expect(await me(token)).toMatchObject({ status: 403, code: 'USER_NOT_ACCEPTED' });
    Accounts.names.set('U2new', 'Nora');
    expect(await me(token)).toMatchObject({ status: 200, account: { name: 'Nora' } });
  });

  it('a loader that failed is called again', async () => {
    const { me } = await boot(adapter);
    const { token } = descope.as(ANNA);
    Accounts.failures.push(new ServiceUnavailableException(), new Error('A bug.'));
    expect([(await me(token)).status, (await me(token)).status, (await me(token)).status]).toEqual([
      503, 500, 200,
    ]);
  });

  it('all requests of a token get the same object', async () => {
    const { request } = await boot(adapter);
    const { bearer: headers } = descope.as(ANNA);
    await request('/visit', { headers });
    expect((await request('/visit', { headers })).body).toEqual({ visits: 2 });
  });

  it('an event of Descope that names a user has the user loaded again, also what a handler changed', async () => {
    const { me, request } = await boot(adapter);
    const { token } = descope.as(ANNA);
    await me(token);
    const event = { action: 'UserModified', userId: 'U2anna', data: { name: 'Anne' } };
    expect((await request('/auth/events', toDelivery(JSON.stringify(event)))).status).toBe(200);
    expect(await me(token)).toMatchObject({ account: { name: 'Anne' }, reads: 2 });
    const other = { action: 'UserModified', userId: 'U2bob', data: { name: 'Rob' } };
    await request('/auth/events', toDelivery(JSON.stringify(other)));
    expect((await me(token)).reads).toBe(2);
  });

  it('a sign-out has the other sessions of the user loaded again, and lets the signed-out token in nowhere', async () => {
    const { me } = await boot(adapter);
    const [phone, laptop] = [descope.as(ANNA).token, descope.as({ ...ANNA, device: 2 }).token];
    for (const token of [phone, laptop]) await me(token);
    await me(phone, '/leave');
    expect(await me(phone)).toMatchObject({ status: 401, code: 'SESSION_SIGNED_OUT' });
    expect(await me(laptop)).toMatchObject({ status: 200, reads: 3 });
  });

  it('a loader does not see the request, because others get what it returns', async () => {
    const seen: unknown[] = [];
    const loadUser = (...parts: [SignedInSession, RequestLike]) => {
      seen.push(parts[1]);
      return { name: 'Anna' };
    };
    const { me } = await boot(adapter, { loadUser });
    expect([(await me()).status, seen]).toEqual([200, [undefined]]);
  });

  it('GET auth/check and the guard share what was loaded', async () => {
    const { me, request } = await boot(adapter, { routes: { check: true } });
    const { token, bearer: headers } = descope.as(ANNA);
    expect((await request('/auth/check', { headers })).status).toBe(204);
    expect((await me(token)).reads).toBe(1);
  });

  it('two applications of a process load for themselves', async () => {
    const [one, other] = [await boot(adapter), await boot(adapter)];
    const { token } = descope.as(ANNA);
    await one.me(token);
    Accounts.names.set('U2anna', 'Anne');
    expect([(await other.me(token)).account, (await one.me(token)).account]).toEqual([
      expect.objectContaining({ name: 'Anne' }),
      expect.objectContaining({ name: 'Anna' }),
    ]);
    await other.app.get(DescopeService).forgetUser('U2anna');
    expect((await one.me(token)).reads).toBe(1);
  });

  it('instances that share a channel hear of a changed user, and without one they do not', async () => {
    const server = new MemoryServer();
    const toShared = () => ({ shared: { channel: server.connect() } });
    const [one, other] = [await boot(adapter, toShared()), await boot(adapter, toShared())];
    const alone = await boot(adapter);
    const { token } = descope.as(ANNA);
    for (const instance of [one, other, alone]) await instance.me(token);
    Accounts.names.set('U2anna', 'Anne');
    await one.app.get(DescopeService).forgetUser('U2anna');
    const isRenamed = async () =>
      ((await other.me(token)).account as { readonly name: string }).name === 'Anne';
    expect(await askUntil(isRenamed, Boolean)).toBe(true);
    expect(await alone.me(token)).toMatchObject({ account: { name: 'Anna' }, reads: 1 });
    expect(await other.me(token)).toMatchObject({ status: 200 });
  });
});

describe('The boot', () => {
  @Injectable()
  class OfRequest {
    constructor(@Inject(REQUEST) readonly request: object) {}
    loadUser(session: SignedInSession) {
      return [session, this.request];
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class Connection {}
  @Injectable()
  class ByConnection {
    constructor(@Inject(Connection) readonly connection: Connection) {}
    loadUser(session: SignedInSession) {
      return [session, this.connection];
    }
  }
  @Injectable({ scope: Scope.TRANSIENT })
  class Transient {
    loadUser(session: SignedInSession) {
      return session;
    }
  }
  const userCache = { ttlMs: TTL_MS };

  it.each([[[OfRequest]], [[ByConnection, Connection]]])(
    'fails for a loader that is created for each request',
    async (providers) => {
      const loadUser = providers[0] as typeof OfRequest;
      expect(await bootFailure({ loadUser, userCache }, providers)).toMatch(
        /^CONFIG_SCOPE_INVALID: .*: (?:OfRequest → REQUEST|ByConnection → Connection) \(request-scoped\)\. .* or remove userCache\.$/,
      );
      expect(await bootFailure({ loadUser }, providers)).toBe('it booted');
    },
  );

  it('succeeds for a loader of its own for each class that injects it', async () => {
    expect(await bootFailure({ loadUser: Transient, userCache }, [Transient])).toBe('it booted');
  });

  it('fails without loadUser, and for a loader with a second parameter', async () => {
    const loadUser = (session: SignedInSession, request: RequestLike) => [session, request];
    expect(await bootFailure({ userCache })).toContain('userCache: got it without loadUser');
    expect(await bootFailure({ userCache, loadUser })).toContain('with a second parameter');
  });
});

@Resolver()
class AccountResolver {
  @Query(() => String)
  name(@CurrentUser() account: unknown) {
    return (account as { readonly name: string }).name;
  }
}

it.each(ENGINES)('Requests of GraphQL share what was loaded ($name)', async (engine) => {
  Accounts.names.set('U2anna', 'Anna');
  const accounts = new Accounts();
  const application = await startGraphql(engine, descope, {
    resolvers: [AccountResolver],
    descope: { loadUser: (session) => accounts.loadUser(session), userCache: { ttlMs: TTL_MS } },
  });
  running.push(application);
  const { bearer: headers } = descope.as(ANNA);
  for (let round = 0; round < 3; round += 1)
    expect((await send(application, '{ one: name two: name }', headers)).data).toEqual({
      one: 'Anna',
      two: 'Anna',
    });
  expect(accounts.reads).toBe(1);
});

@WebSocketGateway()
class AccountGateway {
  constructor(@Inject(DescopeSockets) private readonly sockets: DescopeSockets) {}

  async handleConnection(client: object, request?: RequestLike) {
    await this.sockets.accept(client, request);
  }

  @SubscribeMessage('who')
  who(@CurrentUser() account: unknown) {
    return { event: 'who', data: account };
  }
}

it('A socket shares what was loaded, when it connects and for its messages', async () => {
  Accounts.names.set('U2anna', 'Anna');
  const accounts = new Accounts();
  const loadUser = (session: SignedInSession) => accounts.loadUser(session);
  const application: RunningApplication = await start(
    'express',
    {
      imports: [DescopeModule.forRoot({ audience: null, loadUser, userCache: { ttlMs: TTL_MS } })],
      providers: [AccountGateway],
    },
    {
      override: (builder) => descope.override(builder),
      configure: async (app) => app.useWebSocketAdapter(await createSocketAdapter('ws', app)),
    },
  );
  running.push(application);
  const { bearer: headers } = descope.as(ANNA);
  for (let round = 0; round < 2; round += 1) {
    const client = await connect('ws', application.url, { headers });
    expect((await client.ask('who')).data).toMatchObject({ name: 'Anna' });
    client.close();
  }
  expect(accounts.reads).toBe(1);
});
