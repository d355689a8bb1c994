// The codes of RFC 6238 once more, written apart from the emulator's.
import { createHmac } from 'node:crypto';

/** The six digits that an app with a base32 key shows at a time. */
export function toTotpCode(key: string, atMs: number): string {
  let [value, bits] = [0n, 0];
  for (const letter of key) {
    value = value * 32n + BigInt('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter));
    bits += 5;
  }
  const secret = Buffer.from(value.toString(16).padStart(bits / 4, '0'), 'hex');
  const step = Math.floor(atMs / 30_000);
  const counter = Buffer.from(step.toString(16).padStart(16, '0'), 'hex');
  const mac = createHmac('sha1', secret).update(counter).digest('hex');
  const at = Number.parseInt(mac.slice(-1), 16) * 2;
  const number = Number.parseInt(mac.slice(at, at + 8), 16) % 2 ** 31;
  return String(number % 1_000_000).padStart(6, '0');
}
