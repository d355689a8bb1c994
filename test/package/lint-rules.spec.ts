// Rules of the linter that keep a mistake from coming back: each has a line that it must reject.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

// As a file of no project, so that only rules of its syntax are asked.
function lint(code: string): string {
  const args = ['node_modules/eslint/bin/eslint.js', '--stdin', '--stdin-filename', 'line.mjs'];
  return spawnSync(process.execPath, args, { input: code, encoding: 'utf8' }).stdout;
}

describe('The linter', () => {
  it('rejects to ask a value for the class of a promise', () => {
    const lines = [
      'export const a = (value) => value instanceof Promise;',
      'export const b = (value) => value instanceof globalThis.Promise;',
      'export const c = (value, types) => types.isPromise(value);',
      'export const d = (value) => value.constructor === Promise;',
      "export const e = (value) => typeof value.then === 'function';",
    ];
    const output = lint(`${lines.join('\n')}\n`);
    const found = [...output.matchAll(/^\s+(\d+):\d+\s+error.*no-restricted-syntax$/gm)].map(
      ([, line]) => line,
    );
    expect(found).toEqual(['1', '2', '3', '4']);
  });
});
