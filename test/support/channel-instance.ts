// An instance of an application as far as a channel is concerned: what it holds, and what it said to the operator.
import type { RevocationChannel } from '#lib/core/channel/channel.js';
import { ChannelSharing } from '#lib/core/channel/channel-sharing.js';
import type { WhenIsolated } from '#lib/core/channel/hearing.js';
import type { Clock } from '#lib/core/clock.js';
import type { Notice } from '#lib/core/logging.js';
import type { Revocation } from '#lib/core/revocation/revocation.js';
import { encodeRevocation, NO_OWNER, toRevocationKey } from '#lib/core/revocation/revocation.js';

export const PROJECT = 'P2channel';

const LATER = 4_000_000_000;

/** Makes the revocation of a user, with a number that stands for the user. */
export function toRevocation(user: number | string, until = LATER): Revocation {
  const key = toRevocationKey(PROJECT, 'user', String(user));
  return { scope: 'user', key, owner: NO_OWNER, issuedBefore: 1_800_000_000, until };
}

export interface ChannelInstance {
  readonly sharing: ChannelSharing;
  readonly notices: Notice[];
  readonly codes: () => readonly string[];
  /** Holds a revocation, and makes it known; rejects if it is not stored within a second. */
  revoke(...users: (number | string)[]): Promise<void>;
  /** Holds a revocation without telling anybody. */
  hold(...users: (number | string)[]): void;
  holds(user: number | string): boolean;
  readonly size: () => number;
  /** Whether tokens are judged, and not answered with 503. */
  readonly accepts: () => boolean;
}

interface Settings {
  readonly clock?: Clock;
  readonly maxSilenceMs?: number;
  readonly whenIsolated?: WhenIsolated;
  readonly projectId?: string;
}

/** Makes an instance; `sharing.start()` starts it. */
export function createInstance(channel: RevocationChannel, settings: Settings = {}): ChannelInstance {
  const held = new Map<string, Revocation>();
  const notices: Notice[] = [];
  const apply = (revocations: Iterable<Revocation>) => {
    for (const revocation of revocations) held.set(encodeRevocation(revocation), revocation);
  };
  const sharing = new ChannelSharing({
    channel,
    clock: Date.now,
    projectId: PROJECT,
    maxSilenceMs: 2_000,
    whenIsolated: { acceptForMs: 30_000 },
    ...settings,
    notify: (notice) => void notices.push(notice),
    receiver: { apply, list: () => held.values() },
  });
  const hold = (...users: (number | string)[]) => apply(users.map((user) => toRevocation(user)));
  return {
    sharing,
    notices,
    codes: () => notices.map(({ code }) => code),
    revoke: async (...users) => {
      hold(...users);
      await sharing.publish(users.map((user) => toRevocation(user)));
    },
    hold,
    holds: (user) => held.has(encodeRevocation(toRevocation(user))),
    size: () => held.size,
    accepts: () => {
      try {
        sharing.assertHearing();
        return true;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'SIGN_OUTS_UNAVAILABLE') throw error;
        return false;
      }
    },
  };
}
