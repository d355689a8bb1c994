// The access keys of the project; their cleartext is kept as a digest only.
import type { JsonObject } from '../http/call.js';
import type { TenantGrant } from './grants.js';
import { toDigest } from './ids.js';
import { NamedRecords } from './named-records.js';

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
