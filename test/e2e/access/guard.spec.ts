// One import protects an application: the global guard, its decorators and its answers.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Delete, Get, Post } from '@nestjs/common';
import {
  CurrentSession,
  CurrentUser,
  DescopeModule,
  DescopeSession,
  DescopeUser,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Controller()
class AppController {
  @Public()
  @Get('public')
  open() {
    return { ok: true };
  }

  @Get('me')
  me(@CurrentUser() user: DescopeUser, @CurrentUser('email') email: string | undefined) {
    return { ...user, email };
  }

  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser() user: DescopeUser | undefined, @CurrentSession() session: DescopeSession) {
    return { id: user?.id ?? null, rejectedWith: session.rejectedWith ?? null };
  }

  @Roles('admin', 'editor')
  @Get('any-role')
  anyRole() {
    return { ok: true };
  }

  @Roles.all('admin', 'editor')
  @Get('all-roles')
  allRoles() {
    return { ok: true };
  }

  @Permissions('reports:read', 'reports:export')
  @Get('all-permissions')
  allPermissions() {
    return { ok: true };
  }

  @Permissions.any('reports:read', 'reports:export')
  @Delete('any-permission')
  anyPermission() {
    return { ok: true };
  }

  @Post('notes')
  note(@CurrentUser('username') username: string) {
    return { username };
  }
}

describe.each(ADAPTERS)('An application protected by one import, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;

  beforeAll(async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [AppController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const get = (path: string, headers: Record<string, string> = {}) => application.request(path, { headers });

  it('answers a public route without a token, and with a bad one', async () => {
    expect((await get('/public')).status).toBe(200);
    expect((await get('/public', descope.tampered().bearer)).status).toBe(200);
  });

  it('answers 401 with a challenge that has no error code when there is no token', async () => {
    const answer = await get('/me');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="descope"');
    expect(answer.body).toEqual({
      statusCode: 401,
      error: 'Unauthorized',
      message: 'A session is required.',
      code: 'SESSION_MISSING',
    });
  });

  it('answers 401 invalid_token for an expired and for a tampered token', async () => {
    const expired = await get('/me', descope.expired().bearer);
    expect([expired.status, expired.body['code']]).toEqual([401, 'TOKEN_EXPIRED']);
    expect(expired.headers.get('www-authenticate')).toBe('Bearer realm="descope", error="invalid_token"');
    const tampered = await get('/me', descope.tampered().bearer);
    expect([tampered.status, tampered.body['code']]).toEqual([401, 'TOKEN_SIGNATURE_INVALID']);
  });

  it('gives the handler the user of a bearer token and of a cookie', async () => {
    const anna = descope.as({ sub: 'U2anna', email: 'anna@example.com', roles: ['admin'] });
    for (const headers of [anna.bearer, anna.cookie]) {
      const answer = await get('/me', headers);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        id: 'U2anna',
        username: 'U2anna',
        email: 'anna@example.com',
        roles: ['admin'],
      });
      expect(answer.text).not.toContain(anna.token);
    }
  });

  it('accepts no credential and an expired cookie on an optional route, and rejects an invalid bearer token', async () => {
    expect((await get('/maybe')).body).toEqual({ id: null, rejectedWith: null });
    expect((await get('/maybe', descope.as({ sub: 'U2anna' }).bearer)).body).toEqual({
      id: 'U2anna',
      rejectedWith: null,
    });
    expect((await get('/maybe', descope.expired().cookie)).body).toEqual({
      id: null,
      rejectedWith: 'TOKEN_EXPIRED',
    });
    expect((await get('/maybe', descope.expired().bearer)).status).toBe(401);
  });

  it.each([
    ['/any-role', ['editor'], [], 200],
    ['/any-role', ['Editor'], [], 403],
    ['/any-role', [], ['admin'], 403],
    ['/all-roles', ['admin'], [], 403],
    ['/all-roles', ['editor', 'admin'], [], 200],
    ['/all-permissions', [], ['reports:read'], 403],
    ['/all-permissions', [], ['reports:export', 'reports:read'], 200],
  ])(
    'asks at %s for grants: roles %j and permissions %j are answered with %d',
    async (path, roles, permissions, status) => {
      const answer = await get(path, descope.as({ roles, permissions }).bearer);
      expect(answer.status).toBe(status);
      if (status === 403) {
        expect(answer.headers.get('www-authenticate')).toBe(
          'Bearer realm="descope", error="insufficient_scope"',
        );
        expect(answer.body['code']).toMatch(/^ACCESS_(ROLE|PERMISSION)_MISSING$/);
      }
    },
  );

  it('answers 503 with Retry-After when the keys cannot be had', async () => {
    descope.keysUnavailable();
    try {
      const answer = await get('/me', descope.as().bearer);
      expect([answer.status, answer.body['code']]).toEqual([503, 'KEYS_UNAVAILABLE']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect((await get('/me')).status).toBe(401);
    } finally {
      descope.keysAvailable();
    }
  });

  it('lets a cookie count on an unsafe method only when the request is same-origin', async () => {
    const { cookie } = descope.as({ sub: 'U2anna' });
    const post = (headers: Record<string, string>) =>
      application.request('/notes', { method: 'POST', headers: { ...cookie, ...headers } });
    expect((await post({})).status).toBe(201);
    expect((await post({ origin: application.url })).status).toBe(201);
    const foreign = await post({ origin: 'https://evil.example' });
    expect([foreign.status, foreign.body['code']]).toEqual([403, 'REQUEST_CROSS_SITE']);
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});
