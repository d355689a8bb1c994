// Door '.': the whole public API, named one by one.
export { AuthGuard } from './auth/auth.guard.js';
export type { AccessDecision } from './auth/auth.guard.js';
export {
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  Accepts,
  Amr,
  Audience,
  Mfa,
  Scopes,
  Staff,
  StepUp,
  Superuser,
  Tenant,
} from './auth/access/access.decorators.js';
export type {
  GrantArguments,
  GrantOptions,
  PermissionsDecorator,
  RolesDecorator,
  AcceptedKind,
  AmrDecorator,
  ScopesDecorator,
} from './auth/access/access.decorators.js';
export type { AccessPolicy } from './auth/access/access-policy.js';
export { Authorize, FgaCheck } from './auth/access/rules.js';
export type { FgaCheckOptions } from './auth/access/rules.js';
export { CurrentTenant, CurrentSession, CurrentUser } from './auth/param.decorators.js';
export type {
  AccessDecorator,
  AccessMode,
  AccessRule,
  DescopeRule as DescopePolicy,
  DescopeRuleFunction as DescopePolicyFunction,
  ApplicationRule as PolicyRule,
  RelationRule,
} from './auth/access/access-metadata.js';
export type { ValueSource } from './auth/access/check-access.js';
export type { ContextRequest } from './auth/transports/execution-context.js';
export type { CurrentUserDecorator, ParameterOf } from './auth/param.decorators.js';
export { DescopeSessionMiddleware } from './auth/session.middleware.js';
export { untilSessionEnds } from './auth/session-end.js';
export { DescopeSockets } from './auth/transports/descope.sockets.js';
export { microserviceTransport } from './auth/transports/microservice.js';
export type { DescopeTransport } from './auth/transports/transport.js';
export type { DescopeErrorBody } from './auth/http-error.js';
export type { Fetch, FetchInit, FetchLike, FetchResponse } from './core/api/http-client.js';
export type {
  CustomClaims,
  DescopeRegister,
  PermissionName,
  RoleName,
  TenantId,
  SchemaIssue,
  SchemaResult,
  StandardSchema,
} from './core/user/custom-claims.js';
export type { Clock } from './core/clock.js';
export type { DescopeConfig } from './core/config/config.js';
export type {
  DescopeOptions,
  KeyFetchOptions,
  PublicKeyJwk,
  TokenCacheOptions,
  DescopeUserLoader,
  UserLoader,
  AccessKeyOptions,
  SessionCookieOptions,
  SessionOptions,
} from './core/config/options.js';
export {
  DescopeAccessError,
  DescopeConfigError,
  DescopeCredentialError,
  DescopeError,
  DescopeM2mError,
  DescopeRequestError,
  DescopeUnavailableError,
} from './core/errors.js';
export type {
  DescopeErrorDetails,
  DescopeAccessCode,
  DescopeConfigCode,
  DescopeCredentialCode,
  DescopeErrorCode,
  DescopeM2mCode,
  DescopeRequestCode,
  DescopeUnavailableCode,
} from './core/errors.js';
export { DESCOPE_CHANNELS } from './core/events.js';
export type { DescopeEvents, DescopeExchangeOutcome, DescopeRefreshOutcome } from './core/events.js';
export type { MaybePromise } from './core/maybe-promise.js';
export type { KeyValueStore } from './core/session/key-value-store.js';
export { DescopeSession } from './core/session/session.js';
export type { SignedInSession } from './core/session/session.js';
export type { SignatureAlgorithm } from './core/token/signature.js';
export type { DescopeClaims, TokenKind } from './core/token/claims.js';
export type { TokenReader, TokenSource, TokenSourceOption } from './core/http/token-source.js';
export type { RequestLike } from './core/http/request.js';
export type { Demand } from './core/user/requirements.js';
export { DescopeUser } from './core/user/descope-user.js';
export type { RegisteredUser, Grants, TenantGrants, UsernameClaim } from './core/user/descope-user.js';
export { describeAccess, formatAccess } from './inspect/access-map.js';
export type { AccessMap, AccessMapEntry, AccessMapDemand, JsonValue } from './inspect/access-map.js';
export type { Endpoint } from './inspect/endpoints.js';
export { verifyAccessNames } from './inspect/verify-names.js';
export type { AccessNamesReport, UnknownAccessName } from './inspect/verify-names.js';
export { applyDescopeSecurity } from './inspect/openapi.js';
export { DescopeHealthIndicator } from './module/descope.health.js';
export type { DescopeHealth, DescopeHealthOptions } from './module/descope.health.js';
export { InjectDescope } from './auth/injection-tokens.js';
export type { DescopeClient } from './auth/injection-tokens.js';
export { DescopeModule } from './module/descope.module.js';
export type { DescopeModuleAsyncOptions } from './module/descope.module.js';
export type {
  DescopeGlobalGuardOptions,
  DescopeModuleExtras,
  DescopeModuleOptions,
  DescopeOptionsFactory,
} from './module/descope.options.js';
export { DescopeM2mClient } from './module/m2m.client.js';
export type { M2mFetchOptions } from './module/m2m.client.js';
export type { AccessKeyCredentials, ClientCredentials, M2mCredentials } from './core/m2m/client-tokens.js';
export { DescopeService } from './module/descope.service.js';
export type { UserOrSession, ValidateSessionOptions } from './module/descope.service.js';
export type {
  DescopeRoutesOptions,
  CheckHeaderValue,
  CheckOptions,
  LoginPageOptions,
} from './routes/routes.options.js';
export { renderDescopeFlow, toLoginPageHeaders } from './routes/flow-page.js';
export { createNonce } from './routes/flow-client.js';
export type { DescopeFlowOptions, FlowTexts } from './routes/flow-options.js';
