// The guard's decision on a request, without a server: what it remembers, writes, hands on and tells.
import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { TestingModule } from '@nestjs/testing';
import { Test } from '@nestjs/testing';
import type {
  AccessPolicy,
  DescopeModuleOptions,
  DescopeSession,
  DescopeTransport,
  RequestLike,
} from 'nestjs-descope';
import {
  Accepts,
  AuthGuard,
  Authorize,
  DescopeModule,
  OptionalAuth,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { DESCOPE_AUTHENTICATOR } from '#lib/auth/injection-tokens.js';
import { recallSession, recallUser } from '#lib/auth/request-state.js';
import { EventRecorder } from '../../support/event-recorder.js';

@Injectable()
class IsAnna {
  isAllowed(user: { readonly id: string }) {
    return user.id === 'U2anna' || user.id === 'own';
  }
}

class Orders {
  closed() {}
  @OptionalAuth() optional() {}
  @Accepts('access-key') keys() {}
  @OptionalAuth() @Accepts('access-key') keysOrNobody() {}
  @Public() open() {}
  @Roles('admin') admin() {}
  @Authorize(IsAnna) annas() {}
  @Tenant({ from: () => Promise.resolve('acme') }) ofAcme() {}
}

@Injectable()
class LaxGuard extends AuthGuard {
  protected override getPolicy(): AccessPolicy {
    return { mode: 'required', demands: [] };
  }
}

@Injectable()
class OptionalRulesGuard extends AuthGuard {
  protected override getPolicy(): AccessPolicy {
    return { mode: 'optional', demands: [], rules: [{ kind: 'rule', rule: IsAnna }] };
  }
}

interface Query {
  then(done: (value: unknown) => void, fail: (error: unknown) => void): void;
}

@Injectable()
class ThenableGuard extends AuthGuard {
  query?: Query;

  protected override getUser(): unknown {
    return this.query;
  }
}

interface Request extends RequestLike {
  readonly headers: Record<string, string>;
  user?: unknown;
}

const descope = createTestDescope();
const anna = descope.as({ sub: 'U2anna' });
const bob = descope.as({ sub: 'U2bob' });
const toRequest = (headers: Record<string, string>, method = 'GET'): Request => ({
  method,
  headers: { host: 'app.example', ...headers },
});
const foreign = { origin: 'https://evil.example' };

describe('AuthGuard', () => {
  let module: TestingModule;
  let events: EventRecorder;
  beforeEach(() => {
    events = new EventRecorder();
  });
  afterEach(async () => {
    events.stop();
    await module.close();
  });

  const boot = async (options: DescopeModuleOptions = {}) => {
    const builder = Test.createTestingModule({
      imports: [DescopeModule.forRoot(options)],
      providers: [IsAnna, LaxGuard, OptionalRulesGuard, ThenableGuard],
    });
    module = await descope.override(builder).compile();
    await module.init();
  };
  const decide = async (request: Request, name: keyof Orders = 'closed', type = 'http') => {
    const response = new ServerResponse(request as unknown as IncomingMessage);
    const context = new ExecutionContextHost([request, response], Orders, Orders.prototype[name]);
    context.setType(type);
    try {
      return { decision: await module.get(AuthGuard).canActivate(context), response };
    } catch (error) {
      const { code } = (error as { getResponse(): { readonly code: string } }).getResponse();
      return { decision: code, response };
    }
  };
  const outcome = async (request: Request, name?: keyof Orders, type?: string) =>
    (await decide(request, name, type)).decision;

  it('returns true, and publishes an event with the accepted user', async () => {
    await boot();
    expect(await outcome(toRequest(anna.bearer))).toBe(true);
    expect(await outcome(toRequest(anna.cookie), 'optional')).toBe(true);
    expect(await outcome(toRequest({}), 'optional')).toBe(true);
    expect(await outcome(toRequest({}), 'open')).toBe(true);
    expect(events.of('accepted')).toEqual([
      { kind: 'user', userId: 'U2anna', tenant: undefined, sentByBrowser: false },
      { kind: 'user', userId: 'U2anna', tenant: undefined, sentByBrowser: true },
      { kind: undefined, userId: undefined, tenant: undefined, sentByBrowser: false },
    ]);
  });

  it('publishes one event for each rejection, and sets the challenge on the response', async () => {
    await boot();
    const { decision, response } = await decide(toRequest({}));
    expect([decision, response.getHeader('www-authenticate')]).toEqual([
      'SESSION_MISSING',
      'Bearer realm="descope"',
    ]);
    expect(await outcome(toRequest(anna.bearer), 'admin')).toBe('ACCESS_ROLE_MISSING');
    expect(events.of('rejected').map(({ code }) => code)).toEqual(['SESSION_MISSING', 'ACCESS_ROLE_MISSING']);
    expect(events.of('accepted')).toEqual([]);
  });

  it('finds out who calls once for each request', async () => {
    let asked = 0;
    const count = (request: RequestLike) => {
      asked += 1;
      return request.headers['x-token'] as string | undefined;
    };
    await boot({ sources: [count] });
    const request = toRequest({ 'x-token': anna.token });
    for (const name of ['closed', 'optional', 'closed'] as const)
      expect(await outcome(request, name)).toBe(true);
    expect(asked).toBe(1);
    expect(await outcome(toRequest({ 'x-token': anna.token }))).toBe(true);
    expect(asked).toBe(2);
    const unwanted = toRequest({ 'x-token': descope.as({ kind: 'app' }).token });
    for (const name of ['closed', 'closed'] as const)
      expect(await outcome(unwanted, name)).toBe('TOKEN_KIND_NOT_ACCEPTED');
    expect(asked).toBe(3);
  });

  it('looks at a rejected credential once for each request, however many of its calls ask', async () => {
    let asked = 0;
    const read = (request: RequestLike) => {
      asked += 1;
      return request.headers['x-token'] as string;
    };
    await boot({ sources: [{ read, sentByBrowser: false }] });
    const request = toRequest({ 'x-token': descope.tampered().token });
    for (const name of ['closed', 'admin', 'optional'] as const)
      expect(await outcome(request, name)).toBe('TOKEN_SIGNATURE_INVALID');
    expect(asked).toBe(1);
  });

  it('waits for whatever has a then, where a subclass gives the user', async () => {
    await boot();
    const guard = module.get(ThenableGuard);
    const decideBy = async (user: unknown) => {
      guard.query = { then: (done, fail) => (user instanceof Error ? fail(user) : done(user)) };
      const request = toRequest(anna.bearer);
      const context = new ExecutionContextHost([request, {}], Orders, Orders.prototype.closed);
      return { decision: await guard.canActivate(context), user: request.user };
    };
    expect(await decideBy('own')).toEqual({ decision: true, user: 'own' });
    await expect(decideBy(new Error('not found'))).rejects.toThrow('not found');
  });

  it("waits for the application's own user on an optional route, also where nobody is signed in", async () => {
    await boot();
    const guard = module.get(ThenableGuard);
    guard.query = { then: (done) => done('guest') };
    const request = toRequest({});
    const context = new ExecutionContextHost([request, {}], Orders, Orders.prototype.optional);
    expect([await guard.canActivate(context), request.user]).toEqual([true, 'guest']);
  });

  it('follows a demand that is answered later', async () => {
    await boot();
    const member = descope.as({ tenants: { acme: {} } });
    expect(await outcome(toRequest(member.bearer), 'ofAcme')).toBe(true);
    expect(await outcome(toRequest(anna.bearer), 'ofAcme')).toBe('ACCESS_TENANT_MISSING');
  });

  it('follows the rules of an optional policy that a subclass gives, and then rejects an anonymous caller', async () => {
    await boot();
    const guard = module.get(OptionalRulesGuard);
    const decideBy = async (headers: Record<string, string>) => {
      const request = toRequest(headers);
      const response = new ServerResponse(request as unknown as IncomingMessage);
      const context = new ExecutionContextHost([request, response], Orders, Orders.prototype.closed);
      return guard.canActivate(context);
    };
    expect(await decideBy(anna.bearer)).toBe(true);
    await expect(decideBy(bob.bearer)).rejects.toMatchObject({ response: { code: 'ACCESS_POLICY_REFUSED' } });
    await expect(decideBy({})).rejects.toMatchObject({ response: { code: 'SESSION_MISSING' } });
  });

  it('stores the accepted session for the rest of the request, and an anonymous one where the kind of the token is not accepted', async () => {
    await boot();
    const accepted = toRequest(anna.cookie);
    await outcome(accepted, 'optional');
    expect(recallSession(accepted, module.get(DESCOPE_AUTHENTICATOR))).toMatchObject({
      user: { id: 'U2anna' },
    });
    const kept = recallSession(accepted, module.get(DESCOPE_AUTHENTICATOR));
    await outcome(accepted, 'closed');
    expect(recallSession(accepted, module.get(DESCOPE_AUTHENTICATOR))).toBe(kept);
    const unwanted = toRequest(anna.cookie);
    expect(await outcome(unwanted, 'keysOrNobody')).toBe(true);
    expect(recallSession(unwanted, module.get(DESCOPE_AUTHENTICATOR))).toMatchObject({
      user: undefined,
      rejectedWith: 'TOKEN_KIND_NOT_ACCEPTED',
    });
    expect(unwanted.user).toBeUndefined();
  });

  it('rejects a caller of another kind for one call alone, and the next call of the request may accept them', async () => {
    await boot();
    for (const headers of [anna.cookie, anna.bearer]) {
      const request = toRequest(headers);
      expect(await outcome(request, 'keys')).toBe('TOKEN_KIND_NOT_ACCEPTED');
      expect(await outcome(request, 'closed')).toBe(true);
      expect(request.user).toMatchObject({ id: 'U2anna' });
    }
  });

  it('decides at once, without a promise and without a response, when the keys are at hand', async () => {
    await boot();
    const at = (headers: Record<string, string>, name: keyof Orders) =>
      new ExecutionContextHost([toRequest(headers)], Orders, Orders.prototype[name]);
    const guard = module.get(AuthGuard);
    expect(guard.canActivate(at(anna.bearer, 'closed'))).toBe(true);
    expect(guard.canActivate(at({}, 'optional'))).toBe(true);
    const cookie = `${anna.cookie.cookie}; ${bob.cookie.cookie}`;
    expect(guard.canActivate(at({ cookie }, 'optional'))).toBe(true);
  });

  it('asks for a demand that is added after the handler was called', async () => {
    await boot();
    class Late {
      list() {}
    }
    const handler = Late.prototype.list;
    const decideOn = async () => {
      const context = new ExecutionContextHost([toRequest(anna.bearer), {}], Late, handler);
      return module.get(AuthGuard).canActivate(context);
    };
    expect(await decideOn()).toBe(true);
    Roles('admin')(Late.prototype, 'list', { value: handler });
    await expect(decideOn()).rejects.toMatchObject({ response: { code: 'ACCESS_ROLE_MISSING' } });
  });

  it('takes a policy of a subclass that names no rules', async () => {
    await boot();
    const context = new ExecutionContextHost([toRequest(anna.bearer)], Orders, Orders.prototype.open);
    expect(module.get(LaxGuard).canActivate(context)).toBe(true);
  });

  it('removes cookies that contradict each other, where they were to count', async () => {
    await boot();
    const cookie = `${anna.cookie.cookie}; ${bob.cookie.cookie}`;
    for (const name of ['optional', 'closed'] as const) {
      const { decision, response } = await decide(toRequest({ cookie }), name);
      expect(decision).toBe(name === 'optional' ? true : 'COOKIE_AMBIGUOUS');
      expect(String(response.getHeader('set-cookie'))).toMatch(/^DS=;/);
    }
    for (const headers of [{ cookie, ...anna.bearer }, anna.cookie, descope.expired().cookie])
      expect((await decide(toRequest(headers), 'optional')).response.getHeader('set-cookie')).toBeUndefined();
  });

  it('keeps an answer that somebody was asked for from shared caches, and no public one', async () => {
    await boot();
    const cacheOf = async (headers: Record<string, string>, name: keyof Orders) => {
      const { response } = await decide(toRequest(headers), name);
      return [response.getHeader('cache-control'), response.getHeader('vary')];
    };
    const PRIVATE = ['no-store', 'Cookie'];
    expect(await cacheOf(anna.cookie, 'closed')).toEqual(PRIVATE);
    expect(await cacheOf(anna.cookie, 'optional')).toEqual(PRIVATE);
    expect(await cacheOf(anna.bearer, 'optional')).toEqual(PRIVATE);
    expect(await cacheOf({}, 'optional')).toEqual(PRIVATE);
    expect(await cacheOf(anna.bearer, 'closed')).toEqual(PRIVATE);
    expect(await cacheOf({}, 'open')).toEqual([undefined, undefined]);
  });

  it('lets a transport say whether a call changes something, and then asks a cookie where it comes from', async () => {
    const toTransport = (isSafe: boolean): DescopeTransport => ({
      type: `test-${isSafe ? 'query' : 'mutation'}`,
      findRequest: (context) => context.getArgByIndex<unknown>(0),
      isSafe: () => isSafe,
    });
    await boot({ transports: [true, false].map(toTransport) });
    const ask = (headers: Record<string, string>, type: string) =>
      outcome(toRequest(headers), 'closed', type);
    expect(await ask({ ...anna.cookie, ...foreign }, 'http')).toBe(true);
    expect(await ask({ ...anna.cookie, ...foreign }, 'test-query')).toBe(true);
    expect(await ask({ ...anna.cookie, ...foreign }, 'test-mutation')).toBe('REQUEST_CROSS_SITE');
    expect(await ask({ ...anna.cookie, origin: 'http://app.example' }, 'test-mutation')).toBe(true);
    expect(await ask({ ...anna.bearer, ...foreign }, 'test-mutation')).toBe(true);
    expect(await ask(foreign, 'test-mutation')).toBe('SESSION_MISSING');
  });

  it('hands on the user, and nothing that stood there before', async () => {
    await boot();
    const known = toRequest(anna.bearer);
    const nobody: Request = { ...toRequest({}), user: 'forged' };
    await outcome(known);
    await outcome(nobody, 'optional');
    expect([known.user, nobody.user]).toEqual([expect.objectContaining({ id: 'U2anna' }), undefined]);
  });

  it('hands on the user of the application, loaded once, and asks its rules about them', async () => {
    const loaded: string[] = [];
    const loadUser = (session: DescopeSession) => {
      const { id } = session.requireUser();
      loaded.push(id);
      return { id: id === 'U2bob' ? 'own' : 'other' };
    };
    await boot({ loadUser });
    const [own, other, nobody] = [toRequest(bob.bearer), toRequest(anna.bearer), toRequest({})];
    expect(await outcome(own, 'annas')).toBe(true);
    expect(await outcome(own)).toBe(true);
    expect(own.user).toEqual({ id: 'own' });
    expect(await outcome(other, 'annas')).toBe('ACCESS_POLICY_REFUSED');
    expect(await outcome(nobody, 'optional')).toBe(true);
    expect([loaded, nobody.user]).toEqual([['U2bob', 'U2anna'], undefined]);
  });

  it('takes no user that another application loaded for the request', async () => {
    await boot({ loadUser: () => ({ id: 'own' }) });
    const request = toRequest(anna.bearer);
    await outcome(request);
    const first = module.get<object>(DESCOPE_AUTHENTICATOR);
    expect(await recallUser(request, first)?.user).toEqual({ id: 'own' });
    await module.close();
    await boot();
    await outcome(request);
    expect(recallUser(request, module.get<object>(DESCOPE_AUTHENTICATOR))).toBeUndefined();
    expect(request.user).toMatchObject({ id: 'U2anna' });
    await module.close();
    await boot({ loadUser: () => ({ id: 'another' }) });
    await outcome(request);
    expect(request.user).toEqual({ id: 'another' });
  });

  it('asks a rule about the user of Descope where the application has none of its own', async () => {
    await boot();
    expect(await outcome(toRequest(anna.bearer), 'annas')).toBe(true);
    expect(await outcome(toRequest(bob.bearer), 'annas')).toBe('ACCESS_POLICY_REFUSED');
  });
});
