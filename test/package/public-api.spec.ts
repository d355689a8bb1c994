// The public names, one by one: a change here is a change for everybody who uses the package.
import { describe, expect, it } from '@jest/globals';
import * as root from 'nestjs-descope';
import * as emulator from 'nestjs-descope/emulator';
import * as testing from 'nestjs-descope/testing';
import { readDoorExports } from '../support/door-exports.js';

const DOORS = readDoorExports([
  'lib/index.ts',
  'lib/testing/index.ts',
  'lib/emulator/index.ts',
  'lib/express/index.ts',
]);
const names = (door: string, kind: 'value' | 'type') =>
  (DOORS.get(door) ?? []).filter((item) => item.kind === kind).map(({ name }) => name);

describe("The door '.'", () => {
  it('lets out these values', () => {
    expect(names('lib/index.ts', 'value')).toEqual([
      'Accepts',
      'Amr',
      'Audience',
      'AuthGuard',
      'Authorize',
      'CurrentSession',
      'CurrentTenant',
      'CurrentUser',
      'DESCOPE_CHANNELS',
      'DescopeAccessError',
      'DescopeConfigError',
      'DescopeCredentialError',
      'DescopeError',
      'DescopeHealthIndicator',
      'DescopeM2mClient',
      'DescopeM2mError',
      'DescopeModule',
      'DescopeRequestError',
      'DescopeService',
      'DescopeSession',
      'DescopeSessionMiddleware',
      'DescopeSockets',
      'DescopeUnavailableError',
      'DescopeUser',
      'FgaCheck',
      'InjectDescope',
      'Mfa',
      'OptionalAuth',
      'Permissions',
      'Public',
      'Roles',
      'Scopes',
      'Staff',
      'StepUp',
      'Superuser',
      'Tenant',
      'applyDescopeSecurity',
      'createNonce',
      'describeAccess',
      'formatAccess',
      'microserviceTransport',
      'renderDescopeFlow',
      'toLoginPageHeaders',
      'untilSessionEnds',
      'verifyAccessNames',
    ]);
    expect(Object.keys(root).sort()).toEqual(names('lib/index.ts', 'value'));
  });

  it('lets out these types', () => {
    expect(names('lib/index.ts', 'type')).toEqual([
      'AcceptedKind',
      'AccessDecision',
      'AccessDecorator',
      'AccessKeyCredentials',
      'AccessKeyOptions',
      'AccessMap',
      'AccessMapDemand',
      'AccessMapEntry',
      'AccessMode',
      'AccessNamesReport',
      'AccessPolicy',
      'AccessRule',
      'AmrDecorator',
      'CheckHeaderValue',
      'CheckOptions',
      'ClientCredentials',
      'Clock',
      'ContextRequest',
      'CurrentUserDecorator',
      'CustomClaims',
      'Demand',
      'DescopeAccessCode',
      'DescopeCall',
      'DescopeClaims',
      'DescopeClient',
      'DescopeConfig',
      'DescopeConfigCode',
      'DescopeCredentialCode',
      'DescopeErrorBody',
      'DescopeErrorCode',
      'DescopeErrorDetails',
      'DescopeEvents',
      'DescopeExchangeOutcome',
      'DescopeFlowOptions',
      'DescopeGlobalGuardOptions',
      'DescopeHealth',
      'DescopeHealthOptions',
      'DescopeM2mCode',
      'DescopeModuleAsyncOptions',
      'DescopeModuleExtras',
      'DescopeModuleOptions',
      'DescopeOptions',
      'DescopeOptionsFactory',
      'DescopePolicy',
      'DescopePolicyFunction',
      'DescopeRefreshOutcome',
      'DescopeRegister',
      'DescopeRequestCode',
      'DescopeRoutesOptions',
      'DescopeTransport',
      'DescopeUnavailableCode',
      'DescopeUserLoader',
      'Endpoint',
      'Fetch',
      'FetchInit',
      'FetchLike',
      'FetchResponse',
      'FgaCheckOptions',
      'FlowTexts',
      'GrantArguments',
      'GrantOptions',
      'Grants',
      'HttpCall',
      'JsonValue',
      'KeyFetchOptions',
      'KeyValueStore',
      'LoginPageOptions',
      'M2mCredentials',
      'M2mFetchOptions',
      'MaybePromise',
      'ParameterOf',
      'PermissionName',
      'PermissionsDecorator',
      'PolicyRule',
      'PublicKeyJwk',
      'RegisteredUser',
      'RelationRule',
      'RequestLike',
      'RoleName',
      'RolesDecorator',
      'SchemaIssue',
      'SchemaResult',
      'ScopesDecorator',
      'SessionCookieOptions',
      'SessionOptions',
      'SignatureAlgorithm',
      'SignedInSession',
      'StandardSchema',
      'TenantGrants',
      'TenantId',
      'TokenCacheOptions',
      'TokenKind',
      'TokenReader',
      'TokenSource',
      'TokenSourceOption',
      'UnknownAccessName',
      'UserLoader',
      'UserOrSession',
      'UsernameClaim',
      'ValidateSessionOptions',
      'ValueSource',
    ]);
  });
});

describe("The door './testing'", () => {
  it('lets out these values', () => {
    expect(names('lib/testing/index.ts', 'value')).toEqual([
      'DescopeTestingModule',
      'TestDescope',
      'createTestDescope',
    ]);
    expect(Object.keys(testing).sort()).toEqual(names('lib/testing/index.ts', 'value'));
  });

  it('lets out these types', () => {
    expect(names('lib/testing/index.ts', 'type')).toEqual([
      'TestCaller',
      'TestDescopeOptions',
      'TestIdentity',
    ]);
  });
});

describe("The door './emulator'", () => {
  it('lets out these values', () => {
    expect(names('lib/emulator/index.ts', 'value')).toEqual([
      'DEFAULT_MANAGEMENT_KEY',
      'DEFAULT_PROJECT_ID',
      'EmulatorError',
      'startEmulator',
    ]);
    expect(Object.keys(emulator).sort()).toEqual(names('lib/emulator/index.ts', 'value'));
  });

  it('lets out these types', () => {
    expect(names('lib/emulator/index.ts', 'type')).toEqual([
      'AgentTokenOptions',
      'AppTokenOptions',
      'Emulator',
      'EmulatorClock',
      'EmulatorErrorCode',
      'EmulatorKey',
      'EmulatorOptions',
      'EmulatorSeed',
      'EmulatorSettings',
      'Fault',
      'FaultOptions',
      'Faults',
      'JsonObject',
      'KeyAlgorithm',
      'LoggedRequest',
      'Outbox',
      'OutboxMessage',
      'PublicJwk',
      'RequestLog',
      'SeedAccessKey',
      'SeedAuthorization',
      'SeedInboundApp',
      'SeedMembership',
      'SeedRelation',
      'SeedRole',
      'SeedTenant',
      'SeedUser',
      'SignInOptions',
      'SignInTokens',
      'TenantClaim',
      'TokenOptions',
    ]);
  });
});

describe("The entry point './express'", () => {
  it('lets out nothing, and can be imported', async () => {
    expect(DOORS.get('lib/express/index.ts')).toEqual([]);
    expect(Object.keys(await import('nestjs-descope/express'))).toEqual([]);
  });
});

describe('Every public name', () => {
  it('is documented', () => {
    const bare = [...DOORS.values()].flat().filter(({ isDocumented }) => !isDocumented);
    expect(bare.map(({ name }) => name)).toEqual([]);
  });
});
