// Tokens in cookies: every attribute, and when Secure may be left out.
import { describe, expect, it } from '@jest/globals';
import type { RequestLike } from '#lib/core/http/request.js';
import type { CookieTokenStoreConfig } from '#lib/core/http/token-store.js';
import { CookieTokenStore } from '#lib/core/http/token-store.js';
import { COOKIES } from '../../../support/session-world.js';
import { NOW_MS } from '../../../support/tokens.js';

const TOKENS = {
  sessionToken: 'a.b.c',
  sessionEndsAtMs: NOW_MS + 600_500,
  refreshToken: 'd.e.f',
  refreshEndsAtMs: NOW_MS + 3_600_000,
};
const LOCAL: RequestLike = { headers: { host: 'localhost:3000' }, socket: { remoteAddress: '127.0.0.1' } };

function create(config: Partial<CookieTokenStoreConfig> = {}, request: RequestLike = LOCAL) {
  const lines: string[] = [];
  const notices: string[] = [];
  const response = {
    set: () => undefined,
    append: (_name: string, value: string) => void lines.push(value),
    dropCookie: (name: string) =>
      void lines.splice(0, lines.length, ...lines.filter((line) => !line.startsWith(`${name}=`))),
  };
  return {
    tokenStore: new CookieTokenStore(
      { ...COOKIES, secure: true, ...config },
      () => NOW_MS,
      ({ message }) => void notices.push(message),
    ),
    exchange: { request, response },
    lines,
    notices,
  };
}
async function write(config: Partial<CookieTokenStoreConfig> = {}, request?: RequestLike): Promise<string[]> {
  const { tokenStore, exchange, lines } = create(config, request);
  await tokenStore.write(exchange, TOKENS, false);
  return lines;
}

describe('CookieTokenStore', () => {
  it('writes both cookies with all that guards them', async () => {
    expect(await write()).toEqual([
      'DS=a.b.c; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax',
      'DSR=d.e.f; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax',
    ]);
  });

  it('writes domain, SameSite and names as configured', async () => {
    const [line] = await write({ domain: 'example.com', sameSite: 'Strict', sessionName: '__Host-DS' });
    expect(line).toBe(
      '__Host-DS=a.b.c; Max-Age=600; Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Strict',
    );
  });

  it('reads a cookie by its exact name only, prefix included', () => {
    const { tokenStore } = create({ sessionName: '__Host-DS', refreshName: '__Host-DSR' });
    const read = (cookie: string) => tokenStore.readSessionToken({ headers: { cookie } });
    expect(read('__Host-DS=x')).toEqual({ kind: 'value', value: 'x' });
    expect(read('DS=x; __host-ds=x; __Host-DSR=x')).toEqual({ kind: 'absent' });
    expect(tokenStore.readRefreshToken({ headers: { cookie: '__Host-DSR=y' } })).toEqual({
      kind: 'value',
      value: 'y',
    });
  });

  it('writes no refresh cookie where there is none, and no negative age', async () => {
    const { tokenStore, exchange, lines } = create();
    await tokenStore.write(exchange, { sessionToken: 'a', sessionEndsAtMs: NOW_MS - 5_000 }, true);
    expect(lines).toEqual(['DS=a; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax']);
  });

  it.each(['sessionToken', 'refreshToken'])(
    'writes nothing at all when the %s is above 4 KB, and says what to do',
    async (name) => {
      const { tokenStore, exchange, lines, notices } = create();
      const writing = tokenStore.write(exchange, { ...TOKENS, [name]: 'x'.repeat(4_050) }, true);
      const tooLarge =
        /^The cookie "DSR?" needs 41\d\d bytes, but browsers drop cookies of more than 4096 bytes\./;
      await expect(writing).rejects.toMatchObject({
        code: 'SESSION_TOO_LARGE',
        message: expect.stringMatching(tooLarge),
        details: { cookie: name === 'sessionToken' ? 'DS' : 'DSR', limit: 4096 },
      });
      await expect(writing).rejects.not.toThrow(/xxx/);
      expect(notices).toEqual([expect.stringMatching(tooLarge)]);
      expect(notices).toEqual([
        expect.stringMatching(/Remove claims .* session\.store: 'request-session'\.$/),
      ]);
      expect(lines).toEqual([]);
    },
  );

  it('expires both cookies, host-only and on the domain', async () => {
    const { tokenStore, exchange, lines } = create({ domain: 'example.com' });
    await tokenStore.clear(exchange);
    expect(lines.map((line) => line.replace(/; HttpOnly.*/, ''))).toEqual([
      'DS=; Max-Age=0; Path=/',
      'DS=; Max-Age=0; Path=/; Domain=example.com',
      'DSR=; Max-Age=0; Path=/',
      'DSR=; Max-Age=0; Path=/; Domain=example.com',
    ]);
  });

  it('expires only the cookie that contradicts itself', () => {
    const { tokenStore, exchange, lines } = create({}, { headers: { cookie: 'DS=a; DSR=x; DSR=y' } });
    tokenStore.clearAmbiguous(exchange);
    expect(lines).toEqual(['DSR=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax']);
  });

  it('has nothing to look for again', async () => {
    expect(await create().tokenStore.reload()).toBe(false);
  });
});

describe('Secure', () => {
  const at = (host: string | undefined, remoteAddress: string | undefined, headers = {}): RequestLike => ({
    headers: { ...(host !== undefined && { host }), ...headers },
    socket: { remoteAddress },
  });
  const isSecure = async (request: RequestLike, config: Partial<CookieTokenStoreConfig> = {}) =>
    (await write({ secure: 'auto', ...config }, request)).every((line) => line.includes('; Secure'));

  it.each([
    ['localhost:3000', '127.0.0.1'],
    ['LOCALHOST', '::1'],
    ['127.0.0.1:80', '::ffff:127.0.0.1'],
    ['[::1]:3000', '::1'],
  ])('is left out where host %s and peer %s are this machine', async (host, peer) => {
    expect(await isSecure(at(host, peer))).toBe(false);
    expect(await isSecure(at(host, peer), { isProduction: true })).toBe(true);
    expect(await isSecure(at(host, peer), { secure: true })).toBe(true);
  });

  it('stands where HTTP/2 says two hosts, of which one is not this machine', async () => {
    expect(await isSecure(at(undefined, '::1', { ':authority': 'localhost:3000' }))).toBe(false);
    expect(await isSecure(at('localhost:3000', '::1', { ':authority': 'app.example.com' }))).toBe(true);
    expect(await isSecure(at('app.example.com', '::1', { ':authority': 'localhost:3000' }))).toBe(true);
  });

  it.each([
    ['example.com', '127.0.0.1'],
    ['localhost.example.com', '127.0.0.1'],
    ['localhost@example.com', '127.0.0.1'],
    ['127.0.0.1.nip.io', '127.0.0.1'],
    ['localhost', '10.0.0.7'],
    ['localhost', '::ffff:10.0.0.7'],
    ['localhost', undefined],
    [undefined, '127.0.0.1'],
  ])('stands where host %s or peer %s is not', async (host, peer) => {
    expect(await isSecure(at(host, peer))).toBe(true);
  });

  it.each(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])(
    'stands where a proxy left %s',
    async (name) => {
      expect(await isSecure(at('localhost', '127.0.0.1', { [name]: '' }))).toBe(true);
    },
  );

  it('is left out everywhere when `secure: false` is written', async () => {
    expect(await isSecure(at('example.com', '10.0.0.7'), { secure: false, isProduction: true })).toBe(false);
  });
});
