// What a route may ask beside roles and permissions, as a caller meets it: status, code and challenge.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { DescopeOptions } from 'nestjs-descope';
import {
  Accepts,
  Amr,
  Audience,
  DescopeModule,
  Mfa,
  OptionalAuth,
  Roles,
  Scopes,
  Staff,
  StepUp,
  Superuser,
  Tenant,
} from 'nestjs-descope';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Controller()
class DemandsController {
  @Scopes('read', 'write') @Get('scopes') scopes() {}
  @Scopes.any('read', 'write') @Get('any-scope') anyScope() {}
  @StepUp() @Get('step-up') stepUp() {}
  @StepUp({ maxAgeSeconds: 60 }) @Get('recent') recent() {}
  @Mfa() @Get('mfa') mfa() {}
  @Amr('totp', 'webauthn') @Get('method') method() {}
  @Amr.all('totp', 'webauthn') @Get('methods') methods() {}
  @Audience('orders', 'api') @Get('audience') audience() {}
  @Accepts('access-key') @Get('keys') keys() {}
  @Accepts('user', 'app') @Audience('orders') @Get('apps') apps() {}
  @Accepts('agent') @Audience('orders') @Get('agents') agents() {}
  @OptionalAuth() @Accepts('access-key') @Get('maybe-key') maybeKey() {}
  @OptionalAuth() @Audience('orders') @Get('maybe-audience') maybeAudience() {}
  @Staff() @Get('staff') staff() {}
  @Superuser() @Get('superuser') superuser() {}
  @Roles('admin') @Get('admin') admin() {}
  @Tenant({ from: 'header:x-tenant' }) @Get('tenant') tenant() {}
}

interface Expected {
  readonly status: number;
  readonly code?: string;
  readonly challenge?: string | null;
}

const PASSED: Expected = { status: 200 };
const weak = (code: string, extra = ''): Expected => ({
  status: 401,
  code,
  challenge: `Bearer realm="descope", error="insufficient_user_authentication"${extra}`,
});
const invalid = (code: string): Expected => ({
  status: 401,
  code,
  challenge: 'Bearer realm="descope", error="invalid_token"',
});
const scopeless = (scope: string): Expected => ({
  status: 403,
  code: 'ACCESS_SCOPE_MISSING',
  challenge: `Bearer realm="descope", error="insufficient_scope", scope="${scope}"`,
});
const denied = (code: string): Expected => ({ status: 403, code, challenge: null });

describe.each(ADAPTERS)('A demand, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;

  const boot = (options: DescopeOptions = {}) =>
    start(
      adapter,
      { imports: [DescopeModule.forRoot(options)], controllers: [DemandsController] },
      { override: (builder) => descope.override(builder) },
    );
  beforeAll(async () => {
    application = await boot();
  });
  afterAll(() => application.close());

  const judge = async (path: string, identity: TestIdentity): Promise<Expected> => {
    const answer = await application.request(path, { headers: descope.as(identity).bearer });
    if (answer.status === 200) return PASSED;
    const challenge = answer.headers.get('www-authenticate');
    return { status: answer.status, code: String(answer.body['code']), challenge };
  };
  const now = Math.floor(Date.now() / 1000);

  it.each<[string, TestIdentity, Expected]>([
    ['/scopes', { scope: 'write read' }, PASSED],
    ['/scopes', { scope: ['read', 'write'] }, PASSED],
    ['/scopes', { scope: 'read' }, scopeless('read write')],
    ['/any-scope', { scope: 'write' }, PASSED],
    ['/any-scope', {}, scopeless('read write')],
    ['/step-up', { su: true, iat: now - 7200 }, PASSED],
    ['/step-up', {}, weak('AUTH_STEP_UP_REQUIRED')],
    ['/recent', { su: true }, PASSED],
    ['/recent', { su: true, iat: now - 600 }, weak('AUTH_STEP_UP_REQUIRED', ', max_age="60"')],
    ['/mfa', { amr: ['mfa'] }, PASSED],
    ['/mfa', { amr: ['pwd', 'totp'] }, PASSED],
    ['/mfa', { amr: ['pwd'] }, weak('AUTH_MFA_REQUIRED')],
    ['/method', { amr: ['totp'] }, PASSED],
    ['/method', { amr: ['pwd'] }, weak('AUTH_METHOD_REQUIRED')],
    ['/methods', { amr: ['webauthn', 'totp'] }, PASSED],
    ['/methods', { amr: ['totp'] }, weak('AUTH_METHOD_REQUIRED')],
    ['/audience', { aud: ['api', 'other'] }, PASSED],
    ['/audience', { aud: 'other' }, invalid('TOKEN_AUDIENCE_MISMATCH')],
    ['/keys', { kind: 'access-key' }, PASSED],
    ['/keys', {}, invalid('TOKEN_KIND_NOT_ACCEPTED')],
    ['/apps', { kind: 'app', aud: 'orders' }, PASSED],
    ['/apps', { aud: 'orders' }, PASSED],
    ['/apps', { kind: 'agent', aud: 'orders' }, invalid('TOKEN_KIND_NOT_ACCEPTED')],
    ['/agents', { kind: 'agent', aud: 'orders' }, PASSED],
    ['/maybe-key', { kind: 'access-key' }, PASSED],
    ['/maybe-key', {}, invalid('TOKEN_KIND_NOT_ACCEPTED')],
    ['/maybe-audience', { aud: 'orders' }, PASSED],
    ['/maybe-audience', { aud: 'other' }, invalid('TOKEN_AUDIENCE_MISMATCH')],
    ['/staff', { roles: ['is_staff'] }, PASSED],
    ['/staff', { roles: ['is_superuser'] }, denied('ACCESS_STAFF_MISSING')],
    ['/superuser', { roles: ['is_superuser'] }, PASSED],
    ['/superuser', { roles: ['is_staff'] }, denied('ACCESS_SUPERUSER_MISSING')],
    [
      '/admin',
      { roles: ['is_superuser'] },
      {
        status: 403,
        code: 'ACCESS_ROLE_MISSING',
        challenge: 'Bearer realm="descope", error="insufficient_scope"',
      },
    ],
    ['/tenant', {}, denied('ACCESS_TENANT_UNNAMED')],
  ])('at %s answers %j with %j', async (path, identity, expected) => {
    expect(await judge(path, identity)).toEqual(expected);
  });

  it('counts an optional caller of another kind or audience as nobody where a cookie brings the token', async () => {
    for (const path of ['/maybe-key', '/maybe-audience'])
      expect((await application.request(path, { headers: descope.as({ aud: 'x' }).cookie })).status).toBe(
        200,
      );
  });

  it('counts the age of a step-up by the clock of the application', async () => {
    const later = await boot({ clock: () => Date.now() + 120_000 });
    const { bearer } = descope.as({ su: true });
    const answer = await later.request('/recent', { headers: bearer });
    expect(answer.body['code']).toBe('AUTH_STEP_UP_REQUIRED');
    expect((await later.request('/step-up', { headers: bearer })).status).toBe(200);
    await later.close();
  });

  it('for a role lets a superuser pass where the application says so', async () => {
    const lenient = await boot({ superuserBypass: true });
    const { bearer } = descope.as({ roles: ['is_superuser'] });
    expect((await lenient.request('/admin', { headers: bearer })).status).toBe(200);
    expect((await lenient.request('/scopes', { headers: bearer })).status).toBe(403);
    await lenient.close();
  });
});
