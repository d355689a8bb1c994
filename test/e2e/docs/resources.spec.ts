// The programs of the pages about protected resources and MCP servers, as applications: they do what the pages say.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { ask } from '../../support/application.js';
import { callTool, namesOf, sendMcp, textOf, toMessage } from '../../support/mcp.js';
import type { PageProgram } from '../../support/page-program.js';
import { findBlock, runPageProgram } from '../../support/page-program.js';
import { readPage } from '../../support/pages.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

let emulator: Emulator;
let program: PageProgram;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

const toEnv = () => ({ DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URI: emulator.url });
const bearer = async (scopes: readonly string[], audience: string, claims = {}) => ({
  authorization: `Bearer ${await emulator.issueAgentToken({ audience, scopes, claims })}`,
});
const shownBy = (path: string) => readPage(path).blocks.filter(({ language }) => language === 'http');

describe('The program of the page about protected resources', () => {
  const page = 'docs/protected-resources.md';
  const resource = 'https://api.example.com/orders';
  const main = `
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { AppModule } from './app.module.js';

    const app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    console.log(await app.getUrl());
  `;
  beforeAll(async () => {
    program = await runPageProgram({ 'app.module': findBlock(page, 'class AppModule'), main }, toEnv());
  });
  afterAll(() => program.close());

  const shown = shownBy(page).map(({ text }) => text.trim());

  it('challenges as the page shows', async () => {
    const anonymous = await ask(`${program.url}/orders`);
    expect(anonymous.status).toBe(401);
    expect(shown).toContain(`WWW-Authenticate: ${anonymous.headers.get('www-authenticate')}`);
    const headers = await bearer(['orders:read'], resource);
    const poor = await ask(`${program.url}/orders`, { method: 'POST', headers });
    expect([poor.status, poor.body['code']]).toEqual([403, 'ACCESS_SCOPE_MISSING']);
    expect(shown).toContain(`WWW-Authenticate: ${poor.headers.get('www-authenticate')}`);
  });

  it('serves the metadata that the page shows', async () => {
    const { body } = await ask(`${program.url}${WELL_KNOWN}/orders`);
    const expected = JSON.parse(findBlock(page, 'bearer_methods_supported')) as object;
    const issuer = `${emulator.url}/v1/apps/${emulator.projectId}`;
    expect(body).toEqual({ ...expected, authorization_servers: [issuer] });
  });

  it('accepts a token for the resource with both scopes, and none for the origin', async () => {
    const headers = await bearer(['orders:read', 'orders:write'], resource);
    expect((await ask(`${program.url}/orders`, { method: 'POST', headers })).body).toEqual({ added: true });
    const other = await bearer(['orders:read'], 'https://api.example.com');
    const { status, body } = await ask(`${program.url}/orders`, { headers: other });
    expect([status, body['code']]).toEqual([401, 'TOKEN_AUDIENCE_MISMATCH']);
  });
});

describe('The program of the page about MCP servers', () => {
  const page = 'docs/mcp.md';
  const origin = 'https://mcp.example.com';
  const main = `
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { connectMcp, McpModule } from './mcp-application.js';

    const app = await NestFactory.create(McpModule, { logger: false });
    await connectMcp(app);
    await app.listen(0, '127.0.0.1');
    console.log(await app.getUrl());
  `;
  beforeAll(async () => {
    const files = { 'mcp-application': findBlock(page, '// mcp-application.ts'), main };
    program = await runPageProgram(files, { ...toEnv(), PUBLIC_URL: origin });
  });
  afterAll(() => program.close());

  const send = async (message: object, scopes: readonly string[], claims = {}) =>
    sendMcp(`${program.url}/mcp`, message, await bearer(scopes, `${origin}/mcp`, claims));

  it('lists and calls what the token allows', async () => {
    const list = toMessage('tools/list');
    expect(namesOf(await send(list, ['orders:read']), 'tools')).toEqual(['list_orders', 'add_order']);
    const admin = { roles: ['admin'] };
    expect(namesOf(await send(list, ['orders:read'], admin), 'tools')).toContain('delete_orders');
    expect(textOf(await send(callTool('list_orders'), ['orders:read']))).toContain('"orders":[]');
    const added = await send(callTool('add_order', { item: 'tea' }), ['orders:read', 'orders:write']);
    expect(JSON.parse(textOf(added))).toEqual({ added: 'tea' });
    expect(textOf(await send(callTool('delete_orders'), ['orders:read'], admin))).toBe('{"deleted":true}');
  });

  it('rejects as the page shows', async () => {
    const { status, headers } = await send(callTool('add_order', { item: 'tea' }), ['orders:read']);
    const [shown = ''] = shownBy(page).map(({ text }) => text.replaceAll(/^ +/gm, '').trim());
    expect(shown).toBe(`HTTP/1.1 ${status} Forbidden\nWWW-Authenticate: ${headers.get('www-authenticate')}`);
    const text = textOf(await send(callTool('delete_orders'), ['orders:read']));
    expect(readPage(page).text).toContain(`the text \`${text}\``);
  });
});
