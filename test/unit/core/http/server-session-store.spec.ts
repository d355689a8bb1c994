// Tokens in the application's own server-side session, whatever plugin made it.
import { describe, expect, it } from '@jest/globals';
import { ServerSessionStore } from '#lib/core/http/token-store.js';

const TOKENS = { sessionToken: 'a', sessionEndsAtMs: 0, refreshToken: 'b' };
const response = { set: () => undefined, append: () => undefined, dropCookie: () => undefined };

interface FakeSession {
  descope?: unknown;
  regenerate?: (done: (error?: unknown) => void) => void;
  reload?: (done: (error?: unknown) => void) => void;
}

function create(session?: FakeSession | null) {
  const notices: string[] = [];
  const request = { headers: {}, session };
  const place = new ServerSessionStore(({ code }) => void notices.push(code));
  return { place, request, exchange: { request, response }, notices };
}

describe('RequestSessionPlace', () => {
  it('keeps, reads and clears both tokens', async () => {
    const { place, request, exchange, notices } = create({});
    await place.write(exchange, TOKENS, false);
    expect(place.readSession(request)).toEqual({ kind: 'value', value: 'a' });
    expect(place.readRefresh(request)).toEqual({ kind: 'value', value: 'b' });
    await place.clear(exchange);
    expect([place.readSession(request), request.session, notices]).toEqual([{ kind: 'absent' }, {}, []]);
  });

  it('keeps the refresh token of a refresh that brought none, but never of an earlier sign-in', async () => {
    const { place, request, exchange } = create({});
    const { refreshToken: _none, ...tokens } = TOKENS;
    await place.write(exchange, TOKENS, false);
    await place.write(exchange, { ...tokens, sessionToken: 'c' }, false);
    expect(request.session?.descope).toEqual({ sessionToken: 'c', refreshToken: 'b' });
    await place.write(exchange, { ...tokens, sessionToken: 'd' }, true);
    expect(place.readRefresh(request)).toEqual({ kind: 'absent' });
  });

  it('gives a sign-in a new session, and writes into that one', async () => {
    const planted: FakeSession = {};
    const { place, request, exchange } = create(planted);
    planted.regenerate = (done) => {
      request.session = {};
      done(null);
    };
    await place.write(exchange, TOKENS, true);
    expect([planted.descope, request.session?.descope]).toEqual([
      undefined,
      { sessionToken: 'a', refreshToken: 'b' },
    ]);
  });

  it('keeps nothing in a session that cannot be refreshed at sign-in', async () => {
    const session: FakeSession = { regenerate: (done) => done(new Error('store is down')) };
    const { place, exchange } = create(session);
    await expect(place.write(exchange, TOKENS, true)).rejects.toThrow('store is down');
    expect(session.descope).toBeUndefined();
  });

  it.each([[null], ['text'], [{ sessionToken: 7 }], [[]]])('reads nothing from %j', (descope) => {
    const { place, request } = create({ descope });
    expect(place.readSession(request)).toEqual({ kind: 'absent' });
  });

  it('looks again, and says when it cannot', async () => {
    const session: FakeSession = {};
    const { place, request } = create(session);
    expect(await place.reload(request)).toBe(false);
    session.reload = (done) => {
      request.session = { descope: { sessionToken: 'newer' } };
      done();
    };
    expect(await place.reload(request)).toBe(true);
    expect(place.readSession(request)).toEqual({ kind: 'value', value: 'newer' });
    request.session = { reload: (done) => done(new Error('failed to load session')) };
    expect(await place.reload(request)).toBe(false);
  });

  it('says that the plugin is missing: in the log, and to who wants to write', async () => {
    const { place, request, exchange, notices } = create(undefined);
    expect(place.readSession(request)).toEqual({ kind: 'absent' });
    expect(notices).toEqual(['SESSION_PLUGIN_MISSING']);
    await expect(place.write(exchange, TOKENS, true)).rejects.toThrow(
      'Set up express-session or @fastify/session before the application starts to listen.',
    );
    await place.clear(exchange); // nothing to clear is no failure
    expect(await place.reload(request)).toBe(false);
  });

  it('does not take a session that was destroyed for a missing plugin', () => {
    const { place, request, notices } = create(null);
    expect([place.readSession(request), notices]).toEqual([{ kind: 'absent' }, []]);
  });
});
