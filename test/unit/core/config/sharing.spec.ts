// What instances share: its defaults, and which store is used.
import { describe, expect, it } from '@jest/globals';
import { resolveConfig } from '#lib/core/config/config.js';
import { readStartupNotices } from '#lib/core/config/startup-notices.js';
import { PROJECT_ID } from '../../../support/tokens.js';

const toStore = (name: string) => ({
  get: async () => name,
  set: async () => undefined,
  delete: async () => undefined,
});
const open = () => ({}) as never;
const resolve = (shared?: object) => resolveConfig({ projectId: PROJECT_ID, shared: shared });
const codes = (shared?: object) => readStartupNotices(resolve(shared)).map(({ code }) => code);

describe('The option shared', () => {
  it.each([undefined, null, false])('shares nothing as %s', (shared) => {
    expect(resolve(shared as never).shared).toEqual({
      store: undefined,
      channel: undefined,
      maxStaleMs: 1_000,
      maxSilenceMs: 2_000,
      whenIsolated: { acceptForMs: 30_000 },
    });
    expect(codes(shared as never)).not.toContain('SHARED_WITHOUT_CHANNEL');
  });

  it('shares through a store, and says that the guard is asynchronous then', async () => {
    const { shared } = resolve({ store: toStore('own'), maxStaleMs: 250 });
    expect([await shared.store?.get('key'), shared.channel, shared.maxStaleMs]).toEqual([
      'own',
      undefined,
      250,
    ]);
    const [notice] = readStartupNotices(resolve({ store: toStore('own'), maxStaleMs: 250 })).slice(-1);
    expect([notice?.code, notice?.level]).toEqual(['SHARED_WITHOUT_CHANNEL', 'log']);
    expect(notice?.message).toMatch(
      /asynchronous.*at most once in 250 ms.*within that time\. Set shared\.channel/,
    );
  });

  it('uses the store of the channel, unless it has a store of its own', async () => {
    const channel = { open, store: toStore('beside the channel') };
    for (const given of [{ channel }, { channel, store: toStore('own') }]) {
      const { shared } = resolve(given);
      const expected = 'store' in given ? 'own' : 'beside the channel';
      expect([await shared.store?.get('key'), shared.channel]).toEqual([expected, channel]);
      expect(codes(given)).not.toContain('SHARED_WITHOUT_CHANNEL');
    }
    expect(resolve({ channel: { open } }).shared.store).toBeUndefined();
  });

  it('takes what an isolated instance does', () => {
    const channel = { open };
    expect(resolve({ channel, maxSilenceMs: 500, whenIsolated: 'reject' }).shared).toMatchObject({
      maxSilenceMs: 500,
      whenIsolated: 'reject',
    });
    expect(resolve({ channel, whenIsolated: { acceptForMs: 0 } }).shared.whenIsolated).toEqual({
      acceptForMs: 0,
    });
  });
});
