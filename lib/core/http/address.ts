// The address of a client as a key: IPv4 as it is, and of IPv6 the network, because one sender has all of its addresses.
import { isIP } from 'node:net';
import type { RequestLike } from './request.js';

/** The bits of an IPv6 address that name a network: providers assign at least a /64 to each customer. */
const NETWORK_BITS = 64;

const MAX_LENGTH = 64;
const WITH_PORT = /^(?:\[([^\]]+)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/; // as some proxies write it

/**
 * Reads the address of the client, of IPv6 the network. What is no address, as a client may write it in a header that a proxy
 * passes on, does not count: then the address of the direct peer does.
 */
export function readSender({ ip, socket }: RequestLike, ipv6Bits?: number): string | undefined {
  for (const address of [ip, socket?.remoteAddress]) {
    const network = address === undefined ? undefined : toNetwork(address, ipv6Bits);
    if (network !== undefined) return network;
  }
  return undefined;
}

/**
 * Reads an address, in any spelling, and with a port where a proxy added one.
 * @returns an IPv4 address, such as `192.0.2.1`, or an IPv6 network, such as `2001:db8:1:2:0:0:0:0/64`; `undefined` for text
 *   that is no address
 */
function toNetwork(text: string, bits = NETWORK_BITS): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, bracketed, dotted] = WITH_PORT.exec(text) ?? [];
  const [address = ''] = (bracketed ?? dotted ?? text).split('%'); // without the zone of a local address
  const version = isIP(address);
  if (version === 4) return address;
  return version === 6 ? toSubnet(toGroups(address), bits) : undefined;
}

// The eight groups of a valid address. The last two may be written as IPv4 (RFC 4291 §2.2).
function toGroups(address: string): readonly number[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_text, ...bytes: string[]) => {
    const [one = 0, two = 0, three = 0, four = 0] = bytes.map(Number);
    return `${((one << 8) | two).toString(16)}:${((three << 8) | four).toString(16)}`;
  });
  const [before = [], after = []] = plain.split('::').map((side) => side.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

function toSubnet(groups: readonly number[], bits: number): string {
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0); // RFC 4291 §2.5.5.2
  if (isMapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  const kept = groups.map((group, index) => {
    const count = Math.min(Math.max(bits - 16 * index, 0), 16);
    return (group & (0xffff << (16 - count)) & 0xffff).toString(16);
  });
  return `${kept.join(':')}/${bits}`;
}
