// Which addresses the emulator may connect to for somebody else: public ones, and loopback from loopback.
import { BlockList, isIP } from 'node:net';

/** Whether an address is one of the public internet: not private, loopback, link-local, reserved or a tunnel. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !RESERVED_V4.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  return GLOBAL_V6.check(address, 'ipv6') && !RESERVED_V6.check(address, 'ipv6');
}

/** Whether an address is this machine. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

// The special-purpose registry of IANA (RFC 6890), and multicast.
const RESERVED_V4 = toBlockList('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

// Only this block is given out; addresses that contain an IPv4 address (mapped, NAT64) are outside of it.
const GLOBAL_V6 = toBlockList('ipv6', ['2000::/3']);
const RESERVED_V6 = toBlockList('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function toBlockList(family: 'ipv4' | 'ipv6', blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [net = '', bits] = block.split('/');
    list.addSubnet(net, Number(bits), family);
  }
  return list;
}
