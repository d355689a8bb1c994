// Access keys: which texts are keys, what their sessions must be, and how little a flood of them costs.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { DescopeApiError } from '#lib/core/api/descope-api.js';
import { DescopeCredentialError, DescopeUnavailableError } from '#lib/core/errors.js';
import type { AccessKeyConfig } from '#lib/core/m2m/access-keys.js';
import { AccessKeys, ExchangeBudget } from '#lib/core/m2m/access-keys.js';
import { createCredentialDigest } from '#lib/core/m2m/exchanged-tokens.js';
import type { KeyValueStore } from '#lib/core/store/key-value-store.js';
import { encryptToken, toTokenDigest } from '#lib/core/store/token-encryption.js';
import { StaticKeySet, toKeysById } from '#lib/core/token/key-set.js';
import { TokenVerifier } from '#lib/core/token/token-verifier.js';
import { MemoryStore } from '../../../support/memory-store.js';
import {
  codeLater,
  createClock,
  createSigningKey,
  mint,
  POLICY,
  toUnusable,
} from '../../../support/tokens.js';

const signer = createSigningKey();
const stranger = createSigningKey('RS256', signer.keyId);
const KEY = 'K2robot0000000000000000000000secret';
const KEY_SESSION = { sub: `K2${'r'.repeat(26)}`, amr: undefined };

function create(config: Partial<AccessKeyConfig> = {}, store?: KeyValueStore, clock = createClock()) {
  const edge = {
    asked: [] as string[],
    claims: KEY_SESSION as object,
    error: undefined as Error | undefined,
    by: signer,
  };
  const exchange = async (key: string) => {
    edge.asked.push(key);
    if (edge.error !== undefined) throw edge.error;
    const seconds = clock() / 1000;
    const claims = { iat: seconds, exp: seconds + 600, ...edge.claims };
    return { sessionToken: mint(edge.by, { claims }), refreshToken: undefined, keyId: 'K2id' };
  };
  const notices: string[] = [];
  const keys = new AccessKeys({
    config: {
      header: undefined,
      maxAgeMs: 300_000,
      rejectedMs: 60_000,
      maxKeys: 100,
      unknownPerSecond: 20,
      ...config,
    },
    exchange,
    toUnusable,
    verifier: new TokenVerifier({ config: POLICY, keys: new StaticKeySet(toKeysById([signer.jwk])), clock }),
    store,
    clock,
    notify: ({ code }) => void notices.push(code),
  });
  const open = (key = KEY) => keys.open(key, (token) => token);
  const code = (key = KEY) => codeLater(() => open(key));
  return { clock, edge, keys, notices, open, code };
}

describe('AccessKeys', () => {
  it.each([
    [KEY, true],
    ['robot-secret', true],
    [mint(signer), false],
    ['a.b', false],
    ['P2project:another:part', false],
    ['short', false],
    ['x'.repeat(513), false],
    ['robot secret', false],
    ['røbot-secret', false],
  ])('takes %s for a key: %s', (text, isKey) => expect(create().keys.isKey(text)).toBe(isKey));

  it('reads the header of choice, and then takes no bearer credential for a key', () => {
    const { keys } = create({ header: 'x-api-key' });
    expect(keys.isKey(KEY)).toBe(false);
    expect(keys.readHeader({ headers: { 'x-api-key': KEY } })).toBe(KEY);
    expect(keys.readHeader({ headers: { 'x-api-key': '' } })).toBeUndefined();
    expect(keys.readHeader({ headers: {} })).toBeUndefined();
    expect(create().keys.readHeader({ headers: { 'x-api-key': KEY } })).toBeUndefined();
  });

  it('rejects a header of choice that came twice', async () => {
    const { keys } = create({ header: 'x-api-key' });
    const rawHeaders = ['X-Api-Key', KEY, 'x-api-key', KEY];
    const request = { headers: { 'x-api-key': `${KEY}, ${KEY}` }, rawHeaders };
    expect(await codeLater(() => keys.readHeader(request))).toBe('CREDENTIAL_MALFORMED');
  });

  it('never sends on what cannot be a key', async () => {
    const { edge, code } = create();
    for (const text of ['P2project:x', mint(signer), 'a b', ''])
      expect(await code(text)).toBe('ACCESS_KEY_REFUSED');
    expect(edge.asked).toEqual([]);
  });

  it('opens the session at once from the second time on, until maxAgeSeconds and not beyond', async () => {
    const { clock, edge, open, code } = create({ maxAgeMs: 100_000 });
    const first = await open();
    clock.advance(69_999);
    expect(open()).toBe(first);
    expect(edge.asked).toEqual([KEY]);
    edge.error = new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'down', { retryAfterSeconds: 1 });
    clock.advance(30_000);
    expect(open()).toBe(first);
    clock.advance(1);
    expect(await code()).toBe('DESCOPE_UNAVAILABLE');
  });

  it('rejects what Descope rejects, and says no more of it than its code', async () => {
    const { edge, open } = create();
    edge.error = new DescopeApiError(401, 'E061005');
    const rejection = { code: 'ACCESS_KEY_REFUSED', details: { descopeCode: 'E061005' } };
    await expect(open()).rejects.toMatchObject(rejection);
    expect(() => open()).toThrow(expect.objectContaining(rejection));
  });

  it.each([
    ['of a stranger', { by: stranger }],
    ['that ended', { claims: { ...KEY_SESSION, exp: 1 } }],
    ['of an app', { claims: { iss: `https://api.descope.com/v1/apps/${POLICY.projectId}`, sub: 'TPA1' } }],
    ['that is a refresh token', { claims: { ...KEY_SESSION, drn: 'DSR' } }],
  ])('takes a session %s for an outage: it says nothing about the key', async (_what, change) => {
    const { edge, code, clock, open } = create();
    const proper = { ...edge };
    Object.assign(edge, change);
    expect(await code()).toBe('DESCOPE_UNAVAILABLE');
    Object.assign(edge, { by: proper.by, claims: proper.claims });
    clock.advance(1_000);
    expect(await open()).toEqual(expect.any(String));
  });

  it('takes the session of the user whom a key is bound to', async () => {
    const { edge, open } = create();
    edge.claims = { sub: 'U2anna' };
    expect(await open()).toEqual(expect.any(String));
  });

  it('gets another session where the remembered one is no longer good, but not for one that is young', async () => {
    const { clock, edge, keys } = create();
    const seen: string[] = [];
    const open = () =>
      keys.open(KEY, (token) => {
        seen.push(token);
        if (token === seen[0] && seen.length > 1) throw new DescopeCredentialError('TOKEN_KEY_UNKNOWN', 'x');
        return token;
      });
    await open();
    expect(await codeLater(open)).toBe('TOKEN_KEY_UNKNOWN');
    clock.advance(5_000);
    const another = await open();
    expect(another).not.toBe(seen[0]);
    expect(edge.asked).toHaveLength(2);
  });

  it('asks Descope about a flood of invented keys within its budget, and rejects the rest with 503 unchecked', async () => {
    const { clock, edge, notices, code, open } = create({ unknownPerSecond: 20 });
    await open();
    edge.error = new DescopeApiError(401, 'E061005');
    const flood = async (from: number) => {
      const codes = await Promise.all(
        Array.from({ length: 5_000 }, (_, index) => code(`invented-${from + index}`)),
      );
      return [
        codes.filter((found) => found === 'ACCESS_KEY_REFUSED').length,
        codes.filter((found) => found === 'ACCESS_KEYS_LIMITED').length,
      ];
    };
    expect(await flood(0)).toEqual([99, 4_901]);
    clock.advance(1_000);
    expect(await flood(5_000)).toEqual([20, 4_980]);
    expect(edge.asked).toHaveLength(120);
    expect(new Set(notices)).toEqual(new Set(['ACCESS_KEYS_LIMITED']));
    clock.advance(300_000); // long ended, and yet known
    await flood(10_000);
    edge.error = undefined;
    expect(await code()).toBe('accepted');
  });

  it('lets machines in that start while others try keys, a little for each address, and no more than half as much in all', async () => {
    const { clock, edge, keys } = create({ unknownPerSecond: 20 });
    const code = (key: string, ip: string) =>
      codeLater(() => keys.open(key, (token) => token, { headers: {}, ip }));
    const invent = async (count: number, toAddress: (index: number) => string) => {
      edge.error = new DescopeApiError(401, 'E061005');
      const before = edge.asked.length;
      await Promise.all(
        Array.from({ length: count }, (_, index) =>
          code(`invented-${edge.asked.length}-${index}`, toAddress(index)),
        ),
      );
      edge.error = undefined;
      return edge.asked.length - before;
    };
    expect(await invent(1_000, () => '203.0.113.7')).toBe(110);
    expect(await code('machine-1', '203.0.113.7')).toBe('ACCESS_KEYS_LIMITED'); // one address with who tries keys
    expect(await code('machine-2', '198.51.100.2')).toBe('accepted');
    expect(await code('machine-3', '2001:db8::1')).toBe('accepted');
    const oneNetwork = await invent(100, (index) => `2001:db8:0:7::${index + 1}`);
    expect(oneNetwork).toBe(10);
    expect(await invent(2_000, (index) => `192.0.2.${index % 200}`)).toBeLessThanOrEqual(50);
    clock.advance(1_000);
    expect(await invent(100, () => '203.0.113.7')).toBe(20);
    expect(await code('machine-4', '198.51.100.4')).toBe('accepted');
  });

  it("does not let one sender's invented keys push out what is known of others'", async () => {
    const { edge, keys } = create({ unknownPerSecond: 10_000 });
    const code = (key: string, ip: string) =>
      codeLater(() => keys.open(key, (token) => token, { headers: {}, ip }));
    edge.error = new DescopeApiError(401, 'E061005');
    expect(await code('revoked-key', '198.51.100.2')).toBe('ACCESS_KEY_REFUSED');
    for (let count = 0; count < 10_050; count += 1) await code(`invented-${count}`, '203.0.113.7');
    const before = edge.asked.length;
    expect([await code('revoked-key', '198.51.100.2'), edge.asked.length - before]).toEqual([
      'ACCESS_KEY_REFUSED',
      0,
    ]);
  });

  it("does not let one user's many keys push out the sessions of others", async () => {
    const { edge, open } = create({ maxKeys: 50 });
    await open();
    edge.claims = { sub: 'U2mallory' };
    for (let count = 0; count < 90; count += 1) await open(`mallorys-key-${count}`);
    const before = edge.asked.length;
    await open();
    expect(edge.asked.length - before).toBe(0);
  });

  it('shows no key when it is looked into', async () => {
    const { keys, open } = create();
    await open();
    const shown = inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys);
    expect(shown).not.toContain(KEY);
  });
});

describe('The digest of a credential', () => {
  it('is the same within a memory, another in every other one, and not the credential', () => {
    const [one, two] = [createCredentialDigest(), createCredentialDigest()];
    expect(one(KEY)).toBe(one(KEY));
    expect(one(KEY)).not.toBe(one(`${KEY}x`));
    expect(one(KEY)).not.toBe(two(KEY));
    expect(one(KEY)).not.toContain(KEY);
  });
});

describe('ExchangeBudget', () => {
  it('has five seconds to begin with, earns by time and never more, and loses nothing to a clock set back', () => {
    const clock = createClock();
    const budget = new ExchangeBudget(clock, 2);
    const takeAll = () => {
      let taken = 0;
      while (budget.take()) taken += 1;
      return taken;
    };
    expect(takeAll()).toBe(10);
    clock.advance(1_500);
    expect(takeAll()).toBe(3);
    clock.advance(3_600_000);
    expect(takeAll()).toBe(10);
    clock.advance(-3_600_000);
    expect(takeAll()).toBe(0);
    clock.advance(1_000);
    expect(takeAll()).toBe(2);
  });
});

describe('Access keys in a shared store', () => {
  const createTwo = (store: MemoryStore, config: Partial<AccessKeyConfig> = {}) => {
    const clock = createClock();
    return [create(config, store, clock), create(config, store, clock)] as const;
  };

  it('are exchanged by one instance for all, with the id of the key, until the end that the first one set', async () => {
    const store = new MemoryStore();
    const [one, two] = createTwo(store, { maxAgeMs: 100_000 });
    const first = await one.open();
    one.clock.advance(40_000);
    const seen: (string | undefined)[] = [];
    expect(await two.keys.open(KEY, (token, keyId) => (seen.push(keyId), token))).toBe(first);
    expect([seen, one.edge.asked, two.edge.asked]).toEqual([['K2id'], [KEY], []]);
    expect([...store.entries.values()].map(({ ttlMs }) => ttlMs)).toEqual([100_000]);
    two.edge.error = new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'down', { retryAfterSeconds: 1 });
    two.clock.advance(59_999);
    expect(two.open()).toBe(first);
    two.clock.advance(1);
    expect(await two.code()).toBe('DESCOPE_UNAVAILABLE');
  });

  it('are kept under a digest, and can be read with the key alone', async () => {
    const store = new MemoryStore();
    const [one, two] = createTwo(store);
    const token = await one.open();
    for (const secret of [KEY, 'K2id', ...token.split('.')]) expect(store.text).not.toContain(secret);
    const [name = ''] = store.entries.keys();
    const kept = store.entries.get(name);
    store.entries.clear();
    await store.set(
      name.replace(toTokenDigest(KEY), toTokenDigest('another-key')),
      kept?.value ?? '',
      60_000,
    );
    await two.open('another-key');
    expect(two.edge.asked).toEqual(['another-key']);
  });

  it('are asked for once by many requests, and never for a key that is known', async () => {
    const store = new MemoryStore();
    const [one, two] = createTwo(store, { maxAgeMs: 100_000 });
    await one.open();
    const before = store.calls;
    await Promise.all(Array.from({ length: 100 }, async () => two.open()));
    expect(store.calls - before).toBe(1);
    const get = () => Promise.reject(new Error('asked'));
    store.get = get;
    two.clock.advance(100_000);
    await two.open(); // its session is over, and the key known
    expect(two.edge.asked).toEqual([KEY]);
  });

  it('do not ask the store above the limit of unknown keys', async () => {
    const store = new MemoryStore();
    const { open, code } = create({ unknownPerSecond: 1 }, store);
    for (let count = 0; count < 5; count += 1) await open(`unknown-key-${count}`);
    const before = store.calls;
    expect(await code('one-too-many')).toBe('ACCESS_KEYS_LIMITED');
    expect(store.calls).toBe(before);
  });

  it.each([
    ['of another key pair', (token: string) => `${token.slice(0, -8)}AAAAAAAA`],
    ['that is no token', () => 'token'],
  ])('replace a stored session %s by an exchange', async (_name, change) => {
    const store = new MemoryStore();
    const [one, two] = createTwo(store);
    const token = await one.open();
    const [name = ''] = store.entries.keys();
    const endsAtMs = one.clock() + 300_000;
    const text = JSON.stringify({ token: change(token), endsAtMs });
    await store.set(name, encryptToken(text, KEY, 'exchange'), 60_000);
    await two.open();
    expect(two.edge.asked).toEqual([KEY]);
  });

  it.each(['[]', '{}', '{"token":7}', '{"token":"x","endsAtMs":"soon"}', 'no JSON'])(
    'replace what is no session by an exchange: %s',
    async (text) => {
      const store = new MemoryStore();
      await store.set(
        `nestjs-descope:exchanged:${toTokenDigest(KEY)}`,
        encryptToken(text, KEY, 'exchange'),
        60_000,
      );
      const { open, edge } = create({}, store);
      await open();
      expect(edge.asked).toEqual([KEY]);
    },
  );

  it('replace a stored session that is revoked by one from Descope, at once and once', async () => {
    const store = new MemoryStore();
    const [one, two] = createTwo(store);
    const revoked = await one.open();
    const openActive = (token: string) => {
      if (token === revoked) throw new DescopeCredentialError('SESSION_SIGNED_OUT', 'signed out');
      return token;
    };
    two.clock.advance(1_000);
    const fresh = await two.keys.open(KEY, openActive);
    expect([fresh === revoked, two.edge.asked]).toEqual([false, [KEY]]);
    const third = create({}, store, two.clock);
    expect(await third.keys.open(KEY, openActive)).toBe(fresh); // what is stored now
    expect(third.edge.asked).toEqual([]);
  });

  it('are forgotten when Descope rejects the key', async () => {
    const store = new MemoryStore();
    const [one, two] = createTwo(store, { maxAgeMs: 100_000 });
    await one.open();
    one.edge.error = new DescopeApiError(401, 'E061004');
    one.clock.advance(100_000);
    expect(await one.code()).toBe('ACCESS_KEY_REFUSED');
    expect(store.entries.size).toBe(0);
    two.edge.error = one.edge.error;
    expect(await two.code()).toBe('ACCESS_KEY_REFUSED');
  });

  it('are exchanged by each instance while the store is down', async () => {
    const store = new MemoryStore();
    store.isDown = true;
    const [one, two] = createTwo(store);
    await Promise.all([one.open(), two.open()]);
    expect([one.edge.asked, two.edge.asked]).toEqual([[KEY], [KEY]]);
  });
});
