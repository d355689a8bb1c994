// Claims of a token, read as own properties with a check of their types; the kind of caller and the issuer behind them.

/** A JSON object from outside, whose members are not checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The claims of a verified Descope token. The verifier has checked the types of the claims that are declared here; every
 * other claim is `unknown`.
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4
 */
export interface DescopeClaims {
  /** The issuer: the project id or a URL that ends in it. */
  readonly iss: string;
  /** The subject: the id of the user or access key, unless the project's JWT template sets another subject. */
  readonly sub: string;
  /** The expiry of the token, in epoch seconds. */
  readonly exp: number;
  /** When the token was issued, in epoch seconds. */
  readonly iat?: number;
  /** The start of the token's validity, in epoch seconds. */
  readonly nbf?: number;
  /** The audience, or several. */
  readonly aud?: string | readonly string[];
  /**
   * The name of the token: `DS` for a session token and `DSR` for a refresh token, unless the project has other cookie
   * names.
   */
  readonly drn?: string;
  readonly [claim: string]: unknown;
}

/** Checks whether a value is a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads an own member of an object; inherited members do not count. */
export function readOwn(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Reads a member that must be a non-empty string; anything else is `undefined`. */
export function readText(object: JsonObject, name: string): string | undefined {
  const value = readOwn(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Checks whether a string is well-formed Unicode. Half of a surrogate pair, which JSON can write as an escape, becomes
 * U+FFFD in UTF-8, so that two different identities would become equal.
 */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** The greatest length of an id that is passed on, such as with a job. */
export const MAX_ID_LENGTH = 512;

/** Checks whether a value is an id that can be passed on: well-formed text that is neither blank nor too long. */
export function isPortableId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_ID_LENGTH) return false;
  return value.trim() !== '' && isWellFormed(value);
}

const NO_NAMES: readonly string[] = Object.freeze([]); // shared by all callers

/** Reads a list of names; a claim that is not an array of strings counts as empty. */
export function readNames(object: JsonObject, name: string): readonly string[] {
  const value = readOwn(object, name);
  if (!Array.isArray(value)) return NO_NAMES;
  return value.every((item) => typeof item === 'string') ? value : NO_NAMES;
}

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/; // RFC 6749 §3.3, which also keeps a challenge well-formed

/** Checks whether a string is one scope (RFC 6749 §3.3). */
export function isScope(value: unknown): value is string {
  return typeof value === 'string' && SCOPE.test(value);
}

/** Freezes a JSON value and all its members, so that no reader can change what the next one reads. */
export function freezeDeep(value: object): void {
  visitObjects(value, Object.freeze);
}

const OBJECT_BYTES = 64;
const MEMBER_BYTES = 32; // its slot, and the header of a string or number

/** Estimates the size of a JSON value in memory, in bytes; too much rather than too little. */
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

/**
 * The kind of caller: a user, an access key, an inbound app or an agent. `'unknown'` is a valid session that proves neither
 * a user nor an access key.
 * @see https://docs.descope.com/identity-federation/inbound-apps
 * @see https://docs.descope.com/agentic-identity-hub
 */
export type TokenKind = 'user' | 'access-key' | 'app' | 'agent' | 'unknown';

const ACCESS_KEY_ID = /^K[A-Za-z0-9]{27,31}$/;

/** Reads the id of the user or access key: `dsub` where a JWT template replaced the subject, else `sub`. */
export function readSubjectId(claims: DescopeClaims): string {
  return readText(claims, 'dsub') ?? claims.sub;
}

/**
 * Reads the kind of caller. A user needs positive evidence: `drn` and `amr`. The id of an access key has priority over
 * both, because a token contains the custom claims of its key.
 */
export function readTokenKind(claims: DescopeClaims, issuer: IssuerKind): TokenKind {
  if (issuer !== 'session') return issuer;
  const id = readSubjectId(claims);
  if (ACCESS_KEY_ID.test(id)) return 'access-key';
  if (claims.drn !== undefined && readNames(claims, 'amr').length > 0) return 'user';
  return id.startsWith('K') ? 'access-key' : 'unknown';
}

/** Checks whether a kind is accepted; `unknown` is accepted if users and access keys both are. */
export function isKindAccepted(kind: TokenKind, accepted: readonly TokenKind[]): boolean {
  if (kind === 'unknown') return accepted.includes('user') && accepted.includes('access-key');
  return accepted.includes(kind);
}

// The issuer: its project, and the kind of client that it issues tokens for.

/** What an issuer signs: sessions of the project, tokens of an inbound app, or tokens of an agent. */
export type IssuerKind = 'session' | 'app' | 'agent';

// Path segments are compared unchanged, so anything that a URL parser would rewrite is rejected.
const ISSUER_URL =
  /^https?:\/\/[A-Za-z0-9.:[\]-]+((?:\/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)+)$/;

/**
 * Reads what an issuer of this project signs; `undefined` for the issuer of another project. The issuer of sessions is the
 * project id, or a URL that ends in it, on any host: custom domains exist, and the keys identify the project.
 */
export function readIssuerKind(issuer: string, projectId: string): IssuerKind | undefined {
  if (issuer === projectId) return 'session';
  const path = ISSUER_URL.exec(issuer)?.[1];
  if (path === undefined) return undefined;
  const [previous, last] = path.split('/').slice(-2);
  if (previous === projectId) return 'agent'; // …/v1/apps/agentic/<projectId>/<serverId>, and any similar URL
  if (last !== projectId) return undefined;
  if (previous === 'apps') return 'app'; // …/v1/apps/<projectId>
  return previous === 'agentic' ? 'agent' : 'session';
}
