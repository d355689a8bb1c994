// Only paths of this application pass, whatever somebody writes.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readRedirectTarget } from '#lib/core/http/redirect-target.js';
import { anyText } from '../../../support/any-text.js';

const OURS = 'https://app.example.com';

describe('readRedirectTarget', () => {
  it.each([
    ['/', '/'],
    ['/orders', '/orders'],
    ['/orders?page=2&q=a%20b#top', '/orders?page=2&q=a%20b#top'],
    ['/login?next=https://evil.com', '/login?next=https://evil.com'],
    ['/a/../b', '/b'],
    ['/sale?off=100%25', '/sale?off=100%25'],
    ['/ä', '/%C3%A4'],
    ['/@evil.com', '/@evil.com'],
    ['/a//b', '/a//b'],
  ])('takes %j', (text, target) => {
    expect(readRedirectTarget(text)).toBe(target);
  });

  it.each([
    '',
    'orders',
    '?x',
    '#x',
    ' /orders',
    '//evil.com',
    '///evil.com',
    '/\\evil.com',
    '\\/evil.com',
    '\\\\evil.com',
    '/\t/evil.com',
    '/\n/evil.com',
    '\t//evil.com',
    '/a\\b',
    '/a\r\nSet-Cookie: x=y',
    '/a\u0000',
    '/.//evil.com',
    '/a/..//evil.com',
    '/%2e//evil.com',
    '/a/%2e%2e//evil.com',
    '/../%2fevil.com',
    '/a/../%2fevil.com',
    '/./%5cevil.com',
    '/%2e%2e/%252fevil.com',
    '/%2fevil.com',
    '/%2Fevil.com',
    '/%5cevil.com',
    '/%252fevil.com',
    '/./%2fevil.com',
    '/a/../%2fevil.com',
    '/./%255cevil.com',
    '/%255cevil.com',
    '/%09/evil.com',
    '/%2509/evil.com',
    '/a%0d%0aSet-Cookie:%20x=y',
    '/a%250d%250a',
    '/a%00',
    '%2f%2fevil.com',
    'https://evil.com',
    'https:/orders',
    'https:evil.com',
    'javascript:alert(1)',
    'data:text/html,x',
    '//app.example.com',
    `/${'a'.repeat(3000)}`,
  ])('rejects %j', (text) => {
    expect(readRedirectTarget(text)).toBeUndefined();
  });

  it('rejects what is no text', () => {
    for (const value of [undefined, null, 1, ['/'], { toString: () => '/' }]) {
      expect(readRedirectTarget(value)).toBeUndefined();
    }
  });

  const piece = fc.constantFrom(
    ...['/', '\\', '//', '.', '..', '%2f', '%5c', '%252f', '%2e', '%09', '%', '%25', '\t', '\n', '\r', '\0'],
    ...['@', ':', 'http:', 'evil.com', 'a', '?', '#', ' ', 'ä', '／', '\ud800', '\u2028', ';', '&', '%c0%af'],
  );
  const hostile = fc.oneof(
    anyText(),
    fc.array(piece).map((pieces) => pieces.join('')),
  );

  it('never leads elsewhere, nor once a proxy or a router has decoded it', () => {
    const check = (text: string): void => {
      const target = readRedirectTarget(text);
      if (target === undefined) return;
      const decoded = target.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
        String.fromCharCode(parseInt(hex, 16)),
      );
      for (const form of [target, decoded]) {
        expect(new URL(form, OURS).origin).toBe(OURS);
        expect(form).toMatch(/^\/(?![/\\])/);
      }
      expect(target).toMatch(/^[\x21-\x7e]+$/);
      expect(decoded).not.toMatch(/[\r\n\0\\]/);
    };
    fc.assert(fc.property(hostile, check), { numRuns: 3000 });
    fc.assert(
      fc.property(hostile, (text) => check(`/${text}`)),
      { numRuns: 3000 },
    );
  });

  it('gives back what it would take again, unchanged', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const target = readRedirectTarget(`/${text}`);
        if (target !== undefined) expect(readRedirectTarget(target)).toBe(target);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes the paths that applications have', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
    const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(fc.property(path, (text) => expect(readRedirectTarget(text)).toBe(text)));
  });
});
