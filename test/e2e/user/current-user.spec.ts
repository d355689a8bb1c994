// @CurrentUser() and @CurrentSession() hand the caller to a handler.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PipeTransform } from '@nestjs/common';
import { Controller, DefaultValuePipe, Get, Injectable, ParseIntPipe } from '@nestjs/common';
import {
  CurrentSession,
  CurrentUser,
  DescopeModule,
  DescopeSession,
  DescopeUser,
  OptionalAuth,
  Public,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Injectable()
class ToLabel implements PipeTransform<DescopeUser | undefined, string> {
  transform(user: DescopeUser | undefined) {
    return user === undefined ? 'nobody' : `${user.username} <${user.email}>`;
  }
}

@Controller()
class CallerController {
  @Get('user')
  user(@CurrentUser() user: DescopeUser) {
    return { isUser: user instanceof DescopeUser, isFrozen: Object.isFrozen(user), ...user };
  }

  @Get('properties')
  properties(
    @CurrentUser('id') id: string,
    @CurrentUser('roles') roles: readonly string[],
    @CurrentUser('claims') claims: { plan: string },
  ) {
    return { id, roles, plan: claims.plan };
  }

  @Get('pipes')
  pipes(
    @CurrentUser('email', new DefaultValuePipe('none')) email: string,
    @CurrentUser(ToLabel) label: string,
    @CurrentUser(new ToLabel()) again: string,
  ) {
    return { email, label, again };
  }

  @Get('number')
  number(@CurrentUser('username', ParseIntPipe) id: number) {
    return { id };
  }

  @Get('session')
  session(@CurrentSession() session: DescopeSession) {
    const { sentByBrowser: sentByBrowser, rejectedWith = null, expiresAt } = session;
    const isToken = typeof session.token === 'string' && session.claims?.sub === session.user?.id;
    return { sentByBrowser, rejectedWith, expiresAt, isToken, json: session };
  }

  @Public()
  @Get('public')
  open(@CurrentUser() user: DescopeUser | undefined, @CurrentSession() session: DescopeSession) {
    return { user: user ?? null, session: session instanceof DescopeSession, token: session.token ?? null };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentUser(ToLabel) label: string, @CurrentUser('email') email: string | undefined) {
    return { label, email: email ?? null };
  }
}

@Controller()
class OwnCallerController {
  @OptionalAuth()
  @Get('own')
  own(@CurrentUser() user: unknown, @CurrentUser('email') email: unknown) {
    return { user: user ?? null, email: email ?? null };
  }
}

describe.each(ADAPTERS)('A handler, on %s', (adapter) => {
  const descope = createTestDescope();
  const anna = descope.as({ sub: 'U2anna', email: 'a@example.com', roles: ['admin'], plan: 'gold' });
  let application: RunningApplication;

  beforeAll(async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [CallerController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const get = async (path: string, headers: Record<string, string> = anna.bearer) =>
    application.request(path, { headers });

  it('gets the user, frozen, whose claims stay out of JSON', async () => {
    const { body } = await get('/user');
    expect(body).toMatchObject({ isUser: true, isFrozen: true, id: 'U2anna', kind: 'user', isStaff: false });
    expect(body).not.toHaveProperty('claims');
  });

  it('gets single properties', async () => {
    expect((await get('/properties')).body).toEqual({ id: 'U2anna', roles: ['admin'], plan: 'gold' });
  });

  it('gets them through pipes, by class and by instance', async () => {
    const label = 'U2anna <a@example.com>';
    expect((await get('/pipes')).body).toEqual({ email: 'a@example.com', label, again: label });
    expect((await get('/pipes', descope.as({ sub: 'U2bob' }).bearer)).body['email']).toBe('none');
  });

  it('is not called when a pipe rejects', async () => {
    expect((await get('/number')).status).toBe(400);
    expect((await get('/number', descope.as({ sub: '42' }).bearer)).body).toEqual({ id: 42 });
  });

  it('gets the session, whose token stays out of JSON', async () => {
    const answer = await get('/session');
    expect(answer.body).toMatchObject({ sentByBrowser: false, rejectedWith: null, isToken: true });
    expect(Date.parse(String(answer.body['expiresAt']))).toBeGreaterThan(Date.now());
    expect(answer.text).not.toContain(anna.token);
    expect((await get('/session', anna.cookie)).body).toMatchObject({ sentByBrowser: true, isToken: true });
  });

  it('is undefined on a public route, even with a valid token', async () => {
    expect((await get('/public')).body).toEqual({ user: null, session: true, token: null });
  });

  it('is undefined on an optional route without a session', async () => {
    expect((await get('/optional', {})).body).toEqual({ label: 'nobody', email: null });
    expect((await get('/optional')).body).toMatchObject({ email: 'a@example.com' });
  });
});

describe.each(ADAPTERS)('A handler of an application with its own users, on %s', (adapter) => {
  const descope = createTestDescope();

  it.each<[unknown, unknown]>([
    [{ id: 7, email: 'own@example.com' }, 'own@example.com'],
    [{ id: 7 }, null],
    ['U7', null],
    [7, null],
  ])('gets %j as the user, and %j as its property', async (user, email) => {
    const metadata = {
      imports: [DescopeModule.forRoot({ loadUser: () => user })],
      controllers: [OwnCallerController],
    };
    const application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    const { bearer } = descope.as({ email: 'a@example.com' });
    expect((await application.request('/own', { headers: bearer })).body).toEqual({ user, email });
    expect((await application.request('/own')).body).toEqual({ user: null, email: null });
    await application.close();
  });
});
