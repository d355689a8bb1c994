// The container files: what they say of user, arguments, health check and environment is run, without a container runtime.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { resolveConfig } from '#lib/core/config/config.js';
import { isProduction, readEnvironment } from '#lib/core/config/environment.js';
import { DEFAULT_PORT } from '#lib/emulator/command/command-arguments.js';
import { DEFAULT_MANAGEMENT_KEY, DEFAULT_PROJECT_ID } from '#lib/emulator/options.js';
import type { TranspiledCommand } from '../../support/command.js';
import { runCommand, transpileCommand } from '../../support/command.js';
import type { Stage } from '../../support/dockerfile.js';
import { readStages } from '../../support/dockerfile.js';
import { findFreePort } from '../../support/free-port.js';

interface Service {
  readonly build: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const stages = readStages(readFileSync('docker/Dockerfile', 'utf8'));
const { services } = parse(readFileSync('docker/compose.yaml', 'utf8')) as {
  readonly services: Readonly<Record<'emulator' | 'application', Service>>;
};
const stageOf = ({ build }: Service): Stage => stages.get(build.target) as Stage;

describe('docker/compose.yaml', () => {
  it('builds stages of the Dockerfile that are there, from the root of a clone', () => {
    expect(Object.keys(services)).toEqual(['emulator', 'application']);
    for (const { build } of Object.values(services)) {
      expect(build.context).toBe('..');
      expect(existsSync(build.dockerfile)).toBe(true);
      expect([...stages.keys()]).toContain(build.target);
    }
  });

  it('publishes the ports of the stages on loopback only', () => {
    for (const service of Object.values(services)) {
      const [port] = stageOf(service).ports;
      expect(service.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    }
    expect(stageOf(services.emulator).ports).toEqual([DEFAULT_PORT]);
  });

  it('gives the application an environment that it boots with, and not in production', () => {
    const { environment = {}, depends_on: needs } = services.application;
    const boot = (variables: Readonly<Record<string, string>>) => {
      const read = (name: string) => variables[name];
      return resolveConfig(readEnvironment(read), isProduction(read));
    };
    const { baseUrl, projectId, readSecrets } = boot(environment);
    expect([baseUrl, projectId, readSecrets().managementKey]).toEqual([
      `http://emulator:${DEFAULT_PORT}`,
      DEFAULT_PROJECT_ID,
      DEFAULT_MANAGEMENT_KEY,
    ]);
    expect(Object.keys(services)).toContain(new URL(baseUrl).hostname);
    expect(needs).toEqual({ emulator: { condition: 'service_healthy' } });
    expect(() => boot({ ...environment, NODE_ENV: 'production' })).toThrow('NODE_ENV=production');
    const { DESCOPE_ALLOW_INSECURE_BASE_URI: _allowed, ...others } = environment;
    expect(() => boot(others)).toThrow('plain http outside loopback');
  });
});

describe('docker/Dockerfile', () => {
  it('starts each service as a user without rights, with a health check, and not in production', () => {
    for (const service of Object.values(services)) {
      const { user, health, variables, image, sources } = stageOf(service);
      expect(user).toBe('node');
      expect(health[0]).toBe('node');
      expect(health.join(' ')).toContain(`http://127.0.0.1:${stageOf(service).ports[0]}/`);
      expect(variables['NODE_ENV']).toBeUndefined();
      expect(image).toBe('node:22-slim');
      expect(sources).toEqual(['build']);
    }
  });

  it('starts the sample application where its build is, at the port of the stage', () => {
    const { command, variables, ports } = stageOf(services.application);
    expect(command).toEqual(['node', 'sample-app/dist/main.js']);
    expect(existsSync(String(command[1]).replace('/dist/', '/src/').replace(/js$/, 'ts'))).toBe(true);
    expect([variables['HOST'], variables['PORT']]).toEqual(['0.0.0.0', String(ports[0])]);
  });
});

describe('The container of the emulator', () => {
  let transpiled: TranspiledCommand;
  beforeAll(() => {
    transpiled = transpileCommand();
    chmodSync(transpiled.folder, 0o755); // for the user without rights
  });
  afterAll(() => transpiled.remove());

  // As root, as that user, if it can reach the project; else as the user who runs the test.
  const user = process.getuid?.() === 0 && canOthersReach(process.cwd()) ? { uid: 1000, gid: 1000 } : {};
  const { PATH = '' } = process.env;

  async function isHealthy(port: number): Promise<boolean> {
    const [program = '', ...args] = stageOf(services.emulator).health;
    expect(program).toBe('node');
    const words = args.map((word) => word.replaceAll(String(DEFAULT_PORT), String(port)));
    const check = spawn(process.execPath, words, { ...user, env: { PATH }, cwd: transpiled.folder });
    const [code] = (await once(check, 'close')) as [number];
    return code === 0;
  }

  it('starts, is healthy, signs in a seeded user, and ends on the signal of a runtime', async () => {
    const port = await findFreePort();
    const { entrypoint } = stageOf(services.emulator);
    const { command: words = [], volumes = [] } = services.emulator;
    const [program = '', ...given] = entrypoint;
    const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Record<string, string> };
    expect(bin[program.replace('node_modules/.bin/', '')]).toBe('./dist/esm/cli/nestjs-descope.js');
    const [from = '', to = '', mode] = (volumes[0] ?? '').split(':');
    expect(mode).toBe('ro');
    const args = [...given, ...words].map((word) =>
      word === to ? join(process.cwd(), 'docker', from) : word,
    );
    expect(await isHealthy(port)).toBe(false);
    const emulator = spawn(process.execPath, [transpiled.command, ...args, '--port', String(port)], {
      ...user,
      env: { PATH },
      cwd: transpiled.folder,
    });
    const closed = once(emulator, 'close');
    let [stdout, stderr] = ['', ''];
    emulator.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    emulator.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    await Promise.race([once(emulator.stdout, 'data'), closed]);
    expect(stderr).toMatch(/WARNING[^]*listens on 0\.0\.0\.0/);
    expect(await isHealthy(port)).toBe(true);
    const token = await runCommand(transpiled.command, [
      ...['emulator', '--token', 'ada@example.com'],
      ...['--url', `http://127.0.0.1:${port}`],
    ]);
    expect(token).toMatchObject({ code: 0, stdout: expect.stringMatching(/^eyJ/) });
    emulator.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
    expect(await isHealthy(port)).toBe(false);
    expect(stdout).toContain('ada@example.com, grace@example.com');
    const [published] = services.emulator.ports; // `127.0.0.1:4400:4400`
    expect(stdout).toContain(`url             http://localhost:${published?.split(':')[1]}\n`);
  });
});

// A clone may stand in a folder of its owner alone, as `mktemp -d` makes it.
function canOthersReach(folder: string): boolean {
  const parent = dirname(folder);
  return (statSync(folder).mode & 0o001) !== 0 && (parent === folder || canOthersReach(parent));
}
