// Plain http to an emulator in a container: only with the variable, only to a private host, never in production.
import { describe, expect, it } from '@jest/globals';
import { resolveConfig } from '#lib/core/config/config.js';
import { isProduction, mergeOptions, readEnvironment } from '#lib/core/config/environment.js';
import type { DescopeOptions } from '#lib/core/config/options.js';

const PROJECT_ID = 'P2testtesttesttesttesttestte';

function resolve(variables: Readonly<Record<string, unknown>>, explicit: DescopeOptions = {}) {
  const read = (name: string): unknown => ({ DESCOPE_PROJECT_ID: PROJECT_ID, ...variables })[name];
  return resolveConfig(mergeOptions(readEnvironment(read), explicit), isProduction(read));
}

const allow = { DESCOPE_ALLOW_INSECURE_BASE_URI: 'true' };

describe('DESCOPE_ALLOW_INSECURE_BASE_URI', () => {
  it.each([
    ['http://emulator:4400', 'http://emulator:4400'],
    ['http://EMULATOR', 'http://emulator'],
    ['http://my_emulator-1:4400/', 'http://my_emulator-1:4400'],
    ['http://10.1.2.3:4400', 'http://10.1.2.3:4400'],
    ['http://172.16.0.9', 'http://172.16.0.9'],
    ['http://172.31.255.255', 'http://172.31.255.255'],
    ['http://192.168.1.2:4400', 'http://192.168.1.2:4400'],
    ['http://0xc0a80102:4400', 'http://192.168.1.2:4400'],
    ['http://[fd12:3456::1]:4400', 'http://[fd12:3456::1]:4400'],
    ['http://[fc00::1]', 'http://[fc00::1]'],
  ])('allows %s, which is refused without it', (baseUri, baseUrl) => {
    expect(resolve({ ...allow, DESCOPE_BASE_URI: baseUri }).baseUrl).toBe(baseUrl);
    for (const left of [{}, { DESCOPE_ALLOW_INSECURE_BASE_URI: 'false' }])
      expect(() => resolve({ ...left, DESCOPE_BASE_URI: baseUri })).toThrow(
        /- baseUrl: got plain http outside loopback; expected https; .*DESCOPE_ALLOW_INSECURE_BASE_URI=true/,
      );
  });

  it.each([
    'http://descope.example.com',
    'http://emulator.:4400', // the root of the domain name system
    'http://emulator.internal',
    'http://localhost.evil.example',
    'http://8.8.8.8',
    'http://134744072', // 8.8.8.8
    'http://4400',
    'http://0.0.0.0:4400',
    'http://169.254.169.254', // link-local: the metadata of clouds
    'http://100.64.0.1',
    'http://172.15.0.1',
    'http://172.32.0.1',
    'http://192.169.0.1',
    'http://11.0.0.1',
    'http://10.0.0.1.evil.example',
    'http://[2001:db8::1]',
    'http://[fe80::1]',
    'http://[fd::1]',
    'http://[::ffff:8.8.8.8]',
    'http://[::2]',
    'http://evil%2Eexample',
    'http://evil\u3002example',
    'http:\\\\evil.example',
    'http:evil.example',
  ])('does not allow the public host of %s', (baseUri) => {
    expect(() => resolve({ ...allow, DESCOPE_BASE_URI: baseUri })).toThrow(
      /- baseUrl: got plain http to a public host; expected https, or a host without a dot/,
    );
  });

  it.each([
    'http://emulator@evil.example',
    'http://emulator:4400@evil.example',
    'http://user@emulator:4400',
    'http://:4400@emulator',
    'http://evil.example#@emulator',
    'http://emulator?evil.example',
    'http://emulator#evil.example',
    'http://emulator,evil',
    'http://emulator;evil',
    'ftp://emulator',
    'emulator:4400',
  ])('does not turn %s into an address', (baseUri) => {
    expect(() => resolve({ ...allow, DESCOPE_BASE_URI: baseUri })).toThrow(
      /- baseUrl: got a string; expected an https URL without credentials, query or fragment/,
    );
  });

  it.each([
    'production',
    'production ', // as `set NODE_ENV=production && node …` of Windows
  ])('allows nothing with NODE_ENV="%s", where https and loopback go on as ever', (mode) => {
    const production = { ...allow, NODE_ENV: mode };
    for (const baseUri of ['http://emulator:4400', 'http://10.0.0.1'])
      expect(() => resolve({ ...production, DESCOPE_BASE_URI: baseUri })).toThrow(
        /- baseUrl: got plain http with NODE_ENV=production; expected https; .*never for production/,
      );
    const wide = { allowInsecureBaseUrl: true } as const;
    for (const baseUri of ['http://emulator:4400', 'http://descope.example.com'])
      expect(() => resolve({ NODE_ENV: mode, DESCOPE_BASE_URI: baseUri }, wide)).toThrow(
        /- baseUrl: got plain http with NODE_ENV=production; .*replace the keys and sign in as any user/,
      );
    for (const baseUri of ['https://auth.example.com', 'http://127.0.0.1:4400'])
      expect(resolve({ ...production, DESCOPE_BASE_URI: baseUri }).baseUrl).toBe(baseUri);
  });

  it('may hold a boolean, as a validated environment does, and nothing but true and false', () => {
    const DESCOPE_BASE_URI = 'http://emulator';
    for (const value of [true, ' true '])
      expect(resolve({ DESCOPE_BASE_URI, DESCOPE_ALLOW_INSECURE_BASE_URI: value }).baseUrl).toBe(
        'http://emulator',
      );
    expect(() => resolve({ DESCOPE_BASE_URI, DESCOPE_ALLOW_INSECURE_BASE_URI: false })).toThrow('plain http');
    expect(() => resolve({ DESCOPE_BASE_URI, DESCOPE_ALLOW_INSECURE_BASE_URI: ' ' })).toThrow('plain http');
    for (const value of ['1', 'yes', 'TRUE'])
      expect(() => resolve({ DESCOPE_ALLOW_INSECURE_BASE_URI: value })).toThrow(
        /- allowInsecureBaseUrl: got a string; .*DESCOPE_ALLOW_INSECURE_BASE_URI: true or false/,
      );
  });

  it('gives way to the option of the code, in both directions', () => {
    const DESCOPE_BASE_URI = 'http://emulator';
    expect(() => resolve({ ...allow, DESCOPE_BASE_URI }, { allowInsecureBaseUrl: false })).toThrow(
      'got plain http outside loopback',
    );
    const wide = { allowInsecureBaseUrl: true } as const;
    expect(resolve({ ...allow, DESCOPE_BASE_URI: 'http://descope.internal' }, wide).baseUrl).toBe(
      'http://descope.internal',
    );
  });

  it('judges the cache of relations by the same rule', () => {
    expect(resolve(allow, { fgaCacheUrl: 'http://cache:8080' }).fgaCacheUrl).toBe('http://cache:8080');
    expect(() => resolve(allow, { fgaCacheUrl: 'http://cache.example.com' })).toThrow(
      '- fgaCacheUrl: got plain http to a public host',
    );
  });
});
