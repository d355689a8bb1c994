// Runs a property: with a fixed seed and few runs in `npm test`, at length and with any seed in `npm run fuzz`.
import fc from 'fast-check';
import { anyText } from '../../support/any-text.js';

const FIXED_SEED = 20_240_117;

const wanted = Number(process.env['FUZZ_RUNS'] ?? 0);
const isLong = wanted > 0;
const seed = Number(process.env['FUZZ_SEED'] ?? FIXED_SEED) | 0; // what fast-check takes is a 32 bit integer
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 60);

/** Asserts a property in `modest` runs, or as many as FUZZ_RUNS says; a failure tells how to repeat it. */
export async function fuzz<T>(modest: number, property: fc.IAsyncProperty<T>): Promise<void> {
  const length = isLong ? { numRuns: wanted, interruptAfterTimeLimit: seconds * 1000 } : { numRuns: modest };
  const details = await fc.check(property, { seed, ...length });
  if (!details.failed) return;
  const report = await fc.asyncDefaultReportMessage(details);
  const runs = isLong ? `FUZZ_RUNS=${wanted} ` : `FUZZ_RUNS=${modest} `;
  throw new Error(
    `${report}\n\nRepeat it: FUZZ_SEED=${details.seed} ${runs}npm run fuzz -- -t "<this test's name>"\n`,
  );
}

/** Text of every kind: ASCII, all of Unicode, lone surrogates, control characters, and these pieces in any order. */
export function hostileText(...pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...pieces) }, fc.string({ maxLength: 4 }));
  return fc.oneof(anyText({ maxLength: 60 }), fc.string({ maxLength: 60 }), {
    weight: 4,
    arbitrary: fc.array(piece, { maxLength: 12 }).map((list) => list.join('')),
  });
}

/** Any JSON value, with members that mean something to objects of JavaScript. */
export function hostileJson(...names: readonly string[]): fc.Arbitrary<unknown> {
  const key = fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'toString', 'length', ...names),
    fc.string({ maxLength: 6 }),
  );
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, '', 'x', ...names),
    anyText({ maxLength: 8 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  return tree;
}
