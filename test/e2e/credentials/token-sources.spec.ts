// Tokens are read where the application says, in its order.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, HttpCode, Post } from '@nestjs/common';
import type { RequestLike, TokenSourceOption } from 'nestjs-descope';
import { CurrentUser, DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { tokenWatch } from '../../support/token-watch/token-watch.js';
import { WhoController } from '../../support/who.controller.js';

@Controller()
class NotesController {
  @HttpCode(200)
  @Post('notes')
  create(@CurrentUser('id') id: string) {
    return { id };
  }
}

const readHeader = (name: string) => (request: RequestLike) => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

describe.each(ADAPTERS)('sources, on %s', (adapter) => {
  const descope = createTestDescope();
  const anna = descope.as({ sub: 'U2anna' });
  const bob = descope.as({ sub: 'U2bob' });
  let application: RunningApplication;

  afterEach(() => application.close());

  const boot = async (sources?: TokenSourceOption[]) => {
    const imports = [DescopeModule.forRoot({ sources })];
    const metadata = { imports, controllers: [WhoController, NotesController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  };
  const who = async (headers: Record<string, string>) => {
    const { body } = await application.request('/who', { headers });
    return body['id'] ?? body['code'];
  };

  it('are the bearer header, then the cookie, by default', async () => {
    await boot();
    expect(await who({ ...anna.bearer, ...bob.cookie })).toBe('U2anna');
    expect(await who(bob.cookie)).toBe('U2bob');
  });

  it('can be the cookie alone, or go before the header', async () => {
    await boot(['cookie']);
    expect([await who(anna.bearer), await who(bob.cookie)]).toEqual(['SESSION_MISSING', 'U2bob']);
    await application.close();
    await boot(['cookie', 'bearer']);
    expect([await who(anna.bearer), await who({ ...anna.bearer, ...bob.cookie })]).toEqual([
      'U2anna',
      'U2bob',
    ]);
  });

  it('can be the header alone', async () => {
    await boot(['bearer']);
    expect([await who(anna.bearer), await who(bob.cookie)]).toEqual(['U2anna', 'SESSION_MISSING']);
  });

  it("can be a function of the application's", async () => {
    await boot([readHeader('x-session'), 'bearer']);
    expect(await who({ 'x-session': anna.token })).toBe('U2anna');
    expect(await who(bob.bearer)).toBe('U2bob');
    expect(await who({ 'x-session': anna.token, ...bob.bearer })).toBe('U2anna');
    expect(await who({})).toBe('SESSION_MISSING');
  });

  it('asks the first that has a token, and no other, also when it is bad', async () => {
    await boot([{ read: readHeader('x-session'), sentByBrowser: false }, 'bearer']);
    expect(await who({ 'x-session': descope.tampered().token, ...bob.bearer })).toBe(
      'TOKEN_SIGNATURE_INVALID',
    );
  });

  it('treats a function as sent by the browser, unless it says otherwise', async () => {
    const cross = async () => {
      const headers = { 'x-session': anna.token, origin: 'https://evil.example' };
      const { status, body } = await application.request('/notes', { method: 'POST', headers });
      return body['code'] ?? status;
    };
    await boot([readHeader('x-session')]);
    expect(await cross()).toBe('REQUEST_CROSS_SITE');
    await application.close();
    await boot([{ read: readHeader('x-session') }]);
    expect(await cross()).toBe('REQUEST_CROSS_SITE');
    await application.close();
    await boot([{ read: readHeader('x-session'), sentByBrowser: false }]);
    expect(await cross()).toBe(200);
  });

  it('responds with 500 and no details when the function fails, and accepts no request', async () => {
    const read = () => {
      throw new Error(`reader failed on ${anna.token}`);
    };
    await boot([read, 'bearer']);
    const answer = await application.request('/who', { headers: anna.bearer });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('reader');
    // Its own words are the application's: Nest writes them to its log, and nothing else does.
    expect(tokenWatch.take().filter((finding) => !finding.startsWith('Logger.error:'))).toEqual([]);
  });
});
