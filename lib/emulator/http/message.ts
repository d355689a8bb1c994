// A request as a route sees it: read, bounded and decoded.
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** An object whose members an outsider named. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A request after the server has read it. */
export interface Call {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** The parts of the path that the route names with a colon. */
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  /** The address of the caller. */
  readonly address: string;
  readonly body: JsonObject;
  readonly authorization: Authorization;
  readonly cookies: ReadonlyMap<string, string>;
  /** The client that an OAuth call names by Basic authentication. */
  readonly client: ClientCredential | undefined;
}

/** The two halves of `Bearer <project id>[:<token or key>]`; empty text where nothing stands. */
export interface Authorization {
  readonly projectId: string;
  readonly credential: string;
}

/** An OAuth client and its secret. */
export interface ClientCredential {
  readonly clientId: string;
  readonly clientSecret: string;
}

const BEARER = /^Bearer ([^:\s]+)(?::([^:\s]+))?(?::[^:\s]+)?$/i;

/** Reads an Authorization header; anything but a bearer credential counts as none. */
export function readAuthorization(header: string | undefined): Authorization {
  const match = BEARER.exec(header ?? '');
  return { projectId: match?.[1] ?? '', credential: match?.[2] ?? '' };
}

/** Reads a client's Basic credential; both halves are form-encoded (RFC 6749 section 2.3.1). */
export function readClient(header: string | undefined): ClientCredential | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const at = pair.indexOf(':');
  if (at < 1) return undefined;
  return { clientId: formDecode(pair.slice(0, at)), clientSecret: formDecode(pair.slice(at + 1)) };
}

/** Reads a Cookie header; of two cookies of one name the first counts. */
export function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (name && !cookies.has(name)) cookies.set(name, part.slice(at + 1).trim());
  }
  return cookies;
}

// What was not encoded, as many clients do, may hold a lone percent sign.
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

// What a route answers, and how it is written to the socket.

/** An answer before it is written; everything but text is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** An answer of 200. */
export function ok(body: unknown = {}): Answer {
  return { status: 200, body };
}

/** Writes an answer; with `dripMs` byte by byte, at that distance in milliseconds. */
export async function sendAnswer(response: ServerResponse, answer: Answer, dripMs?: number): Promise<void> {
  const { text, type } = toText(answer.body);
  const bytes = Buffer.from(text);
  response.statusCode = answer.status;
  response.setHeader('content-type', type);
  response.setHeader('content-length', bytes.length);
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  if (dripMs !== undefined) await drip(response, bytes, dripMs);
  response.end(dripMs === undefined ? bytes : undefined);
}

function toText(body: unknown): { text: string; type: string } {
  if (typeof body === 'string') {
    return { text: body, type: body.trimStart().startsWith('<') ? 'text/html' : 'text/plain' };
  }
  return { text: JSON.stringify(body), type: 'application/json' };
}

async function drip(response: ServerResponse, bytes: Buffer, everyMs: number): Promise<void> {
  for (const byte of bytes) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await wait(everyMs, undefined, { ref: false });
  }
}

// Errors as Descope's API words them.

const KINDS = {
  badRequest: [400, 'E011001', 'Request is malformed'],
  missingArguments: [400, 'E011002', 'Missing arguments'],
  invalidArguments: [400, 'E011003', 'Request is invalid'],
  noSuchEndpoint: [404, 'E011001', 'Not found'],
  tooLarge: [413, 'E011001', 'Request is too large'],
  invalidToken: [401, 'E061005', 'Invalid token'],
  wrongCode: [401, 'E061102', 'Invalid code'],
  tooManyTries: [401, 'E061103', 'Too many tries'],
  userExists: [400, 'E062107', 'User already exists'],
  noSuchUser: [400, 'E062108', 'User not found'],
  wrongPassword: [401, 'E062903', 'Invalid sign-in credentials'],
  passwordExpired: [401, 'E062909', 'Password expired'],
  linkPending: [401, 'E062503', 'Enchanted link is pending'],
  flowNotFound: [400, 'E103205', 'Flow timed out'],
  signedOut: [401, 'E064001', 'Session ended by logout'],
  userNotFound: [400, 'E112102', 'User not found'],
  rateLimited: [429, 'E130429', 'API rate limit exceeded'],
  broken: [500, 'E010000', 'Internal error'],
} as const satisfies Record<string, readonly [number, string, string]>;

/** The causes the emulator knows, each with its HTTP status, its code and its description. */
export type DescopeErrorKind = keyof typeof KINDS;

/** What a client finds in the body of a rejection. */
export interface DescopeErrorBody {
  readonly errorCode: string;
  readonly errorDescription: string;
  readonly errorMessage: string;
  readonly message: string;
}

/** A rejection on its way to the client. */
export class DescopeError extends Error {
  readonly status: number;
  readonly errorCode: string;
  readonly description: string;

  constructor(kind: DescopeErrorKind, message: string) {
    super(message);
    [this.status, this.errorCode, this.description] = KINDS[kind];
  }

  /** The same rejection as the body of an answer. */
  toBody(): DescopeErrorBody {
    return {
      errorCode: this.errorCode,
      errorDescription: this.description,
      errorMessage: this.message,
      message: this.message,
    };
  }
}
