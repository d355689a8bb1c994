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
  const tokenStore = new ServerSessionStore(({ code }) => void notices.push(code));
  return { tokenStore, request, exchange: { request, response }, notices };
}

describe('ServerSessionStore', () => {
  it('keeps, reads and clears both tokens', async () => {
    const { tokenStore, request, exchange, notices } = create({});
    await tokenStore.write(exchange, TOKENS, false);
    expect(tokenStore.readSessionToken(request)).toEqual({ kind: 'value', value: 'a' });
    expect(tokenStore.readRefreshToken(request)).toEqual({ kind: 'value', value: 'b' });
    await tokenStore.clear(exchange);
    expect([tokenStore.readSessionToken(request), request.session, notices]).toEqual([
      { kind: 'absent' },
      {},
      [],
    ]);
  });

  it('keeps the refresh token of a refresh that brought none, but never of an earlier sign-in', async () => {
    const { tokenStore, request, exchange } = create({});
    const { refreshToken: _none, ...tokens } = TOKENS;
    await tokenStore.write(exchange, TOKENS, false);
    await tokenStore.write(exchange, { ...tokens, sessionToken: 'c' }, false);
    expect(request.session?.descope).toEqual({ sessionToken: 'c', refreshToken: 'b' });
    await tokenStore.write(exchange, { ...tokens, sessionToken: 'd' }, true);
    expect(tokenStore.readRefreshToken(request)).toEqual({ kind: 'absent' });
  });

  it('gives a sign-in a new session, and writes into that one', async () => {
    const planted: FakeSession = {};
    const { tokenStore, request, exchange } = create(planted);
    planted.regenerate = (done) => {
      request.session = {};
      done(null);
    };
    await tokenStore.write(exchange, TOKENS, true);
    expect([planted.descope, request.session?.descope]).toEqual([
      undefined,
      { sessionToken: 'a', refreshToken: 'b' },
    ]);
  });

  it('keeps nothing in a session that cannot be refreshed at sign-in', async () => {
    const session: FakeSession = { regenerate: (done) => done(new Error('store is down')) };
    const { tokenStore, exchange } = create(session);
    await expect(tokenStore.write(exchange, TOKENS, true)).rejects.toThrow('store is down');
    expect(session.descope).toBeUndefined();
  });

  it.each([[null], ['text'], [{ sessionToken: 7 }], [[]]])('reads nothing from %j', (descope) => {
    const { tokenStore, request } = create({ descope });
    expect(tokenStore.readSessionToken(request)).toEqual({ kind: 'absent' });
  });

  it('looks again, and says when it cannot', async () => {
    const session: FakeSession = {};
    const { tokenStore, request } = create(session);
    expect(await tokenStore.reload(request)).toBe(false);
    session.reload = (done) => {
      request.session = { descope: { sessionToken: 'newer' } };
      done();
    };
    expect(await tokenStore.reload(request)).toBe(true);
    expect(tokenStore.readSessionToken(request)).toEqual({ kind: 'value', value: 'newer' });
    request.session = { reload: (done) => done(new Error('failed to load session')) };
    expect(await tokenStore.reload(request)).toBe(false);
  });

  it('says that the plugin is missing: in the log, and to who wants to write', async () => {
    const { tokenStore, request, exchange, notices } = create(undefined);
    expect(tokenStore.readSessionToken(request)).toEqual({ kind: 'absent' });
    expect(notices).toEqual(['SESSION_PLUGIN_MISSING']);
    await expect(tokenStore.write(exchange, TOKENS, true)).rejects.toThrow(
      'Set up express-session or @fastify/session before the application starts to listen.',
    );
    await tokenStore.clear(exchange); // nothing to clear is no failure
    expect(await tokenStore.reload(request)).toBe(false);
  });

  it('does not take a session that was destroyed for a missing plugin', () => {
    const { tokenStore, request, notices } = create(null);
    expect([tokenStore.readSessionToken(request), notices]).toEqual([{ kind: 'absent' }, []]);
  });
});
