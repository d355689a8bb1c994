// One word per idea: what the glossary of CONTRIBUTING.md replaces does not come back.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { readPages } from '../support/pages.js';
import { readSources, walk } from '../support/source-graph.js';

// What stood for an idea before it had the word of an RFC, of Nest or of Descope.
const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\bisAmbient\b/i, 'sentByBrowser'],
  [/\bsealed-?box\b/i, 'token encryption'],
  [/\bunjudged\b/i, 'never guarded'],
  [/\banswerable\b/i, 'satisfiable'],
  [/\bthrown-classes\b/i, 'transport exceptions'],
  [/\bTokenPlace\b|\bCookiePlace\b|\bRequestSessionPlace\b/i, 'TokenStore'],
  [/\bSessionKeeper\b|\bRenewalFlights\b|\bRenewalMemory\b|\bSessionStep\b|\bSessionWiring\b/i, 'refresh'],
  [/\bSignOutList\b|\bRevocationList\b/, 'Revocations'],
  [/\bEndedTokens\b/, 'RejectedTokens'],
  [/\btoHttpRejection\b/, 'toHttpError'],
  [/\bassertAdmitted\b/, 'assertTokenAccepted'],
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
texts.push({ path: 'CONTRIBUTING.md', text: readFileSync('CONTRIBUTING.md', 'utf8') }, ...readPages());
const titles = readSources('test').map(({ path, tree }) => ({ path, text: readTitles(tree).join('\n') }));

describe('The words of the sources', () => {
  it.each(REPLACED)('are not %s', (word) => {
    expect(findLines(texts, word)).toEqual([]);
  });

  it.each(REPLACED)('are not %s in the titles of tests', (word) => {
    expect(findLines(titles, word)).toEqual([]);
  });

  it('are looked at in all files', () => {
    expect(texts.length).toBeGreaterThan(100);
    expect(texts.some(({ text }) => /\bsentByBrowser\b/.test(text))).toBe(true);
    expect(texts.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/access.md']));
    expect(titles.flatMap(({ text }) => text.split('\n')).length).toBeGreaterThan(1000);
    expect(titles.find(({ path }) => path === 'test/package/words.spec.ts')?.text).toBe(
      'The words of the sources\nare not %s\nare not %s in the titles of tests\nare looked at in all files',
    );
  });
});

function findLines(files: readonly { path: string; text: string }[], word: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter((line) => word.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
}

// The first argument of `describe('…', …)`, `it('…', …)` and `it.each(…)('…', …)`.
function readTitles(tree: ts.SourceFile): string[] {
  const titles: string[] = [];
  walk(tree, (node) => {
    if (!ts.isCallExpression(node) || !/^(?:describe|it)\b/.test(node.expression.getText())) return;
    const [title] = node.arguments;
    if (title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title)))
      titles.push(title.getText().slice(1, -1));
  });
  return titles;
}
