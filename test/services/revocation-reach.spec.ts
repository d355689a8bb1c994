// Whole applications beside a real Redis: by when every instance rejects who signed out, also while Redis or a wire fails.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompiledLibrary } from '../support/compiled-library.js';
import { compileLibrary } from '../support/compiled-library.js';

interface Row {
  readonly name: string;
  readonly signOuts: number;
  readonly revokedRequests: number;
  readonly acceptedAfterHeard: number;
  readonly notRejectedAtEnd: number;
  readonly rejectedLiving: number;
}

const SCRIPT = resolve('test/services/reach/reach.mjs');
const TIMEOUT_MS = 600_000;

describe('Three instances beside a real Redis, and one that starts', () => {
  let library: CompiledLibrary;
  beforeAll(() => {
    library = compileLibrary();
  });
  afterAll(() => library.remove());

  it(
    'accept no token after they heard of its sign-out, and none 5 s after the response, whatever happens to Redis',
    async () => {
      const json = join(library.folder, 'reach.json');
      const program = library.add('test/services/reach/instance.mjs');
      const args = [SCRIPT, '--sign-outs', '150', '--rate', '25', '--program', program, '--json', json];
      const { NODE_OPTIONS: _options, ...env } = process.env;
      const output = promisify(execFile)(process.execPath, args, { env });
      const { stdout } = await output.catch((error: unknown) => error as { readonly stdout: string }); // with mistakes
      const { rows, mistakes } = JSON.parse(readFileSync(json, 'utf8')) as {
        readonly rows: readonly Row[];
        readonly mistakes: readonly string[];
      };
      expect([mistakes, stdout]).toEqual([[], stdout]);
      expect(rows.length).toBe(5);
      for (const row of rows) {
        expect(row).toMatchObject({ acceptedAfterHeard: 0, notRejectedAtEnd: 0, rejectedLiving: 0 });
        expect(Math.min(row.signOuts, row.revokedRequests)).toBeGreaterThan(100);
      }
    },
    TIMEOUT_MS,
  );
});
