// Every attack of the catalogue, over HTTP, on the sample application (bound tokens: on one that accepts them) and both adapters.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { CATALOGUE } from './catalogue.js';
import { SOUND_KEY } from './keys.attacks.js';
import type { Attack } from './stage/attack.js';
import { bearer, CLASSES } from './stage/attack.js';
import { exchange } from './stage/exchange.js';
import { startProofStage } from './stage/proof-stage.js';
import type { Stage } from './stage/stage.js';
import { startStage } from './stage/stage.js';
import { tryAttack } from './stage/trial.js';

const COOL_DOWN_MS = 10_000;

describe.each(ADAPTERS)('The sample application on %s', (adapter) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(adapter, (emulator) => emulator.publishKey(SOUND_KEY));
  });
  afterAll(() => stage.close());

  describe.each(CLASSES.filter((one) => one !== 'proofs'))('under attacks on %s', (name) => {
    const begun = new Map<Attack, Promise<void>>();
    beforeAll(() => {
      for (const attack of CATALOGUE[name].filter(({ waits }) => waits === true)) {
        const trial = tryAttack(attack, stage, adapter);
        trial.catch(() => undefined); // told by its test
        begun.set(attack, trial);
      }
    });

    it.each(CATALOGUE[name].map((attack) => [attack.name, attack] as const))(
      'rejects %s',
      (_name, attack) => begun.get(attack) ?? tryAttack(attack, stage, adapter),
    );
  });

  it('rejects unknown key ids with one fetch a cool-down, however many there were', async () => {
    for (let count = 0; count < 20; count += 1) {
      const token = stage.forge({ header: { kid: `SK-unknown-${count}` } });
      const { status, code } = await exchange(stage.url, { path: '/me', lines: [bearer(token)] });
      expect([status, code]).toEqual([401, 'TOKEN_KEY_UNKNOWN']);
    }
    const times = stage.emulator.requests.find('/v2/keys').map(({ atMs }) => atMs);
    expect(times).not.toEqual([]); // the keys were asked for: at the start, and no more often than that allows
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.filter((pause) => pause < COOL_DOWN_MS - 100)).toEqual([]); // the ways there differ by some
  });
});

describe.each(ADAPTERS)('An application that accepts bound tokens, on %s,', (adapter) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startProofStage(adapter);
  });
  afterAll(() => stage.close());

  it.each(CATALOGUE.proofs.map((attack) => [attack.name, attack] as const))('rejects %s', (_name, attack) =>
    tryAttack(attack, stage, adapter),
  );
});

describe('The catalogue', () => {
  const all = Object.values(CATALOGUE).flat();

  it('holds at least 200 attacks, and some against each class', () => {
    expect(all.length).toBeGreaterThanOrEqual(200);
    for (const name of CLASSES) expect(CATALOGUE[name].length).toBeGreaterThanOrEqual(20);
  });

  it('names each differently', () => {
    const names = all.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});
