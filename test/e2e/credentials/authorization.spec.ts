// One Bearer credential in one Authorization header, or none: nothing in between.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { sendRaw } from '../../support/raw-request.js';
import { WhoController } from '../../support/who.controller.js';

const descope = createTestDescope();
const { token } = descope.as({ sub: 'U2anna' });
const { token: other } = descope.as({ sub: 'U2bob' });

describe.each(ADAPTERS)('The Authorization header, on %s', (adapter) => {
  let application: RunningApplication;

  beforeAll(async () => {
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [WhoController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => application.close());

  const send = (...headers: string[]) => sendRaw(application.url, 'GET /who', headers);

  it.each([
    ['Bearer', `Authorization: Bearer ${token}`],
    ['bearer', `authorization: bearer ${token}`],
    ['BEARER', `AUTHORIZATION: BEARER ${token}`],
    ['two spaces', `Authorization: Bearer  ${token}`],
    ['space around', `Authorization:   Bearer ${token}  `],
  ])('is read whatever its case and spaces: %s', async (_what, header) => {
    const answer = await send(header);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('U2anna');
  });

  it.each([
    ['two headers', [`Authorization: Bearer ${token}`, `Authorization: Bearer ${other}`]],
    ['the same header twice', [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`]],
    ['two headers, one of another scheme', [`Authorization: Bearer ${token}`, 'Authorization: Basic YTpi']],
    ['two headers, the other way round', ['Authorization: Basic YTpi', `Authorization: Bearer ${token}`]],
    ['a list of tokens', [`Authorization: Bearer ${token}, Bearer ${other}`]],
    ['a list of schemes', [`Authorization: Basic YTpi, Bearer ${token}`]],
    ['a list without spaces', [`Authorization: Bearer ${token},${other}`]],
    ['a tab', [`Authorization: Bearer\t${token}`]],
    ['a blank within', [`Authorization: Bearer ${token} ${other}`]],
    ['no token', ['Authorization: Bearer']],
    ['quotes', [`Authorization: Bearer "${token}"`]],
  ])('is malformed with %s', async (_what, headers) => {
    const answer = await send(...headers);
    expect([answer.status, answer.code]).toEqual([400, 'CREDENTIAL_MALFORMED']);
    expect(answer.text.toLowerCase()).toContain(
      'www-authenticate: bearer realm="descope", error="invalid_request"',
    );
  });

  it.each([
    ['a character outside ASCII', `${token}\u00e9`],
    ['padding', `${token}=`],
    ['a fourth part', `${token}.e30`],
  ])('names a token that is none with %s', async (_what, text) => {
    const answer = await send(`Authorization: Bearer ${text}`);
    expect([answer.status, answer.code]).toEqual([401, 'TOKEN_MALFORMED']);
  });

  it('is rejected by Node with a control character in it', async () => {
    const answer = await send(`Authorization: Bearer ${token}\u0001`);
    expect(answer.status).toBe(400);
  });

  it.each([
    ['Basic', 'Authorization: Basic YTpi'],
    ['a scheme that begins alike', `Authorization: Bearerish ${token}`],
    ['Token', `Authorization: Token ${token}`],
    ['the bare token', `Authorization: ${token}`],
    ['nothing', 'Authorization:'],
  ])('counts as none with %s', async (_what, header) => {
    expect(await send(header)).toMatchObject({ status: 401, code: 'SESSION_MISSING' });
    const withCookie = await send(header, `Cookie: DS=${token}`);
    expect(withCookie.status).toBe(200);
    expect(withCookie.text).toContain('U2anna');
  });

  it('decides alone when a cookie is there too, also when it is bad', async () => {
    const cookie = `Cookie: DS=${token}`;
    expect((await send(`Authorization: Bearer ${other}`, cookie)).text).toContain('U2bob');
    const bad = await send(`Authorization: Bearer ${descope.tampered().token}`, cookie);
    expect([bad.status, bad.code]).toEqual([401, 'TOKEN_SIGNATURE_INVALID']);
    expect(await send('Authorization: Bearer', cookie)).toMatchObject({ status: 400 });
  });

  it.each([
    ['X-Descope-Session', token],
    ['X-Authorization', `Bearer ${token}`],
    ['Proxy-Authorization', `Bearer ${token}`],
    ['X-Forwarded-Authorization', `Bearer ${token}`],
    ['X-Auth-Token', token],
    ['X-Forwarded-User', 'U2anna'],
    ['X-Original-URL', '/open'],
    ['X-Rewrite-URL', '/open'],
  ])('is not replaced by %s', async (name, value) => {
    expect(await send(`${name}: ${value}`)).toMatchObject({ status: 401, code: 'SESSION_MISSING' });
  });

  it.each([
    ['a query', `/who?access_token=${token}&DS=${token}&token=${token}&authorization=Bearer%20${token}`],
    ['a matrix parameter', `/who?authorization[]=Bearer%20${token}`],
  ])('is not replaced by %s', async (_what, path) => {
    const answer = await application.request(path);
    expect([answer.status, answer.body['code']]).toEqual([401, 'SESSION_MISSING']);
  });
});
