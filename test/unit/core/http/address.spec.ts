// Who sent a request.
import { describe, expect, it } from '@jest/globals';
import { readSender } from '#lib/core/http/address.js';

describe('readSender', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:201', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:0:0:0:0/64'],
    ['2001:0DB8:1:2::6', '2001:db8:1:2:0:0:0:0/64'],
    ['[2001:db8:1:2::6]:443', '2001:db8:1:2:0:0:0:0/64'],
    ['2001:db8::6', '2001:db8:0:0:0:0:0:0/64'],
    ['1::3:4:5:6:7:8', '1:0:3:4:0:0:0:0/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0:0:0:0:0/64'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:0/64'],
    ['::1', '0:0:0:0:0:0:0:0/64'],
  ])('reads %j as %j: of IPv6 the network, because one sender has all of it', (address, expected) => {
    expect(readSender({ headers: {}, socket: { remoteAddress: address } })).toBe(expected);
    expect(readSender({ headers: {}, ip: address, socket: { remoteAddress: '198.51.100.7' } })).toBe(
      expected,
    );
  });

  it('reads a network of as many bits as are asked for', () => {
    const of6 = { headers: {}, ip: '2001:db8:1:2ff:3:4:5:6' };
    expect([0, 16, 56, 60, 128].map((bits) => readSender(of6, bits))).toEqual([
      '0:0:0:0:0:0:0:0/0',
      '2001:0:0:0:0:0:0:0/16',
      '2001:db8:1:200:0:0:0:0/56',
      '2001:db8:1:2f0:0:0:0:0/60',
      '2001:db8:1:2ff:3:4:5:6/128',
    ]);
    expect(readSender({ headers: {}, ip: '192.0.2.1' }, 16)).toBe('192.0.2.1');
  });

  it.each(['', 'unknown', 'x192.0.2.1', '::ffff:192.0.2.1.5', '01.2.3.4', '1:2:3', '1'.repeat(70)])(
    'reads the direct peer where a header has %j, which is no address',
    (ip) => {
      expect(readSender({ headers: {}, ip, socket: { remoteAddress: '198.51.100.7' } })).toBe('198.51.100.7');
      expect(readSender({ headers: {}, ip })).toBeUndefined();
    },
  );

  it('reads nobody where there is no connection', () => {
    for (const request of [{}, { socket: undefined }, { socket: { remoteAddress: undefined } }])
      expect(readSender({ headers: {}, ...request })).toBeUndefined();
  });
});
