// Reads a request's body: bounded, as JSON or as a form, as an object.
import type { IncomingMessage } from 'node:http';
import type { JsonObject } from './call.js';
import { DescopeError } from './descope-error.js';

/** The longest body that is read, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Reads the object of a request; an empty body counts as an empty object. */
export async function readRequestBody(request: IncomingMessage): Promise<JsonObject> {
  const text = await readWithinLimit(request);
  if (text.trim() === '') return {};
  const value = isForm(request) ? parseForm(text) : parse(text);
  // An array is let through: one management call (the history of users) sends one.
  if (typeof value === 'object' && value !== null) return value as JsonObject;
  throw new DescopeError('badRequest', 'The request body must be a JSON object');
}

async function readWithinLimit(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // What is beyond the limit is read and dropped: a client that is still writing would not see the answer.
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
    if (length > MAX_BODY_BYTES * 16) break;
  }
  if (length > MAX_BODY_BYTES) {
    throw new DescopeError('tooLarge', `A request body may have ${MAX_BODY_BYTES} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

// OAuth's endpoints take forms (RFC 6749 appendix B); Descope's own take JSON alone.
function isForm({ url = '', headers }: IncomingMessage): boolean {
  const type = headers['content-type'] ?? '';
  return url.startsWith('/oauth2/') && type.startsWith('application/x-www-form-urlencoded');
}

function parseForm(text: string): JsonObject {
  const fields = [...new URLSearchParams(text)];
  const names = fields.map(([name]) => name);
  if (new Set(names).size === names.length) return Object.fromEntries(fields);
  // RFC 6749 section 3.2: request parameters must not be included more than once.
  throw new DescopeError('badRequest', 'A form field stands twice in the request');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DescopeError('badRequest', 'The request body is not valid JSON');
  }
}
