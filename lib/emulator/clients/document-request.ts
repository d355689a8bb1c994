// Fetches a client-id metadata document: bounded, and never from an address that only this network reaches.
import type { LookupAddress } from 'node:dns';
import { lookup as resolveName } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { isLoopbackHost } from '../http/redirect-uris.js';
import { isLoopbackAddress, isPublicAddress } from './public-addresses.js';

// The size that the draft recommends (draft-ietf-oauth-client-id-metadata-document).
const MAX_BYTES = 5 * 1024;
const TIMEOUT_MS = 3000;

/**
 * Fetches a document, and returns its text; rejects with the reason.
 *
 * @param onLoopback Whether the emulator itself is reached from this machine only; then documents may be on it too.
 */
export function requestDocument(url: URL, onLoopback: boolean): Promise<string> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const local = onLoopback && isLoopbackHost(url.hostname);
  const isAllowed = local ? isLoopbackAddress : isPublicAddress;
  // A literal address is never looked up.
  if (isIP(host) !== 0 && !isAllowed(host)) return Promise.reject(new Error(NOT_ALLOWED));
  const options = {
    agent: false as const,
    headers: { accept: 'application/json', 'user-agent': 'descope-emulator' },
    lookup: createLookup(isAllowed),
    // Nobody signs certificates for this machine; what a certificate proves there is nothing.
    rejectUnauthorized: !local,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  return new Promise((resolve, reject) => {
    const request = get(url, options, (response) => {
      readDocument(response).then(resolve, reject);
      // What is left of a response that was rejected is not read.
      response.once('error', () => request.destroy());
    });
    request.once('error', reject);
  });
}

const NOT_ALLOWED = 'its address is not one of the public internet';

// The addresses that are checked are those that are connected to: a second answer of the name server changes nothing.
function createLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      const mistake = error ?? findMistake(addresses, isAllowed);
      const [first = { address: '', family: 0 }] = mistake ? [] : addresses;
      if (mistake) callback(mistake, '', 0);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function findMistake(
  addresses: readonly LookupAddress[],
  isAllowed: (address: string) => boolean,
): Error | undefined {
  if (addresses.length === 0) return new Error('its host has no address');
  return addresses.every(({ address }) => isAllowed(address)) ? undefined : new Error(NOT_ALLOWED);
}

async function readDocument(response: IncomingMessage): Promise<string> {
  const { statusCode, headers } = response;
  try {
    if (statusCode !== 200) throw new Error(`it is not there: status ${statusCode ?? 0}`);
    if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(headers['content-type'] ?? '')) {
      throw new Error('it is not application/json');
    }
    return await readText(response);
  } catch (cause) {
    response.destroy();
    throw cause;
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
