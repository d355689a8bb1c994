// A key set whose network edge and clock a test holds in its hands.
import type { Notice } from '#lib/core/logging.js';
import { RemoteKeySet } from '#lib/core/token/remote-key-set.js';
import { codeLater, createClock, createSigningKey } from './tokens.js';

export const [one, two, three] = ['SK1', 'SK2', 'SK3'].map((keyId) => createSigningKey('RS256', keyId).jwk);
export const POLICY = { maxAgeMs: 600_000, maxStaleMs: 3_600_000, cooldownMs: 10_000 };

/** The network edge answers with `published`, fails while `isDown`, and hangs until `release` while `isHeld`. */
export function createWorld(config: Partial<typeof POLICY> = {}) {
  const clock = createClock();
  const notices: Notice['code'][] = [];
  const world = { published: [one] as unknown[], isDown: false, isHeld: false, fetches: 0, aborted: 0 };
  let waiting: (() => void)[] = [];
  const load = async (signal: AbortSignal): Promise<readonly unknown[]> => {
    world.fetches += 1;
    const noteAbort = () => void (world.aborted += 1);
    signal.addEventListener('abort', noteAbort);
    if (world.isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
    signal.removeEventListener('abort', noteAbort);
    if (world.isDown) throw new Error('connect ECONNREFUSED');
    return world.published;
  };
  const release = () => {
    world.isHeld = false;
    for (const go of waiting) go();
    waiting = [];
  };
  const notify = ({ code }: Notice) => void notices.push(code);
  const keys = new RemoteKeySet({
    load,
    url: 'https://api.descope.com',
    config: { ...POLICY, ...config },
    clock,
    notify,
  });
  const find = (keyId: string) => codeLater(() => keys.find(keyId));
  return Object.assign(world, { keys, find, clock, notices, release });
}

/** The same with its keys fetched. */
export async function createWarmWorld(config: Partial<typeof POLICY> = {}) {
  const world = createWorld(config);
  await world.keys.hydrate();
  return world;
}
