// The shape of a seed: which members it may have and of which type, and what is wrong with one that differs.
import { MAPPED_FIELDS } from '../federation/attributes.js';
import { isObject } from '../http/fields.js';
import { FLOW_KINDS } from '../store/flows.js';
import { RESERVED_CLAIMS } from '../templates/jwt-template.js';
import { ATTRIBUTE_TYPES } from '../users/custom-attributes.js';
import type { Shape } from './shapes.js';
import {
  boolean,
  count,
  credential,
  flowId,
  httpUrl,
  listOf,
  objectOf,
  oneOf,
  record,
  redirectUri,
  resourceUrl,
  scopeName,
  seconds,
  secret,
  serverId,
  string,
  text,
  totpSeed,
  wholeNumber,
} from './shapes.js';

/** Lists what is wrong with the shape of a seed, one line a mistake. */
export function findShapeMistakes(seed: unknown): readonly string[] {
  return SEED(seed, '');
}

/** Lists what is wrong with audit webhooks, of a seed or of the options. */
export function findWebhookMistakes(webhooks: unknown): readonly string[] {
  return WEBHOOKS(webhooks, 'webhooks');
}

const MEMBERSHIP = { 'tenantId!': string, roles: listOf(string) };
const MEMBERSHIPS = listOf(objectOf(MEMBERSHIP));
const USER_MEMBERSHIPS = listOf(objectOf({ ...MEMBERSHIP, groups: listOf(string) }));

// A seed with them would sign in as nobody else can; `signIn` takes claims for such tests.
const customClaims: Shape = (value, path) =>
  isObject(value)
    ? Object.keys(value)
        .filter((name) => RESERVED_CLAIMS.has(name))
        .map(
          (name) => `${path}.${name} is a claim that Descope sets itself; the claims of signIn() may have it`,
        )
    : record(value, path);

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
  tenants: USER_MEMBERSHIPS,
  customAttributes: record,
  customClaims,
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
  customClaims,
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
  dpopBoundAccessTokens: boolean,
  exchanges: listOf(objectOf({ 'resource!': string, scopes: listOf(scopeName) })),
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

const CUSTOM_ATTRIBUTE = objectOf({
  'name!': string,
  type: oneOf(...ATTRIBUTE_TYPES),
  displayName: string,
  options: listOf(string),
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
  customAttributes: listOf(CUSTOM_ATTRIBUTE),
  jwtTemplates: listOf(JWT_TEMPLATE),
  passwordSettings: PASSWORD_SETTINGS,
  oauth: OAUTH,
  approvedDomains: listOf(string),
});
