// Which addresses the emulator connects to for others, and which redirect URIs clients may have.
import { describe, expect, it } from '@jest/globals';
import { isLoopbackAddress, isPublicAddress } from '#lib/emulator/clients/public-addresses.js';
import { findRedirectMistake, isRegistered } from '#lib/emulator/http/redirect-uris.js';

describe('isPublicAddress', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.0.1',
    '172.32.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00::1',
  ])('accepts %s', (address) => expect(isPublicAddress(address)).toBe(true));

  it.each([
    ...[
      '0.0.0.0',
      '10.1.2.3',
      '100.127.255.255',
      '127.0.0.1',
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
    ],
    ...[
      '192.0.0.8',
      '192.0.2.1',
      '192.88.99.1',
      '192.168.0.1',
      '198.19.255.255',
      '198.51.100.7',
      '203.0.113.9',
    ],
    ...['224.0.0.1', '255.255.255.255', '::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1'],
    ...['64:ff9b::7f00:1', 'fc00::1', 'fd12::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '100::1'],
    ...['2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', 'localhost', '', '127.1', '0x7f000001'],
  ])('rejects %s', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('isLoopbackAddress', () => {
  it('accepts this machine alone', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].map(isLoopbackAddress)).toEqual([true, true, true]);
    expect(['::ffff:127.0.0.1', '8.8.8.8', '::2', '127.x'].map(isLoopbackAddress)).not.toContain(true);
  });
});

describe('findRedirectMistake', () => {
  it.each([
    'https://a.example.com/cb?x=1',
    'http://localhost:3000/',
    'http://[::1]/cb',
    'vscode://publisher/cb',
  ])('finds none in %s', (uri) => expect(findRedirectMistake(uri)).toBeUndefined());

  it.each([
    ['cb', 'absolute'],
    ['https://a.example.com/#', 'fragment'],
    ['https://u:p@a.example.com/', 'user name'],
    ['http://a.example.com/', 'https'],
    ['http://localhost.evil.example/', 'https'],
    ['JavaScript:alert(1)', 'scheme'],
    ['https://a.example.com/\n', 'control'],
    ['com.example.app:/€', 'ASCII'],
    [`https://a.example.com/${'x'.repeat(2000)}`, 'longer'],
  ])('rejects %j', (uri, mistake) => expect(findRedirectMistake(uri)).toContain(mistake));
});

describe('isRegistered', () => {
  const registration = {
    callbackUrls: ['http://[::1]:1/cb?a=1', 'https://a.example.com/cb'],
    registered: true,
  };

  it('ignores the port of loopback for a client that described itself, and nothing else', () => {
    expect(isRegistered('http://[::1]:65535/cb?a=1', registration)).toBe(true);
    expect(isRegistered('http://[::1]:65535/cb?a=1', { ...registration, registered: false })).toBe(false);
    for (const uri of [
      'http://[::1]:1/cb?a=2',
      'http://[::1]:1/cb',
      'https://a.example.com:1/cb',
      'http://[::1]:x/cb?a=1',
      'http://[::1]:65536/cb?a=1',
    ])
      expect(isRegistered(uri, registration)).toBe(false);
  });
});
