// May a browser's own credential count on this request?
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TrustedOrigin } from '#lib/core/http/origin.js';
import {
  assertFromOwnPage,
  assertOurs,
  assertSameOrigin,
  isFollowedLink,
  toOrigin,
} from '#lib/core/http/origin.js';
import type { RequestLike } from '#lib/core/http/request.js';
import { codeOf } from '../../../support/tokens.js';

const OURS = 'https://app.example.com';
const host = 'app.example.com';
const judge = (
  headers: RequestLike['headers'],
  config: { publicOrigin?: string; trustedOrigins?: TrustedOrigin[] } = {},
  method = 'POST',
) =>
  codeOf(() =>
    assertSameOrigin({ method, headers }, { publicOrigin: undefined, trustedOrigins: [], ...config }),
  );
const REFUSED = 'REQUEST_CROSS_SITE';

describe('assertSameOrigin', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE'])('lets a cookie count on %s from anywhere', (method) => {
    expect(judge({ host, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, {}, method)).toBe(
      'accepted',
    );
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'QUERY', 'CONNECT', ''])(
    'asks where %j comes from',
    (method) => {
      expect(judge({ host, origin: 'https://evil.example' }, {}, method)).toBe(REFUSED);
    },
  );

  it.each([
    { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    { upgrade: 'websocket' },
    { upgrade: 'h2c, WebSocket' },
  ])('asks where a WebSocket is opened from, although it is a GET (%j)', (headers) => {
    expect(judge({ host, ...headers, origin: 'https://evil.example' }, {}, 'GET')).toBe(REFUSED);
    expect(judge({ host, ...headers, 'sec-fetch-site': 'same-site' }, {}, 'GET')).toBe(REFUSED);
    expect(judge({ host, ...headers, origin: OURS }, {}, 'GET')).toBe('accepted');
    expect(judge({ host, ...headers }, {}, 'GET')).toBe('accepted');
  });

  it('believes no host that another one beside it contradicts, as HTTP/2 may have two', () => {
    const evil = 'evil.example';
    for (const origin of [OURS, `https://${evil}`]) {
      expect(judge({ ':authority': host, host: evil, origin })).toBe(REFUSED);
      expect(judge({ ':authority': evil, host, origin })).toBe(REFUSED);
    }
    expect(judge({ ':authority': host, host: host.toUpperCase(), origin: OURS })).toBe('accepted');
  });

  it('trusts origins below a pattern, and those that a function says yes to, in Origin and in Referer', () => {
    const config = {
      trustedOrigins: ['https://*.previews.example', (origin: string) => origin === 'https://own.example'],
    };
    for (const origin of ['https://pr-1.previews.example', 'https://own.example']) {
      expect(judge({ host, origin }, config)).toBe('accepted');
      expect(judge({ host, origin, 'sec-fetch-site': 'cross-site' }, config)).toBe('accepted');
      expect(judge({ host, referer: `${origin}/page?x=1` }, config)).toBe('accepted');
    }
    for (const origin of [
      'https://a.b.previews.example',
      'https://previews.example',
      'https://other.example',
    ])
      expect(judge({ host, origin }, config)).toBe(REFUSED);
  });

  it('takes no other upgrade for a WebSocket', () => {
    expect(judge({ host, upgrade: 'h2c', origin: 'https://evil.example' }, {}, 'GET')).toBe('accepted');
  });

  it('asks where a request without a method comes from', () => {
    const request = { headers: { host, origin: 'https://evil.example' } };
    const config = { publicOrigin: undefined, trustedOrigins: [] };
    expect(codeOf(() => assertSameOrigin(request, config))).toBe(REFUSED);
  });

  it('accepts the cookie from a client that is not a browser', () =>
    expect(judge({ host })).toBe('accepted'));

  it.each([
    ['same-origin', 'accepted'],
    ['none', 'accepted'],
    ['same-site', REFUSED],
    ['cross-site', REFUSED],
    ['', REFUSED],
    ['same-origin, cross-site', REFUSED],
    ['SAME-ORIGIN', REFUSED],
  ])('reads Sec-Fetch-Site %j as %s, over an origin that seems to be ours', (site, outcome) => {
    expect(judge({ host, origin: OURS, 'sec-fetch-site': site })).toBe(outcome);
    expect(judge({ host, 'sec-fetch-site': site })).toBe(outcome);
  });

  it.each([
    [OURS, 'accepted'],
    ['http://app.example.com', 'accepted'], // the scheme is not compared: a proxy speaks plain http to us
    ['https://app.example.com:443', REFUSED], // no browser writes it so
    ['https://app.example.com:8443', REFUSED],
    ['https://evil.example', REFUSED],
    ['https://app.example.com.evil.example', REFUSED],
    ['https://evil-app.example.com', REFUSED],
    ['https://sub.app.example.com', REFUSED],
    ['https://example.com', REFUSED],
    ['https://app.example.com/', REFUSED],
    ['https://app.example.com@evil.example', REFUSED],
    ['https://user@app.example.com', REFUSED],
    ['HTTPS://APP.EXAMPLE.COM', REFUSED],
    ['null', REFUSED],
    ['', REFUSED],
    ['app.example.com', REFUSED],
    [`${OURS}, https://evil.example`, REFUSED],
  ])('compares the origin %j with the Host header: %s', (origin, outcome) => {
    expect(judge({ host, origin })).toBe(outcome);
    expect(judge({ ':authority': host, origin })).toBe(outcome);
    expect(judge({ ':authority': host, host, origin })).toBe(outcome);
  });

  it('compares ports as a URL does', () => {
    expect(judge({ host: 'localhost:3000', origin: 'http://localhost:3000' })).toBe('accepted');
    expect(judge({ host: 'localhost:3000', origin: 'http://localhost:3001' })).toBe(REFUSED);
    expect(judge({ host: 'app.example.com:443', origin: OURS })).toBe('accepted');
  });

  it('compares with the public origin as a whole, where there is one', () => {
    const config = { publicOrigin: OURS };
    expect(judge({ host: 'internal:8080', origin: OURS }, config)).toBe('accepted');
    expect(judge({ host: 'internal:8080', origin: 'http://internal:8080' }, config)).toBe(REFUSED);
    expect(judge({ host, origin: 'http://app.example.com' }, config)).toBe(REFUSED);
  });

  it('lets a trusted origin override Sec-Fetch-Site, by its exact text', () => {
    const config = { trustedOrigins: ['https://admin.example.com'] };
    expect(judge({ host, origin: 'https://admin.example.com', 'sec-fetch-site': 'cross-site' }, config)).toBe(
      'accepted',
    );
    expect(judge({ host, origin: 'https://admin.example.com.evil.example' }, config)).toBe(REFUSED);
    expect(judge({ host, referer: 'https://admin.example.com/page?x' }, config)).toBe('accepted');
  });

  it.each([
    [`${OURS}/page?to=https://evil.example`, 'accepted'],
    [`https://evil.example/${OURS}`, REFUSED],
    ['https://app.example.com.evil.example/', REFUSED],
    ['about:blank', REFUSED],
    ['/page', REFUSED],
    ['', REFUSED],
    ['data:text/html,x', REFUSED],
  ])('falls back to the referer %j: %s', (referer, outcome) =>
    expect(judge({ host, referer })).toBe(outcome),
  );

  it('rejects an origin where the request names no host', () => {
    expect(judge({ origin: OURS })).toBe(REFUSED);
    expect(judge({ origin: OURS, host: '' })).toBe(REFUSED);
    expect(judge({ origin: 'http://undefined' })).toBe(REFUSED);
    expect(judge({ origin: OURS, 'x-forwarded-host': host, host: 'internal' })).toBe(REFUSED);
  });

  it('throws nothing else, and accepts no foreign origin, whatever the headers hold', () => {
    const foreign = fc.oneof(fc.webUrl(), fc.string(), fc.constantFrom('null', `${OURS}.evil`, `${OURS}:1`));
    fc.assert(
      fc.property(foreign, foreign, (origin, hostText) => {
        expect(['accepted', REFUSED]).toContain(judge({ origin, host: hostText, referer: origin }));
        if (origin !== OURS)
          expect(judge({ origin, host, referer: OURS }, { publicOrigin: OURS })).toBe(REFUSED);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe('assertOurs', () => {
  it('asks on a safe method too', () => {
    const ask = (headers: RequestLike['headers']) =>
      codeOf(() => assertOurs({ method: 'GET', headers }, { publicOrigin: OURS, trustedOrigins: [] }));
    expect(ask({ host, origin: 'https://evil.example' })).toBe(REFUSED);
    expect([ask({ host, origin: OURS }), ask({ host })]).toEqual(['accepted', 'accepted']);
  });
});

describe('assertFromOwnPage', () => {
  const ask = (headers: RequestLike['headers']) =>
    codeOf(() =>
      assertFromOwnPage(
        { method: 'GET', headers: { host, ...headers } },
        { publicOrigin: OURS, trustedOrigins: [] },
      ),
    );

  it.each([{ 'sec-fetch-site': 'same-origin' }, { origin: OURS }, { referer: `${OURS}/page` }])(
    'takes any one of the headers for proof: %j',
    (headers) => expect(ask(headers)).toBe('accepted'),
  );

  it.each([
    {},
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example' },
    { referer: 'https://evil.example/' },
    { 'sec-fetch-site': 'cross-site', referer: `${OURS}/page` },
  ])('rejects what says nothing, or comes from elsewhere, whatever the method: %j', (headers) =>
    expect(ask(headers)).toBe(REFUSED),
  );
});

describe('isFollowedLink', () => {
  const accept = 'text/html,application/xhtml+xml';
  const isLink = (headers: RequestLike['headers'], method = 'GET') => isFollowedLink({ method, headers });

  it('takes a page that is asked for, by whichever site, for a link that was followed', () => {
    expect(isLink({ accept })).toBe(true);
    expect(isLink({ accept, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' })).toBe(true);
  });

  it.each<[string, RequestLike['headers'], string]>([
    ['another method', { accept }, 'POST'],
    ['another method that is safe', { accept }, 'HEAD'],
    ['a WebSocket', { accept, upgrade: 'websocket' }, 'GET'],
    ['a script', { accept, origin: OURS }, 'GET'],
    ['a frame', { accept, 'sec-fetch-dest': 'iframe' }, 'GET'],
    ['data', { accept: 'application/json' }, 'GET'],
    ['whatever there is', {}, 'GET'],
  ])('takes %s for none', (_what, headers, method) => {
    expect(isLink(headers, method)).toBe(false);
  });
});

describe('toOrigin', () => {
  it('reads the origin of a URL, and none where there is none', () => {
    expect(toOrigin('https://App.Example.com:443/x?y#z')).toBe(OURS);
    for (const text of ['', 'x', 'data:,x', 'about:blank', 'javascript:1', '//host'])
      expect(toOrigin(text)).toBeUndefined();
  });
});
