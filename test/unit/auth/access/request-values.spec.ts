// What a request says about a value that a demand is about, read from an execution context.
import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { readRequestValue, readRequestValues } from '#lib/auth/access/request-values.js';
import { openCall } from '#lib/auth/transports/call.js';
import type { RequestValueSource } from '#lib/core/user/demands.js';
import { userOf } from '../../../support/users.js';

const inputOf = (request: { headers?: Record<string, unknown>; params?: unknown } = {}, dct?: string) => ({
  call: openCall(new ExecutionContextHost([{ headers: {}, ...request }, {}])),
  user: userOf({ dct }),
});
const bySubdomain = (host?: string) => readRequestValue('subdomain', inputOf({ headers: { host } }));

describe('readRequestValue', () => {
  it('reads a parameter of the route by its exact name, colons and all', () => {
    const input = inputOf({ params: { id: 'T1', 'a:b': 'T2', empty: '', list: ['T3'] } });
    const read = (name: string) => readRequestValue(`param:${name}`, input);
    expect([read('id'), read('a:b')]).toEqual(['T1', 'T2']);
    for (const name of ['ID', 'b', 'empty', 'list', 'constructor', '__proto__'])
      expect(read(name)).toBeUndefined();
    expect(readRequestValue('param:id', inputOf())).toBeUndefined();
  });

  it('reads a header, however its name is written, and no parameter of that name', () => {
    const input = inputOf({ headers: { 'x-tenant': 'T1', empty: '' }, params: { 'x-tenant': 'T2' } });
    expect(readRequestValue('header:X-Tenant', input)).toBe('T1');
    expect(readRequestValue('param:x-tenant', input)).toBe('T2');
    for (const name of ['empty', 'other', 'constructor'])
      expect(readRequestValue(`header:${name}`, input)).toBeUndefined();
  });

  it('reads the tenant of the session, and none where nobody is signed in', () => {
    const input = inputOf({ headers: { dct: 'T2' } }, 'T1');
    expect(readRequestValue('dct', input)).toBe('T1');
    expect(readRequestValue('dct', { ...input, user: undefined })).toBeUndefined();
  });

  it.each([
    ['acme.example.com', 'acme'],
    ['ACME.Example.com', 'acme'],
    ['acme.example.com:8080', 'acme'],
    ['acme.eu.example.com', 'acme'],
    ['10.acme.example', '10'],
    ['x.y.1z', 'x'],
    ['x.y.z1', 'x'],
    ['x.1.example', 'x'],
    ['example.com', undefined],
    ['acme.com:8080', undefined],
    ['localhost', undefined],
    ['10.0.0.12', undefined],
    ['10.0.0.12:8080', undefined],
    ['.example.com', undefined],
    ['', undefined],
    [undefined, undefined],
    ['acme.example.com.', 'acme'],
    ['acme.example.com.:8080', 'acme'],
    ['example.com.', undefined],
    ['example.com.:8080', undefined],
    ['192.0.2.1.', undefined],
  ])('reads the first label of the host %j: %j', (host, expected) =>
    expect(bySubdomain(host)).toBe(expected),
  );

  it('reads the host where HTTP/2 has it', () => {
    const bare = inputOf({ headers: { ':authority': 'acme.example.com' } });
    expect(readRequestValue('subdomain', bare)).toBe('acme');
    const both = inputOf({ headers: { ':authority': 'acme.example.com', host: 'other.example.com' } });
    expect(readRequestValue('subdomain', both)).toBeUndefined(); // for neither: RFC 9113 §8.3.1
    const same = inputOf({ headers: { ':authority': 'acme.example.com', host: 'ACME.example.com' } });
    expect(readRequestValue('subdomain', same)).toBe('acme');
  });

  it('asks a function of the application, and takes a text alone for an answer', async () => {
    const input = inputOf();
    const seen: unknown[] = [];
    const read = (answer: unknown) =>
      readRequestValue(
        ((context: ExecutionContext) => {
          seen.push(context);
          return answer;
        }) as RequestValueSource,
        input,
      );
    expect(read('T1')).toBe('T1');
    expect(await read(Promise.resolve('T2'))).toBe('T2');
    for (const answer of ['', null, undefined, 7, ['T1'], { id: 'T1' }]) {
      expect(read(answer)).toBeUndefined();
      expect(await read(Promise.resolve(answer))).toBeUndefined();
    }
    expect(new Set(seen)).toEqual(new Set([input.call.context]));
  });
});

describe('readRequestValues', () => {
  const input = inputOf({ headers: { a: 'A', b: 'B' } });

  it('reads at once what is at hand, and leaves out what is not named', () => {
    const values = readRequestValues(['header:a', 'header:none', 'header:b'], input);
    expect(values).toEqual(
      new Map([
        ['header:a', 'A'],
        ['header:b', 'B'],
      ]),
    );
    expect(readRequestValues([], input)).toEqual(new Map());
  });

  it('waits for all where one comes later', async () => {
    const late = (() => Promise.resolve('L')) as RequestValueSource;
    const none = (() => Promise.resolve(null)) as RequestValueSource;
    const values = readRequestValues(['header:a', late, none, 'header:none'], input);
    expect(values).toBeInstanceOf(Promise);
    expect([...(await values)]).toEqual([
      ['header:a', 'A'],
      [late, 'L'],
    ]);
  });

  it('fails where one fails', async () => {
    const failing = (() => Promise.reject(new Error('The lookup failed.'))) as RequestValueSource;
    await expect(readRequestValues(['header:a', failing], input)).rejects.toThrow('The lookup failed.');
  });
});
