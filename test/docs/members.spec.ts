// Tables of members: of a transport in docs/microservices.md, of an entry of the access map in docs/access-map.md.
import { describe, expect, it } from '@jest/globals';
import { readCodes, readRows, readSections } from './support/page-tables.js';
import { readMemberNames } from './support/source-types.js';

function readMembers(page: string, section: string): string[] {
  return readRows(readSections(page).get(section) ?? '', 'member').flatMap(({ member }) => readCodes(member));
}

describe('A table of members', () => {
  it('has every member of a transport', () => {
    const known = readMemberNames('lib/auth/transports/transport.ts', 'DescopeTransport');
    expect(known.length).toBeGreaterThan(5);
    expect(readMembers('microservices.md', 'Other transports').sort()).toEqual(known.sort());
  });

  it('has every member of an entry of the access map', () => {
    const own = readMemberNames('lib/inspect/access-map.ts', 'AccessMapEntry');
    const inherited = readMemberNames('lib/inspect/endpoints.ts', 'Endpoint');
    const known = [...own, ...inherited.filter((name) => name !== 'isGuardable')];
    expect(known.length).toBeGreaterThan(5);
    expect(readMembers('access-map.md', 'What an entry says').sort()).toEqual(known.sort());
  });
});
