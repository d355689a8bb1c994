// The examples of backend-only sign-in and of old tokens, as one application: what they answer, also in an outage.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { compileLibrary, COMPILER } from '../../support/compiled-library.js';
import { createSdk } from '../../support/node-sdk.js';
import { readPage } from '../../support/pages.js';

const FILES = {
  'read-data': ['docs/backend-sign-in.md', '// read-data.ts'],
  'sign-in': ['docs/backend-sign-in.md', 'class SignInController'],
  'sign-up': ['docs/backend-sign-in.md', 'class SignUpController'],
  otp: ['docs/backend-sign-in.md', 'class OtpController'],
  refresh: ['docs/backend-sign-in.md', 'class RefreshController'],
  exchange: ['docs/migrate-old-tokens.md', 'class MigrationController'],
  guard: ['docs/migrate-old-tokens.md', 'class MigrationGuard'],
  'user-id': ['docs/migrate-old-tokens.md', 'class UserIdTokens'],
} as const;

// Beside the examples: their abstract classes, and a route that shows who is signed in. A token of the old system is
// `<header>.<payload>.`; to verify it is to read it.
const MAIN = `
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { CurrentUser, DescopeModule } from 'nestjs-descope';
import { SignInController } from './sign-in.js';
import { Accounts, SignUpController } from './sign-up.js';
import { OtpController } from './otp.js';
import { RefreshController } from './refresh.js';
import { MigrationController, OldSessions } from './exchange.js';
import { MigrationGuard, OldTokens } from './guard.js';
import { OldJwt, UserIdTokens } from './user-id.js';

@Controller('me')
class MeController {
  @Get()
  show(@CurrentUser('id') id) {
    return { id };
  }
}

const verify = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
const oldTokens = process.env.MAP === 'yes' ? { useClass: UserIdTokens } : { useValue: { verify } };

@Module({
  imports: [DescopeModule.forRoot({ globalGuard: false, audience: null })],
  controllers: [SignInController, SignUpController, OtpController, RefreshController, MigrationController, MeController],
  providers: [
    { provide: APP_GUARD, useClass: MigrationGuard },
    { provide: OldTokens, ...oldTokens },
    { provide: OldJwt, useValue: { verify } },
    { provide: Accounts, useValue: { create: async () => undefined } },
    { provide: OldSessions, useValue: { end: async (token) => (token === 'old' ? 'ada@example.com' : undefined) } },
  ],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
console.log(await app.getUrl());
`;

const ADA = { email: 'ada@example.com', password: 'Correct-horse-1' };

describe('The examples of sign-in by the backend', () => {
  const library = compileLibrary();
  const children: ChildProcess[] = [];
  let emulator: Emulator;
  let url: string;

  beforeAll(async () => {
    emulator = await startEmulator({ seed: { users: [{ loginId: ADA.email, password: ADA.password }] } });
    for (const [name, [page, text]] of Object.entries(FILES)) write(name, findBlock(page, text));
    write('main', MAIN);
    url = await run();
  });
  afterAll(async () => {
    await Promise.all(children.map(end));
    await emulator.close();
    library.remove();
  });

  function write(name: string, text: string): void {
    writeFileSync(join(library.folder, `${name}.js`), transformSync(text, COMPILER).code);
  }

  async function run(env: Readonly<Record<string, string>> = {}): Promise<string> {
    const child = spawn(process.execPath, ['main.js'], {
      cwd: library.folder,
      env: {
        ...process.env,
        DESCOPE_PROJECT_ID: emulator.projectId,
        DESCOPE_BASE_URI: emulator.url,
        DESCOPE_MANAGEMENT_KEY: emulator.managementKey,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return String(line).trim();
  }

  async function post(path: string, body: object, base = url) {
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, string>) };
  }

  async function showUser(token: string | undefined, base = url) {
    const response = await fetch(`${base}/me`, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, body: (await response.json()) as Record<string, string> };
  }

  it('sign in, refresh, and end the session', async () => {
    const { body } = await post('/sign-in/password', ADA);
    expect(await showUser(body['sessionJwt'])).toMatchObject({ status: 200 });
    expect(await post('/sign-in/refresh', body)).toMatchObject({ status: 201 });
    expect(await post('/sign-in/sign-out', body)).toMatchObject({ status: 204 });
    expect(await post('/sign-in/refresh', body)).toMatchObject({
      status: 401,
      body: { message: 'Sign in again.' },
    });
  });

  it('reject a wrong password with 401, and an address that has an account with 400', async () => {
    expect(await post('/sign-in/password', { ...ADA, password: 'wrong' })).toMatchObject({
      status: 401,
      body: { message: 'Wrong e-mail address or password.' },
    });
    expect(await post('/sign-up', { ...ADA, firstName: 'Ada' })).toMatchObject({ status: 400 });
  });

  it('sign a user up, whose address is not verified', async () => {
    const bob = { email: 'bob@example.com', password: 'Correct-horse-2', firstName: 'Bob' };
    const { body } = await post('/sign-up', bob);
    const { id = '' } = (await showUser(body['sessionJwt'])).body;
    const sdk = createSdk(emulator, 'management');
    const { data } = await sdk.management.user.loadByUserId(id);
    expect(data).toMatchObject({ email: bob.email, givenName: 'Bob', verifiedEmail: false });
  });

  it('start and check a one-time code', async () => {
    expect(await post('/otp/start', ADA)).toMatchObject({ status: 201 });
    expect(await post('/otp/verify', { ...ADA, code: 'wrong' })).toMatchObject({ status: 401 });
  });

  it('exchange an old refresh token for a session of the imported user', async () => {
    const { body } = await post('/migration/exchange', { refreshToken: 'old' });
    expect(await showUser(body['sessionJwt'])).toMatchObject({ status: 200 });
    expect(await post('/migration/exchange', { refreshToken: 'other' })).toMatchObject({ status: 401 });
  });

  it('accept an old token with `sub`, and reject one without it', async () => {
    expect(await showUser(toOldToken({ sub: '7', exp: 2e9 }))).toEqual({ status: 200, body: { id: '7' } });
    expect(await showUser(toOldToken({ userId: 7, exp: 2e9 }))).toMatchObject({ status: 401 });
    expect(await showUser(toOldToken({ sub: '', exp: 2e9 }))).toMatchObject({ status: 401 });
  });

  it('accept an old token whose id is mapped, and reject one without an id', async () => {
    const mapped = await run({ MAP: 'yes' });
    expect(await showUser(toOldToken({ userId: 7, exp: 2e9 }), mapped)).toMatchObject({ body: { id: '7' } });
    expect(await showUser(toOldToken({ exp: 2e9 }), mapped)).toMatchObject({ status: 401 });
  });

  it('respond with 503 when Descope cannot be reached, and do not name its host', async () => {
    const lost = await run({ DESCOPE_BASE_URI: 'http://127.0.0.1:9' });
    const later = { status: 503, body: expect.objectContaining({ message: 'Try again later.' }) };
    expect(await post('/sign-in/password', ADA, lost)).toEqual(later);
    expect(await post('/sign-in/refresh', { refreshJwt: 'x' }, lost)).toEqual(later);
    expect(await post('/otp/start', ADA, lost)).toEqual(later);
    expect(await post('/migration/exchange', { refreshToken: 'old' }, lost)).toEqual(later);
  });
});

function findBlock(path: string, part: string): string {
  const found = readPage(path).blocks.filter(({ text }) => text.includes(part));
  expect(found).toHaveLength(1);
  return found[0]?.text ?? '';
}

function toOldToken(payload: object): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'HS256' })}.${encode(payload)}.`;
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}
