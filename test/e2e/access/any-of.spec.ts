// @AnyOf() is met by one of its alternatives, and never in place of a demand that stands beside it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import {
  Controller,
  Get,
  HttpException,
  Injectable,
  NotFoundException,
  ServiceUnavailableException,
  SetMetadata,
} from '@nestjs/common';
import {
  Accepts,
  Audience,
  AuthGuard,
  Authorize,
  CurrentTenant,
  DescopeConfigError,
  DescopeModule,
  DescopeUser,
  FgaCheck,
  Mfa,
  OptionalAuth,
  Permissions,
  ProtectedResource,
  Public,
  Roles,
  Scopes,
  Staff,
  StepUp,
  Superuser,
  Tenant,
} from 'nestjs-descope';
import { AnyOf, NoImpersonation } from 'nestjs-descope/access';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AccessApplication, Caller } from '../../support/access-application.js';
import { startAccess } from '../../support/access-application.js';
import { ADAPTERS, start } from '../../support/application.js';

const asked: string[] = [];

@Injectable()
class OwnsOrder {
  isAllowed(user: DescopeUser) {
    asked.push(user.id);
    return user.id === 'U2owner';
  }
}

const throws = (error: unknown) =>
  Authorize(() => {
    throw error;
  });
const no = Authorize(() => false);
const yes = Authorize(() => true);
const ofAcme = { tenant: 'param:tenant' } as const;

@Controller()
class AlternativesController {
  @AnyOf(Roles('admin'), Permissions('orders:write')) @Get('demands') demands() {}
  @AnyOf(OwnsOrder, Roles('admin')) @Get('rule') rule() {}
  @AnyOf(no, Authorize((user: DescopeUser) => user.id === 'U2owner')) @Get('rules') rules() {}
  @AnyOf(Roles('admin'), Permissions('a')) @AnyOf(Permissions('b'), Staff()) @Get('two') two() {}
  @AnyOf(Roles('admin'), OwnsOrder) @AnyOf(yes, no) @Get('two-rules') twoRules() {}
  @Scopes('s') @AnyOf(Roles('admin'), OwnsOrder) @Get('beside') beside() {}
  @AnyOf(Roles('admin'), OwnsOrder) @Authorize(() => false) @Get('beside-rule') besideRule() {}
  @Accepts('access-key') @AnyOf(Roles('admin'), OwnsOrder) @Get('beside-kind') besideKind() {}

  @AnyOf(Roles('admin'), Scopes('orders:write')) @Get('scope') scope() {}
  @AnyOf(StepUp({ maxAgeSeconds: 60 }), Superuser()) @Get('step-up') stepUp() {}
  @AnyOf(no, Mfa()) @Get('mfa') mfa() {}
  @AnyOf(no, throws(new NotFoundException('No such order.'))) @Get('own-response') ownResponse() {}
  @AnyOf(Mfa(), throws(new HttpException('Slow down.', 429))) @Get('too-many') tooMany() {}
  @AnyOf(throws(new HttpException('No.', 403)), no) @Get('own-403') own403() {}
  @AnyOf(throws(new HttpException('No.', 401)), yes) @Get('own-401') own401() {}
  @AnyOf(throws(new NotFoundException()), throws(new ServiceUnavailableException()), no)
  @Get('own-outage')
  ownOutage() {}
  @AnyOf(throws(new ServiceUnavailableException()), yes) @Get('outage-met') outageMet() {}
  @AnyOf(throws(new TypeError('A mistake.')), yes) @Get('mistake') mistake() {}
  @AnyOf(throws(new TypeError('A mistake.')), Roles('admin')) @Get('mistake-after') mistakeAfter() {}

  @AnyOf(Roles('editor', ofAcme), Staff()) @Get('in/:tenant') inTenant() {}
  @AnyOf(Tenant({ from: 'param:tenant' }), Staff())
  @Get('of/:tenant')
  ofTenant(@CurrentTenant() tenant?: string) {
    return { tenant };
  }
  @Tenant({ from: 'param:tenant' })
  @AnyOf(Roles('editor', { tenant: true }), OwnsOrder)
  @Get('at/:tenant')
  atTenant() {}
}

@AnyOf(Roles('admin'), Permissions('class'))
@Controller('class')
class ClassController {
  @Get() list() {}
  @AnyOf(Staff(), Permissions('handler')) @Get('handler') handler() {}
  @Public() @Get('public') open() {}
}

@Public()
@Controller('open')
class OpenController {
  @AnyOf(Roles('admin'), OwnsOrder) @Get() closed() {}
}

abstract class Base {
  @AnyOf(Roles('admin'), OwnsOrder) @Get() list() {}
}

@Controller('heir')
class HeirController extends Base {
  @Get() override list() {}
  @Roles('editor') @Get('own') own() {}
}

@Controller('optional-heir')
class OptionalHeirController extends Base {
  @OptionalAuth() @Get() override list() {}
}

const ADMIN: Caller = { roles: ['admin'] };
const OWNER: Caller = { sub: 'U2owner' };
const PLAIN: Caller = { sub: 'U2plain' };
const NONE = '403 ACCESS_ALTERNATIVES_MISSING';

describe.each(ADAPTERS)('@AnyOf, on %s', (adapter) => {
  let application: AccessApplication;
  beforeAll(async () => {
    application = await startAccess(adapter, {
      controllers: [
        AlternativesController,
        ClassController,
        OpenController,
        HeirController,
        OptionalHeirController,
      ],
      providers: [OwnsOrder],
    });
  });
  afterAll(() => application.close());

  it('accepts a caller who meets one of its demands', async () => {
    const callers = [ADMIN, { permissions: ['orders:write'] }, PLAIN, null];
    expect(await application.verdicts('/demands', callers)).toEqual([
      '200',
      '200',
      NONE,
      '401 SESSION_MISSING',
    ]);
  });

  it('asks a rule only about a caller who meets none of its demands', async () => {
    asked.length = 0;
    expect(await application.verdicts('/rule', [ADMIN])).toEqual(['200']);
    expect(asked).toEqual([]);
    expect(await application.verdicts('/rule', [OWNER, PLAIN, null])).toEqual([
      '200',
      NONE,
      '401 SESSION_MISSING',
    ]);
    expect(asked).toEqual(['U2owner', 'U2plain']);
    expect(await application.verdicts('/rules', [OWNER, PLAIN])).toEqual(['200', NONE]);
  });

  it.each([
    [
      '/two',
      [{ roles: ['admin'] }, { permissions: ['b'] }, { permissions: ['a', 'b'] }],
      [NONE, NONE, '200'],
    ],
    ['/two-rules', [ADMIN, OWNER, PLAIN], ['200', '200', NONE]],
  ] as const)('demands both where two stand beside each other: %s', async (path, callers, verdicts) => {
    expect(await application.verdicts(path, callers)).toEqual(verdicts);
  });

  it('never skips what stands beside it', async () => {
    const scoped = { ...ADMIN, scope: 's' };
    expect(await application.verdicts('/beside', [ADMIN, OWNER, scoped, { scope: 's' }])).toEqual([
      '403 ACCESS_SCOPE_MISSING',
      '403 ACCESS_SCOPE_MISSING',
      '200',
      NONE,
    ]);
    expect(await application.verdicts('/beside-rule', [ADMIN, OWNER])).toEqual(
      Array(2).fill('403 ACCESS_POLICY_REFUSED'),
    );
    expect(await application.verdicts('/beside-kind', [ADMIN, { ...ADMIN, kind: 'access-key' }])).toEqual([
      '401 TOKEN_KIND_NOT_ACCEPTED',
      '200',
    ]);
  });

  it('adds the one of a class to what a handler demands', async () => {
    const both = { permissions: ['class', 'handler'] };
    expect(await application.verdicts('/class', [ADMIN, both, PLAIN])).toEqual(['200', '200', NONE]);
    expect(await application.verdicts('/class/handler', [ADMIN, both, PLAIN])).toEqual([NONE, '200', NONE]);
    expect(await application.verdict('/class/public', null)).toBe('200');
  });

  it('closes a handler of a public class', async () => {
    expect(await application.verdicts('/open', [ADMIN, PLAIN, null])).toEqual([
      '200',
      NONE,
      '401 SESSION_MISSING',
    ]);
  });

  it('is inherited by a method that overrides, unless that says that a session is optional', async () => {
    expect(await application.verdicts('/heir', [ADMIN, PLAIN, null])).toEqual([
      '200',
      NONE,
      '401 SESSION_MISSING',
    ]);
    expect(await application.verdicts('/optional-heir', [ADMIN, PLAIN, null])).toEqual(['200', '200', '200']);
  });

  it('rejects with the challenge of a scope or a stronger sign-in, which a client can obtain', async () => {
    expect(await application.verdict('/scope', PLAIN)).toBe('403 ACCESS_SCOPE_MISSING');
    expect(await application.challenge('/scope', PLAIN)).toBe(
      'Bearer realm="descope", error="insufficient_scope", scope="orders:write"',
    );
    expect(await application.verdict('/step-up', PLAIN)).toBe('401 AUTH_STEP_UP_REQUIRED');
    expect(await application.challenge('/step-up', PLAIN)).toBe(
      'Bearer realm="descope", error="insufficient_user_authentication", max_age="60"',
    );
    expect(await application.verdict('/mfa', PLAIN)).toBe('401 AUTH_MFA_REQUIRED');
    expect(await application.challenge('/demands', PLAIN)).toBeNull();
  });

  it('answers with what a rule threw for the caller, if no alternative is met', async () => {
    const { status, body } = await application.ask('/own-response', PLAIN);
    expect([status, body['message']]).toEqual([404, 'No such order.']);
    expect((await application.ask('/too-many', PLAIN)).status).toBe(429);
    expect(await application.verdict('/own-403', PLAIN)).toBe(NONE);
    expect(await application.verdict('/own-401', PLAIN)).toBe('200');
  });

  it('takes an outage for what it is, unless another alternative is met', async () => {
    expect((await application.ask('/own-outage', PLAIN)).status).toBe(503);
    expect((await application.ask('/outage-met', PLAIN)).status).toBe(200);
  });

  it('passes on a mistake of a rule, and not as a no', async () => {
    expect((await application.ask('/mistake', PLAIN)).status).toBe(500);
    expect((await application.ask('/mistake-after', PLAIN)).status).toBe(500);
    expect((await application.ask('/mistake-after', ADMIN)).status).toBe(200);
  });

  it('reads tenants as each of its demands does', async () => {
    const member = { tenants: { acme: { roles: ['editor'] } } };
    const other = { dct: 'beta', tenants: { beta: { roles: ['editor'] } } };
    const staff = { ...other, roles: ['is_staff'] };
    for (const path of ['/in/acme', '/of/acme'])
      expect(await application.verdicts(path, [member, other, staff])).toEqual(['200', NONE, '200']);
    expect((await application.ask('/of/acme', member)).body).toEqual({ tenant: 'acme' });
    expect((await application.ask('/of/acme', staff)).body).toEqual({}); // and not the current tenant
    const outsider = { sub: 'U2owner', tenants: { beta: {} } };
    const owner = { sub: 'U2owner', tenants: { acme: {} } };
    expect(
      await application.verdicts('/at/acme', [member, owner, outsider, { tenants: { acme: {} } }]),
    ).toEqual(['200', '200', '403 ACCESS_TENANT_MISSING', NONE]);
  });
});

class PropertyGuard {
  canActivate = () => true;
}
class Both {
  canActivate() {
    return true;
  }
  isAllowed() {
    return true;
  }
}

describe('What @AnyOf does not take', () => {
  const roles = Roles('admin');
  const given =
    (...values: unknown[]) =>
    () =>
      (AnyOf as (...all: unknown[]) => unknown)(...values);

  it.each<[string, () => unknown, string]>([
    ['nothing', given(), 'at least two'],
    ['one alternative', given(roles), 'at least two'],
    ['@Public', given(roles, Public()), 'cannot have both'],
    ['@OptionalAuth', given(roles, OptionalAuth()), 'cannot have both'],
    ['@Public(false)', given(roles, Public(false)), 'Write it beside'],
    ['@Accepts', given(roles, Accepts('user')), 'Write it beside'],
    ['@Audience', given(roles, Audience('api')), 'Write it beside'],
    ['@NoImpersonation', given(roles, NoImpersonation()), 'Write it beside'],
    ['@ProtectedResource', given(roles, ProtectedResource()), 'beside @AnyOf()'],
    ['another one', given(roles, AnyOf(Staff(), Mfa())), 'directly'],
    ['another one with a rule', given(roles, AnyOf(Staff(), OwnsOrder)), 'directly'],
    ['a decorator of another package', given(roles, SetMetadata('a', 1)), 'beside @AnyOf()'],
    ['a function', given(roles, () => true), 'Authorize(function)'],
    ['a guard as an instance', given(roles, new Both()), 'instance'],
    ['a class without a method', given(roles, PropertyGuard), 'method'],
    ['a class that is a rule and a guard', given(roles, Both), 'method'],
    ['undefined', given(roles, undefined), 'classes of guards'],
    ['a string', given(roles, 'admin'), 'classes of guards'],
  ])('is refused when decorated: %s', (_what, decorate, message) => {
    expect(decorate).toThrow(DescopeConfigError);
    expect(decorate).toThrow(
      expect.objectContaining({ code: 'CONFIG_DEMAND_INVALID', message: expect.stringContaining(message) }),
    );
  });
});

@Controller()
class PublicController {
  @Public() @AnyOf(Roles('a'), OwnsOrder) @Get() both() {}
}
@Controller()
class OptionalController {
  @OptionalAuth() @AnyOf(Roles('a'), Staff()) @Get() both() {}
}
@Controller()
class TenantlessController {
  @AnyOf(Roles('a', { tenant: true }), Tenant({ from: 'dct' })) @Get() list() {}
}
@Controller()
class TwoTenantsController {
  @AnyOf(Tenant({ from: 'param:a' }), Tenant({ from: 'header:b' })) @Get(':a') list() {}
}
@Controller()
class TwoTenantsOfTwoController {
  @AnyOf(Tenant({ from: 'param:a' }), Staff())
  @AnyOf(Tenant({ from: 'dct' }), OwnsOrder)
  @Get(':a')
  list() {}
}
@Controller()
class NoParamController {
  @AnyOf(Roles('a', { tenant: 'param:tenant' }), Staff()) @Get(':other') list() {}
}
@Controller()
class NoParamInRuleController {
  @AnyOf(Tenant({ from: 'param:tenant' }), OwnsOrder) @Get(':other') list() {}
}
@Controller()
class UnprovidedController {
  @AnyOf(Roles('a'), OwnsOrder) @Get() list() {}
}
@Controller()
class RelationController {
  @AnyOf(Roles('a'), FgaCheck({ resourceType: 'doc', resource: 'param:id', relation: 'owner' }))
  @Get(':id')
  list() {}
}
@Controller()
class OwnGuardController {
  @AnyOf(Roles('a'), AuthGuard) @Get() list() {}
}

describe.each(ADAPTERS)('A mistaken @AnyOf on %s', (adapter) => {
  const boot = (controller: Type, providers: readonly Type[] = [OwnsOrder]) =>
    start(adapter, {
      imports: [DescopeModule.forRoot({ projectId: createTestDescope().projectId })],
      controllers: [controller],
      providers: [...providers],
    });

  it.each<[Type, string]>([
    [PublicController, 'CONFIG_DEMAND_CONTRADICTED'],
    [OptionalController, 'CONFIG_DEMAND_CONTRADICTED'],
    [TenantlessController, 'CONFIG_DEMAND_TENANTLESS'],
    [TwoTenantsController, 'CONFIG_DEMAND_CONTRADICTED'],
    [TwoTenantsOfTwoController, 'CONFIG_DEMAND_CONTRADICTED'],
    [NoParamController, 'CONFIG_DEMAND_INVALID'],
    [NoParamInRuleController, 'CONFIG_DEMAND_INVALID'],
    [RelationController, 'CONFIG_FGA_KEY_MISSING'],
    [OwnGuardController, 'CONFIG_DEMAND_INVALID'],
  ])('stops the boot: %p', async (controller, code) => {
    await expect(boot(controller)).rejects.toThrow(expect.objectContaining({ code }));
  });

  it('stops the boot if no module provides a rule of it', async () => {
    await expect(boot(UnprovidedController, [])).rejects.toThrow(
      expect.objectContaining({
        code: 'CONFIG_POLICY_MISSING',
        message: expect.stringContaining('@AnyOf(OwnsOrder)'),
      }),
    );
  });
});
