// The error correction codewords of QR codes: Reed-Solomon over GF(256) with the polynomial 0x11d.

/** The codewords that correct errors in data. */
export function toErrorCorrection(data: readonly number[], count: number): readonly number[] {
  const generator = toGenerator(count);
  let rest: readonly number[] = Array.from({ length: count }, () => 0);
  for (const byte of data) {
    const factor = byte ^ (rest[0] ?? 0);
    const shifted = [...rest.slice(1), 0];
    rest = shifted.map((value, index) => value ^ multiply(generator[index] ?? 0, factor));
  }
  return rest;
}

// The product of (x - 2^i), without its leading coefficient.
function toGenerator(degree: number): readonly number[] {
  let generator: readonly number[] = Array.from({ length: degree }, (_none, index) =>
    index === degree - 1 ? 1 : 0,
  );
  let root = 1;
  for (let round = 0; round < degree; round += 1) {
    const current = generator;
    generator = current.map((value, index) => multiply(value, root) ^ (current[index + 1] ?? 0));
    root = multiply(root, 2);
  }
  return generator;
}

function multiply(left: number, right: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    product ^= ((right >>> bit) & 1) * left;
  }
  return product;
}
