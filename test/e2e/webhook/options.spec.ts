// The option `events`: where its secret comes from, and what is wrong with it.
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import type { DescopeOptions } from 'nestjs-descope';
import { DescopeConfigError, DescopeModule } from 'nestjs-descope';
import { OnDescopeEvent } from 'nestjs-descope/events';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { signBody, WEBHOOK_SECRET } from '../../support/descope-webhook.js';
import { clearEnvironment, setEnvironment } from '../../support/environment.js';

const SECOND = 'second-secret-of-a-connector';
const BODY = '{"action":"UserCreated"}';
const descope = createTestDescope();

describe.each(ADAPTERS)('The option events, on %s,', (adapter) => {
  let application: RunningApplication | undefined;
  const logger = new CollectingLogger();
  afterEach(async () => {
    await application?.close();
    application = undefined;
    clearEnvironment();
    logger.entries.length = 0;
  });

  const boot = async (module: DynamicModule) => {
    await application?.close();
    application = await start(adapter, { imports: [module] }, { logger });
    return application;
  };
  const bootSync = (options: object) => boot(DescopeModule.forRoot({ ...descope.options, ...options }));
  const bootAsync = (options: DescopeOptions, beside: object = {}) =>
    boot(
      DescopeModule.forRootAsync({
        useFactory: () => ({ ...descope.options, ...options }),
        ...beside,
      }),
    );
  const statusFor = async (secret: string) => {
    const headers = { 'x-descope-webhook-s256': signBody(BODY, secret) };
    return (await application?.request('/auth/events', { method: 'POST', headers, body: BODY }))?.status;
  };
  const mistakeOf = async (booting: Promise<unknown>): Promise<string> => {
    const error: unknown = await booting.then(
      () => 'it booted',
      (reason: unknown) => reason,
    );
    if (!(error instanceof DescopeConfigError)) return inspect(error);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/short-one|is-too/);
    return `${error.code}: ${error.message}`;
  };

  it('mounts no route when it is left out or false', async () => {
    for (const events of [undefined, false]) {
      await bootSync({ events, routes: { login: false } });
      expect(await statusFor(WEBHOOK_SECRET)).toBe(404);
    }
  });

  it('accepts each of several secrets, and no other', async () => {
    await bootSync({ events: { secret: [WEBHOOK_SECRET, ` ${SECOND}\n`] } });
    expect([await statusFor(WEBHOOK_SECRET), await statusFor(SECOND)]).toEqual([200, 200]);
    expect([await statusFor(`${SECOND}x`), await statusFor('')]).toEqual([401, 401]);
  });

  it('takes the secret from DESCOPE_WEBHOOK_SECRET, and prefers that of the option', async () => {
    setEnvironment({ DESCOPE_WEBHOOK_SECRET: SECOND });
    await bootSync({ events: {} });
    expect([await statusFor(WEBHOOK_SECRET), await statusFor(SECOND)]).toEqual([401, 200]);
    await bootSync({ events: { secret: WEBHOOK_SECRET } });
    expect([await statusFor(WEBHOOK_SECRET), await statusFor(SECOND)]).toEqual([200, 401]);
    await bootSync({});
    expect(await statusFor(SECOND)).toBe(404);
  });

  it('takes it through the ConfigModule of the application', async () => {
    const config = await ConfigModule.forRoot({
      ignoreEnvFile: true,
      isGlobal: true,
      load: [() => ({ DESCOPE_WEBHOOK_SECRET: SECOND })],
    });
    const module = DescopeModule.forRoot({ ...descope.options, events: {} });
    await boot({ ...module, imports: [...(module.imports ?? []), config] });
    expect(await statusFor(SECOND)).toBe(200);
  });

  it('is mounted beside a factory, which may have the secret', async () => {
    await bootAsync({ events: { secret: SECOND } }, { events: {} });
    expect(await statusFor(SECOND)).toBe(200);
    await bootAsync({}, { events: { secret: WEBHOOK_SECRET } });
    expect(await statusFor(WEBHOOK_SECRET)).toBe(200);
    await bootAsync({ events: { secret: SECOND } }, { events: { secret: WEBHOOK_SECRET } });
    expect([await statusFor(WEBHOOK_SECRET), await statusFor(SECOND)]).toEqual([401, 200]);
    setEnvironment({ DESCOPE_WEBHOOK_SECRET: SECOND });
    await bootAsync({}, { events: {} });
    expect(await statusFor(SECOND)).toBe(200);
  });

  it('stops the boot without a secret, or with a short one, and says what to do', async () => {
    const lacking = await mistakeOf(bootSync({ events: {} }));
    expect(lacking).toMatch(
      /^CONFIG_INVALID: [\s\S]*- events\.secret: got nothing; .*DESCOPE_WEBHOOK_SECRET/,
    );
    expect(await mistakeOf(bootAsync({}, { events: {} }))).toBe(lacking);
    expect(await mistakeOf(bootAsync({ events: {} }, { events: {} }))).toBe(lacking);
    for (const secret of [
      'short-one',
      '',
      ' '.repeat(20),
      7,
      null,
      [],
      ['is-too-short-'],
      [WEBHOOK_SECRET, 'short-one'],
    ])
      expect([secret, await mistakeOf(bootSync({ events: { secret } }))]).toEqual([
        secret,
        expect.stringMatching(/events\.secret: got [^;]*; expected the HMAC secret .* 16 characters/),
      ]);
    setEnvironment({ DESCOPE_WEBHOOK_SECRET: 'short-one' });
    expect(await mistakeOf(bootSync({ events: {} }))).toMatch(/events\.secret: got a string/);
  });

  it('stops the boot with something else than an object, and with unknown members', async () => {
    for (const events of [true, 'x', 7, [WEBHOOK_SECRET], null])
      expect([events, await mistakeOf(bootSync({ events }))]).toEqual([
        events,
        expect.stringMatching(/events: got .*; expected (?:false, or )?an object/),
      ]);
    expect(await mistakeOf(bootSync({ events: { secret: SECOND, secrets: [] } }))).toMatch(
      /events\.secrets: got an unknown option.*Did you mean events\.secret\?/,
    );
  });

  it('stops the boot where only the factory has it, which comes too late for a route', async () => {
    for (const beside of [{}, { events: false }])
      expect(await mistakeOf(bootAsync({ events: { secret: SECOND } }, beside))).toMatch(
        /events: got it in the result of the factory alone; expected events: \{\} in forRootAsync\(\)/,
      );
  });

  it('shows its secret in no log and in no inspection of what Nest holds', async () => {
    class Failing {
      @OnDescopeEvent('*')
      fail() {
        throw new Error('No.');
      }
    }
    const module = DescopeModule.forRoot({
      ...descope.options,
      events: { secret: [WEBHOOK_SECRET, SECOND] },
    });
    application = await start(adapter, { imports: [module], providers: [Failing] }, { logger });
    expect([await statusFor(WEBHOOK_SECRET), await statusFor('an-unknown-secret')]).toEqual([500, 401]);
    const config: unknown = application.app.get('nestjs-descope:config');
    const written = [
      ...logger.entries,
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
    ];
    for (const token of ['nestjs-descope:sessions', 'nestjs-descope:static'])
      written.push(inspect(application.app.get(token), { depth: 9, showHidden: true }));
    expect(logger.find('WEBHOOK_SIGNATURE_INVALID')).toHaveLength(1);
    for (const secret of [WEBHOOK_SECRET, SECOND]) expect(written.join('\n')).not.toContain(secret);
  });
});
