// Text of any characters, lone surrogates among them, for properties.
import fc from 'fast-check';

// A unit of fast-check's own that has all of Unicode makes a table of it for each arbitrary, and has no lone surrogates.
const CHARACTER = fc.integer({ min: 0, max: 0x10_ff_ff }).map((codePoint) => String.fromCodePoint(codePoint));

/** Text of any characters, as long as fast-check's strings are, or at most that long. */
export function anyText(limits: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ unit: CHARACTER, ...limits });
}
