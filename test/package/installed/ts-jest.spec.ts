// The packed package under Jest in CommonJS with ts-jest: the emulator by the README's global setup, without a transform.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InstalledProgram } from '../../support/installed-program.js';
import { installProgram } from '../../support/installed-program.js';

const MINUTES = 60_000;

describe('Installed into a program that is tested by Jest in CommonJS', () => {
  let program: InstalledProgram;

  beforeAll(async () => {
    program = await installProgram('ts-jest');
  }, 5 * MINUTES);
  afterAll(() => program.remove());

  it.each(['29.1', '29.4'])(
    'the emulator starts in a global setup, and the application finds it: ts-jest %s',
    async (version) => {
      const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--no-save'];
      await program.run('npm', ['install', ...flags, `ts-jest@~${version}.0`]);
      const { code, output } = await program.run('node_modules/.bin/jest', []);
      expect({ code, output }).toMatchObject({
        code: 0,
        output: expect.stringContaining('1 passed, 1 total'),
      });
      const { lastLine } = await program.run('node', ['-p', "require('ts-jest/package.json').version"]);
      expect(lastLine.startsWith(`${version}.`)).toBe(true);
    },
    3 * MINUTES,
  );
});
