// A bound token where several guards look at it: guards of the application inside @AnyOf, and the one that limits rates.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, Provider } from '@nestjs/common';
import { Controller, Get, Injectable } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { CurrentUser, DescopeModule, OptionalAuth, Public, Roles } from 'nestjs-descope';
import { AnyOf } from 'nestjs-descope/access';
import { Dpop } from 'nestjs-descope/dpop';
import { createTestDescope } from 'nestjs-descope/testing';
import { DescopeThrottlerGuard } from 'nestjs-descope/throttler';
import type { Answer, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { FullMemoryStore } from '../../support/memory-store.js';

const ORIGIN = 'https://api.example.com';
const LOCAL = { mode: 'allowed', replay: 'per-instance' } as const;

@Injectable()
class OwnGuard implements CanActivate {
  static calls = 0;

  canActivate() {
    OwnGuard.calls += 1;
    return true;
  }
}

@Controller()
class OrdersController {
  @AnyOf(Roles('admin'), OwnGuard) @Get('own') own(@CurrentUser('id') id?: string) {
    return { id: id ?? null };
  }

  @Get('orders') list(@CurrentUser('id') id: string) {
    return { id };
  }

  @OptionalAuth() @Get('home') home(@CurrentUser('id') id?: string) {
    return { id: id ?? null };
  }

  @Public() @Get('open') open() {
    return {};
  }
}

@Controller()
class BoundController {
  @Dpop() @AnyOf(Roles('admin'), OwnGuard) @Get('bound') bound(@CurrentUser('id') id?: string) {
    return { id: id ?? null };
  }
}

const verdictOf = ({ status, body }: Answer) => [status, body['code'] ?? ''].join(' ').trim();

describe.each(ADAPTERS)('A bound token, on %s,', (adapter) => {
  const descope = createTestDescope();
  let running: RunningApplication | undefined;

  afterEach(async () => {
    await running?.close();
    running = undefined;
    OwnGuard.calls = 0;
    descope.keysAvailable();
  });

  const open = async (options: DescopeModuleOptions = { dpop: LOCAL }, limit?: number) => {
    const throttled: Provider[] =
      limit === undefined ? [] : [{ provide: APP_GUARD, useClass: DescopeThrottlerGuard }];
    const imports = [
      ThrottlerModule.forRoot([{ ttl: 60_000, limit: limit ?? 100 }]),
      DescopeModule.forRoot({ publicOrigin: ORIGIN, audience: null, ...options }),
    ];
    const controllers = options.dpop === 'off' ? [OrdersController] : [OrdersController, BoundController];
    const metadata = { imports, controllers, providers: [OwnGuard, ...throttled] };
    running = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    const { request } = running;
    return async (path: string, headers: Readonly<Record<string, string>> = {}) =>
      request(path, { headers: { ...headers } });
  };
  const prove = (path: string, sub = 'U2ada') => descope.asBound({ sub }).prove('GET', ORIGIN + path);

  describe('beside a guard of the application inside @AnyOf,', () => {
    it('decides alone, also when it is not known to be one of Descope', async () => {
      const ask = await open();
      const { dpop } = prove('/own');
      const stranger = createTestDescope().asBound().prove('GET', `${ORIGIN}/own`);
      const [, claims = '', signature = ''] = stranger.authorization.split('.');
      const header = Buffer.from('{"alg":"RS256","typ":"JWT","kid":"another"}').toString('base64url');
      for (const [authorization, verdict] of [
        ['DPoP opaque', '401 TOKEN_MALFORMED'],
        [`DPoP ${header}.${claims}.${signature}`, '401 TOKEN_KEY_UNKNOWN'],
        ['DPoP', '400 CREDENTIAL_MALFORMED'],
      ] as const)
        expect(verdictOf(await ask('/own', { authorization, dpop }))).toBe(verdict);
      expect(verdictOf(await ask('/own', { authorization: 'DPoP opaque' }))).toBe('401 DPOP_PROOF_MISSING');
      expect(OwnGuard.calls).toBe(0);
    });

    it('is answered with 503 while the keys of Descope cannot be fetched', async () => {
      const ask = await open();
      descope.keysUnavailable();
      expect(verdictOf(await ask('/own', prove('/own')))).toBe('503 KEYS_UNAVAILABLE');
      expect(OwnGuard.calls).toBe(0);
    });

    it('is rejected as a bearer token, and another bearer token is left to the guard', async () => {
      const ask = await open();
      const bound = { authorization: `Bearer ${descope.asBound().token}` };
      expect(verdictOf(await ask('/own', bound))).toBe('401 TOKEN_SENDER_CONSTRAINED');
      expect(OwnGuard.calls).toBe(0);
      expect((await ask('/own', { authorization: 'Bearer opaque' })).body).toEqual({ id: null });
    });

    it('is left to the guard where the option is off: the scheme may be that of the application', async () => {
      const ask = await open({ dpop: 'off' });
      expect((await ask('/own', { authorization: 'DPoP opaque' })).body).toEqual({ id: null });
      expect(OwnGuard.calls).toBe(1);
    });

    it('is needed where @Dpop stands beside @AnyOf, whatever the guard says', async () => {
      const ask = await open();
      const headers = prove('/bound');
      expect((await ask('/bound', headers)).body).toEqual({ id: 'U2ada' });
      expect(verdictOf(await ask('/bound', headers))).toBe('401 DPOP_PROOF_REPLAYED');
      OwnGuard.calls = 0;
      expect(verdictOf(await ask('/bound', descope.as({ roles: ['admin'] }).bearer))).toBe(
        '401 DPOP_REQUIRED',
      );
      expect(verdictOf(await ask('/bound', { authorization: 'Bearer opaque' }))).toBe('401 TOKEN_MALFORMED');
      expect(verdictOf(await ask('/bound'))).toBe('401 SESSION_MISSING');
      expect(OwnGuard.calls).toBe(0);
    });
  });

  describe('behind DescopeThrottlerGuard,', () => {
    it.each([
      ['the memory of the instance', { dpop: LOCAL }],
      ['a store', { dpop: 'allowed', shared: { store: new FullMemoryStore() } }],
    ] as const)('uses its proof once for both guards, with %s', async (_what, options) => {
      const ask = await open(options, 100);
      for (const path of ['/orders', '/home', '/own']) {
        const headers = prove(path);
        expect((await ask(path, headers)).body).toEqual({ id: 'U2ada' });
        expect(verdictOf(await ask(path, headers))).toBe('401 DPOP_PROOF_REPLAYED');
      }
    });

    it('counts by its subject, so a caller above the limit stops no other one', async () => {
      const ask = await open({ dpop: LOCAL }, 2);
      const verdicts: string[] = [];
      for (const sub of ['U2ada', 'U2ada', 'U2ada', 'U2bob'])
        verdicts.push(verdictOf(await ask('/orders', prove('/orders', sub))));
      expect(verdicts).toEqual(['200', '200', '429', '200']);
    });

    it('counts for the address when it is bad, and uses up no proof on a public route', async () => {
      const ask = await open({ dpop: LOCAL }, 3);
      const headers = prove('/open');
      expect(verdictOf(await ask('/open', headers))).toBe('200');
      expect(verdictOf(await ask('/open', headers))).toBe('200');
      const bad = { authorization: `DPoP ${descope.asBound().token}` };
      const verdicts: string[] = [];
      for (let round = 0; round < 4; round += 1) verdicts.push(verdictOf(await ask('/orders', bad)));
      const missing = '401 DPOP_PROOF_MISSING';
      expect(verdicts).toEqual([missing, missing, missing, '429']);
      expect(verdictOf(await ask('/orders', prove('/orders')))).toBe('200');
    });
  });
});
