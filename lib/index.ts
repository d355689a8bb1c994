// Door '.': the whole public API, named one by one.
export type {
  AcceptedKind,
  AmrDecorator,
  GrantArguments,
  GrantOptions,
  PermissionsDecorator,
  RolesDecorator,
  ScopesDecorator,
} from './auth/access/access.decorators.js';
export {
  Accepts,
  Amr,
  Audience,
  Mfa,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  Scopes,
  Staff,
  StepUp,
  Superuser,
  Tenant,
} from './auth/access/access.decorators.js';
export type {
  AccessDecorator,
  AccessMode,
  AccessRule,
  DescopeRule as DescopePolicy,
  DescopeRuleFunction as DescopePolicyFunction,
  ApplicationRule as PolicyRule,
  RelationRule,
} from './auth/access/access-metadata.js';
export type { AccessPolicy } from './auth/access/access-policy.js';
export type { ValueSource } from './auth/access/check-access.js';
export type { FgaCheckOptions } from './auth/access/rules.js';
export { Authorize, FgaCheck } from './auth/access/rules.js';
export type { AccessDecision } from './auth/auth.guard.js';
export { AuthGuard } from './auth/auth.guard.js';
export type { DescopeErrorBody } from './auth/http-error.js';
export type { DescopeClient } from './auth/injection-tokens.js';
export { InjectDescope } from './auth/injection-tokens.js';
export type { CurrentUserDecorator, ParameterOf } from './auth/param.decorators.js';
export { CurrentSession, CurrentTenant, CurrentUser } from './auth/param.decorators.js';
export { DescopeSessionMiddleware } from './auth/session.middleware.js';
export { untilSessionEnds } from './auth/session-end.js';
export { DescopeSockets } from './auth/transports/descope.sockets.js';
export type { ContextRequest, DescopeCall, HttpCall } from './auth/transports/execution-context.js';
export { microserviceTransport } from './auth/transports/microservice.js';
export type { DescopeTransport } from './auth/transports/transport.js';
export type { Fetch, FetchInit, FetchLike, FetchResponse } from './core/api/http-client.js';
export type { Clock } from './core/clock.js';
export type { AccessKeyOptions } from './core/config/access.js';
export type { DescopeConfig } from './core/config/config.js';
export type { KeyFetchOptions, PublicKeyJwk, TokenCacheOptions } from './core/config/keys.js';
export type { DescopeOptions, DescopeUserLoader, UserLoader } from './core/config/options.js';
export type { SessionCookieOptions, SessionOptions } from './core/config/session.js';
export type {
  DescopeAccessCode,
  DescopeConfigCode,
  DescopeCredentialCode,
  DescopeErrorCode,
  DescopeErrorDetails,
  DescopeM2mCode,
  DescopeRequestCode,
  DescopeUnavailableCode,
} from './core/errors.js';
export {
  DescopeAccessError,
  DescopeConfigError,
  DescopeCredentialError,
  DescopeError,
  DescopeM2mError,
  DescopeRequestError,
  DescopeUnavailableError,
} from './core/errors.js';
export type { DescopeEvents, DescopeExchangeOutcome, DescopeRefreshOutcome } from './core/events.js';
export { DESCOPE_CHANNELS } from './core/events.js';
export type { RequestLike } from './core/http/request.js';
export type { TokenReader, TokenSource, TokenSourceOption } from './core/http/token-source.js';
export type { AccessKeyCredentials, ClientCredentials, M2mCredentials } from './core/m2m/client-tokens.js';
export type { MaybePromise } from './core/maybe-promise.js';
export type { KeyValueStore } from './core/session/key-value-store.js';
export type { SignedInSession } from './core/session/session.js';
export { DescopeSession } from './core/session/session.js';
export type { DescopeClaims, TokenKind } from './core/token/claims.js';
export type { SignatureAlgorithm } from './core/token/signature.js';
export type {
  CustomClaims,
  DescopeRegister,
  PermissionName,
  RoleName,
  SchemaIssue,
  SchemaResult,
  StandardSchema,
  TenantId,
} from './core/user/custom-claims.js';
export type { Grants, RegisteredUser, TenantGrants, UsernameClaim } from './core/user/descope-user.js';
export { DescopeUser } from './core/user/descope-user.js';
export type { Demand } from './core/user/requirements.js';
export type { AccessMap, AccessMapDemand, AccessMapEntry, JsonValue } from './inspect/access-map.js';
export { describeAccess, formatAccess } from './inspect/access-map.js';
export type { Endpoint } from './inspect/endpoints.js';
export { applyDescopeSecurity } from './inspect/openapi.js';
export type { AccessNamesReport, UnknownAccessName } from './inspect/verify-names.js';
export { verifyAccessNames } from './inspect/verify-names.js';
export type { DescopeHealth, DescopeHealthOptions } from './module/descope.health.js';
export { DescopeHealthIndicator } from './module/descope.health.js';
export type { DescopeModuleAsyncOptions } from './module/descope.module.js';
export { DescopeModule } from './module/descope.module.js';
export type {
  DescopeGlobalGuardOptions,
  DescopeModuleExtras,
  DescopeModuleOptions,
  DescopeOptionsFactory,
} from './module/descope.options.js';
export type { UserOrSession, ValidateSessionOptions } from './module/descope.service.js';
export { DescopeService } from './module/descope.service.js';
export type { M2mFetchOptions } from './module/m2m.client.js';
export { DescopeM2mClient } from './module/m2m.client.js';
export type { DescopeFlowOptions, FlowTexts } from './routes/flow-options.js';
export { createNonce } from './routes/flow-page.js';
export { renderDescopeFlow, toLoginPageHeaders } from './routes/flow-page.js';
export type {
  CheckHeaderValue,
  CheckOptions,
  DescopeRoutesOptions,
  LoginPageOptions,
} from './routes/routes.options.js';
