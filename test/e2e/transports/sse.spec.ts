// Server-sent events: rejected before a stream opens, and over when the session is.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Sse } from '@nestjs/common';
import { CurrentSession, DescopeModule, DescopeSession, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { untilSessionEnds } from 'nestjs-descope/websockets';
import { concat, lastValueFrom, NEVER, of, toArray } from 'rxjs';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

let opened = 0;

@Controller()
class NewsController {
  @Sse('news')
  news(@CurrentSession() session: DescopeSession) {
    opened += 1;
    return concat(of({ data: session.user?.id }), NEVER).pipe(untilSessionEnds(session));
  }

  @Roles('admin')
  @Sse('secrets')
  secrets() {
    opened += 1;
    return of({ data: 'secret' });
  }
}

describe.each(ADAPTERS)('AuthGuard before server-sent events, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  beforeAll(async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [NewsController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterEach(() => {
    opened = 0;
  });
  afterAll(() => application.close());
  const accept = { accept: 'text/event-stream' };

  it('rejects before the stream is opened, as any request', async () => {
    const nobody = await application.request('/news', { headers: accept });
    expect([nobody.status, nobody.body['code']]).toEqual([401, 'SESSION_MISSING']);
    expect(nobody.headers.get('www-authenticate')).toContain('Bearer');
    expect(nobody.headers.get('content-type')).toContain('application/json');
    const plain = await application.request('/secrets', { headers: { ...accept, ...descope.as().bearer } });
    expect([plain.status, plain.body['code']]).toEqual([403, 'ACCESS_ROLE_MISSING']);
    expect(opened).toBe(0);
  });

  it('takes a cookie, which is all that an EventSource can send', async () => {
    const headers = { ...accept, ...descope.as({ roles: ['admin'] }).cookie };
    const answer = await application.request('/secrets', { headers });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(answer.text).toContain('data: secret');
  });

  it('ends a stream with the session', async () => {
    const exp = Math.ceil(Date.now() / 1000) + 3; // what is late gets no event
    const headers = { ...accept, ...descope.as({ sub: 'ann', exp }).bearer };
    const answer = await application.request('/news', { headers }); // resolves when the stream is over
    expect(answer.text).toContain('data: ann');
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
  });
});

describe('untilSessionEnds()', () => {
  it('ends a stream at once where nobody is signed in', async () => {
    const stream = concat(of(1), NEVER).pipe(untilSessionEnds(DescopeSession.anonymous()), toArray());
    expect(await lastValueFrom(stream)).toEqual([]);
  });
});
