// A flood of key ids that nobody knows: it costs one fetch per cool-down, and no good token a moment.
import { describe, expect, it } from '@jest/globals';
import type { FaultOptions } from 'nestjs-descope/emulator';
import { flood, mintUnknown } from './support/flood.js';
import { IS_LONG, report } from './support/report.js';
import { drive } from './support/traffic.js';
import { KEYS, openWorld, withToken } from './support/world.js';

const COUNT = IS_LONG ? 50_000 : 900;
const COOLDOWNS = 3;

const STATES: readonly (readonly [string, Omit<FaultOptions, 'path'> | undefined])[] = [
  ['is well', undefined],
  ['answers 500', { status: 500 }],
  ['hangs', { hang: true }],
];

describe.each(STATES)('A flood of unknown key ids while the key server %s', (state, fault) => {
  it('is rejected, asks once per cool-down, and slows no good token', async () => {
    const world = await openWorld();
    try {
      await report(`${COUNT} unknown key ids, key server ${state}`, async (row) => {
        const token = await withToken(world);
        expect((await world.app.request('/me', token.headers?.())).status).toBe(200);
        if (fault !== undefined) world.emulator.faults.add({ path: KEYS, ...fault });
        let isOver = false;
        const good = drive(world.app, [token], { everyMs: 50, until: () => isOver });
        const floods = [];
        for (let round = 0; round < COOLDOWNS; round += 1) {
          await world.advance(10_500);
          floods.push(await flood(world.app.url, mintUnknown, COUNT / COOLDOWNS));
        }
        isOver = true;
        const seen = await good;
        const fetches = (await world.calls(KEYS)).length;
        row.seen = `${String(seen)}; flood ${JSON.stringify(floods.map(({ counts }) => counts))}`;
        row.upstream = String(fetches);
        expect(seen.kinds).toEqual(['token 200']);
        expect(seen.slowestMs).toBeLessThan(2_000);
        for (const { counts, slowestMs } of floods) {
          expect(Object.keys(counts).filter((status) => !['401', '503'].includes(status))).toEqual([]);
          expect(slowestMs).toBeLessThan(5_000);
        }
        expect(fetches).toBeGreaterThan(1);
        // One at the start; then one per cool-down, and the flood itself may last longer than one.
        const lastedMs = COOLDOWNS * 10_500 + floodTime(await world.calls(KEYS));
        expect(fetches).toBeLessThanOrEqual(2 + lastedMs / 10_000);
      });
    } finally {
      await world.stop();
    }
  });
});

function floodTime(calls: readonly number[]): number {
  return (calls.at(-1) ?? 0) - (calls[0] ?? 0);
}

describe('An application that must have its keys at boot', () => {
  it('ends by itself, and says why, when they cannot be had', async () => {
    await report('requireKeysAtBoot, key server down', async (row) => {
      const starting = openWorld({
        options: { requireKeysAtBoot: true },
        prepare: ({ gate }) => gate.reject(),
      });
      await expect(starting).rejects.toThrow(/The application ended:[^]*keys cannot be/);
      row.seen = 'does not start';
    });
  });
});
