// Options are checked together, and production is rejected.
import { describe, expect, it } from '@jest/globals';
import type { EmulatorOptions } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { readArguments } from '#lib/emulator/command/command-arguments.js';
import { DEFAULT_PROJECT_ID, resolveOptions } from '#lib/emulator/options.js';

describe('resolveOptions', () => {
  it('has a default for everything', () => {
    const { projectId, host, port, settings } = resolveOptions({});
    expect([projectId, host, port]).toEqual([DEFAULT_PROJECT_ID, '127.0.0.1', 0]);
    expect(settings).toMatchObject({ sessionSeconds: 600, refreshRotation: false, responseMode: 'body' });
    expect(DEFAULT_PROJECT_ID).toMatch(/^P[a-zA-Z0-9]{27}$/);
  });

  it('takes undefined for left out, in each option', () => {
    const names = Object.keys(resolveOptions({}).settings);
    const absent = Object.fromEntries(
      [...names, 'projectId', 'port', 'seed'].map((name) => [name, undefined]),
    );
    expect(resolveOptions(absent)).toEqual(resolveOptions({}));
  });

  it('reports all mistakes at once', () => {
    const wrong = { projectId: 'P1', port: -1, host: '192.168.1.2', sessionSeconds: 0, colour: 'red' };
    expect(() => resolveOptions(wrong)).toThrow(
      /projectId must .*\n- host must be a loopback .*\n- port must .*\n- sessionSeconds must .*\n- colour is not an option/,
    );
  });

  it.each([
    ['host', '0.0.0.0'],
    ['host', '::'],
    ['host', 'example.com'],
    ['host', '127.0.0.1.example.com'],
    ['managementKey', 'a:b'],
    ['algorithm', 'HS256'],
    ['issuer', 'other'],
    ['refreshSeconds', 1.5],
    ['codeSeconds', Infinity],
    ['refreshRotation', 'yes'],
    ['replayEndsSignIn', 1],
    ['responseMode', 'header'],
    ['dpopNonces', true],
    ['sessionCookieName', 'a b'],
    ['refreshCookieName', ''],
    ['publicUrl', 'localhost:4400'],
    ['publicUrl', 'http://user@localhost'],
    ['publicUrl', 'http://localhost/?a'],
    ['allowedHosts', 'emulator'],
    ['allowedHosts', ['emulator:4400']],
    ['allowedHosts', ['*']],
    ['allowedHosts', ['http://emulator']],
    ['allowedOrigins', ['*']],
    ['allowedOrigins', ['null']],
    ['allowedOrigins', ['https://*.example.test']],
    ['allowedOrigins', ['https://app.example.test/']],
    ['allowedOrigins', ['https://App.example.test']],
    ['allowedOrigins', ['app.example.test']],
  ])('rejects %s %j', (name, value) => {
    expect(() => resolveOptions({ [name]: value })).toThrow(`${name} must be`);
  });

  it.each([
    [{ url: 'ftp://user:secret@a.example' }, 'webhooks[0].url must be an http or https URL'],
    [{ url: 'http://' }, 'webhooks[0].url must be'],
    [{ secret: 'secret' }, 'webhooks[0].url is missing'],
    [{ url: 'http://a', secret: '' }, 'webhooks[0].secret must be a non-empty string'],
    [{ url: 'http://a', actions: 'secret' }, 'webhooks[0].actions must be an array'],
    [{ url: 'http://a', body: 'xml' }, 'webhooks[0].body must be one of list, event, got "xml"'],
    [{ url: 'http://a', signed: 'url' }, 'webhooks[0].signed must be one of body, json, got "url"'],
    [{ url: 'http://a', colour: 'red' }, 'webhooks[0].colour is unknown'],
  ])('rejects the webhook %j', (webhook, mistake) => {
    const options = { webhooks: [webhook] } as unknown as EmulatorOptions;
    expect(() => resolveOptions(options)).toThrow(mistake);
    expect(() => resolveOptions(options)).not.toThrow('user:secret');
  });

  it.each(['0.0.0.0', '::', '192.168.1.2', 'emulator', 'emulator.test'])(
    'takes the host %s with allowRemote only',
    (host) => {
      expect(resolveOptions({ host, allowRemote: true }).host).toBe(host);
      expect(() => resolveOptions({ host, allowRemote: false })).toThrow(
        /host must be a loopback address .*anyone who can reach the emulator .*--allow-remote/,
      );
    },
  );

  it('takes allowRemote for true or false only, and with it nothing that is no host', () => {
    for (const host of ['', 'a b', 'http://a', '1.2.3', 'a:1'])
      expect(() => resolveOptions({ host, allowRemote: true })).toThrow('host must be an address or a host');
    const wrong = { host: '0.0.0.0', allowRemote: 'yes' } as unknown as EmulatorOptions;
    expect(() => resolveOptions(wrong)).toThrow('allowRemote must be true or false, got "yes"');
  });

  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost'])('takes the loopback host %s', (host) => {
    expect(resolveOptions({ host }).host).toBe(host);
  });
});

describe('resolveOptions, about who calls', () => {
  it('takes names, origins and a public URL, which loses its last slash', () => {
    const allowedHosts = ['emulator', 'a.example.test', '10.1.2.3', '[fd00::1]'];
    const allowedOrigins = [
      'https://app.example.test:8443',
      'capacitor://localhost',
      'http://[fd00::1]:3000',
    ];
    const given = { allowedHosts, allowedOrigins, publicUrl: 'https://dev.example.test/descope/' };
    const resolved = resolveOptions(given);
    expect(resolved).toMatchObject({ ...given, publicUrl: 'https://dev.example.test/descope' });
    expect(resolveOptions({ publicUrl: 'http://localhost:4400/' }).publicUrl).toBe('http://localhost:4400');
  });
});

describe('startEmulator', () => {
  it.each(['production', 'production '])('rejects to start with NODE_ENV="%s"', async (mode) => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = mode;
    await expect(startEmulator()).rejects.toMatchObject({ code: 'EMULATOR_IN_PRODUCTION' });
    process.env.NODE_ENV = before;
  });

  it('says so when its port is taken', async () => {
    const emulator = await startEmulator();
    const port = Number(new URL(emulator.url).port);
    await expect(startEmulator({ port })).rejects.toMatchObject({ code: 'EMULATOR_ADDRESS_TAKEN' });
    await emulator.close();
  });

  it('makes fresh keys each time', async () => {
    const [one, two] = await Promise.all([startEmulator(), startEmulator()]);
    expect(one.signingKey.kid).not.toBe(two.signingKey.kid);
    await Promise.all([one.close(), two.close()]);
  });

  it('rejects impossible settings later, too', async () => {
    const emulator = await startEmulator();
    expect(() => emulator.configure({ sessionSeconds: -1 })).toThrow('sessionSeconds must be');
    await emulator.close();
  });
});

describe('readArguments', () => {
  it('reads flags in both spellings', () => {
    expect(readArguments(['--port=8080', '--host', '::1', '--seed', 'a.json'])).toEqual({
      kind: 'start',
      options: { port: 8080, host: '::1', seed: 'a.json' },
    });
    expect(readArguments(['--host', '0.0.0.0', '--allow-remote'])).toEqual({
      kind: 'start',
      options: { port: 4400, host: '0.0.0.0', allowRemote: true },
    });
    expect(readArguments(['--webhook', 'http://a', '--webhook-secret=s'])).toEqual({
      kind: 'start',
      options: { port: 4400, webhooks: [{ url: 'http://a', secret: 's' }] },
    });
    for (const dpopNonces of ['token', 'always', 'never'])
      expect(readArguments(['--dpop-nonces', dpopNonces])).toEqual({
        kind: 'start',
        options: { port: 4400, dpopNonces },
      });
    expect(readArguments(['--screens', 'components'])).toEqual({
      kind: 'start',
      options: { port: 4400, screens: 'components' },
    });
    const named = [
      '--allow-host',
      'a',
      '--allow-host=b',
      '--allow-origin',
      'https://c',
      '--public-url',
      'http://d',
    ];
    expect(readArguments(named)).toEqual({
      kind: 'start',
      options: {
        port: 4400,
        allowedHosts: ['a', 'b'],
        allowedOrigins: ['https://c'],
        publicUrl: 'http://d',
      },
    });
    expect(readArguments([])).toEqual({ kind: 'start', options: { port: 4400 } });
    expect(readArguments(['-h'])).toEqual({ kind: 'help' });
  });

  it('reads what is to be asked of a running emulator', () => {
    const token = { kind: 'token', loginId: 'ada@example.com' };
    expect(readArguments(['--token', 'ada@example.com'])).toEqual({ ...token, url: undefined });
    expect(readArguments(['--token=ada@example.com', '--port', '4401'])).toEqual({
      ...token,
      url: 'http://127.0.0.1:4401',
    });
    expect(readArguments(['--env', '--url', 'http://emulator:4400'])).toEqual({
      kind: 'env',
      url: 'http://emulator:4400',
    });
  });

  it.each([
    [['--rotate'], "Unknown option '--rotate'"],
    [['--port', '1e3'], '--port must be a whole number'],
    [['--url', 'http://emulator'], '--url is for --token and --env'],
    [['--webhook-secret', 'secret'], '--webhook-secret is for --webhook'],
    [['--dpop-nonces', 'userinfo'], '--dpop-nonces must be token, always or never, got "userinfo"'],
    [['--screens', 'fancy'], '--screens must be plain or components, got "fancy"'],
    [['--token', 'ada', '--env'], 'cannot be used together'],
    [['--token', 'ada', '--seed', 'a.json'], '--seed is for starting an emulator, and --token asks one'],
    [['--env', '--allow-remote'], '--allow-remote is for starting an emulator, and --env asks one'],
    [['--token', ''], '--token must be the login id'],
    [['--env', '--url', 'emulator:4400'], '--url must be an http or https URL, got "emulator:4400"'],
    [['--env', '--url', 'http://'], '--url must be an http or https URL'],
    [['--env', '--url', 'http://a', '--port', '1'], '--url and --port cannot be used together'],
    [['--env', '--port', 'x'], '--port must be a whole number'],
  ])('rejects %j', (args, message) => {
    expect(() => readArguments(args)).toThrow(
      expect.objectContaining({
        code: 'EMULATOR_OPTIONS_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});
