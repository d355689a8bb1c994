// Draws a QR code (ISO/IEC 18004) of bytes: error correction L, versions 1 to 20, mask 0, which every reader takes.
import { DescopeError } from '../errors.js';
import { toErrorCorrection } from './reed-solomon.js';

/** The modules of a QR code by row; true is dark. */
export type QrModules = readonly (readonly boolean[])[];

// By version: error correction codewords of a block, and the number of blocks (table 9, level L).
const ECC = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28];
const BLOCKS = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8];

/** Draws a text; one that is too long is rejected. */
export function toQrCode(text: string): QrModules {
  const bytes = Buffer.from(text, 'utf8');
  const version = ECC.findIndex((_ecc, index) => bytes.length + 3 <= toLayout(index + 1).dataLength) + 1;
  if (version === 0) throw new DescopeError('invalidArguments', 'The login id is too long for a QR code');
  const grid = new Grid(version);
  grid.drawPatterns();
  grid.drawCodewords(toCodewords(version, bytes));
  return grid.rows;
}

interface Layout {
  readonly total: number;
  readonly dataLength: number;
  readonly ecc: number;
  readonly blocks: number;
}

function toLayout(version: number): Layout {
  const aligned = Math.floor(version / 7) + 2;
  const besideAlignment = version < 2 ? 0 : (25 * aligned - 10) * aligned - 55;
  const modules = (16 * version + 128) * version + 64 - besideAlignment - (version >= 7 ? 36 : 0);
  const [ecc, blocks] = [ECC[version - 1] ?? 0, BLOCKS[version - 1] ?? 1];
  const total = Math.floor(modules / 8);
  return { total, dataLength: total - ecc * blocks, ecc, blocks };
}

// Byte mode: 0100, the length in 8 or 16 bits, the bytes, a terminator, and padding.
function toCodewords(version: number, bytes: Buffer): readonly number[] {
  const { dataLength } = toLayout(version);
  const length = bytes.length.toString(2).padStart(version < 10 ? 8 : 16, '0');
  const content = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const bits = `0100${length}${content}0000`;
  const data = (bits.match(/.{1,8}/g) ?? []).map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
  for (let pad = 0xec; data.length < dataLength; pad ^= 0xec ^ 0x11) data.push(pad);
  return interleave(version, data.slice(0, dataLength));
}

// Blocks are written byte by byte in turn; the first ones may be a byte shorter.
function interleave(version: number, data: readonly number[]): readonly number[] {
  const { total, ecc, blocks } = toLayout(version);
  const shortLength = Math.floor(total / blocks) - ecc;
  const shortBlocks = blocks - (total % blocks);
  let start = 0;
  const parts = Array.from({ length: blocks }, (_none, index) => {
    const part = data.slice(start, start + shortLength + (index < shortBlocks ? 0 : 1));
    start += part.length;
    return part;
  });
  const corrections = parts.map((part) => toErrorCorrection(part, ecc));
  const inTurn = (lists: readonly (readonly number[])[], length: number) =>
    Array.from({ length }, (_none, at) => lists.flatMap((list) => list[at] ?? [])).flat();
  return [...inTurn(parts, shortLength + 1), ...inTurn(corrections, ecc)];
}

class Grid {
  readonly rows: boolean[][];
  readonly #fixed: boolean[][];
  readonly #size: number;

  constructor(private readonly version: number) {
    this.#size = 4 * version + 17;
    this.rows = Array.from({ length: this.#size }, () => Array.from({ length: this.#size }, () => false));
    this.#fixed = this.rows.map((row) => [...row]);
  }

  /** Draws what every reader looks for: finders, timing, alignment, format and version. */
  drawPatterns(): void {
    const last = this.#size - 1;
    for (let at = 0; at <= last; at += 1) {
      this.#set(6, at, at % 2 === 0);
      this.#set(at, 6, at % 2 === 0);
    }
    for (const [x, y] of [
      [3, 3],
      [last - 3, 3],
      [3, last - 3],
    ] as const)
      this.#drawSquares(x, y, 4);
    const centers = this.#toCenters();
    for (const x of centers) {
      for (const y of centers) {
        const isAtFinder =
          [x, y].filter((at) => at === 6).length + [x, y].filter((at) => at === last - 6).length;
        if (isAtFinder < 2 || (x === last - 6 && y === last - 6)) this.#drawSquares(x, y, 2);
      }
    }
    this.#drawFormat();
    if (this.version >= 7) this.#drawVersion();
  }

  /** Draws codewords in two-column strips from the right, upwards and downwards in turn, under the mask. */
  drawCodewords(codewords: readonly number[]): void {
    let bit = 0;
    for (let strip = this.#size - 1; strip >= 1; strip -= 2) {
      const right = strip <= 6 ? strip - 1 : strip;
      const isUpward = ((right + 1) & 2) === 0;
      for (let step = 0; step < this.#size * 2; step += 1) {
        const x = right - (step % 2);
        const row = Math.floor(step / 2);
        const y = isUpward ? this.#size - 1 - row : row;
        if (this.#fixed[y]?.[x]) continue;
        const isSet = (((codewords[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
        this.#put(x, y, isSet !== ((x + y) % 2 === 0));
        bit += 1;
      }
    }
  }

  #toCenters(): readonly number[] {
    if (this.version === 1) return [];
    const count = Math.floor(this.version / 7) + 2;
    const step = Math.ceil((this.version * 4 + 4) / (count * 2 - 2)) * 2;
    return [6, ...Array.from({ length: count - 1 }, (_none, index) => this.#size - 7 - index * step)];
  }

  // Nested squares around a center, dark and light in turn; a finder has a light margin of its own.
  #drawSquares(centerX: number, centerY: number, reach: number): void {
    for (let y = -reach; y <= reach; y += 1) {
      for (let x = -reach; x <= reach; x += 1) {
        const distance = Math.max(Math.abs(x), Math.abs(y));
        this.#set(centerX + x, centerY + y, reach === 4 ? distance !== 2 && distance !== 4 : distance !== 1);
      }
    }
  }

  // Error correction L (01) and mask 000, with their BCH code, twice.
  #drawFormat(): void {
    const data = 0b01000;
    let rest = data;
    for (let round = 0; round < 10; round += 1) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
    const bits = ((data << 10) | rest) ^ 0x5412;
    const isSet = (at: number) => ((bits >>> at) & 1) === 1;
    for (let at = 0; at < 15; at += 1) {
      const near = at < 6 ? at : at + 1;
      if (at < 8) this.#set(8, near, isSet(at));
      else this.#set(at === 8 ? 7 : 14 - at, 8, isSet(at));
      if (at < 8) this.#set(this.#size - 1 - at, 8, isSet(at));
      else this.#set(8, this.#size - 15 + at, isSet(at));
    }
    this.#set(8, this.#size - 8, true);
  }

  #drawVersion(): void {
    let rest = this.version;
    for (let round = 0; round < 12; round += 1) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let at = 0; at < 18; at += 1) {
      const [far, near] = [this.#size - 11 + (at % 3), Math.floor(at / 3)];
      this.#set(far, near, ((bits >>> at) & 1) === 1);
      this.#set(near, far, ((bits >>> at) & 1) === 1);
    }
  }

  #set(x: number, y: number, isDark: boolean): void {
    const row = this.#fixed[y];
    if (row === undefined || x < 0 || x >= this.#size) return;
    row[x] = true;
    this.#put(x, y, isDark);
  }

  #put(x: number, y: number, isDark: boolean): void {
    const row = this.rows[y];
    if (row) row[x] = isDark;
  }
}
