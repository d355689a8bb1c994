// DescopeOnBehalfModule: what stops the boot, options from a factory, another token endpoint, and GraphQL.
import { hash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import {
  Field,
  GraphQLModule,
  Int,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { CurrentSession, DescopeModule, DescopeSession, Public } from 'nestjs-descope';
import { DescopeContextModule } from 'nestjs-descope/context';
import type { OnBehalfModuleOptions } from 'nestjs-descope/on-behalf';
import { ConnectionToken, DescopeOnBehalfModule, DescopeTokens } from 'nestjs-descope/on-behalf';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { ENGINES, readCodes, send, startGraphql } from '../../support/graphql-application.js';
import { useEmulator } from '../../support/use-emulator.js';

const APP = 'google-calendar';
const ADA = 'ada@example.com';
const BOB = 'bob@example.com';
const ORDERS = 'https://orders.internal';
const CLIENT = { clientId: 'shop', clientSecret: 'SECRETsecretSECRETsecret06' };

const bed = useEmulator({
  seed: {
    users: [{ loginId: ADA }, { loginId: BOB }],
    inboundApps: [{ name: 'shop', ...CLIENT, exchanges: [{ resource: ORDERS, scopes: ['read'] }] }],
  },
});
const running: RunningApplication[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((application) => application.close()));
});

@Injectable()
class Orders {
  constructor(@Inject(DescopeTokens) tokens: DescopeTokens) {
    tokens.createFetch({ onBehalf: true }, { origins: [ORDERS] });
  }
}

@Controller()
class TokenController {
  constructor(@Inject(DescopeTokens) private readonly tokens: DescopeTokens) {}

  @Get('token') async token(@CurrentSession() session: DescopeSession) {
    return { digest: hash('sha256', await this.tokens.onBehalfOf(session, { resource: ORDERS })) };
  }
}

const toDescope = () => {
  const { projectId, url: baseUrl, managementKey, clock: time } = bed.emulator;
  const clock = () => time.now();
  return DescopeModule.forRoot({ projectId, baseUrl, managementKey, audience: null, clock });
};

describe.each(ADAPTERS)('DescopeOnBehalfModule, on %s', (adapter) => {
  const boot = async (imports: object[], providers: object[] = []) => {
    const metadata = { imports, providers, controllers: [TokenController] };
    const application = await start(adapter, metadata as never);
    running.push(application);
    return application;
  };
  const verdict = async (application: RunningApplication) => {
    const { sessionJwt } = await bed.emulator.signIn(ADA);
    const headers = { authorization: `Bearer ${sessionJwt}` };
    const { status, body } = await application.request('/token', { headers });
    return [status, body['code'] ?? ''].join(' ').trim();
  };

  it.each<[string, object, string]>([
    ['an id without a secret', { clientId: 'shop' }, 'clientSecret'],
    ['a secret without an id', { clientSecret: CLIENT.clientSecret }, 'clientId'],
    ['an empty id', { ...CLIENT, clientId: ' ' }, 'clientId'],
    ['a secret of another type', { ...CLIENT, clientSecret: 7 }, 'clientSecret'],
    ['plain http', { ...CLIENT, tokenEndpoint: 'http://orders.internal/token' }, 'tokenEndpoint'],
    ['an address with credentials', { tokenEndpoint: 'https://a:b@d.example/token' }, 'tokenEndpoint'],
    ['an address with a query', { tokenEndpoint: 'https://d.example/token?x' }, 'tokenEndpoint'],
    ['an origin alone', { tokenEndpoint: 'https://d.example' }, 'tokenEndpoint'],
    ['another host in a path', { tokenEndpoint: '//evil.example/token' }, 'tokenEndpoint'],
    ['a path with credentials of the base', { tokenEndpoint: '/@evil.example/' }, 'tokenEndpoint'],
    ['no seconds', { connectionMaxAgeSeconds: 0 }, 'connectionMaxAgeSeconds'],
    ['hours', { connectionMaxAgeSeconds: 3601 }, 'connectionMaxAgeSeconds'],
    ['an unknown option', { ...CLIENT, clientID: 'shop' }, 'clientID'],
  ])('stops the boot for %s, and does not repeat the value', async (_what, options, name) => {
    for (const module of [
      DescopeOnBehalfModule.forRoot(options),
      DescopeOnBehalfModule.forRootAsync({ useFactory: () => options }),
    ]) {
      const booting = boot([toDescope(), module]);
      await expect(booting).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      await expect(booting).rejects.toThrow(new RegExp(`- ${name}:`));
      await expect(booting).rejects.not.toThrow(/SECRET|evil|a:b/);
    }
  });

  it('stops the boot for a factory without options, and without DescopeModule', async () => {
    const nothing = DescopeOnBehalfModule.forRootAsync({ useFactory: () => undefined as never });
    await expect(boot([toDescope(), nothing])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const alone = DescopeOnBehalfModule.forRoot(CLIENT);
    await expect(boot([alone])).rejects.toMatchObject({ code: 'CONFIG_MODULE_MISSING' });
  });

  it('stops the boot where a fetch is for the caller of the context and there is none', async () => {
    const module = DescopeOnBehalfModule.forRoot(CLIENT);
    const booting = boot([toDescope(), module], [Orders]);
    await expect(booting).rejects.toMatchObject({ code: 'CONFIG_MODULE_MISSING' });
    await expect(booting).rejects.toThrow('DescopeContextModule');
    await boot([module, DescopeContextModule, toDescope()], [Orders]);
  });

  it('takes the options of a factory, in any order of the modules', async () => {
    const module = DescopeOnBehalfModule.forRootAsync({ useFactory: () => Promise.resolve(CLIENT) });
    for (const imports of [
      [toDescope(), module],
      [module, toDescope()],
    ])
      expect(await verdict(await boot(imports))).toBe('200');
  });

  it('exchanges at another path or address, and nowhere without a client', async () => {
    const at = async (options: OnBehalfModuleOptions) =>
      verdict(await boot([toDescope(), DescopeOnBehalfModule.forRoot(options)]));
    expect(await at({ ...CLIENT, tokenEndpoint: `${bed.emulator.url}/oauth2/v1/apps/token` })).toBe('200');
    expect(await at({ ...CLIENT, tokenEndpoint: '/elsewhere' })).toBe('403 EXCHANGE_REFUSED');
    expect(bed.emulator.requests.count('/elsewhere')).toBe(1);
    expect(await at({})).toBe('500');
  });
});

@ObjectType()
class Calendar {
  @Field(() => Int) size!: number;
  @Field() digest!: string;
}

@Resolver(() => Calendar)
class CalendarResolver {
  @Query(() => Calendar) calendar(@ConnectionToken(APP) token: string) {
    return { size: token.length };
  }

  @Public()
  @Query(() => Calendar)
  open(@ConnectionToken(APP) token: string) {
    return { size: token.length };
  }

  @Query(() => String) unknown(@ConnectionToken('nope') token: string) {
    return hash('sha256', token);
  }

  @ResolveField(() => String) missing(@ConnectionToken('nope') token: string) {
    return hash('sha256', token);
  }

  @ResolveField(() => String) digest(@Parent() _calendar: Calendar, @ConnectionToken(APP) token: string) {
    return hash('sha256', token);
  }
}

describe.each(ENGINES)('@ConnectionToken with $name', (engine) => {
  const boot = async (imports: readonly object[]) => {
    const { projectId, url: baseUrl, managementKey } = bed.emulator;
    const application = await startGraphql(engine, createTestDescope(), {
      resolvers: [CalendarResolver],
      descope: { projectId, baseUrl, managementKey, audience: null } as never,
      metadata: { imports: imports as never },
    });
    running.push(application);
    return application;
  };

  it('stops the boot without its module', async () => {
    await expect(boot([])).rejects.toMatchObject({ code: 'CONFIG_MODULE_MISSING' });
  });

  it('passes the token of the caller to queries and fields, and says what is missing', async () => {
    const graphql = GraphQLModule.forRoot({ autoSchemaFile: true, ...engine.options } as never);
    const imports = [toDescope(), DescopeOnBehalfModule.forRoot(), graphql];
    const application = await start(engine.adapter, { imports, providers: [CalendarResolver] });
    running.push(application);
    bed.emulator.connections.add(APP, { user: BOB });
    const { sessionJwt } = await bed.emulator.signIn(ADA);
    const authorization = `Bearer ${sessionJwt}`;
    const unconnected = await send(application, '{ calendar { size digest } }', { authorization });
    expect([unconnected.data, readCodes(unconnected)]).toEqual([
      null,
      [expect.stringMatching(/ CONNECTION_REQUIRED$/)],
    ]);
    const token = bed.emulator.connections.add(APP, { user: ADA });
    bed.emulator.clock.advance(2_000); // what was missing is remembered for a moment
    const shown = { size: token.length, digest: hash('sha256', token) };
    const { data, errors } = await send(application, '{ calendar { size digest } }', { authorization });
    expect([data, errors]).toEqual([{ calendar: shown }, undefined]);
    expect(readCodes(await send(application, '{ open { size } }'))).toEqual([
      expect.stringMatching(/ SESSION_MISSING$/),
    ]);
  });

  it('tells the log, and not the client, of an app that does not exist, in fields too', async () => {
    const logger = new CollectingLogger();
    const graphql = GraphQLModule.forRoot({ autoSchemaFile: true, ...engine.options } as never);
    const parts = {
      imports: [toDescope(), DescopeOnBehalfModule.forRoot(), graphql],
      providers: [CalendarResolver],
    };
    const application = await start(engine.adapter, parts, { logger });
    running.push(application);
    bed.emulator.connections.add(APP, { user: ADA });
    const { sessionJwt } = await bed.emulator.signIn(ADA);
    for (const query of ['{ unknown }', '{ calendar { missing } }']) {
      const { answer, errors } = await send(application, query, { authorization: `Bearer ${sessionJwt}` });
      expect(errors).toMatchObject([
        { message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR', status: 500 } },
      ]);
      expect(answer.text).not.toContain('nope');
      expect(logger.find('Check that the project has an outbound app')).toHaveLength(1);
      expect(logger.entries.filter((entry) => entry.startsWith('error'))).toHaveLength(1);
      logger.entries.length = 0;
    }
  });
});
