// A TestDescope signs in apps and agents too, with tokens like those of the emulator.
import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { DescopeOptions } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import { WhoController } from '../../support/who.controller.js';

const descope = createTestDescope();
let application: RunningApplication;

const startWith = async (options: DescopeOptions) => {
  const metadata = { imports: [DescopeModule.forRoot(options)], controllers: [WhoController] };
  application = await start('express', metadata, { override: (builder) => descope.override(builder) });
};
const who = async (headers: Record<string, string>) => {
  const { status, body } = await application.request('/who', { headers });
  return status === 200 ? body['kind'] : [status, body['code']];
};

describe('A token of', () => {
  afterEach(() => application.close());

  it.each(['app', 'agent'] as const)('an %s is let in where its kind is accepted, alone', async (kind) => {
    await startWith({ accepts: [kind], audience: 'orders-api' });
    expect(await who(descope.as({ kind, aud: 'orders-api' }).bearer)).toBe(kind);
    expect(await who(descope.as({ kind, aud: 'orders-api', sub: 'U2anna' }).bearer)).toBe(kind);
    expect(await who(descope.as().bearer)).toEqual([401, 'TOKEN_KIND_NOT_ACCEPTED']);
  });

  it.each(['app', 'agent'] as const)('an %s is rejected by an application for users', async (kind) => {
    await startWith({});
    expect(await who(descope.as({ kind }).bearer)).toEqual([401, 'TOKEN_KIND_NOT_ACCEPTED']);
  });

  it('an app is meant for the project, unless it says for whom', async () => {
    await startWith({ accepts: ['app'], audience: descope.projectId });
    expect(await who(descope.as({ kind: 'app' }).bearer)).toBe('app');
    const elsewhere = descope.as({ kind: 'app', aud: 'elsewhere' });
    expect(await who(elsewhere.bearer)).toEqual([401, 'TOKEN_AUDIENCE_MISMATCH']);
  });
});

describe('The claims of', () => {
  it('an app and of an agent are those that the emulator writes', async () => {
    const emulator = await startEmulator({ projectId: descope.projectId });
    const shape = (token: string) => {
      const { iss = '', ...claims } = decodeJwt(token);
      return {
        names: ['iss', ...Object.keys(claims)].sort(),
        path: new URL(iss).pathname.split('/').slice(0, 5),
      };
    };
    const [app, agent] = [await emulator.issueAppToken(), await emulator.issueAgentToken()];
    await emulator.close();
    expect(shape(descope.as({ kind: 'app' }).token)).toEqual(shape(app));
    expect(shape(descope.as({ kind: 'agent' }).token)).toEqual(shape(agent));
  });
});
