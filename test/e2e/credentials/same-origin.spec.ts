// A cookie counts on an unsafe method only when one of our own pages sent the request.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Delete, Get, HttpCode, Patch, Post, Put } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule, OptionalAuth, Public } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { sendRaw } from '../../support/raw-request.js';

@Controller('notes')
class NotesController {
  @Get() read() {}
  @HttpCode(200) @Post() create() {}
  @Put() replace() {}
  @Patch() change() {}
  @Delete() remove() {}
  @OptionalAuth() @HttpCode(200) @Post('optional') optional() {}
  @Public() @HttpCode(200) @Post('public') open() {}
}

const OURS = 'https://app.example.com';
const PARTNER = 'https://partner.example';
const FOREIGN = 'https://evil.example';

describe.each(ADAPTERS)('A session cookie, on %s', (adapter) => {
  const descope = createTestDescope();
  const { cookie, bearer, token } = descope.as({ sub: 'U2anna' });
  let application: RunningApplication;

  afterEach(() => application.close());

  const boot = async (options: DescopeModuleOptions = {}) => {
    const metadata = { imports: [DescopeModule.forRoot(options)], controllers: [NotesController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  };
  const send = async (method: string, headers: Record<string, string>, path = '/notes') => {
    const { status, body } = await application.request(path, { method, headers: { ...cookie, ...headers } });
    return body['code'] ?? status;
  };
  // By hand, as fetch would not send another Host than the address it talks to.
  const sendWithHost = async (host: string, origin: string) => {
    const lines = [`Host: ${host}`, `Origin: ${origin}`, `Cookie: DS=${token}`, 'Content-Length: 0'];
    const answer = await sendRaw(application.url, 'POST /notes', lines);
    return answer.code ?? answer.status;
  };

  it.each([
    ['nothing, as no browser does', {}, 200],
    ['Sec-Fetch-Site: same-origin', { 'sec-fetch-site': 'same-origin' }, 200],
    ['Sec-Fetch-Site: none', { 'sec-fetch-site': 'none' }, 200],
    ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }, 'REQUEST_CROSS_SITE'],
    ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }, 'REQUEST_CROSS_SITE'],
    ['an unknown Sec-Fetch-Site', { 'sec-fetch-site': 'Same-Origin, x' }, 'REQUEST_CROSS_SITE'],
    ['same-origin before a foreign Origin', { 'sec-fetch-site': 'same-origin', origin: FOREIGN }, 200],
    ['cross-site before our Origin', { 'sec-fetch-site': 'cross-site', origin: OURS }, 'REQUEST_CROSS_SITE'],
    ['our Origin', { origin: OURS }, 200],
    ['our host in plain http', { origin: 'http://app.example.com' }, 'REQUEST_CROSS_SITE'],
    ['another port', { origin: `${OURS}:8443` }, 'REQUEST_CROSS_SITE'],
    ['a suffix', { origin: `${OURS}.evil.example` }, 'REQUEST_CROSS_SITE'],
    ['a foreign Origin', { origin: FOREIGN }, 'REQUEST_CROSS_SITE'],
    ['the Origin null', { origin: 'null' }, 'REQUEST_CROSS_SITE'],
    ['the Origin null before our Referer', { origin: 'null', referer: `${OURS}/` }, 'REQUEST_CROSS_SITE'],
    ['a trusted Origin', { origin: PARTNER }, 200],
    ['a trusted Origin that is cross-site', { origin: PARTNER, 'sec-fetch-site': 'cross-site' }, 200],
    ['our Referer', { referer: `${OURS}/notes/new?x=1` }, 200],
    ['a trusted Referer', { referer: `${PARTNER}/` }, 200],
    ['a foreign Referer', { referer: `${FOREIGN}/${OURS}` }, 'REQUEST_CROSS_SITE'],
    ['a Referer that is no URL', { referer: 'nonsense' }, 'REQUEST_CROSS_SITE'],
  ])(
    'counts by publicOrigin and trustedOrigins, where a request comes with %s',
    async (_what, headers, expected) => {
      await boot({ publicOrigin: OURS, trustedOrigins: [PARTNER] });
      expect(await send('POST', headers)).toBe(expected);
    },
  );

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('counts on no cross-site %s', async (method) => {
    await boot();
    expect(await send(method, { origin: FOREIGN })).toBe('REQUEST_CROSS_SITE');
    expect(await send(method, { origin: application.url })).toBe(200);
  });

  it('counts on a cross-site GET, which changes nothing', async () => {
    await boot();
    expect(await send('GET', { origin: FOREIGN, 'sec-fetch-site': 'cross-site' })).toBe(200);
  });

  it('compares Origin with Host when publicOrigin is not set', async () => {
    await boot();
    expect(await sendWithHost('app.example.com', 'https://app.example.com')).toBe(200);
    expect(await sendWithHost('app.example.com:443', 'https://app.example.com')).toBe(200);
    expect(await sendWithHost('app.example.com', 'http://app.example.com')).toBe(200);
    for (const origin of [
      'https://example.com',
      'https://app.example.com:8443',
      'https://app.example.com.evil.example',
    ])
      expect(await sendWithHost('app.example.com', origin)).toBe('REQUEST_CROSS_SITE');
  });

  it('is rejected cross-site on an optional route too, and not asked about on a public one', async () => {
    await boot();
    expect(await send('POST', { origin: FOREIGN }, '/notes/optional')).toBe('REQUEST_CROSS_SITE');
    expect(await send('POST', { origin: FOREIGN }, '/notes/public')).toBe(200);
  });

  it('does not concern bearer requests', async () => {
    await boot();
    expect(await send('POST', { ...bearer, origin: FOREIGN, 'sec-fetch-site': 'cross-site' })).toBe(200);
  });
});
