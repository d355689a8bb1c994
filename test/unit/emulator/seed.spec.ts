// A seed is checked before the emulator starts, and every mistake in it is named.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findSeedMistakes, loadSeed } from '#lib/emulator/seed/load-seed.js';

describe('findSeedMistakes', () => {
  it('finds none in an empty seed, nor in one that uses every field', () => {
    expect(findSeedMistakes({})).toEqual([]);
    const seed = {
      users: [
        {
          loginId: 'ada',
          additionalLoginIds: ['a'],
          userId: 'U1',
          email: 'a@example.com',
          phone: '+15551234567',
          name: 'Ada',
          givenName: 'Ada',
          familyName: 'L',
          picture: 'p',
          password: 'secret',
          roles: ['admin'],
          permissions: ['x'],
          tenants: [{ tenantId: 'acme', roles: ['admin'] }],
          customAttributes: { a: 1 },
          customClaims: { b: [2] },
          status: 'enabled',
          test: true,
        },
      ],
      tenants: [{ id: 'acme', name: 'Acme', customAttributes: {} }],
      roles: [{ name: 'admin', permissions: ['all'], description: 'd', tenantId: 'acme' }],
      accessKeys: [
        {
          name: 'k',
          cleartext: 'c',
          id: 'K1',
          roles: [],
          permissions: [],
          tenants: [],
          user: 'ada',
          customClaims: {},
          expireTime: 0,
        },
      ],
      inboundApps: [
        {
          name: 'robot',
          clientSecret: 's',
          clientId: 'c',
          redirectUris: [
            'https://robot.example.com/callback',
            'http://127.0.0.1/callback',
            'robot://callback',
          ],
          scopes: ['read', { name: 'write', description: 'writes', roles: ['admin'], optional: true }],
          tenants: ['acme'],
          defaultAudience: 'clientId',
        },
      ],
      mcpServers: [{ name: 'tools', id: 'MS1', url: 'https://tools.example.com/mcp', scopes: ['read'] }],
      webhooks: [
        { url: 'https://a.example/x', secret: 's', actions: ['UserDeleted'], body: 'event', signed: 'json' },
      ],
      fga: {
        schema: 'model AuthZ 1.0 type user type doc relation owner: user',
        relations: [
          { resource: 'd', resourceType: 'doc', relation: 'owner', target: 'u', targetType: 'user' },
        ],
      },
    };
    expect(findSeedMistakes(seed)).toEqual([]);
  });

  it.each([
    [null, 'the seed must be an object, got null'],
    [[], 'the seed must be an object, got an array'],
    [{ user: [] }, 'user is unknown; known are users, tenants, roles, accessKeys, '],
    [{ users: {} }, 'users must be an array, got an object'],
    [{ users: [{}] }, 'users[0].loginId is missing'],
    [{ users: [{ loginId: ' ' }] }, 'users[0].loginId must be a non-empty string, got " "'],
    [{ users: [{ loginId: 'a', roles: 'admin' }] }, 'users[0].roles must be an array, got "admin"'],
    [{ users: [{ loginId: 'a', test: 1 }] }, 'users[0].test must be true or false, got 1'],
    [
      { users: [{ loginId: 'a', status: 'on' }] },
      'users[0].status must be one of enabled, disabled, invited, got "on"',
    ],
    [
      { users: [{ loginId: 'a', customClaims: { plan: 'pro', exp: 1 } }] },
      'users[0].customClaims.exp is a claim that Descope sets itself',
    ],
    [
      { accessKeys: [{ name: 'a', cleartext: 'b', customClaims: { sub: 'x' } }] },
      'accessKeys[0].customClaims.sub is a claim that Descope sets itself',
    ],
    [
      { users: [{ loginId: 'a', customClaims: [] }] },
      'users[0].customClaims must be an object, got an array',
    ],
    [{ users: [{ loginId: 'a', tenants: [{}] }] }, 'users[0].tenants[0].tenantId is missing'],
    [
      { accessKeys: [{ name: 'k', cleartext: 'a:b' }] },
      'accessKeys[0].cleartext must be a string without whitespace or colons',
    ],
    [
      { accessKeys: [{ name: 'k', cleartext: 'c', expireTime: -1 }] },
      'accessKeys[0].expireTime must be a whole number of seconds, got -1',
    ],
  ])('says what is wrong with the shape of %j', (seed, mistake) => {
    expect(findSeedMistakes(seed)).toContainEqual(expect.stringContaining(mistake));
  });

  it.each([
    [{ users: [{ loginId: 'a' }, { loginId: 'a' }] }, 'the login id "a" appears twice in users'],
    [
      { users: [{ loginId: 'a', roles: ['x'] }], roles: [] },
      'users[0] has the role "x", which is not in roles',
    ],
    [
      { users: [{ loginId: 'a', tenants: [{ tenantId: 't' }] }], tenants: [] },
      'users[0] names the tenant "t", which is not in tenants',
    ],
    [
      { accessKeys: [{ name: 'k', cleartext: 'c', user: 'u' }] },
      'accessKeys[0].user is "u", which is not a loginId in users',
    ],
    [
      {
        accessKeys: [
          { name: 'k', cleartext: 'c' },
          { name: 'l', cleartext: 'c' },
        ],
      },
      'two access keys have the same cleartext',
    ],
    [
      {
        inboundApps: [
          { name: 'a', clientSecret: 's' },
          { name: 'a', clientSecret: 's' },
        ],
      },
      'the inbound app "a" appears twice',
    ],
    [
      {
        inboundApps: [
          { name: 'a', clientId: 'c', clientSecret: 's' },
          { name: 'b', clientId: 'c', clientSecret: 's' },
        ],
      },
      'the clientId "c" appears twice',
    ],
    [
      { outboundApps: [{ id: 'a', connections: [{}] }] },
      'outboundApps[0].connections[0] needs a user or a tenantId',
    ],
    [
      { outboundApps: [{ id: 'a', connections: [{ user: 'u' }] }] },
      'outboundApps[0].connections[0].user is "u", which is not a loginId in users',
    ],
    [
      { tenants: [], outboundApps: [{ id: 'a', connections: [{ tenantId: 't' }] }] },
      'outboundApps[0].connections[0] names the tenant "t", which is not in tenants',
    ],
    [
      { tenants: [], inboundApps: [{ name: 'a', clientSecret: 's', tenants: ['t'] }] },
      'inboundApps[0] names the tenant "t", which is not in tenants',
    ],
    [{ fga: { schema: 'type user' } }, 'fga: A schema starts with: model AuthZ 1.0'],
    [
      {
        fga: {
          schema: 'model AuthZ 1.0 type user',
          relations: [
            { resource: 'd', resourceType: 'doc', relation: 'owner', target: 'u', targetType: 'user' },
          ],
        },
      },
      'fga: The schema has no relation doc#owner',
    ],
  ])('says which names do not fit together in %j', (seed, mistake) => {
    expect(findSeedMistakes(seed)).toEqual([mistake]);
  });
});

describe('loadSeed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seed-'));
  const file = join(folder, 'seed.json');

  it('reads a file, and rejects one that is absent, not JSON or not a seed', () => {
    writeFileSync(file, '{"users":[{"loginId":"ada"}]}');
    expect(loadSeed(file)).toEqual({ users: [{ loginId: 'ada' }] });
    writeFileSync(file, '{');
    expect(() => loadSeed(file)).toThrow('is not valid JSON');
    writeFileSync(file, '{"users":7,"roles":8}');
    expect(() => loadSeed(file)).toThrow(/- users must be an array, got 7\n- roles must be an array, got 8/);
    rmSync(folder, { recursive: true });
    expect(() => loadSeed(file)).toThrow(expect.objectContaining({ code: 'EMULATOR_SEED_UNREADABLE' }));
  });

  it('keeps a copy, which later changes of the object do not reach', () => {
    const users = [{ loginId: 'ada' }];
    const seed = loadSeed({ users });
    users.push({ loginId: 'eve' });
    expect(seed.users).toHaveLength(1);
  });
});
