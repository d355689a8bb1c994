// Does a shared store keep what it is given, and no longer than told? Found out once, when the application starts.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescopeConfigError } from '../errors.js';
import type { Notice, Notify } from '../notice.js';
import { boundStore } from './bounded-store.js';
import type { StoreMistake } from './given-store.js';
import type { KeyValueStore } from './key-value-store.js';

const PREFIX = 'nestjs-descope:probe:';
const VALUE = '1';
const LONG_MS = 60_000;
const VISIBLE_WAITS_MS = [5, 20, 75, 400]; // a replica that is read from may be late
// A store may count in milliseconds or round up to whole seconds; one that takes our number for seconds is found out.
const TRIES = [
  { ttlMs: 1, waitsMs: [5, 20, 40] },
  { ttlMs: 1_000, waitsMs: [1_050, 400, 750] },
];

const FORGETS: StoreMistake = {
  got: 'a store that does not keep what it is given, and reports no error',
  wants: 'one that rejects when it cannot keep or read',
};
const KEEPS: StoreMistake = {
  got: 'a store that keeps what was deleted',
  wants: 'a delete (or del) that deletes',
};
const IGNORES_TTL: StoreMistake = {
  got: 'a store that keeps entries beyond their time',
  wants: 'set(key, value, ttlMs) that ends an entry after ttlMs milliseconds',
};

/** The stores that an application was given. */
export interface StoresToProbe {
  readonly renewalStore: KeyValueStore | undefined;
  readonly signOutStore: KeyValueStore | undefined;
}

/**
 * Asserts that the stores are fit. One that cannot be had now is told of and not judged: it may come back any moment, and
 * the application must start without it. Throws `CONFIG_INVALID`.
 */
export async function assertStoresFit(stores: StoresToProbe, notify: Notify): Promise<void> {
  const found = await Promise.all([
    findLine('renewalStore', stores.renewalStore, { code: 'RENEWAL_STORE_FAILED', level: 'warn', notify }),
    findLine('signOutStore', stores.signOutStore, { code: 'SIGN_OUT_STORE_FAILED', level: 'error', notify }),
  ]);
  const mistakes = found.filter((line) => line !== undefined);
  if (mistakes.length === 0) return;
  const lines = mistakes.map((line) => `\n  - ${line}`).join('');
  const message = `DescopeModule is not configured correctly:${lines}`;
  throw new DescopeConfigError('CONFIG_INVALID', message, { mistakes });
}

async function findLine(
  name: keyof StoresToProbe,
  store: KeyValueStore | undefined,
  { notify, ...notice }: Omit<Notice, 'message'> & { readonly notify: Notify },
): Promise<string | undefined> {
  if (store === undefined) return undefined;
  const failure = {
    ...notice,
    message: `The ${name} cannot be used, so it is not checked before the start.`,
  };
  try {
    const mistake = await findMistake(boundStore(store, { failure, notify }));
    return mistake && `session.${name}: got ${mistake.got}; wants ${mistake.wants}.`;
  } catch {
    return undefined; // noted
  }
}

async function findMistake(store: KeyValueStore): Promise<StoreMistake | undefined> {
  const key = PREFIX + randomUUID();
  await store.set(key, VALUE, LONG_MS);
  if (!(await becomes(store, key, { isThere: true, waitsMs: VISIBLE_WAITS_MS }))) return FORGETS;
  await store.delete(key);
  if (!(await becomes(store, key, { isThere: false, waitsMs: VISIBLE_WAITS_MS }))) return KEEPS;
  for (const { ttlMs, waitsMs } of TRIES) {
    await store.set(key, VALUE, ttlMs);
    if (await becomes(store, key, { isThere: false, waitsMs })) return undefined;
  }
  await store.delete(key);
  return IGNORES_TTL;
}

async function becomes(
  store: KeyValueStore,
  key: string,
  { isThere, waitsMs }: { readonly isThere: boolean; readonly waitsMs: readonly number[] },
): Promise<boolean> {
  for (const waitMs of [0, ...waitsMs]) {
    if (waitMs > 0) await sleep(waitMs);
    const value = await store.get(key);
    if ((value !== undefined && value !== null) === isThere) return true;
  }
  return false;
}
