// A `fetch` of the application in place of Node's: how it is called, and what becomes of its answer.
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fetch as undiciFetch } from 'undici';
import type { FetchInit, FetchLike } from '#lib/core/api/http-client.js';
import { toNodeFetch } from '#lib/core/api/http-client.js';

const FORM = /^multipart\/form-data; boundary=/;
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/none') return void response.writeHead(204).end();
    if (request.url === '/moved') return void response.writeHead(302, { location: '/echo' }).end();
    if (request.url === '/slow') return void response.write('first');
    void text(request).then((body) => {
      const { method, headers } = request;
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(
        JSON.stringify({ method, type: headers['content-type'], trace: headers['x-trace'], body }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('The fetch of undici', () => {
  const fetch = toNodeFetch(undiciFetch);

  it("answers with the platform's own Response", async () => {
    const answer = await fetch(`${url}/echo`, { headers: { 'x-trace': '1' } });
    expect([answer instanceof Response, answer.status, answer.ok, answer.url]).toEqual([
      true,
      200,
      true,
      `${url}/echo`,
    ]);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await answer.json()).toEqual({ method: 'GET', trace: '1', body: '' });
  });

  const form = new FormData();
  form.set('name', 'anna');
  const stream = () => new Blob(['streamed']).stream();
  it.each<[string, () => RequestInit, RegExp | undefined, string | RegExp]>([
    ['text', () => ({ body: '{}' }), /^text\/plain/, '{}'],
    [
      'a form of texts',
      () => ({ body: new URLSearchParams({ a: '1' }) }),
      /^application\/x-www-form-url/,
      'a=1',
    ],
    ['a form with files', () => ({ body: form }), FORM, /name="name"\r\n\r\nanna\r\n/],
    ['bytes', () => ({ body: new TextEncoder().encode('bytes') }), undefined, 'bytes'],
    ['a stream', () => ({ body: stream(), duplex: 'half' }), undefined, 'streamed'],
  ])('sends %s', async (_kind, init, type, body) => {
    const sent = await fetch(`${url}/echo`, { method: 'POST', ...init() });
    const echo = (await sent.json()) as { method: string; type?: string; body: string };
    expect(echo.method).toBe('POST');
    expect(echo.body).toEqual(typeof body === 'string' ? body : expect.stringMatching(body));
    expect(echo.type).toEqual(type === undefined ? undefined : expect.stringMatching(type));
  });

  it("sends Node's requests, which undici does not know", async () => {
    const request = new Request(`${url}/echo`, { method: 'PUT', headers: { 'x-trace': '2' }, body: 'whole' });
    expect(await (await fetch(request)).json()).toMatchObject({ method: 'PUT', trace: '2', body: 'whole' });
    const changed = new Request(`${url}/echo`, { headers: { 'x-trace': '2' } });
    const answer = await fetch(changed, { headers: { 'x-trace': '3' } });
    expect(await answer.json()).toMatchObject({ method: 'GET', trace: '3' });
  });

  it('gives empty answers and redirects as they are', async () => {
    const empty = await fetch(new URL('/none', url));
    expect([empty.status, empty.body]).toEqual([204, null]);
    const moved = await fetch(`${url}/moved`, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([302, '/echo']);
  });

  it('is called off by its signal, also while the body comes', async () => {
    const abort = new AbortController();
    const answer = await fetch(`${url}/slow`, { signal: abort.signal });
    const reading = answer.text();
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('ends the connection of a body that nobody reads any more', async () => {
    const answer = await fetch(`${url}/slow`);
    await expect(answer.body?.cancel()).resolves.toBeUndefined();
  });
});

describe('A function of the application', () => {
  it('gets a text and plain values, whatever the caller gave', async () => {
    const calls: [string, FetchInit][] = [];
    const own: FetchLike = async (...call) => {
      calls.push(call);
      return Response.json({});
    };
    const headers = new Headers({ 'X-Trace': '1' });
    await toNodeFetch(own)(new URL('https://orders.internal/a'), { headers, redirect: 'manual' });
    expect(calls).toEqual([
      ['https://orders.internal/a', { headers: { 'x-trace': '1' }, body: null, redirect: 'manual' }],
    ]);
  });

  it('may give the platform its Response, which stays the same', async () => {
    const answer = Response.json({});
    expect(await toNodeFetch(async () => answer)('https://orders.internal')).toBe(answer);
  });

  it('may be the one of Node, which is called as it is', () => {
    expect(toNodeFetch(fetch)).toBe(fetch);
  });
});
