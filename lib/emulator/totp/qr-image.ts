// Writes a QR code as a PNG image.
import { crc32, deflateSync } from 'node:zlib';
import { toQrCode } from './qr-code.js';

const SCALE = 4;
// A reader needs a light margin of four modules.
const MARGIN = 4;

/** The QR code of a text, as a PNG image. */
export function toQrImage(text: string): Buffer {
  const modules = toQrCode(text);
  const size = (modules.length + 2 * MARGIN) * SCALE;
  const rows = Array.from({ length: size }, (_none, y) => {
    const row = modules[Math.floor(y / SCALE) - MARGIN] ?? [];
    const pixels = Array.from({ length: size }, (_pixel, x) =>
      row[Math.floor(x / SCALE) - MARGIN] ? 0x00 : 0xff,
    );
    return Buffer.from([0, ...pixels]);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 0, 0, 0, 0], 8); // 8 bits of gray
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Buffer.concat(rows));
  return Buffer.concat([
    signature,
    toChunk('IHDR', header),
    toChunk('IDAT', data),
    toChunk('IEND', Buffer.alloc(0)),
  ]);
}

function toChunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(content));
  return Buffer.concat([length, content, checksum]);
}
