// The regular expressions on the request pipeline, against what makes careless ones run away: eight times the text, far less than 64 times the time.
import { describe, expect, it } from '@jest/globals';
import { readRedirectTarget } from '#lib/core/http/redirect-target.js';
import { readBearer } from '#lib/core/http/request.js';
import { isWellFormed, readIssuerKind } from '#lib/core/token/claims.js';
import { codeOf } from '../support/tokens.js';

const FEW = 20_000;
const bearer = (header: string) => codeOf(() => readBearer({ headers: { authorization: header } }));
const issuer = (iss: string) => readIssuerKind(iss, 'P2x');

const SHAPES: Readonly<Record<string, (length: number) => unknown>> = {
  'blanks behind the scheme': (length) => bearer(`Bearer ${' '.repeat(length)}`),
  'blanks and then a wrong character': (length) => bearer(`Bearer ${' '.repeat(length)}\0`),
  'a token that ends wrongly': (length) => bearer(`Bearer ${'a'.repeat(length)}!`),
  'equals signs that end wrongly': (length) => bearer(`Bearer a${'='.repeat(length)}!`),
  commas: (length) => bearer(`x${','.repeat(length)}`),
  'commas and blanks': (length) => bearer(`x${', '.repeat(length / 2)}`),
  'one comma and blanks': (length) => bearer(`x,${' '.repeat(length)}`),
  'an issuer of slashes': (length) => issuer(`https://x${'/'.repeat(length)}`),
  'an issuer of segments that ends wrongly': (length) => issuer(`https://x${'/a'.repeat(length / 2)} `),
  'an issuer of one segment that ends wrongly': (length) => issuer(`https://x/${'a'.repeat(length)} `),
  'an issuer with a host that ends wrongly': (length) => issuer(`https://${'a.'.repeat(length / 2)} /`),
  'text in half pairs': (length) => isWellFormed('\ud83d\ude00'.repeat(length / 2)),
  'percent signs': (length) =>
    Array.from({ length: length / 2000 }, () => readRedirectTarget(`/${'%2'.repeat(1000)}`)),
};

function leastMs(run: () => unknown): number {
  const times = Array.from({ length: 15 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

describe('The time', () => {
  it.each(Object.entries(SHAPES))('for %s grows with the text', (_name, run) => {
    leastMs(() => run(FEW)); // warms up
    const [one, eight] = [leastMs(() => run(FEW)), leastMs(() => run(FEW * 8))];
    expect(eight).toBeLessThan(Math.max(one, 0.05) * 32);
  });
});
