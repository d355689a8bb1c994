// The program of the page about protected resources, as an application: what the page says that a client sees.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { ask } from '../../support/application.js';
import { compileLibrary, COMPILER } from '../../support/compiled-library.js';
import { readPage } from '../../support/pages.js';

const MAIN = `
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
`;

const page = readPage('docs/protected-resources.md');
const URL = 'https://api.example.com/orders';

describe('The program of the page about protected resources', () => {
  const library = compileLibrary();
  let emulator: Emulator;
  let child: ChildProcess;
  let url = '';
  beforeAll(async () => {
    emulator = await startEmulator();
    const block = page.blocks.find(({ text }) => text.includes('class AppModule'))?.text ?? '';
    write('app.module', block);
    write('main', `import 'reflect-metadata';${MAIN}`);
    const env = { DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URI: emulator.url };
    const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
    const started = spawn(process.execPath, ['main.js'], {
      cwd: library.folder,
      env: { ...process.env, ...env },
      stdio,
    });
    child = started;
    const [line] = (await once(started.stdout, 'data')) as [Buffer];
    url = String(line).trim();
  });
  afterAll(async () => {
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
    await emulator.close();
    library.remove();
  });

  function write(name: string, text: string): void {
    writeFileSync(join(library.folder, `${name}.js`), transformSync(text, COMPILER).code);
  }

  const shown = page.blocks.filter(({ language }) => language === 'http').map(({ text }) => text.trim());
  const bearer = async (scopes: readonly string[], audience = URL) => ({
    authorization: `Bearer ${await emulator.issueAgentToken({ audience, scopes })}`,
  });

  it('challenges as the page shows', async () => {
    const anonymous = await ask(`${url}/orders`);
    expect(anonymous.status).toBe(401);
    expect(shown).toContain(`WWW-Authenticate: ${anonymous.headers.get('www-authenticate')}`);
    const poor = await ask(`${url}/orders`, { method: 'POST', headers: await bearer(['orders:read']) });
    expect([poor.status, poor.body['code']]).toEqual([403, 'ACCESS_SCOPE_MISSING']);
    expect(shown).toContain(`WWW-Authenticate: ${poor.headers.get('www-authenticate')}`);
  });

  it('serves the metadata that the page shows', async () => {
    const { body } = await ask(`${url}/.well-known/oauth-protected-resource/orders`);
    const [document] = page.blocks.filter(({ language }) => language === 'json');
    const expected = JSON.parse(document?.text ?? '') as object;
    const issuer = `${emulator.url}/v1/apps/${emulator.projectId}`;
    expect(body).toEqual({ ...expected, authorization_servers: [issuer] });
  });

  it('accepts a token for the resource with both scopes', async () => {
    const headers = await bearer(['orders:read', 'orders:write']);
    expect((await ask(`${url}/orders`, { method: 'POST', headers })).body).toEqual({ added: true });
    const other = await ask(`${url}/orders`, {
      headers: await bearer(['orders:read'], 'https://api.example.com'),
    });
    expect([other.status, other.body['code']]).toEqual([401, 'TOKEN_AUDIENCE_MISMATCH']);
  });
});
