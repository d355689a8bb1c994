// The memory of revocations against a plain map: through growth, expiry and widening no rejection is missed, and none made up.
import { describe, expect, it } from '@jest/globals';
import type { Revocation, RevocationKey, RevocationScope } from '#lib/core/revocation/revocation.js';
import {
  decodeRevocation,
  encodeRevocation,
  NO_OWNER,
  REVOCATION_SCOPES,
  toRevocationKey,
} from '#lib/core/revocation/revocation.js';
import { RevocationTable } from '#lib/core/revocation/revocation-table.js';

const SEEDS = [1, 2, 3, 5, 8, 13, 21, 34];
const MAX_BYTES_AN_ENTRY = 40;

/** A small generator of numbers (mulberry32), so that a failure names its seed and can be run again. */
function createRandom(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What the table must remember: for each key the widest revocation that is not over. */
class Model {
  readonly entries = new Map<string, Revocation>();

  merge(revocation: Revocation, now: number): void {
    if (revocation.until <= now) return;
    const name = toName(revocation.key);
    const known = this.entries.get(name);
    const counts = known !== undefined && known.until > now;
    this.entries.set(name, {
      ...revocation,
      issuedBefore: Math.max(revocation.issuedBefore, counts ? known.issuedBefore : 0),
      until: Math.max(revocation.until, counts ? known.until : 0),
    });
  }

  read(key: RevocationKey, now: number): Revocation | undefined {
    const entry = this.entries.get(toName(key));
    return entry !== undefined && entry.until > now ? entry : undefined;
  }

  find(key: RevocationKey, now: number): number {
    return this.read(key, now)?.issuedBefore ?? 0;
  }

  living(now: number): Revocation[] {
    return [...this.entries.values()].filter(({ until }) => until > now);
  }
}

const toName = ({ high, low }: RevocationKey) => `${high}:${low}`;
const isWider = (one: Revocation, known: Revocation | undefined) =>
  known === undefined || one.issuedBefore > known.issuedBefore || one.until > known.until;
const neverFull = (what: string): never => {
  throw new Error(`The table was full: ${what}.`);
};

function toRevocation(random: (below: number) => number, keys: number, now: number): Revocation {
  const scope = REVOCATION_SCOPES[random(REVOCATION_SCOPES.length)] as RevocationScope;
  const id = String(random(keys));
  return {
    scope,
    // Every seventh key has the low half of another, so that slots collide.
    key: { ...toRevocationKey('P2', scope, id), ...(random(7) === 0 && { low: random(50) }) },
    owner: scope === 'session' ? toRevocationKey('P2', 'user', String(random(20))) : NO_OWNER,
    issuedBefore: now - random(1_000),
    until: now + random(300) - 20,
  };
}

describe.each(SEEDS)('The table of revocations beside a plain map, seed %i', (seed) => {
  it('finds the same through growth, expiry and widening, and lists the same', () => {
    const random = createRandom(seed);
    const [table, model] = [new RevocationTable({ onFull: neverFull }), new Model()];
    let now = 1_000_000;
    const seen: RevocationKey[] = [];
    const differences: string[] = [];
    const note = (step: number, what: string) => void differences.push(`step ${step}: ${what}`);
    for (let step = 0; step < 20_000; step += 1) {
      const revocation = toRevocation(random, 3_000, now);
      const before = model.read(revocation.key, now);
      const changes = revocation.until > now && isWider(revocation, before);
      if (table.merge(revocation, now) !== changes) note(step, 'says something else about a change');
      model.merge(revocation, now);
      seen.push(revocation.key);
      const asked = seen[random(seen.length)] as RevocationKey;
      if (table.find(asked, now) !== model.find(asked, now)) note(step, `finds ${table.find(asked, now)}`);
      if (random(10) === 0) now += random(5);
      if (random(4_000) === 0) now += 400; // everything is over
    }
    for (const key of seen) if (table.find(key, now) !== model.find(key, now)) note(20_000, toName(key));
    expect(differences).toEqual([]);
    const listed = [...table.list(now)].map(({ key }) => toName(key)).sort();
    expect(listed).toEqual(
      model
        .living(now)
        .map(({ key }) => toName(key))
        .sort(),
    );
  });
});

describe('The table of revocations', () => {
  it('rejects nothing that was never revoked', () => {
    const table = new RevocationTable({ onFull: neverFull });
    for (let id = 0; id < 50_000; id += 1) {
      const key = toRevocationKey('P2', 'user', `U${id}`);
      table.merge({ scope: 'user', key, owner: NO_OWNER, issuedBefore: 100, until: 200 }, 0);
    }
    let found = 0;
    for (let id = 0; id < 50_000; id += 1)
      found += table.find(toRevocationKey('P2', 'user', `V${id}`), 0) === 0 ? 0 : 1;
    expect(found).toBe(0);
  });

  it('takes at most 40 bytes an entry while it grows, and gives memory back once most entries are over', () => {
    const table = new RevocationTable({ onFull: neverFull });
    const add = (id: number, until: number, now: number) => {
      const key = toRevocationKey('P2', 'session', String(id));
      table.merge({ scope: 'session', key, owner: { high: id, low: id }, issuedBefore: 1, until }, now);
    };
    let [most, mostAtOnce, before] = [0, 0, 0];
    for (let id = 0; id < 100_000; id += 1) {
      add(id, 100, 0);
      const { byteLength } = table;
      if (id > 1_000) most = Math.max(most, byteLength / table.size);
      mostAtOnce = Math.max(mostAtOnce, byteLength - before);
      before = byteLength;
    }
    expect(most).toBeLessThanOrEqual(MAX_BYTES_AN_ENTRY);
    expect(mostAtOnce).toBeLessThan(20_000); // it grows in parts: no request waits for all entries to move
    expect(table.byteLength).toBeGreaterThan(2_400_000);
    for (let id = 0; id < 8; id += 1) add(100_000 + id, 500, 200); // a few parts with each
    expect([table.size, table.byteLength < 30_000]).toEqual([8, true]);
  });

  it('lists each entry with its scope, its owner, its second and its end', () => {
    const table = new RevocationTable({ onFull: neverFull });
    const all = REVOCATION_SCOPES.map((scope, index) => ({
      scope,
      key: toRevocationKey('P2', scope, 'id'),
      owner: scope === 'session' ? toRevocationKey('P2', 'user', 'U2anna') : NO_OWNER,
      issuedBefore: 100 + index,
      until: 0xffff_fff0 + index,
    }));
    for (const revocation of all) table.merge(revocation, 0);
    const byScope = [...table.list(0)].sort((one, other) => one.until - other.until);
    expect(byScope).toEqual(all);
    for (const { scope } of all) expect(table.hasAny(scope, 0)).toBe(true);
    expect(table.hasAny('user', 0xffff_ffff)).toBe(false);
  });

  it('writes an entry as text that reads back as the same, and reads nothing else', () => {
    const random = createRandom(7);
    for (let count = 0; count < 500; count += 1) {
      const revocation = toRevocation(random, 1_000_000, 1_700_000_000);
      const text = encodeRevocation(revocation);
      expect(text).toMatch(/^[\w-]{34}$/);
      expect(decodeRevocation(text)).toEqual(revocation);
    }
    const unknownScope = Buffer.concat([Buffer.from([9]), Buffer.alloc(24)]).toString('base64url');
    for (const text of [undefined, null, 1, '', 'x', 'A'.repeat(33), `${'A'.repeat(34)}\n`, unknownScope])
      expect(decodeRevocation(text)).toBeUndefined();
  });
});
