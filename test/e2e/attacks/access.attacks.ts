// Grants that are none, and paths that go around the decision.
import type { Attack } from './stage/attack.js';
import { bearer, JSON_TYPE } from './stage/attack.js';
import type { Stage } from './stage/stage.js';

type Claims = Record<string, unknown>;

function grantless(path: string, code: string, good: Claims) {
  return ([name, claims]: readonly [string, Claims | string]): Attack => {
    const forge = ({ forge: sign, claims: base }: Stage): string => {
      const nothing = { roles: [], permissions: [], tenants: {} };
      if (typeof claims !== 'string') return sign({ claims: { ...nothing, ...claims } });
      return sign({ claims: JSON.stringify({ ...base, ...nothing }).replace(/}$/, `,${claims}}`) });
    };
    return {
      name: `${path} with ${name}`,
      attack: (stage) => ({ path, lines: [bearer(forge(stage))] }),
      control: (stage) => ({
        path,
        lines: [bearer(stage.forge({ claims: { roles: [], permissions: [], tenants: {}, ...good } }))],
      }),
      status: [403],
      code,
    };
  };
}

const show = (roles: unknown): readonly [string, Claims] => [`roles ${JSON.stringify(roles)}`, { roles }];

const ROLES = [
  ...[
    'admin',
    '["admin"]',
    null,
    true,
    1,
    {},
    { admin: true },
    { 0: 'admin', length: 1 },
    [],
    [['admin']],
    [{ name: 'admin' }],
    ['admin', 1],
    [null, 'admin'],
    ['Admin'],
    ['ADMIN'],
    [' admin'],
    ['admin '],
    ['admin\u0000'],
    ['admin\n'],
    ['\u200badmin'],
    ['\u0430dmin'],
    ['\uff41dmin'],
    ['admın'],
    ['*'],
    ['admin*'],
    ['.*'],
    ['admin,user'],
    ['administrator'],
    ['superadmin'],
    ['is_superuser', 'is_staff'],
    ['constructor', 'toString', '__proto__'],
  ].map(show),
  ['the role of a tenant', { tenants: { acme: { roles: ['admin'] } } }],
  ['the role of the current tenant', { tenants: { acme: { roles: ['admin'] } }, dct: 'acme' }],
  ['the role of a tenant alone, at the top', { tenants: undefined, dct: 'acme', roles: ['admin'] }],
  ['the role of a tenant called __proto__', '"tenants":{"__proto__":{"roles":["admin"]}}'],
  ['the role in __proto__', '"__proto__":{"roles":["admin"]}'],
  ['the role in constructor.prototype', '"constructor":{"prototype":{"roles":["admin"]}}'],
  ['the role twice, the last empty', '"roles":["admin"],"roles":[]'],
  ['the role as a permission', { permissions: ['admin'] }],
  ['the role as a scope', { scope: 'admin', scp: ['admin'] }],
  ['the role in other letters of the claim', { Roles: ['admin'], role: 'admin' }],
  ['the role in customClaims', { customClaims: { roles: ['admin'] } }],
  ['the role in nsec', { nsec: { roles: ['admin'] } }],
] as readonly (readonly [string, Claims | string])[];

const PERMISSIONS = [
  ...[
    'reports:read',
    { 'reports:read': true },
    ['reports:*'],
    ['reports'],
    ['reports:'],
    ['reports:READ'],
    ['reports:read '],
    ['reports:read:all'],
    ['*'],
    ['*:*'],
    [['reports:read']],
    ['reports:read', null],
  ].map((permissions): readonly [string, Claims] => [
    `permissions ${JSON.stringify(permissions)}`,
    { permissions },
  ]),
  ['the permission as a role', { roles: ['reports:read'] }],
  ['the permission of a tenant', { tenants: { acme: { permissions: ['reports:read'] } }, dct: 'acme' }],
  ['the permission as a scope', { scope: 'reports:read' }],
  ['the role admin alone', { roles: ['admin'] }],
] as readonly (readonly [string, Claims])[];

// A server may take such a path for the route or for nothing, but never for the route without its demand.
const PATHS = [
  ...[
    '/admin',
    '/admin/',
    '//admin',
    '/./admin',
    '/x/../admin',
    '/public/../admin',
    '/public/..%2fadmin',
    '/%61dmin',
    '/%2561dmin',
  ],
  ...[
    '/admin?',
    '/admin?x=1',
    '/admin#x',
    '/ADMIN',
    '/Admin',
    '/admin;x',
    '/admin%2f',
    '/admin%00',
    '/admin%20',
    '/admin.json',
    '/admin//',
  ],
  ...[
    '/\\admin',
    '/admin\\',
    '/public;/../admin',
    '/..;/admin',
    '/admin/.',
    '/admin%23',
    '/admin%3f',
    '/aDmin/',
    '*',
  ],
];
const ROUNDABOUT = PATHS.flatMap((path): Attack[] => [
  {
    name: `${path} by somebody who is no admin`,
    attack: ({ bob }) => ({ path, lines: [bearer(bob.session)] }),
    control: ({ ada }) => ({ path: '/admin', lines: [bearer(ada.session)] }),
    status: [400, 403, 404],
  },
  {
    name: `${path} by nobody`,
    attack: () => ({ path }),
    control: ({ ada }) => ({ path: '/admin', lines: [bearer(ada.session)] }),
    status: [400, 401, 404],
  },
]);

const METHODS = ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'TRACE', 'PROPFIND', 'get', 'GETX'].map(
  (method): Attack => ({
    name: `${method} /admin by somebody who is no admin`,
    attack: ({ bob }) => ({ method, path: '/admin', lines: [bearer(bob.session)] }),
    control: ({ ada }) => ({ path: '/admin', lines: [bearer(ada.session)] }),
    status: [400, 403, 404, 405],
  }),
);

const OVERRIDES = ['X-HTTP-Method-Override: GET', 'X-Method-Override: GET', 'X-HTTP-Method: GET'].map(
  (line): Attack => ({
    name: `POST /notes by nobody, with ${line}`,
    attack: () => ({
      path: '/notes?_method=GET',
      lines: [JSON_TYPE, line],
      body: '{"text":"Hi","_method":"GET"}',
    }),
    control: ({ ada }) => ({
      path: '/notes',
      lines: [JSON_TYPE, line, bearer(ada.session)],
      body: '{"text":"Hi"}',
    }),
    status: [401],
    code: 'SESSION_MISSING',
  }),
);

export const accessAttacks: readonly Attack[] = [
  ...ROLES.map(grantless('/admin', 'ACCESS_ROLE_MISSING', { roles: ['admin'] })),
  ...PERMISSIONS.map(grantless('/reports', 'ACCESS_PERMISSION_MISSING', { permissions: ['reports:read'] })),
  ...ROUNDABOUT,
  ...METHODS,
  ...OVERRIDES,
];
