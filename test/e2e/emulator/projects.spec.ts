// Many projects in one emulator: each at its own path, with its own users, keys, clock and state.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { CurrentUser, DescopeModule, DescopeUser } from 'nestjs-descope';
import type { Emulator, ProjectOptions } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import * as oauth from 'oauth4webapi';
import { start as startApplication } from '../../support/application.js';
import { openConsent, submitConsent } from '../../support/consent.js';
import { createSdk } from '../../support/node-sdk.js';
import { discover, redeem, start } from '../../support/oauth-flow.js';

const seedOf = (name: string) => ({ users: [{ loginId: `${name}@example.com`, roles: [name] }] });

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ algorithm: 'ES384', seed: seedOf('main') });
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

describe('createProject', () => {
  it('adds a project at a path and with an id that nobody guesses, and the algorithm of the emulator', async () => {
    const [one, two] = await Promise.all([emulator.createProject(), emulator.createProject()]);
    for (const { url, projectId, signingKey, managementKey } of [one, two]) {
      expect(url).toMatch(new RegExp(`^${emulator.url}/p-[A-Za-z0-9]{16}$`));
      expect(projectId).toMatch(/^P[A-Za-z0-9]{27}$/);
      expect([signingKey.algorithm, managementKey]).toEqual(['ES384', emulator.managementKey]);
    }
    expect(new Set([one, two, emulator].flatMap(({ url, projectId }) => [url, projectId])).size).toBe(6);
    await Promise.all([one.close(), two.close()]);
  });

  it('gives each project what it asks for, and nothing of another', async () => {
    const options: ProjectOptions = { projectId: emulator.projectId, sessionSeconds: 60, algorithm: 'RS256' };
    const basePath = 'orders';
    await using project = await emulator.createProject({ ...options, basePath, seed: seedOf('ada') });
    expect([project.url, project.settings.sessionSeconds]).toEqual([`${emulator.url}/orders`, 60]);
    expect([project.loginIds, emulator.loginIds]).toEqual([['ada@example.com'], ['main@example.com']]);
    project.clock.advance(60_000);
    project.faults.add({ path: '/v1/auth/me', status: 503 });
    await createSdk(project).otp.signIn.email('ada@example.com');
    expect([project.outbox.all.length, emulator.outbox.all.length]).toEqual([1, 0]);
    expect(project.requests.all.map(({ path }) => path)).toEqual(['/v1/auth/otp/signin/email']);
    expect([emulator.requests.count(), Math.abs(emulator.clock.now() - Date.now()) < 5_000]).toEqual([
      0,
      true,
    ]);
    expect((await fetch(`${project.url}/v1/auth/me`)).status).toBe(503);
    expect((await fetch(`${emulator.url}/v1/auth/me`)).status).toBe(401);
    emulator.reset();
    expect([project.outbox.all.length, project.requests.count()]).toEqual([1, 2]);
    project.reset();
    expect([project.outbox.all.length, project.loginIds]).toEqual([0, ['ada@example.com']]);
  });

  it('trusts no token of another project, also with the same project id and user', async () => {
    const { projectId } = emulator;
    const seed = seedOf('main');
    await using project = await emulator.createProject({ projectId, seed });
    const [own, other] = [
      await project.signIn('main@example.com'),
      await emulator.signIn('main@example.com'),
    ];
    expect(own.userId).toBe(other.userId);
    await expect(createSdk(project).validateSession(own.sessionJwt)).resolves.toBeDefined();
    await expect(createSdk(project).validateSession(other.sessionJwt)).rejects.toThrow();
    expect((await createSdk(project).refresh(other.refreshJwt)).code).toBe(401);
    expect((await createSdk(emulator).refresh(own.refreshJwt)).code).toBe(401);
    expect((await createSdk(project).refresh(own.refreshJwt)).ok).toBe(true);
  });

  it('answers at its path, at every path below it and nowhere else', async () => {
    await using project = await emulator.createProject({ basePath: 'p1' });
    const statusOf = async (path: string) => (await fetch(`${emulator.url}${path}`)).status;
    const keys = `/v2/keys/${project.projectId}`;
    expect([await statusOf(`/p1${keys}`), await statusOf(keys), await statusOf('/p1')]).toEqual([
      200, 401, 404,
    ]);
    expect([project.requests.count(keys), emulator.requests.count(keys)]).toEqual([1, 1]);
    for (const path of ['/p11/health', '/P1/health', '/p1/p1/health', '/p%31/health'])
      expect(await statusOf(path)).toBe(404);
  });

  it.each([
    [{ basePath: 'v1' }, "basePath v1 is a path of Descope's API"],
    [{ basePath: 'emulator' }, 'basePath emulator is a path'],
    [{ basePath: 'P2emulator00000000000000000A' }, 'is a path of'],
    [{ basePath: 'a/b' }, 'basePath must be 1 to 100 letters'],
    [{ basePath: '..' }, 'basePath must be'],
    [{ basePath: '' }, 'basePath must be'],
    [{ basePath: 'taken' }, 'basePath taken belongs to another project'],
    [{ port: 0 }, 'port is an option of startEmulator'],
    [{ allowedOrigins: [] }, 'allowedOrigins is an option of startEmulator'],
    [{ projectId: 'P1' }, 'projectId must be'],
    [{ colour: 'red' }, 'colour is not an option'],
  ])('rejects %j', async (options, message) => {
    await using taken = await emulator.createProject({ basePath: 'taken' });
    await expect(emulator.createProject(options as ProjectOptions)).rejects.toMatchObject({
      code: 'EMULATOR_OPTIONS_INVALID',
      message: expect.stringContaining(message),
    });
    expect(taken.loginIds).toEqual([]);
  });
});

describe('a project', () => {
  it('is closed alone, with what hangs in it, and its path is free again', async () => {
    const [one, two] = [await emulator.createProject({ basePath: 'one' }), await emulator.createProject()];
    one.faults.add({ path: '/', hang: true });
    const hanging = fetch(`${one.url}/v1/auth/me`).catch((error: unknown) => (error as Error).message);
    while (one.requests.count() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await one.close();
    expect(await hanging).toBe('fetch failed');
    expect((await fetch(`${one.url}/health`)).status).toBe(404);
    expect((await fetch(`${two.url}/health`)).status).toBe(200);
    await using again = await emulator.createProject({ basePath: 'one' });
    expect((await fetch(`${again.url}/health`)).status).toBe(200);
    await one.close(); // once more: does not touch the new one
    expect((await fetch(`${again.url}/health`)).status).toBe(200);
    await two.close();
  });

  it('is closed with its emulator, which takes no more then', async () => {
    const other = await startEmulator({ algorithm: 'ES384' });
    const { url } = await other.createProject();
    await other.close();
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    await expect(other.createProject()).rejects.toMatchObject({ code: 'EMULATOR_CLOSED' });
  });

  it('frees its memory when it is closed', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const closed = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const project = await emulator.createProject({ seed: seedOf('ada') });
        await createSdk(project).otp.signIn.email('ada@example.com');
        await project.signIn('ada@example.com');
        await project.close();
        return new WeakRef(project.outbox);
      }),
    );
    for (let round = 0; round < 20 && closed.some((one) => one.deref()); round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
    }
    expect(closed.filter((one) => one.deref())).toEqual([]);
  });
});

@Controller('me')
class MeController {
  @Get()
  show(@CurrentUser() user: DescopeUser) {
    return { id: user.id, roles: user.roles };
  }
}

describe('an application of a project', () => {
  it.each(['express', 'fastify'] as const)(
    'takes sessions of its own project alone, on %s',
    async (adapter) => {
      await using one = await emulator.createProject({ seed: seedOf('ada') });
      await using two = await emulator.createProject({ seed: seedOf('ada'), projectId: one.projectId });
      const { projectId, managementKey, url: baseUrl } = one;
      const options = { projectId, managementKey, baseUrl, audience: null, algorithms: ['ES384'] } as const;
      const application = await startApplication(adapter, {
        imports: [DescopeModule.forRoot(options)],
        controllers: [MeController],
      });
      const call = async ({ sessionJwt }: { readonly sessionJwt: string }) => {
        const headers = { authorization: `Bearer ${sessionJwt}` };
        return fetch(`${application.url}/me`, { headers });
      };
      const { userId } = await one.signIn('ada@example.com');
      expect(await (await call(await one.signIn('ada@example.com'))).json()).toEqual({
        id: userId,
        roles: ['ada'],
      });
      expect((await call(await two.signIn('ada@example.com'))).status).toBe(401);
      await application.close();
    },
  );
});

describe('the authorization server of a project', () => {
  it('signs in by its metadata, page, cookie and keys, found as RFC 8414 and OpenID Connect say', async () => {
    const redirectUri = 'http://127.0.0.1:3000/callback';
    const inboundApps = [{ name: 'desk', clientId: 'desk', redirectUris: [redirectUri], scopes: ['notes'] }];
    await using project = await emulator.createProject({ seed: { ...seedOf('ada'), inboundApps } });
    const issuer = `${project.url}/v1/apps/${project.projectId}`;
    const as = await discover(issuer, 'oauth2');
    expect(await discover(issuer, 'oidc')).toEqual(as);
    const party = { as, client: { client_id: 'desk' }, auth: oauth.None(), redirectUri };
    const started = await start(party, { scope: 'notes' });
    const page = await openConsent(started.url);
    expect(page.headers.get('set-cookie')).toContain(`Path=${new URL(project.url).pathname}/oauth2/;`);
    const { location } = await submitConsent(page);
    const { access_token: token } = await redeem(party, started, location ?? new URL(project.url));
    expect(decodeJwt(token)).toMatchObject({ iss: issuer, scope: 'notes' });
  });

  it('sets cookies for its own path', async () => {
    const users = [{ loginId: 'ada@example.com', password: 'Correct-horse-1' }];
    await using project = await emulator.createProject({ responseMode: 'cookies', seed: { users } });
    const { response } = await createSdk(project).password.signIn('ada@example.com', 'Correct-horse-1');
    const { pathname } = new URL(project.url);
    const cookies = response?.headers.getSetCookie() ?? [];
    expect(cookies.map((cookie) => /Path=([^;]+)/.exec(cookie)?.[1])).toEqual([
      `${pathname}/`,
      `${pathname}/`,
    ]);
  });
});

describe('fifty projects at once', () => {
  it('mix up nothing: users, sign-ins, sessions, messages and requests', async () => {
    const projects = await Promise.all(
      Array.from({ length: 50 }, (_, index) => emulator.createProject({ seed: seedOf(`user${index}`) })),
    );
    const seen = await Promise.all(projects.map((project, index) => useProject(project, index)));
    expect(seen).toEqual(
      projects.map((_, index) => ({
        users: [`extra${index}@example.com`, `user${index}@example.com`],
        signedIn: [[`user${index}`], [`user${index}`], [`user${index}`]],
        messages: [`user${index}@example.com`],
      })),
    );
    const counts = projects.map(({ requests }) => requests.count());
    expect(new Set(counts).size).toBe(1);
    await Promise.all(projects.map((project) => project.close()));
  });
});

// As the tests of one file would: manages, signs in by code, refreshes, checks the session.
async function useProject(project: Emulator, index: number) {
  const [sdk, admin] = [createSdk(project), createSdk(project, 'management')];
  const loginId = `user${index}@example.com`;
  await admin.management.user.create(`extra${index}@example.com`, { email: `extra${index}@example.com` });
  await sdk.otp.signIn.email(loginId);
  const { code = '' } = project.outbox.last(loginId) ?? {};
  const { data } = await sdk.otp.verify.email(loginId, code);
  const refreshed = await sdk.refresh(data?.refreshJwt ?? '');
  const { token } = await sdk.validateSession(data?.sessionJwt ?? '');
  const { data: users } = await admin.management.user.search({});
  return {
    users: (users?.users ?? []).map(({ loginIds }) => loginIds[0]).sort(),
    signedIn: [
      decodeJwt(data?.sessionJwt ?? '').roles,
      token.roles,
      decodeJwt(refreshed.data?.sessionJwt ?? '').roles,
    ],
    messages: project.outbox.all.map((message) => message.loginId),
  };
}
