// A process whose global Promise is not the platform's own: who gets in is decided as anywhere else.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CompiledLibrary } from '../../support/compiled-library.js';
import { compileLibrary } from '../../support/compiled-library.js';

interface Outcome {
  readonly results: Readonly<Record<string, string>>;
  readonly unhandled: readonly string[];
  readonly notices: readonly string[];
}

const REFUSED = '403 ACCESS_POLICY_REFUSED';
const WANTED = {
  class: REFUSED,
  function: REFUSED,
  async: REFUSED,
  thenable: REFUSED,
  callable: REFUSED,
  throwing: '500',
  twice: REFUSED,
  truthy: REFUSED,
  yes: '200 IN own',
  fga: '503 FGA_UNAVAILABLE',
  foreign: '403 ACCESS_TENANT_MISSING',
  member: '200 IN own',
  session: '200 IN own',
  admin: '403 ACCESS_ROLE_MISSING',
  optional: '200 IN own',
  'late keys, nobody': '401 SESSION_MISSING',
  'late keys, anna': '200 IN own',
  'late keys, admin route': '403 ACCESS_ROLE_MISSING',
  'late keys, tampered': '401 TOKEN_SIGNATURE_INVALID',
  'late keys, tampered, optional': '401 TOKEN_SIGNATURE_INVALID',
  'late keys, tampered cookie, optional': '200 IN nobody',
  'late keys, claims rejected': '403 CLAIMS_REFUSED',
  'no own user': '403 USER_NOT_ACCEPTED',
  'signed out': '401 SESSION_SIGNED_OUT',
  'signed out, optional': '401 SESSION_SIGNED_OUT',
};

// Relations are asked for, and there is no network.
const isOfBoot = (code: string) => !code.endsWith('_UNAVAILABLE');

describe('An application in a process with another Promise', () => {
  let library: CompiledLibrary;
  beforeAll(() => {
    library = compileLibrary();
  });
  afterAll(() => library.remove());

  const run = async (kind: string): Promise<Outcome> => {
    const program = library.add('test/support/foreign-promise/program.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [program, kind], { timeout: 25_000 });
    return JSON.parse(stdout) as Outcome;
  };

  it("decides by what an answer does, and says nothing, where it is the platform's own", async () => {
    const { results, unhandled, notices } = await run('own');
    expect(results).toEqual(WANTED);
    expect([unhandled, notices.filter(isOfBoot)]).toEqual([[], []]);
  });

  it.each(['zone', 'replaced'])(
    'decides in the same way, says it at boot, and leaves no rejection to the process (%s)',
    async (kind) => {
      const { results, unhandled, notices } = await run(kind);
      expect(results).toEqual(WANTED);
      expect([unhandled, notices.filter(isOfBoot)]).toEqual([[], ['PROMISE_REPLACED']]);
    },
  );
});
