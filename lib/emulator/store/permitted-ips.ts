// The addresses from which an access key may be exchanged: single ones, and ranges as `10.0.0.0/8`.
import { BlockList, isIP } from 'node:net';
import { DescopeError } from '../http/descope-error.js';

/** Refuses what is neither an address nor a range. */
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
