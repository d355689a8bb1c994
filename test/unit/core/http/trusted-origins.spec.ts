// Which origins beside our own are trusted: by name, by a pattern of one label, or by a function.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OriginTest } from '#lib/core/http/origin.js';
import { findPatternFlaw, isTrustedOrigin } from '#lib/core/http/origin.js';

const PATTERN = 'https://*.previews.example.com';
const trusts = (origin: string, one: string | OriginTest) => isTrustedOrigin(origin, [one]);

describe('isTrustedOrigin', () => {
  it('takes an origin by its exact name, and nothing where nothing is trusted', () => {
    expect(trusts('https://a.example.com', 'https://a.example.com')).toBe(true);
    expect(trusts('https://a.example.com:8443', 'https://a.example.com')).toBe(false);
    expect(trusts('http://a.example.com', 'https://a.example.com')).toBe(false);
    expect(isTrustedOrigin('https://a.example.com', [])).toBe(false);
  });

  it.each([
    'https://a.previews.example.com',
    'https://pr-12.previews.example.com',
    'https://xn--bcher-kva.previews.example.com',
  ])('takes %s by a pattern, which stands for one label', (origin) =>
    expect(trusts(origin, PATTERN)).toBe(true),
  );

  it.each([
    'https://previews.example.com',
    'https://.previews.example.com',
    'https://a.b.previews.example.com',
    'https://a.previews.example.com.evil.example',
    'https://evil.example/.previews.example.com',
    'https://evil.example:1.previews.example.com',
    'https://u@a.previews.example.com',
    'https://a.previews.example.com:8443',
    'https://A.previews.example.com',
    'https://-.previews.example.com',
    'https://*.previews.example.com:443',
    'http://a.previews.example.com',
    'https://aprevews.example.com',
    'null',
    '',
  ])('does not take %j by it', (origin) => expect(trusts(origin, PATTERN)).toBe(false));

  it('reads a port of a pattern as it stands', () => {
    expect(trusts('https://a.example.com:8443', 'https://*.example.com:8443')).toBe(true);
    expect(trusts('https://a.example.com', 'https://*.example.com:8443')).toBe(false);
  });

  it('never trusts by a pattern what is no host one label below it', () => {
    const text = fc.oneof(
      fc.webUrl(),
      fc.string(),
      fc.domain().map((name) => `https://${name}`),
    );
    fc.assert(
      fc.property(text, fc.constantFrom('', '.previews.example.com'), (start, end) => {
        const origin = start + end;
        if (!trusts(origin, PATTERN)) return;
        expect(new URL(origin).origin).toBe(origin);
        expect(new URL(origin).hostname.split('.').slice(1).join('.')).toBe('previews.example.com');
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it('asks a function with the origin, and takes `true` alone for a yes', () => {
    const asked: string[] = [];
    const own: OriginTest = (origin) => asked.push(origin) > 0;
    expect(trusts('https://a.example', own)).toBe(true);
    expect(asked).toEqual(['https://a.example']);
    for (const answer of [false, undefined, 'true', 1, {}, Promise.resolve(true)])
      expect(trusts('https://a.example', (() => answer) as unknown as OriginTest)).toBe(false);
    const broken: OriginTest = () => {
      throw new Error('broken');
    };
    expect(isTrustedOrigin('https://a.example', [broken, 'https://a.example'])).toBe(true);
    expect(trusts('https://a.example', broken)).toBe(false);
  });
});

describe('findPatternFlaw', () => {
  it.each([
    PATTERN,
    'https://*.example.com:8443',
    'https://*.example.co.uk',
    'https://*.my-project.pages.dev',
    'https://*.my-group.eu.org',
    'https://*.district.k12.ca.us',
    'https://*.my-blogspot.de',
    'http://*.localhost:3000',
    'https://*.localhost',
  ])('takes %s', (pattern) => expect(findPatternFlaw(pattern)).toBeUndefined());

  it.each([
    '*',
    'https://*',
    'https://*.com',
    'https://*.',
    'http://*.example.com',
    'https://*.example.com:443',
    'https://*.example.com/',
    'https://*.*.example.com',
    'https://a.*.example.com',
    'https://a*.example.com',
    'https://*.EXAMPLE.com',
    'https://*.127.0.0.1',
    'https://*.a;b.com',
    '//*.example.com',
    'https://u@*.example.com',
  ])('rejects %s', (pattern) =>
    expect(findPatternFlaw(pattern)).toBe('a "*" where a pattern cannot have one'),
  );

  it.each([
    'vercel.app',
    'netlify.app',
    'github.io',
    'pages.dev',
    'herokuapp.com',
    'web.app',
    'co.uk',
    'com.au',
    'a.run.app',
    's3.eu-central-1.amazonaws.com',
    'up.railway.app',
    'azurewebsites.net:8443',
    'eu.org',
    'de.eu.org',
    'pp.ua',
    'blogspot.de',
    'blogspot.co.uk',
    'blogspot.com.br',
    'edgecompute.app',
    'gitlab.io',
    'pages.gitlab.io',
    'k12.ca.us',
  ])('rejects a pattern below %s, where anybody can have a site', (base) =>
    expect(findPatternFlaw(`https://*.${base}`)).toBe('a "*" under a domain where anyone can host a site'),
  );
});
