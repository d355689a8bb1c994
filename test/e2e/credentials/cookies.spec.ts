// The session cookie: its exact name, one value, and no limit that a client could run into.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { CurrentSession, DescopeModule, DescopeSession, OptionalAuth } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { sendRaw } from '../../support/raw-request.js';
import { WhoController } from '../../support/who.controller.js';

const descope = createTestDescope();
const { token } = descope.as({ sub: 'U2anna' });
const { token: other } = descope.as({ sub: 'U2bob' });

@Controller()
class CookieController {
  @Post('body')
  body(@Body() body: unknown) {
    return { body };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentSession() session: DescopeSession) {
    return { id: session.user?.id ?? null, rejectedWith: session.rejectedWith ?? null };
  }
}

describe.each(ADAPTERS)('The session cookie, on %s', (adapter) => {
  let application: RunningApplication;

  beforeAll(async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [WhoController, CookieController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const who = (cookie: string) => application.request('/who', { headers: { cookie } });
  const hundred = Array.from({ length: 100 }, (_, index) => `c${index}=${index}`).join('; ');

  it.each([
    ['alone', `DS=${token}`],
    ['among others', `a=1; DS=${token}; b=2`],
    ['without spaces', `a=1;DS=${token};b=2`],
    ['in quotes', `DS="${token}"`],
    ['twice with the same value', `DS=${token}; DS=${token}`],
    ['behind a hundred others', `${hundred}; DS=${token}`],
    ['beside broken ones', `; ;=; =x; DSX; a==b; DS=${token}; %%%=%E0%A4%A`],
    ['beside names of the prototype', `__proto__=1; constructor=2; DS=${token}`],
  ])('is read %s', async (_what, cookie) => {
    const answer = await who(cookie);
    expect([answer.status, answer.body['id']]).toEqual([200, 'U2anna']);
  });

  it.each([
    ['another case', `ds=${token}`],
    ['a longer name', `DSX=${token}; XDS=${token}`],
    ['the refresh cookie', `DSR=${token}`],
    ['an encoded name', `%44S=${token}`],
    ['an empty value', 'DS='],
    ['a value within another', `a="DS=${token}"`],
  ])('is not read from %s', async (_what, cookie) => {
    const answer = await who(cookie);
    expect([answer.status, answer.body['code']]).toEqual([401, 'SESSION_MISSING']);
  });

  it.each([
    ['another session', `DS=${token}; DS=${other}`],
    ['garbage before', `DS=garbage; DS=${token}`],
    ['garbage behind', `DS=${token}; a=1; DS=garbage`],
    ['nothing', `DS=${token}; DS=`],
  ])('is ambiguous beside a second one with %s', async (_what, cookie) => {
    const answer = await who(cookie);
    expect([answer.status, answer.body['code']]).toEqual([401, 'COOKIE_AMBIGUOUS']);
    const optional = await application.request('/optional', { headers: { cookie } });
    expect(optional.body).toEqual({ id: null, rejectedWith: 'COOKIE_AMBIGUOUS' });
  });

  it('is ambiguous in two Cookie headers too', async () => {
    const lines = [`Cookie: DS=${token}`, `Cookie: DS=${other}`];
    const answer = await sendRaw(application.url, 'GET /who', lines);
    expect([answer.status, answer.code]).toEqual([401, 'COOKIE_AMBIGUOUS']);
    const single = await sendRaw(application.url, 'GET /who', ['Cookie: a=1', `Cookie: DS=${token}`]);
    expect(single.status).toBe(200);
  });

  it('is not read from a body', async () => {
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ DS: token, access_token: token, authorization: `Bearer ${token}` });
    const answer = await application.request('/body', { method: 'POST', headers: json, body });
    expect([answer.status, answer.body['code']]).toEqual([401, 'SESSION_MISSING']);
    const form = new URLSearchParams({ DS: token, access_token: token });
    const posted = await application.request('/body', { method: 'POST', body: form });
    expect([401, 415]).toContain(posted.status);
  });

  it('that is rejected says so like a bearer token', async () => {
    const answer = await who(descope.expired().cookie.cookie);
    expect([answer.status, answer.body['code']]).toEqual([401, 'TOKEN_EXPIRED']);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });
});

describe.each(ADAPTERS)('sessionCookieName, on %s', (adapter) => {
  let application: RunningApplication;
  afterEach(() => application.close());

  it('names the cookie instead of DS', async () => {
    const options = { sessionCookieName: '__Host-session' };
    const metadata = { imports: [DescopeModule.forRoot(options)], controllers: [WhoController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    const who = async (cookie: string) => (await application.request('/who', { headers: { cookie } })).status;
    expect([await who(`__Host-session=${token}`), await who(`DS=${token}`)]).toEqual([200, 401]);
  });
});
