// Authenticator apps: the codes of RFC 6238, and the QR code that shows their key.
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { toQrCode } from '#lib/emulator/totp/qr-code.js';
import { toQrImage } from '#lib/emulator/totp/qr-image.js';
import { toErrorCorrection } from '#lib/emulator/totp/reed-solomon.js';
import { findStep, readBase32, toBase32, toCode, toStep } from '#lib/emulator/totp/totp.js';

const KEY = Buffer.from('12345678901234567890');

describe('toCode', () => {
  // RFC 6238, appendix B, the rows of SHA-1.
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('gives the code of RFC 6238 at second %i', (seconds, code) => {
    expect(toCode(KEY, toStep(seconds), 8)).toBe(code);
    expect(toCode(KEY, toStep(seconds))).toBe(code.slice(2));
  });
});

describe('findStep', () => {
  it('takes the code of the step before, the current and the next one, and none that is used up', () => {
    const step = toStep(59);
    const find = (at: number, after = -1) => findStep(KEY, toCode(KEY, at), { seconds: 59, after });
    expect([step - 1, step, step + 1].map((at) => find(at))).toEqual([step - 1, step, step + 1]);
    expect([find(step + 2), find(step, step), find(step - 1, step)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('base32', () => {
  // RFC 4648, section 10.
  it('is written and read as in RFC 4648', () => {
    expect(toBase32(Buffer.from('foobar'))).toBe('MZXW6YTBOI');
    expect(toBase32(KEY)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(readBase32('gezd gnbv gy3t qojq gezd gnbv gy3t qojq')).toEqual(KEY);
    expect([readBase32('MZXW6'), readBase32('0189018901890189')]).toEqual([undefined, undefined]);
  });
});

describe('A QR code', () => {
  // ISO/IEC 18004, annex I: "01234567" in version 1, level M.
  it('has the error correction of the example of the standard', () => {
    const data = [
      0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11,
    ];
    expect(toErrorCorrection(data, 10)).toEqual([0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55]);
  });

  // What a reader (jsQR 1.4) has read back: the drawings must not change unseen.
  it.each([
    [16, 'd74660d072e6ca64'],
    [60, '531c21b91457dd08'],
    [150, 'c232c078b7dc1ac3'],
    [300, '010e32df3be25d84'],
    [850, '89d7e24e6787ce13'],
  ])('of %i characters is the one that a reader has read', (length, digest) => {
    const rows = toQrCode('otpauth://'.padEnd(length, 'x')).map((row) => row.map(Number).join(''));
    expect(createHash('sha256').update(rows.join('\n')).digest('hex').slice(0, 16)).toBe(digest);
  });

  it('is a PNG image of its modules, with a margin', () => {
    const image = toQrImage('otpauth://totp/x');
    const side = image.readUInt32BE(16);
    expect(image.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n');
    expect(side).toBe((toQrCode('otpauth://totp/x').length + 8) * 4);
    const length = image.readUInt32BE(33);
    const pixels = inflateSync(image.subarray(41, 41 + length));
    expect(pixels.length).toBe(side * (side + 1));
    expect([pixels[1], pixels[16 * (side + 1) + 17]]).toEqual([255, 0]);
  });

  it('of a text that is too long is rejected', () => {
    expect(() => toQrCode('x'.repeat(900))).toThrow('too long');
  });
});
