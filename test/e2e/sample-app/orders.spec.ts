// The sample app's orders: over GraphQL and over a WebSocket, each rejected in the form of its transport.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { describeAccess } from 'nestjs-descope/inspect';
import type { EmbeddedDescope } from '../../../sample-app/src/embedded/embedded-descope.js';
import { PEOPLE } from '../../../sample-app/src/embedded/people.js';
import { readSettings } from '../../../sample-app/src/start/settings.js';
import type { Sample } from '../../../sample-app/src/start/start-sample.js';
import { startSample } from '../../../sample-app/src/start/start-sample.js';
import type { AdapterName } from '../../support/application.js';
import { ADAPTERS, ask } from '../../support/application.js';
import type { SocketClient } from '../../support/socket-client.js';
import { connect } from '../../support/socket-client.js';

type Headers = Readonly<Record<string, string>>;

const NO_SESSION = { status: 200, code: 'UNAUTHENTICATED SESSION_MISSING' };
const ADMIN = { kind: 'roles', names: ['admin'], match: 'any' };
const NO_ADMIN = { status: 200, code: 'FORBIDDEN ACCESS_ROLE_MISSING' };

function useSample(adapter: AdapterName) {
  let sample: Sample;
  beforeAll(async () => {
    sample = await startSample(readSettings({ PORT: '0', HTTP_ADAPTER: adapter }));
    sample.app.useLogger(false);
  });
  afterAll(() => sample.app.close());
  const embedded = () => sample.embedded as EmbeddedDescope;
  const tokenOf = async (key: string): Promise<string> => {
    const person = PEOPLE.find((one) => one.key === key);
    if (!person) throw new Error(`Nobody is called ${key}.`);
    return (await embedded().signIn(person)).sessionJwt;
  };
  return {
    url: () => sample.url,
    map: () => describeAccess(sample.app),
    embedded,
    tokenOf,
    headersOf: async (key: string): Promise<Headers> =>
      key === 'nobody' ? {} : { authorization: `Bearer ${await tokenOf(key)}` },
  };
}

describe.each(ADAPTERS)('The GraphQL server of the sample app on %s', (adapter) => {
  const { url, map, embedded, tokenOf, headersOf } = useSample(adapter);

  const post = (query: string, headers: Headers = {}) =>
    ask(`${url()}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
  const run = async (query: string, headers: Headers = {}) => {
    const answer = await post(query, headers);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const { data, errors } = answer.body as { data?: object; errors?: readonly GraphqlError[] };
    if (errors === undefined) return { status: answer.status, data };
    const { code, originalError } = errors[0]?.extensions ?? {};
    return {
      status: answer.status,
      code: originalError?.code === undefined ? code : `${code} ${originalError.code}`,
    };
  };

  const products = { status: 200, data: { products: ['Tea', 'Coffee'] } };
  const orders = { status: 200, data: { orders: [{ id: '1' }, { id: '2' }] } };
  const cancelled = { status: 200, data: { cancelOrder: true } };

  it.each([
    ['nobody', [products, NO_SESSION, NO_SESSION]],
    ['ada', [products, orders, cancelled]],
    ['bob', [products, orders, NO_ADMIN]],
    ['carol', [products, orders, NO_ADMIN]],
  ])('answers %s as promised', async (who, promised) => {
    const headers = await headersOf(who);
    const queries = ['{ products }', '{ orders { id } }', 'mutation { cancelOrder(id: "1") }'];
    expect(await Promise.all(queries.map((query) => run(query, headers)))).toEqual(promised);
  });

  it('gives each their own orders, and a machine too', async () => {
    const customers = async (headers: Headers) =>
      (await post('{ orders { customer } }', headers)).body['data'] as object;
    const key = { 'x-api-key': embedded().accessKey };
    for (const headers of [await headersOf('ada'), await headersOf('bob'), key]) {
      const customer = (await ask(`${url()}/me`, { headers })).body['username'];
      expect(customer).toEqual(expect.stringMatching(/./));
      expect(await customers(headers)).toEqual({ orders: [{ customer }, { customer }] });
    }
  });

  it('cancels no order that there is not', async () => {
    const headers = await headersOf('ada');
    expect(await run('mutation { cancelOrder(id: 3) }', headers)).toEqual({
      status: 200,
      data: { cancelOrder: false },
    });
  });

  it('takes a cookie from its own pages only, and no form of any page', async () => {
    const cookie = `DS=${await tokenOf('ada')}`;
    const mutation = 'mutation { cancelOrder(id: 1) }';
    expect(await run(mutation, { cookie, origin: url() })).toEqual(cancelled);
    for (const query of [mutation, '{ orders { id } }']) {
      const foreign = await run(query, { cookie, origin: 'https://evil.example' });
      expect(foreign).toEqual({ status: 200, code: 'FORBIDDEN REQUEST_CROSS_SITE' });
    }
    const form = await run('{ products }', { 'content-type': 'text/plain', cookie, origin: url() });
    expect(form).toEqual({ status: 400, code: 'BAD_REQUEST' });
    expect((await ask(`${url()}/graphql?query=%7Bproducts%7D`, { headers: { cookie } })).status).toBe(400);
  });

  it.each([
    ['of introspection', '{ __schema { types { name } } }'],
    ['of a field nearly guessed', '{ product }'],
    ['of a type nearly guessed', '{ products { ... on Ordr { id } } }'],
  ])('tells its schema to nobody, not by way %s', async (_way, query) => {
    const { status, text } = await post(query, await headersOf('ada'));
    expect(status).toBe(400);
    expect(text).not.toMatch(/Did you mean|cancelOrder|"Order"|stacktrace/);
  });

  it('is in the access map', () => {
    const entries = map().filter(({ kind }) => kind === 'graphql');
    expect(
      entries.map(({ method, path, access, guard, demands }) => [method, path, access, guard, demands]),
    ).toEqual([
      ['Mutation', 'cancelOrder', 'required', 'global', [ADMIN]],
      ['Query', 'orders', 'required', 'global', []],
      ['Query', 'products', 'public', 'global', []],
    ]);
  });
});

interface GraphqlError {
  readonly extensions?: { readonly code?: string; readonly originalError?: { readonly code?: string } };
}

describe.each(ADAPTERS)('The gateway of the sample app on %s', (adapter) => {
  const { url, map, embedded, tokenOf, headersOf } = useSample(adapter);
  let clients: SocketClient[] = [];
  afterEach(() => {
    for (const client of clients) client.close();
    clients = [];
  });
  const open = async (headers: Headers, path = '/live') => {
    const client = await connect('ws', url() + path, { headers });
    clients.push(client);
    return client;
  };

  it.each([
    ['ada', true],
    ['bob', false],
    ['carol', false],
  ])('answers %s, who is an admin: %s', async (who, isAdmin) => {
    const headers = await headersOf(who);
    const customer = (await ask(`${url()}/me`, { headers })).body['username'];
    const client = await open(headers);
    expect(await client.ask('orders')).toEqual({
      event: 'orders',
      data: [
        { id: '1', product: 'Tea', customer },
        { id: '2', product: 'Coffee', customer },
      ],
    });
    const rejection = { status: 'error', statusCode: 403, code: 'ACCESS_ROLE_MISSING' };
    expect(await client.ask('cancel', { id: '1' })).toEqual(
      isAdmin
        ? { event: 'cancel', data: true }
        : { event: 'exception', data: expect.objectContaining(rejection) },
    );
  });

  it('takes any message for what it is', async () => {
    const client = await open(await headersOf('ada'));
    for (const body of [{ id: '3' }, { id: ['1'] }, { id: 1 }, {}, '1', null, undefined])
      expect(await client.ask('cancel', body)).toEqual({ event: 'cancel', data: false });
  });

  it('lets a machine in by its access key', async () => {
    const client = await open({ 'x-api-key': embedded().accessKey });
    expect((await client.ask('orders')).event).toBe('orders');
  });

  it('lets a page of its own in by its cookie', async () => {
    const client = await open({ cookie: `DS=${await tokenOf('ada')}`, origin: url() });
    expect(await client.ask('cancel', { id: '2' })).toEqual({ event: 'cancel', data: true });
  });

  it.each([
    ['without a session', 'SESSION_MISSING', () => ({})],
    ['whose token is none', 'TOKEN_MALFORMED', () => ({ authorization: 'Bearer x' })],
    [
      'of another site',
      'REQUEST_CROSS_SITE',
      (cookie: string) => ({ cookie, origin: 'https://evil.example' }),
    ],
    ['with a cookie from nowhere', 'REQUEST_CROSS_SITE', (cookie: string) => ({ cookie })],
  ])('closes a client %s, and says why', async (_who, code, toHeaders) => {
    const client = await open(toHeaders(`DS=${await tokenOf('ada')}`));
    expect(await client.closed).toEqual({ code: 1008, reason: code });
  });

  it('closes a client that sends too much', async () => {
    const client = await open(await headersOf('ada'));
    client.send('cancel', 'x'.repeat(16 * 1024));
    expect((await client.closed).code).toBe(1009);
  });

  it('is found at its own path only', async () => {
    const headers = await headersOf('ada');
    for (const path of ['', '/graphql', '/live/x']) await expect(open(headers, path)).rejects.toThrow();
  });

  it('is in the access map, with a guard of its own', () => {
    const entries = map().filter(({ kind }) => kind === 'websocket');
    expect(
      entries.map(({ namespace, path, access, guard, demands }) => [namespace, path, access, guard, demands]),
    ).toEqual([
      ['/live', 'cancel', 'required', 'own', [ADMIN]],
      ['/live', 'orders', 'required', 'own', []],
    ]);
  });
});
