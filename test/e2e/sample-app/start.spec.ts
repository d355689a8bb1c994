// How the sample app starts, and what it says when it cannot.
import { describe, expect, it } from '@jest/globals';
import { toFailureText } from '../../../sample-app/src/start/failure.js';
import { readSettings } from '../../../sample-app/src/start/settings.js';
import { startSample } from '../../../sample-app/src/start/start-sample.js';
import { ADAPTERS } from '../../support/application.js';

const SECRET = 'a secret that nobody uses for anything';

const failureOf = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
  } catch (error) {
    return toFailureText(error);
  }
  throw new Error('It started.');
};

describe('Settings of the sample app', () => {
  it('have a default each, also where a variable is empty', () => {
    const defaults = {
      host: '127.0.0.1',
      port: 3000,
      adapter: 'express',
      projectId: undefined,
      sessionStore: 'cookies',
      sessionSeconds: 3600,
      redisUrl: undefined,
      sessionSecret: undefined,
      accessMap: undefined,
    };
    expect(readSettings({})).toEqual(defaults);
    const empty = { PORT: '', HOST: ' ', HTTP_ADAPTER: '', DESCOPE_PROJECT_ID: '', REDIS_URL: '' };
    expect(readSettings(empty)).toEqual(defaults);
  });

  it('come from the environment', () => {
    const environment = { PORT: '0', HOST: '::1', HTTP_ADAPTER: 'fastify', DESCOPE_PROJECT_ID: ' P2x ' };
    const listening = { host: '::1', port: 0, adapter: 'fastify', projectId: 'P2x' };
    expect(readSettings(environment)).toMatchObject(listening);
    const shared = {
      SESSION_STORE: 'request-session',
      SESSION_SECONDS: '5',
      REDIS_URL: 'redis://localhost',
      SESSION_SECRET: SECRET,
    };
    expect(readSettings(shared)).toMatchObject({
      sessionStore: 'request-session',
      sessionSeconds: 5,
      redisUrl: 'redis://localhost',
      sessionSecret: SECRET,
    });
  });

  it('are rejected with one message that names every mistake', async () => {
    const failure = await failureOf(() =>
      readSettings({ PORT: '70000', HTTP_ADAPTER: 'koa', ACCESS_MAP: 'yaml' }),
    );
    expect(failure).toBe(
      '\nThe sample app cannot start.\n' +
        '  PORT is "70000"; it must be a whole number from 0 to 65535.\n' +
        '  HTTP_ADAPTER is "koa"; it must be express or fastify.\n' +
        '  ACCESS_MAP is "yaml"; it must be table or json.\n\n',
    );
    for (const PORT of ['-1', '3000x', '1e3', '0x10', '65536'])
      expect(() => readSettings({ PORT })).toThrow('PORT');
    for (const name of ['DESCOPE_PUBLIC_KEY', 'DESCOPE_BASE_URI', 'DESCOPE_BASE_URL'])
      expect(() => readSettings({ [name]: 'x' })).toThrow(`${name} is set without DESCOPE_PROJECT_ID`);
  });

  it.each([
    ['SESSION_STORE', { SESSION_STORE: 'memory' }],
    ['SESSION_SECONDS', { SESSION_SECONDS: '0' }],
    ['REDIS_URL', { REDIS_URL: 'localhost:6379' }],
    ['SESSION_SECRET', { SESSION_SECRET: 'short' }],
    ['SESSION_SECRET', { SESSION_STORE: 'request-session', REDIS_URL: 'redis://localhost' }],
  ])('are rejected for %s in %j', (name, environment) => {
    expect(() => readSettings(environment as Record<string, string>)).toThrow(name);
  });
});

describe('Starting the sample app', () => {
  const settings = readSettings({ PORT: '0' });

  it('is rejected in production without a project', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      const failure = await failureOf(() => startSample(settings));
      expect(failure).toContain('NODE_ENV=production');
      expect(failure).toContain('DESCOPE_PROJECT_ID');
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it('fails with one message where Redis cannot be reached', async () => {
    const failure = await failureOf(() =>
      startSample(readSettings({ PORT: '0', REDIS_URL: 'redis://127.0.0.1:1' })),
    );
    expect(failure).toContain('Redis cannot be reached where REDIS_URL says');
  });

  it('fails with one message where the port is taken, on either adapter', async () => {
    const first = await startSample(settings);
    try {
      const port = Number(new URL(first.url).port);
      for (const adapter of ADAPTERS) {
        const failure = await failureOf(() => startSample({ ...settings, adapter, port }));
        expect(failure).toContain(`Port ${port} of 127.0.0.1 is taken.`);
        expect(failure).not.toMatch(/\n\s+at /);
      }
    } finally {
      await first.app.close();
    }
  });
});
