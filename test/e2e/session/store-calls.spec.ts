// How often the guard asks a store that instances share: never with a channel, and else once in a while for a session.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { DESCOPE_SESSIONS } from '#lib/auth/injection-tokens.js';
import { encodeRevocation, MAX_SECOND, NO_OWNER, toRevocationKey } from '#lib/core/revocation/revocation.js';
import type { Sessions } from '#lib/core/session/auto-refresh.js';
import { askUntil } from '../../support/ask-until.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { callGuard } from '../../support/guarded-calls.js';
import { MemoryServer } from '../../support/memory-channel.js';
import { MemoryStore } from '../../support/memory-store.js';

const CALLS = 100_000; // a million beside a real Redis: test/services/store-calls.spec.ts
const SESSIONS = 50;
const PARTS = 5;
const CALLS_A_MS = 10;
const MAX_STALE_MS = 1_000;

/** A store that notes when it was asked, and for which key first. */
class NotingStore extends MemoryStore {
  readonly asks: { readonly key: string; readonly atMs: number }[] = [];

  async getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    this.asks.push({ key: keys[0] ?? '', atMs: nowMs });
    return Promise.all(keys.map((key) => this.get(key)));
  }
}

let nowMs: number;

describe(`The guard of an application, called ${CALLS} times`, () => {
  const descope = createTestDescope();
  const tokens = Array.from({ length: SESSIONS }, (_, index) => descope.as({ sub: `U2user${index}` }).token);
  let app: INestApplicationContext | undefined;
  beforeEach(() => {
    nowMs = Date.now();
  });
  afterEach(() => app?.close());

  const start = async (options: DescopeModuleOptions) => {
    const imports = [DescopeModule.forRoot(options)];
    app = await descope
      .override(Test.createTestingModule({ imports }))
      .setLogger(new CollectingLogger())
      .compile();
    await app.init();
    await callGuard(app, tokens, { count: 2 * SESSIONS }); // a token is cached when it comes for the second time
    return app;
  };

  it('makes no store call and returns true, and no promise, with a channel, also while others revoke', async () => {
    const [server, store] = [new MemoryServer(), new MemoryStore()];
    const channel = server.connect();
    const running = await start({ shared: { channel, store } });
    const { revocations } = running.get<Sessions>(DESCOPE_SESSIONS);
    store.calls = 0;
    for (let part = 1; part <= PARTS; part += 1) {
      const counts = await callGuard(running, tokens, { count: CALLS / PARTS });
      expect(counts).toEqual({ accepted: CALLS / PARTS, waiting: 0 });
      server.put([toText(`U2other${part}`)]);
      expect(
        await askUntil(
          async () => [...revocations.list()].length,
          (count) => count === part,
        ),
      ).toBe(part);
    }
    expect(store.calls).toBe(0);
    server.put([toText('U2user0', MAX_SECOND)]);
    await askUntil(
      async () => [...revocations.list()].length,
      (count) => count > PARTS,
    );
    await expect(callGuard(running, tokens, { count: 1 })).rejects.toMatchObject({ status: 401 });
  });

  it('asks a store without a channel once in maxStaleMs for a session, and for nothing else', async () => {
    const store = new NotingStore();
    const running = await start({ shared: { store, maxStaleMs: MAX_STALE_MS }, clock: () => nowMs });
    const startedAtMs = (nowMs += MAX_STALE_MS);
    store.asks.length = 0;
    const counts = await callGuard(running, tokens, {
      count: CALLS,
      onCall: (index) => (nowMs = startedAtMs + Math.floor(index / CALLS_A_MS)),
    });
    const gaps = readGaps(store.asks);
    expect([...gaps.keys()].length).toBe(SESSIONS);
    expect(Math.min(...[...gaps.values()].flat())).toBeGreaterThanOrEqual(MAX_STALE_MS);
    const most = SESSIONS * Math.ceil(CALLS / CALLS_A_MS / MAX_STALE_MS);
    expect(store.asks.length).toBeLessThanOrEqual(most);
    expect(counts).toEqual({ accepted: CALLS - store.asks.length, waiting: store.asks.length });
  });
});

// The milliseconds between two asks for the same session.
function readGaps(asks: NotingStore['asks']): ReadonlyMap<string, readonly number[]> {
  const last = new Map<string, number>();
  const gaps = new Map<string, number[]>();
  for (const { key, atMs } of asks) {
    const before = last.get(key);
    gaps.set(key, [...(gaps.get(key) ?? []), ...(before === undefined ? [] : [atMs - before])]);
    last.set(key, atMs);
  }
  return gaps;
}

function toText(user: string, issuedBefore = 1): string {
  const key = toRevocationKey('P2testtesttesttesttesttestte', 'user', user);
  return encodeRevocation({ scope: 'user', key, owner: NO_OWNER, issuedBefore, until: 4_000_000_000 });
}
