// Any redirect target: what is accepted stays on our origin, for a browser and for anyone who decodes it first.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readRedirectTarget } from '#lib/core/http/redirect-target.js';
import { fuzz, hostileText } from './support/fuzz.js';

const OURS = 'https://a.example';
const text = hostileText(
  '/',
  '//',
  '\\',
  '.',
  '..',
  '/..',
  '/.',
  '%2f',
  '%5c',
  '%2e',
  '%25',
  '%252f',
  '%',
  '?',
  '#',
  '@',
  ':',
  'evil.com',
  'https:',
  'javascript:',
  '\t',
  '\n',
  '\r',
  '\0',
  '%09',
  '%0d%0a',
  ' ',
  '／',
  '。',
  '\u2028',
  'a',
  '%c0%af',
  '%E2%80%A8',
);
const target = fc.oneof(
  text,
  text.map((rest) => `/${rest}`),
);

// Byte by byte, as proxies do.
const decodeBytes = (value: string) =>
  value.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));

function decodeText(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

let count = 0;
function read(value: string): string | undefined {
  const accepted = readRedirectTarget(value);
  if (accepted !== undefined) count += 1;
  return accepted;
}

describe('A redirect target that is accepted', () => {
  it('stays on our origin, as it is and decoded, in every browser’s reading', () =>
    fuzz(
      8000,
      fc.asyncProperty(target, async (value) => {
        const accepted = read(value);
        if (accepted === undefined) return;
        for (const form of [
          accepted,
          decodeBytes(accepted),
          decodeText(accepted),
          decodeBytes(decodeBytes(accepted)),
        ]) {
          expect(new URL(form, OURS).origin).toBe(OURS);
          expect(new URL(form, `${OURS}/auth/deep/login`).origin).toBe(OURS);
        }
      }),
    ));

  it('fits into one header line and one attribute, and is accepted again unchanged', () =>
    fuzz(
      5000,
      fc.asyncProperty(target, async (value) => {
        const accepted = read(value);
        if (accepted === undefined) return;
        expect(accepted).toMatch(/^\/[\x21-\x7e]*$/);
        expect(accepted).not.toMatch(/[\\"<>\r\n]/);
        expect(readRedirectTarget(accepted)).toBe(accepted);
      }),
    ));

  it('is the same page that a browser would have gone to', () =>
    fuzz(
      3000,
      fc.asyncProperty(target, async (value) => {
        const accepted = read(value);
        if (accepted === undefined) return;
        const [ours, theirs] = [new URL(accepted, OURS), new URL(value, OURS)]; // an empty query or fragment is none
        expect([ours.pathname, ours.search, ours.hash]).toEqual([
          theirs.pathname,
          theirs.search,
          theirs.hash,
        ]);
      }),
    ));

  it('is text, and not too much of it', () =>
    fuzz(
      300,
      fc.asyncProperty(fc.anything(), fc.integer({ min: 2049, max: 100_000 }), async (value, length) => {
        if (typeof value !== 'string') expect(readRedirectTarget(value)).toBeUndefined();
        expect(readRedirectTarget(`/${'a'.repeat(length)}`)).toBeUndefined();
      }),
    ));

  it('was met often enough for these properties to mean something', () => {
    expect(count).toBeGreaterThan(100);
  });
});
