// Time-based one-time passwords of RFC 6238, with the values that authenticator apps know: SHA-1, 6 digits, 30 seconds.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const STEP_SECONDS = 30;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The number of the time step at a time (RFC 6238, section 4.2). */
export function toStep(seconds: number): number {
  return Math.floor(seconds / STEP_SECONDS);
}

/** The code of a time step (RFC 4226, section 5.3). */
export function toCode(key: Buffer, step: number, digits = 6): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = (mac[mac.length - 1] ?? 0) & 0xf;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/**
 * Finds the step of a code: the current one, the one before or the next, for clocks that differ (RFC 6238, section 5.2).
 *
 * @param after The step of the last accepted code; it and earlier ones do not count, so that no code is used twice.
 */
export function findStep(key: Buffer, code: string, { seconds, after }: CodeWindow): number | undefined {
  const now = toStep(seconds);
  return [now, now - 1, now + 1].find((step) => step > after && isSame(toCode(key, step), code));
}

interface CodeWindow {
  readonly seconds: number;
  readonly after: number;
}

/** Creates a key of 160 bits, as RFC 4226, section 4, recommends. */
export function createTotpKey(): Buffer {
  return randomBytes(20);
}

/** Writes a key in base32 (RFC 4648, section 6), without padding. */
export function toBase32(key: Buffer): string {
  const bits = [...key].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => ALPHABET.charAt(Number.parseInt(group.padEnd(5, '0'), 2))).join('');
}

/** Reads a key in base32, with or without padding and spaces; undefined if it is none, or shorter than 10 bytes. */
export function readBase32(text: string): Buffer | undefined {
  const letters = text.toUpperCase().replace(/[\s-]|=+$/g, '');
  if (!/^[A-Z2-7]{16,}$/.test(letters)) return undefined;
  const bits = [...letters].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function isSame(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
