// A TLS server that nobody trusts: its certificate is its own, made when the test runs.
import { generateKeyPairSync, sign } from 'node:crypto';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** Starts it on a free port of 127.0.0.1. */
export async function startSelfSigned(): Promise<{ readonly port: number; readonly server: Server }> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const body = toCertificateBody(spki);
  const signature = toElement(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const certificate = toElement(0x30, body, RSA_SHA256, signature).toString('base64');
  const cert = `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`;
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const server = createServer({ key, cert }, (_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

// RFC 5280 §4.1 in DER: of the first version, which has no extensions.
function toCertificateBody(spki: Buffer): Buffer {
  const serial = toElement(0x02, Buffer.from([1]));
  const commonName = toElement(
    0x30,
    Buffer.from('0603550403', 'hex'),
    toElement(0x0c, Buffer.from('localhost')),
  );
  const name = toElement(0x30, toElement(0x31, commonName));
  const times = ['20000101000000Z', '21000101000000Z'].map((time) => toElement(0x18, Buffer.from(time)));
  return toElement(0x30, serial, RSA_SHA256, name, toElement(0x30, ...times), name, spki);
}

function toElement(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const RSA_SHA256 = toElement(0x30, Buffer.from('06092a864886f70d01010b0500', 'hex')); // its OID, and NULL
