// What frameworks noted on handlers, under keys of their own.
import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { readMessageTransport } from '#lib/inspect/handlers.js';

describe('readMessageTransport', () => {
  it.each([
    ['microservices:pattern', 'rpc'],
    ['websockets:message_mapping', 'ws'],
  ])('knows Nest’s own key %s', (key, transport) => {
    const handler = () => undefined;
    expect(readMessageTransport(handler)).toBeUndefined();
    Reflect.defineMetadata(key, 'orders', handler);
    expect(readMessageTransport(handler)).toBe(transport);
  });
});
