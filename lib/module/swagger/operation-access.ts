// What an operation demands: of several handlers that share one (by host or header), the strictest of all.
import type { AccessMapEntry } from '../map/access-map.js';

/** Access of one operation, as `x-descope-access` holds it. */
export type OperationAccess = Pick<AccessMapEntry, 'access' | 'demands'>;

const STRICTNESS = ['public', 'optional', 'required'] as const;

/** Adds up the handlers of an operation. One that no guard keeps is open, whatever it asks. */
export function toOperationAccess(entries: readonly AccessMapEntry[]): OperationAccess {
  const kept = entries.filter(({ guard }) => guard !== 'none');
  const access = STRICTNESS.findLast((name) => kept.some((entry) => entry.access === name)) ?? 'public';
  const demands = new Map(
    kept.flatMap((entry) => entry.demands.map((demand) => [JSON.stringify(demand), demand])),
  );
  return { access, demands: [...demands.values()] };
}
