// Claims of a token, read as own properties and never trusted to have a type.

/** A JSON object from outside, not yet read. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The claims of a verified Descope token. Typed are those that the verifier has checked; any other is `unknown`.
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4
 */
export interface DescopeClaims {
  /** The issuer: the project id or a URL that ends in it. */
  readonly iss: string;
  /** The subject: a user's or access key's id, unless a JWT template put another one here. */
  readonly sub: string;
  /** When the token ends, in epoch seconds. */
  readonly exp: number;
  /** When it was issued, in epoch seconds. */
  readonly iat?: number;
  /** Before when it is not valid, in epoch seconds. */
  readonly nbf?: number;
  /** Its audience (RFC 7519 §4.1.3). */
  readonly aud?: string | readonly string[];
  /** Descope's name for the kind of token: `DS` for a session unless configured, `DSR` for a refresh token. */
  readonly drn?: string;
  readonly [claim: string]: unknown;
}

/** Checks whether a value is a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a member that the object itself has; what it inherits does not count. */
export function readOwn(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Reads a member that must be a non-empty string; anything else is `undefined`. */
export function readText(object: JsonObject, name: string): string | undefined {
  const value = readOwn(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Checks whether a string is well-formed Unicode. Half of a surrogate pair, which JSON can write as an escape, turns into
 * U+FFFD wherever the string is stored or sent as UTF-8, and there two identities would be one.
 */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

const NO_NAMES: readonly string[] = Object.freeze([]); // returned to callers, which must not add to it

/** Reads a list of names; a claim that is anything but an array of strings names nothing. */
export function readNames(object: JsonObject, name: string): readonly string[] {
  const value = readOwn(object, name);
  if (!Array.isArray(value)) return NO_NAMES;
  return value.every((item) => typeof item === 'string') ? value : NO_NAMES;
}

/** Freezes a JSON value with everything in it, so that no reader can change what the next one reads. */
export function freezeDeep(value: object): void {
  visitObjects(value, Object.freeze);
}

const OBJECT_BYTES = 64;
const MEMBER_BYTES = 32; // its slot, and the head of a text or number

/** Estimates what a JSON value takes in memory, in bytes: rather too much than too little. */
export function estimateBytes(value: object): number {
  let bytes = 0;
  visitObjects(value, (_item, members) => {
    bytes += OBJECT_BYTES + MEMBER_BYTES * members.length;
    for (const member of members) if (typeof member === 'string') bytes += 2 * member.length;
  });
  return bytes;
}

// A list instead of recursion: a token may nest deeper than the stack. Visited last, because reading the members of a
// frozen object is slower.
function visitObjects(value: object, visit: (item: object, members: readonly unknown[]) => void): void {
  const open = [value];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const members = toMembers(item);
    for (const member of members) if (isObject(member)) open.push(member);
    visit(item, members);
  }
}

function toMembers(item: object): readonly unknown[] {
  return Array.isArray(item) ? item : Object.values(item);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

// The kind of caller behind a token.

/** The kind of caller. `'unknown'` is a genuine session without evidence of either a user or an access key. */
export type TokenKind = 'user' | 'access-key' | 'app' | 'agent' | 'unknown';

const ACCESS_KEY_ID = /^K[A-Za-z0-9]{27,31}$/;

/** Reads the id of the user or access key: `dsub` where a JWT template replaced the subject, else `sub`. */
export function readSubjectId(claims: DescopeClaims): string {
  return readText(claims, 'dsub') ?? claims.sub;
}

/**
 * Reads the kind of caller. A user needs positive evidence, a session's `drn` and an `amr`; an access key's id has priority
 * over both, because a key's own claims are among the token's.
 */
export function readTokenKind(claims: DescopeClaims, issuer: IssuerKind): TokenKind {
  if (issuer !== 'session') return issuer;
  const id = readSubjectId(claims);
  if (ACCESS_KEY_ID.test(id)) return 'access-key';
  if (claims.drn !== undefined && readNames(claims, 'amr').length > 0) return 'user';
  return id.startsWith('K') ? 'access-key' : 'unknown';
}

/** Checks whether a kind is accepted; `unknown` is where users and access keys both are. */
export function isKindAccepted(kind: TokenKind, accepted: readonly TokenKind[]): boolean {
  if (kind === 'unknown') return accepted.includes('user') && accepted.includes('access-key');
  return accepted.includes(kind);
}

// The issuer: which project it is of, and which kind of client it signs for.

/** What an issuer signs: the project's own sessions, an inbound app's tokens, or an agent's. */
export type IssuerKind = 'session' | 'app' | 'agent';

// Path segments are compared as they stand, so anything that a URL parser would rewrite is rejected.
const ISSUER_URL =
  /^https?:\/\/[A-Za-z0-9.:[\]-]+((?:\/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)+)$/;

/**
 * Reads what an issuer of this project signs; `undefined` for the issuer of another project.
 * The project's own is its id, or a URL that ends in it, on any host: custom domains exist, and the key is the boundary.
 */
export function readIssuerKind(issuer: string, projectId: string): IssuerKind | undefined {
  if (issuer === projectId) return 'session';
  const path = ISSUER_URL.exec(issuer)?.[1];
  if (path === undefined) return undefined;
  const [previous, last] = path.split('/').slice(-2);
  if (previous === projectId) return 'agent'; // …/v1/apps/agentic/<projectId>/<serverId>, and whatever is like it
  if (last !== projectId) return undefined;
  if (previous === 'apps') return 'app'; // …/v1/apps/<projectId>
  return previous === 'agentic' ? 'agent' : 'session';
}
