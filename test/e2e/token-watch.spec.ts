// The watch that runs beside every end-to-end test does find a token, wherever one is let out.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Header, Logger, Post, Req, Res } from '@nestjs/common';
import {
  CurrentSession,
  DescopeCredentialError,
  DescopeModule,
  DescopeSession,
  Public,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../support/application.js';
import { ADAPTERS, start } from '../support/application.js';
import { TokenWatch, tokenWatch } from '../support/token-watch/token-watch.js';

interface Reply {
  header(name: string, value: string): unknown;
  send(body: unknown): unknown;
}

@Controller()
class LeakyController {
  @Get('body')
  body(@CurrentSession() { token }: DescopeSession) {
    return { token };
  }

  @Get('signature')
  signature(@CurrentSession() { token = '' }: DescopeSession) {
    return { half: token.slice(-342, -100) };
  }

  @Get('header')
  header(@CurrentSession() { token = '' }: DescopeSession, @Res() response: Reply) {
    response.header('x-session', token);
    response.send('ok');
  }

  @Get('raw')
  raw(
    @CurrentSession() { token = '' }: DescopeSession,
    @Res() response: ServerResponse & { raw?: ServerResponse },
  ) {
    const raw = response.raw ?? response;
    raw.writeHead(200, { 'x-session': token });
    raw.write('o');
    raw.end('k');
  }

  @Get('cookie')
  @Header('x-kept', 'in a cookie')
  cookie(@CurrentSession() { token = '' }: DescopeSession, @Res({ passthrough: true }) response: Reply) {
    response.header('set-cookie', `DS=${token}; HttpOnly`);
    return { ok: true };
  }

  @Get('silent')
  silent() {
    return { ok: true };
  }

  @Public()
  @Post('echo')
  echo(@Req() request: IncomingMessage) {
    return request.headers.authorization;
  }
}

describe.each(ADAPTERS)('The watch for tokens, on %s,', (adapter) => {
  const descope = createTestDescope();
  const { token, bearer } = descope.as();
  const [, payload = '', signature = ''] = token.split('.');
  let app: RunningApplication;

  beforeAll(async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [LeakyController] };
    app = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => app.close());

  const doorsOf = async (run: () => unknown, watch: TokenWatch = tokenWatch) => {
    expect(watch.take()).toEqual([]);
    await run();
    return watch.take().map((finding) => finding.split(': ')[0]);
  };
  const asked = (path: string) => async () => {
    expect((await app.request(path, { headers: bearer })).status).toBe(200);
  };

  it.each(['/body', '/signature', '/header', '/raw'])('finds one in the answer of %s', async (path) => {
    expect(await doorsOf(asked(path))).toEqual([`the answer to GET ${path}`]);
  });

  it('finds text that was sent as a token and is none', async () => {
    const headers = { authorization: `Bearer ${'s3cret-'.repeat(6)}` };
    const echo = () => app.request('/echo', { method: 'POST', headers });
    expect(await doorsOf(echo)).toEqual(['the answer to POST /echo']);
  });

  it('lets one be in a Set-Cookie line, and minds no answer without one', async () => {
    const before = tokenWatch.seen;
    expect(await doorsOf(asked('/cookie'))).toEqual([]);
    expect(await doorsOf(asked('/silent'))).toEqual([]);
    expect(tokenWatch.seen).toBeGreaterThanOrEqual(before + 4);
  });

  it('finds one, or half of one, in a log, whatever writes it', async () => {
    const streams = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockReturnValue(true),
    );
    const watch = new TokenWatch(); // which stands above the spies, so that nothing is really written
    watch.start();
    try {
      await asked('/silent')();
      expect(await doorsOf(() => process.stdout.write(`session ${token}\n`), watch)).toEqual([
        'process.stdout',
      ]);
      expect(await doorsOf(() => process.stderr.write(Buffer.from(signature)), watch)).toEqual([
        'process.stderr',
      ]);
      expect(await doorsOf(() => process.stderr.write(signature.slice(0, 40)), watch)).toEqual([
        'process.stderr',
      ]);
      expect(await doorsOf(() => new Logger('Test').warn({ deep: [{ token }] }), watch)).toContain(
        'Logger.warn',
      );
      expect(await doorsOf(() => Logger.error(payload), watch)).toContain('Logger.error');
      expect(await doorsOf(() => process.stdout.write('nothing of it'), watch)).toEqual([]);
    } finally {
      watch.stop();
      for (const spy of streams) spy.mockRestore();
      tokenWatch.take(); // which heard of Nest's logger too
    }
  });

  it('finds one that is written to the console', async () => {
    const spy = jest.spyOn(console, 'info').mockReturnValue();
    const watch = new TokenWatch();
    watch.start();
    try {
      expect(await doorsOf(() => console.info('session', { token }), watch)).toEqual(['console.info']);
    } finally {
      watch.stop();
      spy.mockRestore();
    }
  });

  it('finds one in an error of this package: in message, details or cause, also if nobody logs it', async () => {
    const door = ['an error, DescopeCredentialError'];
    const make = (message: string, details: Record<string, string>, cause?: unknown) => () =>
      Object.assign(new DescopeCredentialError('TOKEN_MALFORMED', message, details), { cause });
    expect(await doorsOf(make(`bad: ${token}`, {}))).toEqual(door);
    expect(await doorsOf(make('bad', { signature }))).toEqual(door);
    expect(await doorsOf(make('bad', {}, new Error(token)))).toEqual(door);
    expect(await doorsOf(make('bad', {}))).toEqual([]);
  });

  it('says how a token begins, and not more', async () => {
    await asked('/body')();
    const [finding = ''] = tokenWatch.take();
    expect(finding).toContain(token.slice(0, 12));
    expect(finding).not.toContain(token.slice(0, 14));
  });
});
