// Sizes and shapes that keep the sources legible.
import { posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { readSources, walk } from '../support/source-graph.js';

const sources = readSources('lib');

describe('A source file', () => {
  it('has at most 300 lines', () => {
    const long = sources.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
    expect(long.filter(({ lines }) => lines > 300)).toEqual([]);
  });

  it('opens with one line that says what stands there', () => {
    const opening = (text: string) => text.replace(/^#!.*\n/, '').split('\n')[0] ?? '';
    expect(
      sources.filter(({ text }) => !/^\/\/ \S.{10,}/.test(opening(text))).map(({ path }) => path),
    ).toEqual([]);
  });

  it('has no `any`, and silences the compiler nowhere', () => {
    const found: string[] = [];
    for (const { path, text, tree } of sources) {
      walk(tree, (node) => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${path}: ${node.parent.getText()}`);
      });
      if (/@ts-(?:ignore|nocheck|expect-error)|eslint-disable/.test(text)) found.push(path);
    }
    expect(found).toEqual([]);
  });

  it('has no default export, and no enum', () => {
    const found: string[] = [];
    for (const { path, tree } of sources) {
      walk(tree, (node) => {
        const isDefault = ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword;
        if (ts.isEnumDeclaration(node) || (isDefault && !ts.isDefaultClause(node))) found.push(path);
      });
    }
    expect(found).toEqual([]);
  });
});

describe('A function', () => {
  it('has at most three parameters', () => {
    const found: string[] = [];
    for (const { path, tree } of sources) {
      walk(tree, (node) => {
        if (ts.isFunctionLike(node) && node.parameters.length > 3)
          found.push(`${path}: ${node.getText().slice(0, 60)}`);
      });
    }
    expect(found).toEqual([]);
  });

  // The three that a reader opens first: each is a list of named steps.
  it.each([
    ['lib/auth/auth.guard.ts', 'canActivate'],
    ['lib/core/token/token-verifier.ts', 'verify'],
    ['lib/core/session/authenticator.ts', 'authenticate'],
  ])('of the request pipeline (%s, %s) has at most 25 lines', (path, name) => {
    const lines: number[] = [];
    for (const { tree } of sources.filter((source) => source.path === path)) {
      walk(tree, (node) => {
        if (ts.isMethodDeclaration(node) && node.name.getText() === name)
          lines.push(node.getText().split('\n').length);
      });
    }
    expect(lines.length).toBeGreaterThan(0);
    expect(Math.max(...lines)).toBeLessThanOrEqual(25);
  });
});

describe('A folder', () => {
  it('holds at most twelve files', () => {
    const counts = new Map<string, number>();
    for (const { path } of sources)
      counts.set(posix.dirname(path), (counts.get(posix.dirname(path)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 12)).toEqual([]);
  });

  it('stands at most two deep', () => {
    expect(sources.filter(({ path }) => path.split('/').length > 4).map(({ path }) => path)).toEqual([]);
  });

  it('has no name that says nothing', () => {
    const empty = /\/(?:utils?|helpers?|common|interfaces|shared|misc)(?:\/|\.ts$)/;
    expect(sources.filter(({ path }) => empty.test(path)).map(({ path }) => path)).toEqual([]);
  });
});
