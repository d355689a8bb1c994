// Tokens are never alike, and credentials are read strictly.
import { describe, expect, it } from '@jest/globals';
import { readAuthorization, readCookies } from '#lib/emulator/http/message.js';
import { toSeededId } from '#lib/emulator/store/records.js';
import { IssueTimes } from '#lib/emulator/store/sign-ins.js';

describe('IssueTimes', () => {
  it('moves the issue time of equal claims back, a second each', () => {
    const times = new IssueTimes();
    const issue = () => times.toUnique({ sub: 'U1', iat: 100, exp: 200 });
    expect([issue(), issue(), issue()].map(({ iat }) => iat)).toEqual([100, 99, 98]);
    expect(times.toUnique({ sub: 'U2', iat: 100, exp: 200 }).iat).toBe(100);
    expect(times.toUnique({ sub: 'U1' })).toEqual({ sub: 'U1' });
  });
});

describe('readAuthorization', () => {
  it.each([
    ['Bearer P1', 'P1', ''],
    ['bearer P1:token', 'P1', 'token'],
    ['Bearer P1:token:auth-key', 'P1', 'token'],
    ['Bearer ', '', ''],
    ['Basic P1:token', '', ''],
    ['Bearer P1:a b', '', ''],
    [undefined, '', ''],
  ])('reads %j', (header, projectId, credential) => {
    expect(readAuthorization(header)).toEqual({ projectId, credential });
  });
});

describe('readCookies', () => {
  it('takes the first of a name, and prototype names as names', () => {
    const cookies = readCookies('DS=1; DS=2; __proto__=3; junk; =4; DSR=a=b');
    expect([...cookies]).toEqual([
      ['DS', '1'],
      ['__proto__', '3'],
      ['DSR', 'a=b'],
    ]);
    expect(readCookies(undefined).size).toBe(0);
  });
});

describe('toSeededId', () => {
  it('is the same for the same name, and looks like an id of Descope', () => {
    expect(toSeededId('U', 'ada')).toBe(toSeededId('U', 'ada'));
    expect(toSeededId('U', 'ada')).not.toBe(toSeededId('K', 'ada').replace(/^K/, 'U'));
    expect(toSeededId('U', 'ada')).toMatch(/^U[A-Za-z0-9]{27}$/);
  });
});
