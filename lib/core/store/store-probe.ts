// The behaviour of a store, tested once at boot: it must return what was written, and expire it in time.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescopeConfigError } from '../errors.js';
import { isYes } from '../maybe-promise.js';
import type { KeyValueStore } from './key-value-store.js';
import { readMany, UnfitAnswer } from './key-value-store.js';
import type { StoreMistake } from './store-shape.js';

const PREFIX = 'nestjs-descope:probe:';
// A store that deserialises returns a number and an object.
const NUMBER = '1';
const JSON_TEXT = '{"is":"text"}';
const LONG_MS = 60_000;
const VISIBLE_WAITS_MS = [5, 20, 75, 400]; // a replica may be late
// A store may count in milliseconds or round up to whole seconds; one that reads the number as seconds is detected.
const TRIES = [
  { ttlMs: 1, waitsMs: [5, 20, 40] },
  { ttlMs: 1_000, waitsMs: [1_050, 400, 750] },
];

const FORGETS: StoreMistake = {
  got: 'a store that loses what is written, without an error',
  wants: 'a store that rejects when it cannot write or read',
};
const KEEPS: StoreMistake = {
  got: 'a store that still returns a deleted entry',
  wants: 'a delete (or del) that removes the entry',
};
const IGNORES_TTL: StoreMistake = {
  got: 'a store that still returns an expired entry',
  wants: 'a set(key, value, ttlMs) that expires the entry after ttlMs milliseconds',
};
const CHANGES: StoreMistake = {
  got: 'a store that does not return the string that was written, as one that reads JSON does',
  wants: 'a get that returns the string itself',
};
const INCOMPLETE: StoreMistake = {
  got: 'a getMany that returns other values than get',
  wants: 'a getMany(keys) that resolves to a list with one value for each key, in their order, or no getMany',
};
const UNDECIDED: StoreMistake = {
  got: 'a setIfAbsent that does not do what it says',
  wants:
    'a setIfAbsent(key, value, ttlMs) that writes the entry and resolves to true, or to false if there is one, or no setIfAbsent',
};

/**
 * Asserts that a store works. One that cannot be reached is reported by the bounded store and not checked: it may recover at
 * any moment, and the application must start without it. Throws `CONFIG_INVALID`.
 */
export async function assertStoreFits(store: KeyValueStore | undefined): Promise<void> {
  const mistake = store && (await findFirst([findMistake(store), findClaimMistake(store)]));
  if (mistake === undefined) return;
  const line = `shared.store: got ${mistake.got}; expected ${mistake.wants}.`;
  const message = `DescopeModule is not configured correctly:\n  - ${line}`;
  throw new DescopeConfigError('CONFIG_INVALID', message, { mistakes: [line] });
}

async function findFirst(
  searches: readonly Promise<StoreMistake | undefined>[],
): Promise<StoreMistake | undefined> {
  const found = await Promise.all(searches.map((search) => search.catch(toMistake)));
  return found.find((mistake) => mistake !== undefined);
}

// Any other failure is an outage.
function toMistake(error: unknown): StoreMistake | undefined {
  if (!(error instanceof UnfitAnswer)) return undefined;
  return error.method === 'getMany' ? INCOMPLETE : UNDECIDED;
}

async function findMistake(store: KeyValueStore): Promise<StoreMistake | undefined> {
  const [key, other] = [toKey(), toKey()];
  await Promise.all([store.set(key, NUMBER, LONG_MS), store.set(other, JSON_TEXT, LONG_MS)]);
  const read = async () => Promise.all([store.get(key), store.get(other)]);
  const [number, text] = await readUntil(read, (values) => values.every(isThere), VISIBLE_WAITS_MS);
  if (!isThere(number) || !isThere(text)) return FORGETS;
  if (number !== NUMBER || text !== JSON_TEXT) return CHANGES;
  const isRight = ([none, second, first]: readonly unknown[]) =>
    !isThere(none) && second === JSON_TEXT && first === NUMBER;
  const many = await readUntil(() => readMany(store, [toKey(), other, key]), isRight, VISIBLE_WAITS_MS);
  if (!isRight(many)) return INCOMPLETE;
  await Promise.all([store.delete(key), store.delete(other)]);
  if (!(await isGone(store, key, VISIBLE_WAITS_MS))) return KEEPS;
  const set = (ttlMs: number) => store.set(key, NUMBER, ttlMs);
  return (await expires(store, key, set)) ? undefined : IGNORES_TTL;
}

async function findClaimMistake(store: KeyValueStore): Promise<StoreMistake | undefined> {
  if (store.setIfAbsent === undefined) return undefined;
  const key = toKey();
  const claim = async (ttlMs: number) => store.setIfAbsent?.(key, NUMBER, ttlMs);
  const [first, second] = [await claim(LONG_MS), await claim(LONG_MS)];
  await store.delete(key);
  const third = await claim(LONG_MS);
  await store.delete(key);
  if (!isYes(first) || second !== false || !isYes(third)) return UNDECIDED;
  return (await expires(store, key, claim)) ? undefined : UNDECIDED;
}

async function expires(
  store: KeyValueStore,
  key: string,
  write: (ttlMs: number) => Promise<unknown>,
): Promise<boolean> {
  for (const { ttlMs, waitsMs } of TRIES) {
    await write(ttlMs);
    if (await isGone(store, key, waitsMs)) return true;
    await store.delete(key);
  }
  return false;
}

async function isGone(store: KeyValueStore, key: string, waitsMs: readonly number[]): Promise<boolean> {
  const read = async () => store.get(key);
  return !isThere(await readUntil(read, (value) => !isThere(value), waitsMs));
}

async function readUntil<T>(
  read: () => Promise<T>,
  isSo: (value: T) => boolean,
  waitsMs: readonly number[],
): Promise<T> {
  let value = await read();
  for (const waitMs of waitsMs) {
    if (isSo(value)) break;
    await sleep(waitMs);
    value = await read();
  }
  return value;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function toKey(): string {
  return PREFIX + randomUUID();
}
