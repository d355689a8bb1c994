// What every page of the documentation keeps to: its length, its words, and examples that are well-formed.
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parse as parseGraphql } from 'graphql';
import ts from 'typescript';
import { countWords, readPages } from '../support/pages.js';

const pages = readPages();
const LONGER = ['README.md', 'docs/options.md', 'docs/errors.md']; // the others are tables to look something up in

describe.each(pages.map((page) => [page.path, page] as const))('The page %s', (path, page) => {
  it('is short enough to be read', () => {
    expect(countWords(page)).toBeLessThanOrEqual(LONGER.includes(path) ? 2500 : 2000);
  });

  it('has one title, and no level of headings is left out', () => {
    const levels = [...page.prose.matchAll(/^(#{1,6}) /gm)].map(([, marks = '']) => marks.length);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)).toEqual([]);
  });

  it('has JSON that parses, and names environment variables that the package reads', () => {
    for (const { text } of page.blocks.filter(({ language }) => language === 'json'))
      expect(() => JSON.parse(text) as unknown).not.toThrow();
    const names = page.blocks
      .filter(({ language }) => language === 'dotenv')
      .flatMap(({ text }) => Object.keys(parseEnv(text)))
      .filter((name) => name.startsWith('DESCOPE_'));
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('has JavaScript and GraphQL that parse', () => {
    const flaws = page.blocks
      .filter(({ language }) => language === 'js')
      .flatMap(({ line, text }) => {
        const { diagnostics = [] } = ts.transpileModule(text, {
          compilerOptions: { allowJs: true, target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
          fileName: 'block.mjs',
          reportDiagnostics: true,
        });
        return diagnostics.map(({ messageText }) => `${line}: ${JSON.stringify(messageText)}`);
      });
    expect(flaws).toEqual([]);
    for (const { text } of page.blocks.filter(({ language }) => language === 'graphql'))
      expect(() => parseGraphql(text)).not.toThrow();
  });

  it('shows project ids of the length that the package accepts', () => {
    const ids = page.text.match(/\bP2[A-Za-z0-9]{10,}\b/g) ?? [];
    expect(ids.filter((id) => !/^P(?:[A-Za-z0-9]{27}|[A-Za-z0-9]{31})$/.test(id))).toEqual([]);
  });

  it('says of each block in which language it is', () => {
    expect(page.blocks.filter(({ language }) => language === '').map(({ line }) => line)).toEqual([]);
  });

  it('says which fixture the commands with curl need', () => {
    const loose = page.blocks.filter(
      ({ language, text, fixture }) => language === 'sh' && /\bcurl\b/.test(text) && fixture === undefined,
    );
    expect(loose.map(({ line }) => line)).toEqual([]);
  });
});

const known = new Set(
  ['lib/core/config/options.ts', 'lib/core/config/endpoints.ts', 'lib/module/descope.options.ts'].flatMap(
    (file) => [...(readFileSync(file, 'utf8').match(/\bDESCOPE_[A-Z_]+\b/g) ?? [])],
  ),
);
