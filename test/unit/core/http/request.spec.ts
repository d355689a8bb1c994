// What is read of a request: headers and host.
import { describe, expect, it } from '@jest/globals';
import type { RequestLike } from '#lib/core/http/request.js';
import { countHeader, readHeader, readHost } from '#lib/core/http/request.js';

const of = (headers: RequestLike['headers']): RequestLike => ({ headers });

describe('readHeader', () => {
  it('reads a header, several values as one, and nothing that is inherited', () => {
    const request = of({ one: 'a', several: ['a', 'b'], none: [], unset: undefined });
    const names = ['one', 'several', 'none', 'unset', 'missing', 'constructor', '__proto__'];
    const absent = [undefined, undefined, undefined, undefined];
    expect(names.map((name) => readHeader(request, name))).toEqual(['a', 'a, b', '', ...absent]);
    expect(readHeader(request, 'several', '; ')).toBe('a; b');
  });
});

describe('readHost', () => {
  it('reads the host where either version of HTTP has it, and none where two of them differ', () => {
    expect(readHost(of({ host: 'a.example' }))).toBe('a.example');
    expect(readHost(of({ ':authority': 'a.example' }))).toBe('a.example');
    expect(readHost(of({ host: 'A.example', ':authority': 'a.EXAMPLE' }))).toBe('a.EXAMPLE');
    expect(readHost(of({ host: 'a.example', ':authority': 'b.example' }))).toBeUndefined();
    expect(readHost(of({}))).toBeUndefined();
  });
});

describe('countHeader', () => {
  it('counts how often a header was sent, and takes no value for a name', () => {
    const rawHeaders = [
      'Authorization',
      'x',
      'X',
      'authorization',
      'AUTHORIZATION',
      'y',
      'Authorizatio_',
      'z',
    ];
    const request = { headers: { authorization: 'x' }, rawHeaders };
    expect(countHeader(request, 'authorization')).toBe(2);
    expect(countHeader(request, 'x')).toBe(1);
    expect(countHeader(request, 'cookie')).toBe(0);
  });

  it('counts what there is once where only the headers are known', () => {
    expect(countHeader(of({ cookie: 'a' }), 'cookie')).toBe(1);
    expect(countHeader(of({ cookie: 'a' }), 'authorization')).toBe(0);
  });
});
