// The Authorization header: one Bearer credential, none, or a malformed request.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBearer } from '#lib/core/http/request.js';
import { anyText } from '../../../support/any-text.js';
import { processorMsOf } from '../../../support/processor-time.js';
import { codeOf } from '../../../support/tokens.js';

const read = (...values: string[]) => {
  const rawHeaders = values.flatMap((value) => ['Authorization', value]);
  return readBearer({ headers: { authorization: values[0] }, rawHeaders }); // Node keeps the first
};
const code = (...values: string[]) => codeOf(() => read(...values));

describe('readBearer', () => {
  it.each(['Bearer a.b.c', 'bearer a.b.c', 'BEARER a.b.c', 'Bearer    a.b.c'])('reads %j', (header) =>
    expect(read(header)).toBe('a.b.c'),
  );

  it('reads every character that RFC 6750 allows, and leaves the others to anyone who decodes the token', () => {
    for (const token of ['aZ09-._~+/==', 'a=b', 'é', 'a\u00a0', 'a\u0000'])
      expect(read(`Bearer ${token}`)).toBe(token);
  });

  it('finds nothing where there is no header, an empty one, or another scheme', () => {
    expect(readBearer({ headers: {} })).toBeUndefined();
    for (const header of [
      '',
      'Basic YTpi',
      'Digest username="a", realm="b"',
      'BearerX a',
      'Bearer-Token a',
      'Bear a',
      'DPoP a',
      'Basic bearer a.b.c',
      'Negotiate bearer',
      'a.b.c',
    ]) {
      expect(read(header)).toBeUndefined();
    }
    expect(
      readBearer({ headers: Object.create({ authorization: 'Bearer a' }) as Record<string, string> }),
    ).toBeUndefined();
  });

  it.each([
    'Basic YTpi,bearer a',
    'Basic YTpi, \t bearer a',
    'Bearer',
    'Bearer ',
    'Bearer\ta',
    'Bearer \ta',
    'Bearer a b',
    'Bearer a\tb',
    'Bearer a\r\nX: y',
    'Bearer\u00a0a',
    'Bearer "a"',
    'Bearer a,',
    'Bearer a, Bearer b',
    'Bearer a,Bearer b',
    'Bearer a, Basic b',
    'Basic a, Bearer b',
    'Basic a,\tbearer b',
    'Basic a, Bearer',
    'Bearer=a',
    'Bearer:a',
    'Bearer,a',
    'Bearer token="a"',
  ])('rejects %j, which is meant as a bearer credential and is not one', (header) => {
    expect(code(header)).toBe('CREDENTIAL_MALFORMED');
  });

  it('rejects two headers, whatever they hold and whichever of them the framework keeps', () => {
    const values = ['Bearer a', 'Bearer b', 'Basic YTpi', ''];
    for (const one of values) for (const two of values) expect(code(one, two)).toBe('CREDENTIAL_MALFORMED');
    const rawHeaders = ['AUTHORIZATION', 'Bearer a', 'Accept', 'authorization', 'authorization', 'Bearer b'];
    expect(codeOf(() => readBearer({ headers: { authorization: 'Bearer b' }, rawHeaders }))).toBe(
      'CREDENTIAL_MALFORMED',
    );
  });

  it('rejects several values that a framework kept as a list, and takes a list of one for it', () => {
    expect(codeOf(() => readBearer({ headers: { authorization: ['Bearer a', 'Bearer b'] } }))).toBe(
      'CREDENTIAL_MALFORMED',
    );
    expect(readBearer({ headers: { authorization: ['Bearer a'] } })).toBe('a');
  });

  it('does not count a header whose value is called like it', () => {
    const rawHeaders = ['X-Note', 'authorization', 'Authorization', 'Bearer a', 'X-Other', 'Authorization'];
    expect(readBearer({ headers: { authorization: 'Bearer a' }, rawHeaders })).toBe('a');
  });

  it('throws nothing but CREDENTIAL_MALFORMED, and gives no token that could be two', () => {
    const header = fc.oneof(
      anyText(),
      fc.string().map((text) => `Bearer ${text}`),
    );
    fc.assert(
      fc.property(header, (text) => {
        const outcome = code(text);
        expect(['accepted', 'CREDENTIAL_MALFORMED']).toContain(outcome);
        if (outcome === 'accepted') expect(read(text) ?? 'a').toMatch(/^[^ ,\t"]+$/);
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it.each([
    ['spaces', (n: number) => `Bearer${' '.repeat(n)}`],
    ['spaces and a comma', (n: number) => `Basic ${' '.repeat(n)},${' '.repeat(n)}x`],
    ['commas', (n: number) => `Basic ${','.repeat(n)}`],
    ['commas and spaces', (n: number) => `Basic ${', '.repeat(n)}`],
    ['padding', (n: number) => `Bearer a${'='.repeat(n)}!`],
    ['token characters', (n: number) => `Bearer ${'a'.repeat(n)}!`],
    ['nearly bearers', (n: number) => `Basic ${',beare'.repeat(n)}`],
  ])('reads 256 KB of %s in far less than a second', (_, make) => {
    const workMs = processorMsOf(() => code(make(256 * 1024)));
    expect(workMs).toBeLessThan(500); // a quadratic pattern needs minutes
  });
});
