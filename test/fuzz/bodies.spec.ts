// Any body at the mounted routes: a rejection, and nothing kept; only a browser's own two tokens make a session.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../support/application.js';
import { ADAPTERS, start } from '../support/application.js';
import { fuzz, hostileJson, hostileText } from './support/fuzz.js';

const descope = createTestDescope();
const names = ['sessionJwt', 'refreshJwt', 'DS', 'DSR', 'tenant'];
const tokens = [
  descope.as({ drn: 'DSR' }),
  descope.expired(),
  descope.tampered(),
  createTestDescope().as(),
].map(({ token }) => token);
const good = descope.as().token;

const json = fc.oneof(
  hostileJson(...names, ...tokens).map((value) => JSON.stringify(value)),
  fc
    .dictionary(
      fc.constantFrom(...names),
      fc.constantFrom<unknown>(...tokens, null, 1, '', 'undefined', [good], { token: good }),
    )
    .map((value) => JSON.stringify(value)),
  hostileText('{', '}', '[', ']', '"', ':', ',', '"sessionJwt":', 'null', ...names),
);
const form = hostileText(
  'DS=',
  'DSR=',
  '&',
  '=',
  '%',
  '%00',
  '[]',
  '[x]',
  'sessionJwt=',
  '__proto__=',
  'constructor=',
  ...tokens,
);
const types = {
  'application/json': json,
  'application/x-www-form-urlencoded': form,
  'text/plain': json,
  'multipart/form-data': form,
  '': json,
};
const anyBody = fc
  .constantFrom(...(Object.keys(types) as (keyof typeof types)[]))
  .chain((type) => fc.tuple(fc.constant(type), types[type]));

describe.each(ADAPTERS)('A body, on %s,', (adapter) => {
  let app: RunningApplication;
  beforeAll(async () => {
    const imports = [DescopeModule.forRoot({ session: { refresh: true }, routes: { login: false } })];
    app = await start(adapter, { imports }, { override: (builder) => descope.override(builder) });
  });
  afterAll(() => app.close());

  const post = (path: string, type: string, body: string) => {
    const headers = { 'sec-fetch-site': 'same-origin', ...(type === '' ? {} : { 'content-type': type }) };
    return app.request(path, { method: 'POST', headers, body: Buffer.from(body) });
  };

  it('of any kind is rejected without a trace, unless it holds a sound session', () =>
    fuzz(
      150,
      fc.asyncProperty(
        fc.constantFrom('store_jwt', 'session', 'tenant', 'refresh', 'logout-all'),
        anyBody,
        async (route, [type, body]) => {
          const answer = await post(`/auth/${route}`, type, body);
          expect([400, 401, 403, 413, 415]).toContain(answer.status);
          expect(answer.headers.getSetCookie().filter((line) => !/=; Max-Age=0/.test(line))).toEqual([]);
          expect(answer.text).not.toMatch(/eyJ[\w-]{10,}\.|\n\s+at \S|node_modules/);
          expect(({} as Record<string, unknown>)['sessionJwt']).toBeUndefined();
        },
      ),
    ));

  it('with a sound session is kept, whatever else it says', () => {
    const others = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue({ maxDepth: 2 }), {
      maxKeys: 3,
    });
    return fuzz(
      40,
      fc.asyncProperty(others, async (extra) => {
        const answer = await post(
          '/auth/store_jwt',
          'application/json',
          JSON.stringify({ ...extra, sessionJwt: good }),
        );
        expect(answer.status).toBe(200);
        expect(answer.headers.getSetCookie()[0]).toMatch(
          new RegExp(`^DS=${good.replaceAll('.', '\\.')};.*HttpOnly`),
        );
      }),
    );
  });
});
