// One word per idea: what the glossary of CONTRIBUTING.md replaces does not come back.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readSources } from '../support/source-graph.js';

// What stood for an idea before it had the word of an RFC, of Nest or of Descope.
const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\bisAmbient\b/i, 'sentByBrowser'],
  [/\bsealed-?box\b/i, 'token encryption'],
  [/\bunjudged\b/i, 'never guarded'],
  [/\banswerable\b/i, 'satisfiable'],
  [/\bthrown-classes\b/i, 'transport exceptions'],
  [/\bTokenPlace\b|\bCookiePlace\b|\bRequestSessionPlace\b/i, 'TokenStore'],
  [/\bSessionKeeper\b|\bRenewalFlights\b|\bRenewalMemory\b|\bSessionStep\b|\bSessionWiring\b/i, 'refresh'],
  [/\badmitt?ed\b|\badmitLeniently\b/i, 'accepted'],
  [/\bthe road\b/i, 'the request pipeline'],
  [/\bwhoever\b/i, 'a plain subject'],
  [/\bnobody is asked\b/i, 'a plain sentence'],
  [/\bin the end in which\b/i, 'a plain sentence'],
  [/\bmilliards\b/i, 'billions'],
  [/\bno oftener\b/i, 'no more often'],
  [/\blets in\b/i, 'accepts'],
];

const texts = readSources('lib').map(({ path, text }) => ({ path, text }));
texts.push({ path: 'CONTRIBUTING.md', text: readFileSync('CONTRIBUTING.md', 'utf8') });

describe('The words of the sources', () => {
  it.each(REPLACED)('are not %s', (word) => {
    const found = texts.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (word.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(found).toEqual([]);
  });

  it('are looked at in all files', () => {
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.some(({ text }) => /\bsentByBrowser\b/.test(text))).toBe(true);
  });
});
