// An application may extend the guard and override its protected steps.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ExecutionContext, Type } from '@nestjs/common';
import { Controller, Get, HttpException, Inject, Injectable } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { AccessDecision, AccessPolicy, DescopeCall } from 'nestjs-descope';
import {
  AuthGuard,
  CurrentUser,
  DescopeModule,
  DescopeSession,
  DescopeUser,
  Public,
  Roles,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Injectable()
class AuditLog {
  readonly lines: string[] = [];
}

@Injectable()
class AuditingGuard extends AuthGuard {
  constructor(@Inject(AuditLog) private readonly log: AuditLog) {
    super();
  }

  protected override decide(decision: AccessDecision) {
    const { session, policy } = decision;
    this.log.lines.push(`${session.user?.id ?? 'nobody'} ${policy.demands.length}`);
    return super.decide(decision);
  }
}

@Injectable()
class StrictGuard extends AuthGuard {
  protected override getPolicy(context: ExecutionContext): AccessPolicy {
    const policy = super.getPolicy(context);
    return policy.mode === 'public' ? { mode: 'required', demands: [] } : policy;
  }
}

@Injectable()
class TeapotGuard extends AuthGuard {
  protected override reject(error: unknown, call: DescopeCall): never {
    try {
      return super.reject(error, call);
    } catch (rejection) {
      throw new HttpException({ teapot: rejection instanceof HttpException && rejection.getStatus() }, 418);
    }
  }
}

@Injectable()
class NobodyGuard extends AuthGuard {
  protected override getSession() {
    return DescopeSession.anonymous();
  }
}

@Injectable()
class FailingGuard extends AuthGuard {
  protected override decide(): boolean {
    throw new Error('The policy of the application failed.');
  }
}

@Controller()
class OrdersController {
  @Roles('admin')
  @Get('admin')
  admin(@CurrentUser('id') id: string) {
    return { id };
  }

  @Public()
  @Get('public')
  open(@CurrentUser() user: DescopeUser | undefined) {
    return { id: user?.id ?? null };
  }
}

describe.each(ADAPTERS)('A subclass of AuthGuard, on %s', (adapter) => {
  const descope = createTestDescope();
  const admin = descope.as({ sub: 'U2anna', roles: ['admin'] }).bearer;
  let application: RunningApplication;

  afterEach(() => application.close());

  const boot = async (guard: Type<AuthGuard>) => {
    const imports = [DescopeModule.forRoot({ globalGuard: false })];
    const providers = [AuditLog, { provide: APP_GUARD, useClass: guard }];
    application = await start(
      adapter,
      { imports, controllers: [OrdersController], providers },
      { override: (builder) => descope.override(builder) },
    );
  };
  const get = (path: string, headers: Record<string, string> = {}) => application.request(path, { headers });

  it('may have a constructor of its own, and see every decision', async () => {
    await boot(AuditingGuard);
    expect((await get('/admin', admin)).body).toEqual({ id: 'U2anna' });
    expect((await get('/admin')).status).toBe(401);
    expect(application.app.get(AuditLog).lines).toEqual(['U2anna 1', 'nobody 1']);
  });

  it('may change what is asked', async () => {
    await boot(StrictGuard);
    expect((await get('/public')).status).toBe(401);
    expect((await get('/public', admin)).body).toEqual({ id: 'U2anna' });
  });

  it('may change how is rejected', async () => {
    await boot(TeapotGuard);
    const answer = await get('/admin', descope.as().bearer);
    expect([answer.status, answer.body]).toEqual([418, { teapot: 403 }]);
  });

  it('may change who it is, and the demand is still asked', async () => {
    await boot(NobodyGuard);
    expect((await get('/admin', admin)).body['code']).toBe('SESSION_MISSING');
  });

  it('rejects when one of its steps fails, and sends no details', async () => {
    await boot(FailingGuard);
    const answer = await get('/admin', admin);
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('policy');
  });
});
