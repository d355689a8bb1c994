// The shape of a seed: which members it may have and of which type, and what is wrong with one that differs.
import { findRedirectMistake } from '../clients/redirect-uris.js';
import { MAPPED_FIELDS } from '../federation/attributes.js';
import { isObject } from '../http/fields.js';
import { FLOW_KINDS } from '../store/flows.js';
import { readBase32 } from '../totp/totp.js';

/** Lists what is wrong with the value at a path of the seed, such as `users[0].email`. */
type Shape = (value: unknown, path: string) => readonly string[];

/** Lists what is wrong with the shape of a seed, one line a mistake. */
export function findShapeMistakes(seed: unknown): readonly string[] {
  return SEED(seed, '');
}

/** Lists what is wrong with audit webhooks, of a seed or of the options. */
export function findWebhookMistakes(webhooks: unknown): readonly string[] {
  return WEBHOOKS(webhooks, 'webhooks');
}

const string: Shape = (value, path) =>
  typeof value === 'string' && value.trim() !== '' ? [] : [mistake(path, 'a non-empty string', value)];

const boolean: Shape = (value, path) =>
  typeof value === 'boolean' ? [] : [mistake(path, 'true or false', value)];

const seconds: Shape = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [mistake(path, 'a whole number of seconds', value)];

const wholeNumber: Shape = (value, path) =>
  Number.isInteger(value) ? [] : [mistake(path, 'a whole number', value)];

// The value is a secret and stays out of the message.
const text: Shape = (value, path) => (typeof value === 'string' ? [] : [`${path} must be a string`]);
const count: Shape = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [mistake(path, 'a whole number', value)];

const totpSeed: Shape = (value, path) =>
  typeof value === 'string' && readBase32(value) !== undefined
    ? []
    : [`${path} must be at least 16 characters of base32`];

const record: Shape = (value, path) => (isObject(value) ? [] : [mistake(path, 'an object', value)]);

// Anything else would not survive in an Authorization header. The value is a secret and stays out of the message.
const credential: Shape = (value, path) =>
  typeof value === 'string' && /^[^\s:]+$/.test(value)
    ? []
    : [`${path} must be a string without whitespace or colons`];

// RFC 6749 section 3.3.
const scopeName: Shape = (value, path) =>
  typeof value === 'string' && /^[!#-[\]-~]+$/.test(value) ? [] : [mistake(path, 'a scope', value)];

const redirectUri: Shape = (value, path) => {
  if (typeof value !== 'string') return [mistake(path, 'a redirect URI', value)];
  const wrong = findRedirectMistake(value);
  return wrong === undefined ? [] : [`${path} ${wrong}, got ${JSON.stringify(value)}`];
};

// An underscore would end the execution id in the URL of an e-mailed link.
const flowId: Shape = (value, path) =>
  typeof value === 'string' && /^[A-Za-z0-9-]+$/.test(value)
    ? []
    : [mistake(path, 'letters, digits and -', value)];

const serverId: Shape = (value, path) =>
  typeof value === 'string' && /^\w+$/.test(value) ? [] : [mistake(path, 'letters, digits and _', value)];

const resourceUrl: Shape = (value, path) =>
  typeof value === 'string' && URL.canParse(value) && !value.includes('#')
    ? []
    : [mistake(path, 'an absolute URL without a fragment', value)];
// The values stay out of the messages: a URL may contain credentials.
const httpUrl: Shape = (value, path) =>
  typeof value === 'string' && /^https?:/i.test(value) && URL.canParse(value)
    ? []
    : [`${path} must be an http or https URL`];

const secret: Shape = (value, path) =>
  typeof value === 'string' && value !== '' ? [] : [`${path} must be a non-empty string`];

function oneOf(...values: readonly string[]): Shape {
  return (value, path) =>
    values.includes(value as string) ? [] : [mistake(path, `one of ${values.join(', ')}`, value)];
}

function listOf(item: Shape): Shape {
  return (value, path) =>
    Array.isArray(value)
      ? value.flatMap((member: unknown, index) => item(member, `${path}[${index}]`))
      : [mistake(path, 'an array', value)];
}

/** An object with these members and no others; those whose name ends in `!` are required. */
function objectOf(members: Readonly<Record<string, Shape>>): Shape {
  const shapes = new Map(Object.entries(members).map(([name, shape]) => [name.replace('!', ''), shape]));
  const required = Object.keys(members).filter((name) => name.endsWith('!'));
  return (value, path) => {
    if (!isObject(value)) return [mistake(path, 'an object', value)];
    const missing = required
      .map((name) => name.slice(0, -1))
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => `${join(path, name)} is missing`);
    const present = Object.entries(value).flatMap(([name, member]) => {
      if (member === undefined) return [];
      const shape = shapes.get(name);
      const known = [...shapes.keys()].join(', ');
      return shape ? shape(member, join(path, name)) : [`${join(path, name)} is unknown; known are ${known}`];
    });
    return [...missing, ...present];
  };
}

const MEMBERSHIPS = listOf(objectOf({ 'tenantId!': string, roles: listOf(string) }));

const USER = objectOf({
  'loginId!': string,
  additionalLoginIds: listOf(string),
  userId: string,
  email: string,
  phone: string,
  name: string,
  givenName: string,
  familyName: string,
  picture: string,
  password: string,
  totpSeed,
  roles: listOf(string),
  permissions: listOf(string),
  tenants: MEMBERSHIPS,
  customAttributes: record,
  customClaims: record,
  status: oneOf('enabled', 'disabled', 'invited'),
  test: boolean,
});

const ACCESS_KEY = objectOf({
  'name!': string,
  'cleartext!': credential,
  id: string,
  roles: listOf(string),
  permissions: listOf(string),
  tenants: MEMBERSHIPS,
  user: string,
  customClaims: record,
  expireTime: seconds,
});

const PASSWORD_SETTINGS = objectOf({
  enabled: boolean,
  minLength: count,
  lowercase: boolean,
  uppercase: boolean,
  number: boolean,
  nonAlphanumeric: boolean,
  expiration: boolean,
  expirationWeeks: count,
  reuse: boolean,
  reuseAmount: count,
  lock: boolean,
  lockAttempts: count,
});

const SCOPE_OBJECT = objectOf({
  'name!': scopeName,
  description: string,
  roles: listOf(string),
  optional: boolean,
});
const SCOPE: Shape = (value, path) => (isObject(value) ? SCOPE_OBJECT : scopeName)(value, path);

const INBOUND_APP = objectOf({
  'name!': string,
  clientSecret: string,
  clientId: string,
  redirectUris: listOf(redirectUri),
  scopes: listOf(SCOPE),
  tenants: listOf(string),
  defaultAudience: oneOf('projectId', 'clientId'),
});

const MCP_SERVER = objectOf({ 'name!': string, id: serverId, url: resourceUrl, scopes: listOf(SCOPE) });

const CONNECTION = objectOf({
  user: string,
  tenantId: string,
  scopes: listOf(string),
  accessToken: secret,
  expiresInSeconds: wholeNumber,
  refreshToken: text,
  externalIdentifier: string,
});

const OUTBOUND_APP = objectOf({
  'id!': string,
  name: string,
  scopes: listOf(string),
  connections: listOf(CONNECTION),
});

const RELATION = objectOf({
  'resource!': string,
  'resourceType!': string,
  'relation!': string,
  'target!': string,
  'targetType!': string,
});

const WEBHOOKS = listOf(
  objectOf({
    'url!': httpUrl,
    secret,
    actions: listOf(string),
    body: oneOf('list', 'event'),
    signed: oneOf('body', 'json'),
  }),
);

const JWT_TEMPLATE = objectOf({
  'name!': string,
  type: oneOf('user', 'key'),
  template: record,
  authSchema: oneOf('default', 'tenantOnly', 'none'),
  emptyClaimPolicy: oneOf('none', 'nil', 'delete'),
  autoDCT: boolean,
  conformanceIssuer: boolean,
  overrideSubject: boolean,
  omitCustomClaimsFromDSR: boolean,
  addJti: boolean,
  excludePermissions: boolean,
});

const MAPPING = objectOf({
  ...Object.fromEntries(MAPPED_FIELDS.map((field) => [field, string])),
  customAttributes: record,
});

const SSO = objectOf({
  protocol: oneOf('saml', 'oidc'),
  domains: listOf(string),
  redirectUrl: string,
  attributeMapping: MAPPING,
  roleMappings: listOf(objectOf({ 'role!': string, 'groups!': listOf(string) })),
  defaultRoles: listOf(string),
});

const OAUTH = objectOf({
  redirectUrl: string,
  providers: listOf(objectOf({ 'name!': string, displayName: string, attributeMapping: MAPPING })),
});

const SEED = objectOf({
  users: listOf(USER),
  tenants: listOf(
    objectOf({
      'id!': string,
      name: string,
      customAttributes: record,
      passwordSettings: PASSWORD_SETTINGS,
      sso: SSO,
    }),
  ),
  roles: listOf(
    objectOf({ 'name!': string, permissions: listOf(string), description: string, tenantId: string }),
  ),
  accessKeys: listOf(ACCESS_KEY),
  inboundApps: listOf(INBOUND_APP),
  mcpServers: listOf(MCP_SERVER),
  outboundApps: listOf(OUTBOUND_APP),
  fga: objectOf({ 'schema!': string, relations: listOf(RELATION) }),
  flows: listOf(objectOf({ 'id!': flowId, 'kind!': oneOf(...FLOW_KINDS), output: record })),
  webhooks: WEBHOOKS,
  jwtTemplates: listOf(JWT_TEMPLATE),
  passwordSettings: PASSWORD_SETTINGS,
  oauth: OAUTH,
  approvedDomains: listOf(string),
});

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function mistake(path: string, wanted: string, got: unknown): string {
  return `${path || 'the seed'} must be ${wanted}, got ${describe(got)}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : (JSON.stringify(value) ?? String(value));
}
