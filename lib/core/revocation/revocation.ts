// A revocation: whose tokens are rejected, those issued before which second, and until when; and its form on the wire.
import { hash } from 'node:crypto';

/** Whose tokens a revocation rejects. */
export type RevocationScope = 'session' | 'user' | 'tenant' | 'accessKey' | 'project';

/** Every scope. The order is that of their numbers on the wire. */
export const REVOCATION_SCOPES: readonly RevocationScope[] = Object.freeze([
  'session',
  'user',
  'tenant',
  'accessKey',
  'project',
]);

/** The first 64 bits of SHA-256 over the project, the scope and the id, as two unsigned 32-bit numbers. */
export interface RevocationKey {
  readonly high: number;
  readonly low: number;
}

/** Rejects tokens of one scope. */
export interface Revocation {
  readonly scope: RevocationScope;
  readonly key: RevocationKey;
  /** The key of the user whose session is revoked, for its share of the space; `NO_OWNER` in every other scope. */
  readonly owner: RevocationKey;
  /** Tokens with an `iat` below this second are rejected. In epoch seconds, a whole number. */
  readonly issuedBefore: number;
  /** When all of these tokens have expired and the revocation may be forgotten. In epoch seconds, a whole number. */
  readonly until: number;
}

/** The owner of a revocation that is not of a session. */
export const NO_OWNER: RevocationKey = Object.freeze({ high: 0, low: 0 });

/** The greatest second that a revocation can name, in the year 2106. */
export const MAX_SECOND = 0xffff_ffff;

const BYTES = 25;
const TEXT = /^[A-Za-z0-9_-]{34}$/;

/** Computes the key of an id in a scope of a project. */
export function toRevocationKey(projectId: string, scope: RevocationScope, id: string): RevocationKey {
  const digest = hash('sha256', `${projectId}\n${scope}\n${id}`, 'hex');
  return { high: Number.parseInt(digest.slice(0, 8), 16), low: Number.parseInt(digest.slice(8, 16), 16) };
}

/** Rounds a moment in epoch seconds to a second that a revocation can name, up. */
export function toSecond(seconds: number): number {
  return Math.min(MAX_SECOND, Math.max(0, Math.ceil(seconds)));
}

/** Encodes a revocation as 34 characters of base64url. */
export function encodeRevocation({ scope, key, owner, issuedBefore, until }: Revocation): string {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeUInt8(REVOCATION_SCOPES.indexOf(scope), 0);
  [key.high, key.low, owner.high, owner.low, issuedBefore, until].forEach((value, index) =>
    bytes.writeUInt32BE(value, 1 + 4 * index),
  );
  return bytes.toString('base64url');
}

/** Decodes a result of `encodeRevocation`; `undefined` for anything else. */
export function decodeRevocation(text: unknown): Revocation | undefined {
  if (typeof text !== 'string' || !TEXT.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const scope = REVOCATION_SCOPES[bytes.readUInt8(0)];
  if (scope === undefined) return undefined;
  return {
    scope,
    key: { high: bytes.readUInt32BE(1), low: bytes.readUInt32BE(5) },
    owner: { high: bytes.readUInt32BE(9), low: bytes.readUInt32BE(13) },
    issuedBefore: bytes.readUInt32BE(17),
    until: bytes.readUInt32BE(21),
  };
}
