// The access keys of the project; their cleartext is kept as a digest only.
import { BlockList, isIP } from 'node:net';
import type { JsonObject } from '../http/message.js';
import { DescopeError } from '../http/message.js';
import { NamedRecords, toDigest } from './records.js';
import type { TenantGrant } from './roles.js';

/** An access key as the emulator keeps it. */
export interface AccessKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly roleNames: readonly string[];
  readonly permissions: readonly string[];
  readonly tenants: readonly TenantGrant[];
  /** The user it is bound to, whose grants then count instead of its own. */
  readonly boundUserId?: string | undefined;
  readonly customClaims: JsonObject;
  readonly customAttributes: JsonObject;
  readonly permittedIps: readonly string[];
  readonly active: boolean;
  readonly createdSeconds: number;
  /** When it ends, in seconds since 1970; 0 for never. */
  readonly expiresSeconds: number;
  readonly digest: string;
}

/** Keeps access keys. */
export class AccessKeys {
  readonly #records = new NamedRecords<AccessKeyRecord>((key) => key.id);

  /** All keys, in the order in which they came. */
  get all(): readonly AccessKeyRecord[] {
    return this.#records.all;
  }

  /** The key of an id. */
  find(id: string): AccessKeyRecord | undefined {
    return this.#records.find(id);
  }

  /** The key of a cleartext. */
  findByCleartext(cleartext: string): AccessKeyRecord | undefined {
    const digest = toDigest(cleartext);
    return this.#records.all.find((key) => key.digest === digest);
  }

  /** Adds or replaces a key. */
  save(key: AccessKeyRecord): AccessKeyRecord {
    return this.#records.put(key);
  }

  /** Removes a key. */
  remove(key: AccessKeyRecord): void {
    this.#records.remove(key);
  }
}

// The addresses from which an access key may be exchanged: single ones, and ranges as `10.0.0.0/8`.

/** Rejects what is neither an address nor a range. */
export function assertIps(entries: readonly string[]): void {
  toList(entries);
}

/** Says whether an address is among the permitted ones; an empty list permits all. */
export function isPermitted(address: string, entries: readonly string[]): boolean {
  if (entries.length === 0) return true;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return toList(entries).check(plain, familyOf(plain));
}

function toList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.trim().split('/', 2);
    const most = isIP(address) === 6 ? 128 : 32;
    const isRange = bits !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
    if (isIP(address) === 0 || (bits !== undefined && !isRange)) {
      const message = `The permittedIps field must hold addresses and ranges, got ${entry.slice(0, 100)}`;
      throw new DescopeError('invalidArguments', message);
    }
    list.addSubnet(address, isRange ? Number(bits) : most, familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
