// Two applications in one process: what one knows of a request, the other does not believe.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Next, Req, Res } from '@nestjs/common';
import type { NestMiddleware } from '@nestjs/common';
import { CurrentUser, DescopeModule, OptionalAuth, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { start } from '../../support/application.js';
import type { RunningApplication } from '../../support/application.js';

@Controller()
class InnerController {
  @Roles('admin')
  @Get('inner')
  inner(@CurrentUser('id') id: string) {
    return { id };
  }
}

describe('A request that one application hands on to another', () => {
  const outerDescope = createTestDescope({ projectId: 'P2outerouterouterouteroutero' });
  const innerDescope = createTestDescope({ projectId: 'P2innerinnerinnerinnerinneri' });
  let inner: RunningApplication;
  let outer: RunningApplication;

  beforeAll(async () => {
    inner = await start(
      'express',
      { imports: [DescopeModule.forRoot()], controllers: [InnerController] },
      { override: (builder) => innerDescope.override(builder) },
    );

    @Controller()
    class OuterController {
      @OptionalAuth()
      @Get('inner')
      handOn(@Req() request: unknown, @Res() response: unknown, @Next() next: () => void) {
        const handle = inner.app.getHttpAdapter().getInstance() as NestMiddleware['use'];
        handle(request, response, next);
      }
    }

    outer = await start(
      'express',
      { imports: [DescopeModule.forRoot()], controllers: [OuterController] },
      { override: (builder) => outerDescope.override(builder) },
    );
  });
  afterAll(async () => {
    await outer.close();
    await inner.close();
  });

  const identity = { sub: 'U2anna', roles: ['admin'] };

  it('is refused with a session of the first, whose project is another', async () => {
    const answer = await outer.request('/inner', { headers: outerDescope.as(identity).bearer });
    expect([answer.status, answer.body['code']]).toEqual([401, 'TOKEN_KEY_UNKNOWN']);
  });

  it('is admitted with a session of the second', async () => {
    const headers = { cookie: innerDescope.as(identity).cookie.cookie };
    expect((await outer.request('/inner', { headers })).body).toEqual({ id: 'U2anna' });
  });
});
