// A seed given as an object or as the path of a JSON file in, a checked seed out.
import { readFileSync } from 'node:fs';
import { EmulatorError } from '../errors.js';
import type { EmulatorSeed } from './seed.js';
import { findSeedMistakes } from './validate-seed.js';

/** Reads and checks a seed; throws `EMULATOR_SEED_UNREADABLE` or `EMULATOR_SEED_INVALID` with all mistakes. */
export function loadSeed(seed: EmulatorSeed | string | undefined): EmulatorSeed {
  if (seed === undefined) return {};
  const source = typeof seed === 'string' ? `The seed file ${seed}` : 'The seed';
  const value: unknown = typeof seed === 'string' ? readFile(seed) : seed;
  const mistakes = findSeedMistakes(value);
  if (mistakes.length > 0) {
    throw new EmulatorError('EMULATOR_SEED_INVALID', `${source} is not valid:\n- ${mistakes.join('\n- ')}`);
  }
  // A copy: what a test does to its object later must not change what `reset()` goes back to.
  return structuredClone(value as EmulatorSeed);
}

function readFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'is not valid JSON' : 'cannot be read';
    const detail = cause instanceof Error ? `: ${cause.message}` : '';
    throw new EmulatorError('EMULATOR_SEED_UNREADABLE', `The seed file ${path} ${reason}${detail}`, {
      cause,
    });
  }
}
