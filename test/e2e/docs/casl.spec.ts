// The program of the page about CASL: abilities of a token decide on routes and lists.
import type { MongoAbility } from '@casl/ability';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS, ask } from '../../support/application.js';
import type { PageProgram } from '../../support/page-program.js';
import { findBlock, runPageProgram } from '../../support/page-program.js';
import { createSigningKey, mint, PROJECT_ID } from '../../support/tokens.js';
import { bearer } from '../../support/who.controller.js';

const page = 'docs/casl.md';
const key = createSigningKey();
const files = {
  'casl-abilities': findBlock(page, 'class Order {'),
  application: findBlock(page, 'class CaslModule'),
  main: `
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { ExpressAdapter } from '@nestjs/platform-express';
    import { FastifyAdapter } from '@nestjs/platform-fastify';
    import { CaslModule } from './application.js';

    const adapter = process.env.ADAPTER === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = await NestFactory.create(CaslModule, adapter, { logger: false });
    await app.listen(0, '127.0.0.1');
    console.log(await app.getUrl());
  `,
};

describe.each(ADAPTERS)('The abilities of the page about CASL, on %s,', (adapter) => {
  let program: PageProgram;
  beforeAll(async () => {
    const env = { DESCOPE_PROJECT_ID: PROJECT_ID, DESCOPE_PUBLIC_KEY: JSON.stringify(key.jwk) };
    program = await runPageProgram(files, { ...env, ADAPTER: adapter });
  });
  afterAll(() => program.close());

  const send = async (method: string, path: string, claims: Record<string, unknown>) => {
    const iat = Math.floor(Date.now() / 1000);
    const token = mint(key, { claims: { iat, exp: iat + 600, ...claims } });
    return ask(program.url + path, { method, headers: bearer(token) });
  };
  const list = async (claims: Record<string, unknown>) => {
    const { status, body } = await send('GET', '/orders', claims);
    return body['ids'] ?? [status, body['code']];
  };
  const change = async (id: string, claims: Record<string, unknown>) => {
    const { status, body } = await send('PUT', `/orders/${id}`, claims);
    return body['code'] ?? status;
  };

  const ada = { sub: 'U2ada' };
  const reader = { sub: 'U2eve', tenants: { T1: { permissions: ['orders:read'] } } };
  const admin = { sub: 'U2root', roles: ['admin'] };
  const key2 = { sub: 'K2key', amr: undefined }; // of an access key, as far as its token tells

  it('show each caller what the token allows', async () => {
    expect(await list(ada)).toEqual(['1', '3']);
    expect(await list(reader)).toEqual(['1', '2']);
    expect(await list(admin)).toEqual(['1', '2', '3']);
    expect(await list({ sub: 'U2new' })).toEqual([]);
  });

  it('reject a caller who may read none', async () => {
    expect(await list(key2)).toEqual([403, 'ACCESS_POLICY_REFUSED']);
    expect((await ask(`${program.url}/orders`)).status).toBe(401);
  });

  it('decide about one order by its members', async () => {
    expect(await change('1', ada)).toBe(200);
    expect(await change('2', admin)).toBe(200);
    for (const [id, claims] of [
      ['2', ada],
      ['3', ada],
      ['3', admin],
      ['1', reader],
      ['1', key2],
      ['9', admin],
    ] as const)
      expect(await change(id, claims)).toBe('ACCESS_POLICY_REFUSED');
  });
});

describe('What the page about CASL warns of', () => {
  it('is how CASL behaves', async () => {
    const { AbilityBuilder, createMongoAbility, ForbiddenError, subject } = await import('@casl/ability');
    class Order {
      constructor(readonly tenant?: string) {}
    }
    const define = (order: typeof Order | 'Order') => {
      const builder = new AbilityBuilder<MongoAbility<[string, typeof Order | object | 'Order' | 'all']>>(
        createMongoAbility,
      );
      builder.can('manage', 'all');
      builder.cannot('read', order);
      builder.can('read', order, { tenant: undefined } as never);
      return builder;
    };
    expect(define(Order).build().can('read', new Order('T1'))).toBe(true);
    const detectSubjectType = (item: object) => item.constructor as typeof Order;
    const ability = define(Order).build({ detectSubjectType });
    expect(ability.can('read', new Order('T1'))).toBe(false);
    expect(ability.can('read', Order)).toBe(true);
    expect(ability.can('read', new Order())).toBe(true);
    const ofRows = define('Order').build();
    expect(ofRows.can('read', { tenant: 'T1' })).toBe(true);
    expect(ofRows.can('read', subject('Order', { tenant: 'T1' }))).toBe(false);
    const fail = () => ForbiddenError.from(ability).throwUnlessCan('read', new Order('T1'));
    expect(fail).toThrow(ForbiddenError);
  });
});
