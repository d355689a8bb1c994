// One intercepted proof, sent many times at once: to one instance, and to two that share a store that takes its time.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { CurrentUser, DescopeModule, OptionalAuth } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import { FullMemoryStore } from '../../support/memory-store.js';
import { exchange } from './stage/exchange.js';

const ORIGIN = 'https://api.example.com';

@Controller()
class OrdersController {
  @Get('orders') list(@CurrentUser('id') id: string) {
    return { id };
  }

  @OptionalAuth() @Get('home') home(@CurrentUser('id') id?: string) {
    return { id: id ?? null };
  }
}

/** A server far away: the questions of all instances are under way at the same time. */
class DistantStore extends FullMemoryStore {
  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    await sleep(10);
    const isNew = await super.setIfAbsent(key, value, ttlMs);
    await sleep(10);
    return isNew;
  }
}

describe('A proof that is sent many times at once', () => {
  const descope = createTestDescope();
  const running: RunningApplication[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((application) => application.close()));
  });

  const open = async (adapter: AdapterName, options: DescopeModuleOptions) => {
    const imports = [DescopeModule.forRoot({ publicOrigin: ORIGIN, audience: null, ...options })];
    const metadata = { imports, controllers: [OrdersController] };
    const application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    running.push(application);
    return application.url;
  };

  const sendTwenty = async (urls: readonly string[], path: string) => {
    const { authorization, dpop } = descope.asBound({ sub: 'U2ada' }).prove('GET', ORIGIN + path);
    const ask = { path, lines: [`Authorization: ${authorization}`, `DPoP: ${dpop}`] };
    const all = Array.from({ length: 20 }, (_none, index) => urls[index % urls.length] ?? '');
    const replies = await Promise.all(all.map((url) => exchange(url, ask)));
    return replies.map(({ status, code }) => [status, code ?? ''].join(' ').trim()).sort();
  };
  const ONCE = ['200', ...Array.from({ length: 19 }, () => '401 DPOP_PROOF_REPLAYED')];

  it.each(['/orders', '/home'])('counts once on two instances that share a store, for %s', async (path) => {
    const store = new DistantStore();
    const options = { dpop: 'allowed', shared: { store } } as const;
    const urls = [await open('express', options), await open('fastify', options)];
    expect(await sendTwenty(urls, path)).toEqual(ONCE);
    expect(store.entries.size).toBe(1);
  });

  it('counts once on one instance, also while the first keys are fetched', async () => {
    const urls = [await open('express', { dpop: { replay: 'per-instance' } })];
    expect(await sendTwenty(urls, '/orders')).toEqual(ONCE);
  });

  it('counts nowhere while the store is down', async () => {
    const store = new DistantStore();
    const options = { dpop: 'allowed', shared: { store } } as const;
    const urls = [await open('express', options), await open('fastify', options)];
    store.isDown = true;
    const verdicts = new Set(await sendTwenty(urls, '/orders'));
    verdicts.delete('401 DPOP_PROOF_REPLAYED'); // by the memory of an instance, which has seen it
    expect([...verdicts]).toEqual(['503 DPOP_REPLAY_UNAVAILABLE']);
    expect(store.entries.size).toBe(0);
  });
});
