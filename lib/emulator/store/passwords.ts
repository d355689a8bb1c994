// The passwords of users: how plain and hashed ones are checked.
import { createCipheriv, createHash, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import { DescopeError } from '../errors.js';
import { isObject, readNumber, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { toDigest } from './records.js';

/** Whether a password is the user's; the emulator keeps this function and never the password. */
export type PasswordCheck = (given: string) => boolean;

/** Creates the check of a password of any length. */
export function toPasswordCheck(password: string): PasswordCheck {
  const digest = toDigest(password);
  return (given) => toDigest(given) === digest;
}

/** Reads Descope's `hashedPassword`, whose only member is named after the hash function. */
export function readHashedPassword(hashed: JsonObject): PasswordCheck {
  const members = Object.entries(hashed).filter(([, value]) => value !== undefined && value !== null);
  const [[name, value] = ['', undefined], ...others] = members;
  if (others.length > 0 || !isObject(value)) {
    throw new DescopeError(
      'invalidArguments',
      'The hashedPassword field must contain exactly one kind of hash',
    );
  }
  const toCheck = KINDS.get(name);
  if (toCheck) return toCheck(value);
  throw rejection(`hashedPassword.${name.slice(0, 100)}`);
}

type Kind = (hash: JsonObject) => PasswordCheck;

const pbkdf2: Kind = (hash) => {
  const type = requireString(hash, 'type');
  if (!DIGESTS.has(type)) throw rejection(`hashedPassword.pbkdf2.type ${type.slice(0, 100)}`);
  const [wanted, salt] = [readBytes(hash, 'hash'), readBytes(hash, 'salt')];
  return toPbkdf2Check({ wanted, salt, digest: type, iterations: readCost(hash, 'iterations', 5_000_000) });
};

// Firebase's scrypt: a key derived from the password encrypts the signer key; the result is the hash.
const firebase: Kind = (hash) => {
  const salt = Buffer.concat([readBytes(hash, 'salt'), readBytes(hash, 'saltSeparator')]);
  const [wanted, signerKey] = [readBytes(hash, 'hash'), readBytes(hash, 'signerKey')];
  const cost = 2 ** readCost(hash, 'memory', 17);
  const options = { cost, blockSize: readCost(hash, 'rounds', 16), maxmem: 512 * 1024 * 1024 };
  return (given) => {
    const key = scryptSync(given, salt, 32, options);
    const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
    return isSame(Buffer.concat([cipher.update(signerKey), cipher.final()]), wanted);
  };
};

const django: Kind = (hash) => {
  const [algorithm = '', iterations = '', salt = '', wanted = ''] = requireString(hash, 'hash').split('$');
  const digest = DJANGO.get(algorithm);
  if (digest === undefined) throw rejection(`hashedPassword.django ${algorithm.slice(0, 100)}`);
  return toPbkdf2Check({
    wanted: Buffer.from(wanted, 'base64'),
    salt: Buffer.from(salt, 'utf8'),
    digest,
    iterations: readCost({ iterations }, 'iterations', 5_000_000),
  });
};

const md5: Kind = (hash) => {
  const wanted = Buffer.from(requireString(hash, 'hash'), 'hex');
  if (wanted.length !== 16)
    throw new DescopeError('invalidArguments', 'The hash field must be an MD5 in hex');
  return (given) => isSame(createHash('md5').update(given).digest(), wanted);
};

// phpass's portable hashes: a digest of salt and password, then again and again one of the last digest and the password.
const phpass: Kind = (hash) => {
  const type = requireString(hash, 'type');
  if (!PHPASS.has(type)) throw rejection(`hashedPassword.phpass.type ${type.slice(0, 100)}`);
  const [wanted, salt] = [requireString(hash, 'hash'), Buffer.from(requireString(hash, 'salt'))];
  const iterations = readCost(hash, 'iterations', 1_000_000);
  // An MD5 has 22 characters. Some programs keep only the first ones of an SHA-512.
  if (!/^[./\dA-Za-z]{22,86}$/.test(wanted)) {
    throw new DescopeError(
      'invalidArguments',
      'The hash field must have 22 to 86 of the characters ./0-9A-Za-z',
    );
  }
  return (given) => {
    const password = Buffer.from(given);
    if (password.length > PHPASS_MOST) return false;
    let digest = salt;
    for (let round = 0; round <= iterations; round += 1) {
      digest = createHash(type).update(digest).update(password).digest();
    }
    return isSame(Buffer.from(toPhpassText(digest).slice(0, wanted.length)), Buffer.from(wanted));
  };
};

const KINDS = new Map<string, Kind>(Object.entries({ pbkdf2, firebase, django, md5, phpass }));
const DIGESTS = new Set(['sha1', 'sha256', 'sha512']);
const PHPASS = new Set(['md5', 'sha512']);
const PHPASS_MOST = 4096; // phpass rejects longer ones: each round would hash them again
const PHPASS_LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DJANGO = new Map([
  ['pbkdf2_sha256', 'sha256'],
  ['pbkdf2_sha1', 'sha1'],
]);

interface Pbkdf2 {
  readonly wanted: Buffer;
  readonly salt: Buffer;
  readonly digest: string;
  readonly iterations: number;
}

function toPbkdf2Check({ wanted, salt, digest, iterations }: Pbkdf2): PasswordCheck {
  if (wanted.length === 0) throw new DescopeError('invalidArguments', 'The hash field must be base64');
  return (given) => isSame(pbkdf2Sync(given, salt, iterations, wanted.length, digest), wanted);
}

// Six bits a character, the lowest ones first.
function toPhpassText(digest: Buffer): string {
  let text = '';
  for (let start = 0; start < digest.length; start += 3) {
    const part = digest.subarray(start, start + 3);
    const bits = part.readUIntLE(0, part.length);
    for (let place = 0; place <= part.length; place += 1) {
      text += PHPASS_LETTERS.charAt((bits >> (6 * place)) & 63);
    }
  }
  return text;
}

function readBytes(hash: JsonObject, name: string): Buffer {
  return Buffer.from(requireString(hash, name), 'base64');
}

// A higher cost would only block the emulator.
function readCost(hash: JsonObject, name: string, most: number): number {
  const cost = readNumber(hash, name) ?? 0;
  if (Number.isInteger(cost) && cost >= 1 && cost <= most) return cost;
  throw new DescopeError('invalidArguments', `The ${name} field must be a whole number from 1 to ${most}`);
}

function rejection(what: string): DescopeError {
  const message =
    `The emulator cannot check ${what}: it supports pbkdf2, django's pbkdf2, firebase, phpass and md5; ` +
    'use a plain password, or test this against a real project of Descope';
  return new DescopeError('invalidArguments', message);
}

function isSame(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
