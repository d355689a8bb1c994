// The second request with a token: decided at once, and what one request does to its user no other sees.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Controller, Get, Injectable } from '@nestjs/common';
import type { DescopeOptions, DescopeSession, DescopeUser } from 'nestjs-descope';
import { AuthGuard, CurrentSession, CurrentUser, DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { bearer } from '../../support/who.controller.js';

const decisions: unknown[] = [];
const users: DescopeUser[] = [];
const sessions: DescopeSession[] = [];

@Injectable()
class WatchingGuard extends AuthGuard {
  override canActivate(context: ExecutionContext) {
    const decision = super.canActivate(context);
    decisions.push(decision);
    return decision;
  }
}

@Controller()
class SpoilingController {
  @Get('spoil')
  spoil(@CurrentUser() user: DescopeUser, @CurrentSession() session: DescopeSession) {
    users.push(user);
    sessions.push(session);
    const attempts = [
      () => (user.roles as string[]).push('admin'),
      () => Object.assign(user, { id: 'U2root' }),
      () => Object.assign(user.tenants, { T2: { roles: ['admin'], permissions: [] } }),
      () => (user.tenants['T1']?.roles as string[]).push('admin'),
      () => Object.assign(user.claims, { roles: ['admin'] }),
      () => (user.claims['custom'] as { list: string[] }).list.push('x'),
    ];
    return { blocked: attempts.filter(throws).length, of: attempts.length, id: user.id, claims: user.claims };
  }
}

function throws(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (error) {
    return error instanceof TypeError;
  }
}

describe.each(ADAPTERS)('A token that comes again, on %s', (adapter) => {
  let application: RunningApplication | undefined;
  const descope = createTestDescope();
  const { token } = descope.as({
    sub: 'U2anna',
    roles: ['editor'],
    tenants: { T1: { roles: ['viewer'] } },
    custom: { list: ['a'] },
  });
  const startWith = async (options: DescopeOptions) => {
    const metadata = {
      imports: [DescopeModule.forRoot(options)],
      providers: [WatchingGuard],
      controllers: [SpoilingController],
    };
    return (application = await start(adapter, metadata, {
      override: (builder) => descope.override(builder).overrideProvider(AuthGuard).useClass(WatchingGuard),
    }));
  };
  const spoil = async ({ request }: RunningApplication, text = token) =>
    (await request('/spoil', { headers: bearer(text) })).body;

  afterEach(async () => {
    await application?.close();
    for (const list of [decisions, users, sessions]) list.length = 0;
  });

  it('is decided without waiting, for the same user', async () => {
    const running = await startWith({});
    for (let times = 0; times < 3; times += 1) await spoil(running);
    expect(decisions).toEqual([true, true, true]);
    expect(users[0]).toEqual(users[1]);
    expect(users[1]).toBe(users[2]); // kept when the token was proven for the second time
    expect(sessions[1]).not.toBe(sessions[2]); // a session is a request's own
  });

  it('finds its user as the first request did, whatever a handler tried to do to it', async () => {
    const running = await startWith({});
    const first = await spoil(running);
    expect(first).toMatchObject({ blocked: 6, of: 6, id: 'U2anna' });
    expect(await spoil(running)).toEqual(first);
    expect(await spoil(running)).toEqual(first);
  });

  it('is proven anew each time with `tokenCache: false`', async () => {
    const running = await startWith({ tokenCache: false });
    for (let times = 0; times < 3; times += 1) await spoil(running);
    expect(users[1]).not.toBe(users[2]);
    expect(users[1]).toEqual(users[2]);
  });

  it('gives no other token its user', async () => {
    const running = await startWith({ tokenCache: { maxTokens: 2 } });
    for (const sub of ['U2a', 'U2a', 'U2b', 'U2b', 'U2c', 'U2c', 'U2a', 'U2b'])
      expect(await spoil(running, descope.as({ sub, custom: { list: [] } }).token)).toMatchObject({
        id: sub,
      });
  });
});
