// The address by which DescopeThrottlerGuard counts: as the framework's settings for proxies say, of IPv6 the network.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { ThrottlerModuleOptions } from '@nestjs/throttler';
import { ThrottlerModule } from '@nestjs/throttler';
import { Public } from 'nestjs-descope';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { DescopeThrottlerGuard } from 'nestjs-descope/throttler';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Controller()
class OpenController {
  @Public()
  @Get()
  open() {
    return {};
  }
}

interface Proxies {
  /** The address of the proxy that Express and Fastify trust. */
  readonly trusted?: string;
  readonly limits?: Partial<Exclude<ThrottlerModuleOptions, unknown[]>>;
}

describe.each(ADAPTERS)('By address, on %s, DescopeThrottlerGuard', (adapter) => {
  let application: RunningApplication | undefined;
  let trackers: string[] = [];

  afterEach(async () => {
    await application?.close();
    application = undefined;
    trackers = [];
  });

  const boot = async ({ trusted, limits }: Proxies = {}) => {
    const throttler = ThrottlerModule.forRoot({
      throttlers: [{ ttl: 60_000, limit: 2 }],
      generateKey: (_context, tracker) => trackers[trackers.push(tracker) - 1] ?? '',
      ...limits,
    });
    const imports = [DescopeTestingModule.forRoot(createTestDescope()), throttler];
    const providers = [{ provide: APP_GUARD, useClass: DescopeThrottlerGuard }];
    application = await start(
      adapter,
      { imports, controllers: [OpenController], providers },
      {
        ...(trusted !== undefined && { fastify: { trustProxy: trusted } }),
        configure: (app) => {
          const express = app.getHttpAdapter().getInstance() as { set?(name: string, value: unknown): void };
          if (adapter === 'express' && trusted !== undefined) express.set?.('trust proxy', trusted);
        },
      },
    );
  };
  const ask = async (forwarded?: string) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    return (await application?.request('/', { headers }))?.status;
  };

  it('reads no header of proxies unless the framework trusts them', async () => {
    await boot();
    expect([await ask('192.0.2.1'), await ask('192.0.2.2'), await ask('192.0.2.3')]).toEqual([200, 200, 429]);
    expect(new Set(trackers)).toEqual(new Set(['address:127.0.0.1']));
  });

  it('counts each client behind a trusted proxy, and not what a client wrote itself', async () => {
    await boot({ trusted: '127.0.0.1' });
    expect([await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.1')]).toEqual([200, 200, 429]);
    expect(await ask('198.51.100.1, 192.0.2.1')).toBe(429);
    expect(await ask('192.0.2.2')).toBe(200);
    expect(trackers.slice(-2)).toEqual(['address:192.0.2.1', 'address:192.0.2.2']);
  });

  it('counts the network of an IPv6 address, however it is written, and mapped IPv4 as IPv4', async () => {
    await boot({ trusted: '127.0.0.1' });
    expect(await ask('2001:db8:0:1::1')).toBe(200);
    expect(await ask('2001:DB8:0000:1:ffff::2')).toBe(200);
    expect(await ask('2001:db8::1:2:3:4:5')).toBe(429);
    expect(await ask('2001:db8:0:2::1')).toBe(200);
    expect(await ask('::ffff:192.0.2.1')).toBe(200);
    expect([...new Set(trackers)]).toEqual([
      'address:2001:db8:0:1:0:0:0:0/64',
      'address:2001:db8:0:2:0:0:0:0/64',
      'address:192.0.2.1',
    ]);
  });

  it('counts networks of another size with the option ipv6SubnetPrefix', async () => {
    await boot({ trusted: '127.0.0.1', limits: { ipv6SubnetPrefix: 48 } });
    expect([await ask('2001:db8:0:1::1'), await ask('2001:db8:0:2::1')]).toEqual([200, 200]);
    expect(await ask('2001:db8:0:3::1')).toBe(429);
    expect(trackers[0]).toBe('address:2001:db8:0:0:0:0:0:0/48');
  });

  it('counts the proxy where its header has no address', async () => {
    await boot({ trusted: '127.0.0.1' });
    expect([await ask('unknown'), await ask('_hidden'), await ask('x'.repeat(5000))]).toEqual([
      200, 200, 429,
    ]);
    expect(new Set(trackers)).toEqual(new Set(['address:127.0.0.1']));
  });

  it('gives an own tracker of the options its way', async () => {
    await boot({ limits: { getTracker: () => 'everybody' } });
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
    expect(trackers[0]).toBe('everybody');
  });
});
