// A shared store answers soon or fails, and the operator hears of it.
import { stat } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import type { Notice } from '#lib/core/logging.js';
import type { KeyValueStore } from '#lib/core/store/key-value-store.js';
import { boundStore } from '#lib/core/store/key-value-store.js';
import { whileBusy } from '../../../support/busy.js';
import { MemoryStore } from '../../../support/memory-store.js';

function create(store: KeyValueStore) {
  const notices: string[] = [];
  const messages: string[] = [];
  const failure = { code: 'SHARED_STORE_FAILED', level: 'warn', message: 'down' } as const;
  const notify = ({ code, message }: Notice) => {
    notices.push(code);
    messages.push(message);
  };
  return { store: boundStore(store, { failure, notify }), notices, messages };
}

describe('A bounded store', () => {
  it('passes calls on', async () => {
    const { store, notices } = create(new MemoryStore());
    await store.set('key', 'value', 5);
    expect(await store.get('key')).toBe('value');
    await store.delete('key');
    expect([await store.get('key'), notices]).toEqual([undefined, []]);
  });

  it('fails after a second when a client waits for its server', async () => {
    const never = () => new Promise<never>(() => undefined);
    const { store, notices } = create({ get: never, set: never, delete: never });
    const calls = [store.get('key'), store.set('key', 'value', 5), store.delete('key')];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ reason: new Error('The store did not respond within 1000 ms.') });
    expect(notices).toHaveLength(3);
  });

  it('takes an answer that came while the process was busy itself', async () => {
    const get = async () => (await stat('.')).isDirectory();
    const { store, notices } = create({ get, set: get, delete: get });
    expect([await whileBusy(1_100, () => store.get('key')), notices]).toEqual([true, []]);
  });

  it('passes failures on, also those thrown at once', async () => {
    const fail = () => {
      throw new Error('The client is closed.', {
        cause: new Error('connect ECONNREFUSED redis://u:p@h:6379/0'),
      });
    };
    const { store, notices, messages } = create({ get: fail, set: fail, delete: fail });
    await expect(store.get('key')).rejects.toThrow('The client is closed.');
    expect(notices).toEqual(['SHARED_STORE_FAILED']);
    expect(messages).toEqual(['down (connect ECONNREFUSED redis://h:6379)']);
  });
});
