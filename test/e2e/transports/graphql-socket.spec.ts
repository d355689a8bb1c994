// GraphQL over a socket: subscriptions, and each operation judged when it is made.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import type { Book } from '../../support/book.resolver.js';
import { BookResolver } from '../../support/book.resolver.js';
import type { Socket, SocketSettings } from '../../support/graphql-application.js';
import { ENGINES, openSocket, readCodes, startGraphql } from '../../support/graphql-application.js';

const DAY_MS = 86_400_000;

describe.each(ENGINES)('A subscription behind $name', (engine) => {
  let offsetMs = 0;
  const descope = createTestDescope();
  const { bearer, cookie } = descope.as({ sub: 'U2anna' });
  const token = { authorization: bearer.authorization };
  const sockets: Socket[] = [];
  let application: RunningApplication;

  beforeAll(async () => {
    const graphql = { fieldResolverEnhancers: ['guards'] };
    const settings = {
      resolvers: [BookResolver],
      graphql,
      descope: { clock: () => Date.now() + offsetMs, trustedOrigins: ['https://shop.example'] },
    };
    application = await startGraphql(engine, descope, settings);
  });
  afterEach(() => {
    sockets.splice(0).forEach((socket) => socket.close());
    offsetMs = 0;
    BookResolver.beforeArrival = () => undefined;
  });
  afterAll(() => application.close());

  const open = (settings: SocketSettings = {}): Socket => {
    const socket = openSocket(application, settings);
    sockets.push(socket);
    return socket;
  };
  const ticks = async (settings: SocketSettings) => {
    const replies = await open(settings).run('subscription { ticks }');
    return replies.map((reply) => reply.data?.['ticks'] ?? readCodes(reply)[0]);
  };
  const rejected = (code: string) => [
    expect.stringMatching(new RegExp(`^(UNAUTHENTICATED|FORBIDDEN|BAD_REQUEST) ${code}$`)),
  ];

  it('asks for a session', async () => {
    expect(await ticks({})).toEqual(rejected('SESSION_MISSING'));
    expect(await ticks({ headers: bearer })).toEqual([1, 2, 3]);
    expect(await ticks({ connectionParams: token })).toEqual([1, 2, 3]);
    expect(await ticks({ connectionParams: descope.expired().bearer })).toEqual(rejected('TOKEN_EXPIRED'));
  });

  it('has the demands of its own', async () => {
    const [reply] = await open({ connectionParams: token }).run('subscription { alarms }');
    expect(readCodes(reply ?? {})).toEqual(['FORBIDDEN ACCESS_ROLE_MISSING']);
    const admin = open({ connectionParams: { ...descope.as({ roles: ['admin'] }).bearer } });
    expect(await admin.run('subscription { alarms }')).toMatchObject([{ data: { alarms: 1 } }]);
  });

  it('finds the token in the first message whatever its case, and takes one only', async () => {
    const { authorization } = token;
    expect(await ticks({ connectionParams: { Authorization: authorization } })).toEqual([1, 2, 3]);
    const malformed = rejected('CREDENTIAL_MALFORMED');
    expect(await ticks({ connectionParams: { authorization, Authorization: authorization } })).toEqual(
      malformed,
    );
    expect(await ticks({ connectionParams: token, headers: bearer })).toEqual(malformed);
    expect(await ticks({ connectionParams: { authorization: [authorization] } })).toEqual(malformed);
    expect(await ticks({ connectionParams: { authorization: null } })).toEqual(rejected('SESSION_MISSING'));
    expect(await ticks({ connectionParams: token, headers: { authorization: 'Basic YTpi' } })).toEqual([
      1, 2, 3,
    ]);
  });

  it('counts a cookie only where our own page, or a trusted one, opened the socket', async () => {
    const open = (headers: Record<string, string>) => ticks({ headers: { ...cookie, ...headers } });
    expect(await open({ origin: application.url })).toEqual([1, 2, 3]);
    expect(await open({ origin: 'https://shop.example' })).toEqual([1, 2, 3]);
    expect(await open({ origin: 'https://evil.example' })).toEqual(rejected('REQUEST_CROSS_SITE'));
    expect(await open({ origin: 'null' })).toEqual(rejected('REQUEST_CROSS_SITE'));
    expect(await open({})).toEqual(rejected('SESSION_MISSING'));
  });

  it('takes nothing but a token from the first message', async () => {
    const headers = { ...cookie, origin: 'https://evil.example' };
    const forged = [
      { 'sec-fetch-site': 'same-origin' },
      { 'Sec-Fetch-Site': 'same-origin' },
      { origin: application.url },
    ];
    for (const params of forged)
      for (const connectionParams of [params, { headers: params }])
        expect(await ticks({ headers, connectionParams })).toEqual(rejected('REQUEST_CROSS_SITE'));
    expect(await ticks({ connectionParams: cookie })).toEqual(rejected('SESSION_MISSING'));
    expect(await ticks({ connectionParams: { ...cookie, origin: application.url } })).toEqual(
      rejected('SESSION_MISSING'),
    );
  });

  it('has the same rules for queries and mutations over the socket', async () => {
    const evil = { ...cookie, origin: 'https://evil.example' };
    for (const operation of ['query { me }', 'mutation { rename }']) {
      const run = async (settings: SocketSettings) => (await open(settings).run(operation))[0] ?? {};
      expect(await run({ connectionParams: token })).toMatchObject({ data: expect.objectContaining({}) });
      expect(readCodes(await run({}))).toEqual(['UNAUTHENTICATED SESSION_MISSING']);
      expect(readCodes(await run({ headers: evil }))).toEqual(['FORBIDDEN REQUEST_CROSS_SITE']);
    }
  });

  it('knows who is asking, operation by operation', async () => {
    const [anna, ben] = ['U2anna', 'U2ben'].map((sub) =>
      open({ connectionParams: { ...descope.as({ sub }).bearer } }),
    );
    const ask = async (socket: Socket | undefined) => (await socket?.run('{ me }'))?.[0]?.data?.['me'];
    expect(await Promise.all([ask(anna), ask(ben), ask(anna), ask(ben)])).toEqual([
      'U2anna',
      'U2ben',
      'U2anna',
      'U2ben',
    ]);
  });

  it('is judged anew with each operation of a socket', async () => {
    const socket = open({ connectionParams: token });
    expect(await socket.run('{ me }')).toMatchObject([{ data: { me: 'U2anna' } }]);
    offsetMs += DAY_MS;
    for (const operation of ['{ me }', 'subscription { ticks }', 'subscription { arrivals { title } }'])
      expect(readCodes((await socket.run(operation))[0] ?? {})).toEqual(['UNAUTHENTICATED TOKEN_EXPIRED']);
  });

  it('goes on when its session ends, but guarded fields of later events are rejected', async () => {
    const endWithSecond = ({ id }: Book) => void (offsetMs += id === '2' ? DAY_MS : 0);
    BookResolver.beforeArrival = endWithSecond;
    const replies = await open({ connectionParams: token }).run('subscription { arrivals { title } }');
    expect(replies[0]).toMatchObject({ data: { arrivals: { title: 'Book 1' } } });
    expect(replies.slice(1).map(readCodes)).toEqual([
      ['UNAUTHENTICATED TOKEN_EXPIRED'],
      ['UNAUTHENTICATED TOKEN_EXPIRED'],
    ]);
    offsetMs = 0;
    BookResolver.beforeArrival = endWithSecond;
    expect(await open({ connectionParams: token }).run('subscription { arrivals { cover } }')).toHaveLength(
      3,
    );
  });
});
