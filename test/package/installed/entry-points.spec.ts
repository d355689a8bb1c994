// The packed package where none of its optional peers is installed: each entry point can be imported, in both builds.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InstalledProgram } from '../../support/installed-program.js';
import { installProgram } from '../../support/installed-program.js';

const MINUTES = 60_000;
const OPTIONAL = ['@descope/web-component', '@nestjs/microservices', '@nestjs/testing', '@nestjs/websockets'];
// A name that each exports; './express' is types only.
const ENTRY_POINTS = [
  ['', 'DescopeModule'],
  ['/context', 'DescopeContext'],
  ['/inspect', 'describeAccess'],
  ['/events', 'OnDescopeEvent'],
  ['/websockets', 'DescopeSockets'],
  ['/microservices', 'microserviceTransport'],
  ['/redis', 'redisChannel'],
  ['/mcp', 'mcpTransport'],
  ['/testing', 'createTestDescope'],
  ['/emulator', 'startEmulator'],
  ['/express', undefined],
];

describe('Installed without its optional peers, the package', () => {
  let program: InstalledProgram;

  beforeAll(async () => {
    program = await installProgram('without-optional-peers');
  }, 5 * MINUTES);
  afterAll(() => program.remove());

  it('has none of them in its folder', () => {
    expect(OPTIONAL.filter((name) => existsSync(join(program.folder, 'node_modules', name)))).toEqual([]);
  });

  it.each(['module', 'commonjs'])('can be imported by each of its entry points: %s', async (kind) => {
    const isModule = kind === 'module';
    for (const [path = '', name] of ENTRY_POINTS) {
      const target = JSON.stringify(`nestjs-descope${path}`);
      const load = isModule ? `await import(${target})` : `require(${target})`;
      const code = `console.log(Object.keys(${load}).includes(${JSON.stringify(name ?? '')}))`;
      const { lastLine, output } = await program.run('node', [`--input-type=${kind}`, '-e', code]);
      const printed = lastLine === '' ? output : lastLine;
      expect({ path, printed }).toEqual({ path, printed: String(name !== undefined) });
    }
  });

  it('has a command, by both of its names, whose doctor finds the peers of the program', async () => {
    const bin = (name: string) => join(program.folder, 'node_modules/.bin', name);
    expect(await program.run(bin('nestjs-descope'), ['--version'])).toMatchObject({ code: 0 });
    expect((await program.run(bin('nestjs-descope-emulator'), ['--help'])).output).toMatch(/^Usage: /);
    const doctor = await program.run(bin('nestjs-descope'), ['doctor'], { DESCOPE_PROJECT_ID: 'X1' });
    expect(doctor.code).toBe(1);
    expect(doctor.output).toMatch(/\nok +nest +@nestjs\/common \d.*\nproblem +configuration +CONFIG_INVALID/);
  });
});
