// Tokens of connections: what is asked of Descope's vault, whose answer is used, and for how long it is remembered.
import { describe, expect, it } from '@jest/globals';
import type { ConnectionQuery } from '#lib/core/m2m/connection-tokens.js';
import { ConnectionTokens } from '#lib/core/m2m/connection-tokens.js';
import { codeLater, createClock, PROJECT_ID } from '../../../support/tokens.js';

const MAX_AGE_MS = 300_000;
const ADA: ConnectionQuery = {
  app: 'google-calendar',
  userId: 'U1',
  tenantId: undefined,
  scopes: undefined,
  externalIdentifier: undefined,
};
const answerOf = (token: object = {}) => ({
  token: { appId: ADA.app, userId: 'U1', accessToken: 'secret', accessTokenExpiry: '0', ...token },
});

/** Descope at the network edge. */
function create(answer: (number: number) => Response | Promise<Response>) {
  const clock = createClock();
  const calls: { readonly path: string; readonly authorization: string | null; readonly body: object }[] = [];
  const fetch = async (target: unknown, { headers, body }: RequestInit = {}) => {
    const authorization = new Headers(headers).get('authorization');
    const path = new URL(String(target)).pathname;
    calls.push({ path, authorization, body: JSON.parse(String(body)) as object });
    return answer(calls.length);
  };
  const api = { baseUrl: 'https://d.example', projectId: PROJECT_ID, timeoutMs: 1_000, fetch };
  const tokens = new ConnectionTokens({
    ...{ api: { ...api, notify: () => undefined }, managementKey: 'K2', clock, maxAgeMs: MAX_AGE_MS },
  });
  const find = async (query: Partial<ConnectionQuery> = {}) => tokens.find({ ...ADA, ...query });
  return { clock, calls, tokens, find };
}
/** A response that arrives when the test says so. */
function createResponse() {
  let resolve: (response: Response) => void = () => undefined;
  const promise = new Promise<Response>((settle) => (resolve = settle));
  return { promise, resolve: (response: Response) => resolve(response) };
}
const codeFor = (body: unknown, status = 200, query: Partial<ConnectionQuery> = {}) =>
  codeLater(() => create(() => Response.json(body, { status })).find(query));

describe('ConnectionTokens', () => {
  it.each<[string, Partial<ConnectionQuery>, object]>([
    ['user/token/latest', {}, { userId: 'U1' }],
    ['user/token/latest', { tenantId: 'acme' }, { userId: 'U1', tenantId: 'acme' }],
    ['user/token', { scopes: ['read'] }, { userId: 'U1', scopes: ['read'] }],
    ['user/token/latest', { externalIdentifier: 'a' }, { userId: 'U1', externalIdentifier: 'a' }],
    ['tenant/token/latest', { userId: undefined, tenantId: 'acme' }, { tenantId: 'acme' }],
  ])('asks %s with the management key: %j', async (path, query, expected) => {
    const { calls, find } = create(() => Response.json({ token: { accessToken: 'secret' } }));
    expect(await find(query)).toBe('secret');
    const options = { withRefreshToken: false, forceRefresh: false };
    expect(calls).toEqual([
      {
        path: `/v1/mgmt/outbound/app/${path}`,
        authorization: `Bearer ${PROJECT_ID}:K2`,
        body: { appId: ADA.app, ...expected, options },
      },
    ]);
  });

  it.each<[string, unknown, Partial<ConnectionQuery>]>([
    ['of another user', answerOf({ userId: 'U2' }), {}],
    ['of another app', answerOf({ appId: 'slack' }), {}],
    ['of a user for a tenant', answerOf({ tenantId: 'acme' }), { userId: undefined, tenantId: 'acme' }],
    ['of another tenant', answerOf({ tenantId: 'globex' }), { tenantId: 'acme' }],
    ['of another account', answerOf({ externalIdentifier: 'b' }), { externalIdentifier: 'a' }],
    ['that is empty', answerOf({ accessToken: '' }), {}],
    ['that is no text', answerOf({ accessToken: { value: 'x' } }), {}],
    ['that is missing', {}, {}],
    ['in a prototype', JSON.parse('{"__proto__":{"token":{"accessToken":"x"}}}'), {}],
    ['in a list', [answerOf()], {}],
  ])('uses no token %s: it is an outage', async (_what, body, query) => {
    expect(await codeFor(body, 200, query)).toBe('DESCOPE_UNAVAILABLE');
  });

  it.each([
    [404, { errorCode: 'E062503' }, 'CONNECTION_REQUIRED'],
    [400, { errorCode: 'E011003' }, 'CONFIG_INVALID'],
    [401, { errorCode: 'E011004' }, 'CONFIG_MANAGEMENT_KEY_REFUSED'],
    [403, { errorCode: 'E011005' }, 'CONFIG_MANAGEMENT_KEY_REFUSED'],
    [404, {}, 'DESCOPE_UNAVAILABLE'],
    [404, { errorCode: 'nginx' }, 'DESCOPE_UNAVAILABLE'],
    [403, { errorCode: '' }, 'DESCOPE_UNAVAILABLE'],
    [429, { errorCode: 'E130429' }, 'DESCOPE_UNAVAILABLE'],
    [500, { errorCode: 'E011004' }, 'DESCOPE_UNAVAILABLE'],
    [302, {}, 'DESCOPE_UNAVAILABLE'],
  ])('says of %s %j: %s', async (status, body, code) => {
    expect(await codeFor(body, status)).toBe(code);
  });

  it('keeps the tokens of owners, tenants, scopes and accounts apart', async () => {
    const { calls, find } = create((number) => Response.json({ token: { accessToken: `t${number}` } }));
    const queries: Partial<ConnectionQuery>[] = [
      {},
      { userId: 'U2' },
      { tenantId: 'U1', userId: undefined },
      { tenantId: 'acme' },
      { scopes: ['a', 'b'] },
      { scopes: ['a,b'] },
      { externalIdentifier: 'a' },
      { app: 'slack' },
    ];
    const first = await Promise.all(queries.map(find));
    expect(new Set(first).size).toBe(queries.length);
    expect(await Promise.all(queries.map(find))).toEqual(first);
    expect(calls).toHaveLength(queries.length);
  });

  it('remembers a token until shortly before its end, and never longer than the limit', async () => {
    const seconds = Math.floor(createClock()() / 1000);
    for (const [expiry, keptMs] of [
      [String(seconds + 60), 50_000],
      [seconds + 60, 50_000],
      [new Date((seconds + 60) * 1000).toISOString(), 50_000],
      [String(seconds + 3600), MAX_AGE_MS],
      ['0', MAX_AGE_MS],
      [undefined, MAX_AGE_MS],
    ] as const) {
      const { clock, calls, find } = create(() => Response.json(answerOf({ accessTokenExpiry: expiry })));
      await find();
      clock.advance(keptMs - 1_001); // the expiry is of whole seconds
      await find();
      expect([expiry, calls.length]).toEqual([expiry, 1]);
      clock.advance(2_000);
      await find();
      expect([expiry, calls.length]).toEqual([expiry, 2]);
    }
  });

  it.each(['soon', '-1', '1', {}.toString()])('remembers no token with the end %j', async (expiry) => {
    const { calls, find } = create(() => Response.json(answerOf({ accessTokenExpiry: expiry })));
    expect([await find(), await find(), calls.length]).toEqual(['secret', 'secret', 2]);
  });

  it('asks once for many calls, for two seconds after a missing connection, and as an outage says', async () => {
    const statuses = [404, 503, 200];
    const { clock, calls, find } = create((number) => {
      const status = statuses[number - 1] ?? 200;
      const body = status === 200 ? answerOf() : { errorCode: 'E062503' };
      return Response.json(body, { status, headers: { 'retry-after': '7' } });
    });
    const many = () => Promise.all(Array.from({ length: 20 }, () => codeLater(find)));
    expect(new Set(await many())).toEqual(new Set(['CONNECTION_REQUIRED']));
    clock.advance(1_999);
    expect(await codeLater(find)).toBe('CONNECTION_REQUIRED');
    expect(calls).toHaveLength(1);
    clock.advance(1);
    expect(new Set(await many())).toEqual(new Set(['DESCOPE_UNAVAILABLE']));
    clock.advance(6_999);
    await many();
    expect(calls).toHaveLength(2);
    clock.advance(1);
    expect(await find()).toBe('secret');
    expect(calls).toHaveLength(3);
  });

  it('has a token refreshed when told to, for the next ones too, and forgets it without a connection', async () => {
    const { calls, find, tokens } = create((number) =>
      number < 3
        ? Response.json(answerOf({ accessToken: `t${number}` }))
        : Response.json({ errorCode: 'E062503' }, { status: 404 }),
    );
    expect([await find(), await tokens.refresh(ADA), await find()]).toEqual(['t1', 't2', 't2']);
    expect(
      calls.map(({ body }) => (body as { options: { forceRefresh: boolean } }).options.forceRefresh),
    ).toEqual([false, true]);
    expect(await codeLater(async () => tokens.refresh(ADA))).toBe('CONNECTION_REQUIRED');
    expect(await codeLater(find)).toBe('CONNECTION_REQUIRED');
  });

  it('has a token refreshed after the request that is under way, and once for all who tell it to', async () => {
    const first = createResponse();
    const { calls, find, tokens } = create((number) =>
      number === 1 ? first.promise : Response.json(answerOf({ accessToken: `t${number}` })),
    );
    const found = [find(), tokens.refresh(ADA), tokens.refresh(ADA), find()];
    await new Promise(setImmediate);
    expect(calls).toHaveLength(1); // the service may accept a refresh token once: never two at a time
    first.resolve(Response.json(answerOf({ accessToken: 't1' })));
    expect(await Promise.all(found)).toEqual(['t1', 't2', 't2', 't1']);
    expect(await find()).toBe('t2');
    expect(calls).toHaveLength(2);
  });

  it('does not ask again at once after the request under way met an outage', async () => {
    const first = createResponse();
    const { calls, find, tokens } = create(() => first.promise);
    const found = [find, () => tokens.refresh(ADA)].map(codeLater);
    first.resolve(new Response('', { status: 503 }));
    expect(await Promise.all(found)).toEqual(Array(2).fill('DESCOPE_UNAVAILABLE'));
    expect(calls).toHaveLength(1);
  });

  it('keeps at most a hundred tokens of one owner, who evicts nobody else', async () => {
    const { calls, find } = create(() => Response.json({ token: { accessToken: 'secret' } }));
    await find({ userId: 'U2' });
    for (let number = 0; number < 150; number++) await find({ app: `app${number}` });
    const before = calls.length;
    await find({ userId: 'U2' });
    expect(calls).toHaveLength(before);
    await find({ app: 'app0' });
    expect(calls).toHaveLength(before + 1);
  });
});
