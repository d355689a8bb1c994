// Door '.': the whole public API, named one by one.
export { AuthGuard } from './auth/auth.guard.js';
export type { AccessDecision } from './auth/auth.guard.js';
export { OptionalAuth, Permissions, Public, Roles } from './auth/access.decorators.js';
export type {
  GrantArguments,
  GrantOptions,
  PermissionsDecorator,
  RolesDecorator,
} from './auth/access.decorators.js';
export type { AccessPolicy } from './auth/access/add-up.js';
export { Authorize } from './auth/rules/authorize.decorator.js';
export { FgaCheck } from './auth/rules/fga-check.decorator.js';
export type { FgaCheckOptions } from './auth/rules/fga-check.decorator.js';
export { CurrentTenant } from './auth/access/current-tenant.decorator.js';
export {
  Accepts,
  Amr,
  Audience,
  Mfa,
  Scopes,
  Staff,
  StepUp,
  Superuser,
  Tenant,
} from './auth/access/demand.decorators.js';
export type { AcceptedKind, AmrDecorator, ScopesDecorator } from './auth/access/demand.decorators.js';
export type { AccessDecorator, AccessMode } from './auth/access/note.js';
export type { ValueSource } from './auth/access/request-value.js';
export type {
  AccessRule,
  DescopePolicy,
  DescopePolicyFunction,
  PolicyRule,
  RelationRule,
} from './auth/rules/rules.js';
export type { ContextRequest } from './auth/context-request.js';
export type { CurrentUserDecorator, ParameterOf } from './auth/current-user.decorator.js';
export { CurrentSession, CurrentUser } from './auth/current-user.decorator.js';
export { DescopeSessionMiddleware } from './auth/session/session.middleware.js';
export { untilSessionEnds } from './auth/session/session-end.js';
export { DescopeSockets } from './auth/sockets/descope.sockets.js';
export { microserviceTransport } from './auth/transport/microservice.js';
export type { DescopeTransport } from './auth/transport/transport.js';
export type { DescopeErrorBody } from './auth/http-error.js';
export type { Fetch } from './core/api/bounded-fetch.js';
export type { FetchInit, FetchLike, FetchResponse } from './core/api/own-fetch.js';
export type {
  CustomClaims,
  DescopeRegister,
  PermissionName,
  RoleName,
  TenantId,
} from './core/claims/register.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './core/claims/standard-schema.js';
export type { Clock } from './core/clock.js';
export type { DescopeConfig } from './core/config/config.js';
export type {
  DescopeOptions,
  KeyFetchOptions,
  PublicKeyJwk,
  TokenCacheOptions,
  DescopeUserLoader,
  UserLoader,
} from './core/config/options.js';
export type { AccessKeyOptions } from './core/exchange/access-key-options.js';
export type { SessionCookieOptions, SessionOptions } from './core/session/session-options.js';
export {
  DescopeAccessError,
  DescopeConfigError,
  DescopeCredentialError,
  DescopeError,
  DescopeM2mError,
  DescopeRequestError,
  DescopeUnavailableError,
} from './core/errors.js';
export type { DescopeErrorDetails } from './core/errors.js';
export type {
  DescopeAccessCode,
  DescopeConfigCode,
  DescopeCredentialCode,
  DescopeErrorCode,
  DescopeM2mCode,
  DescopeRequestCode,
  DescopeUnavailableCode,
} from './core/error-codes.js';
export { DESCOPE_CHANNELS } from './core/events.js';
export type { DescopeEvents, DescopeExchangeOutcome, DescopeRefreshOutcome } from './core/events.js';
export type { MaybePromise } from './core/maybe-promise.js';
export type { KeyValueStore } from './core/session/key-value-store.js';
export { DescopeSession } from './core/session/session.js';
export type { SignedInSession } from './core/session/session.js';
export type { SignatureAlgorithm } from './core/keys/algorithms.js';
export type { DescopeClaims } from './core/token/claims.js';
export type { TokenKind } from './core/token/token-kind.js';
export type { TokenReader, TokenSource, TokenSourceOption } from './core/transport/read-tokens.js';
export type { RequestLike } from './core/transport/request-like.js';
export type { Demand } from './core/user/demands.js';
export { DescopeUser } from './core/user/descope-user.js';
export type { RegisteredUser } from './core/user/descope-user.js';
export type { Grants, TenantGrants } from './core/user/grants.js';
export type { UsernameClaim } from './core/user/username.js';
export { describeAccess } from './module/map/access-map.js';
export type { AccessMap, AccessMapEntry } from './module/map/access-map.js';
export type { AccessMapDemand, JsonValue } from './module/map/demand-view.js';
export type { Endpoint } from './module/map/endpoints.js';
export { formatAccess } from './module/map/format-access.js';
export { verifyAccessNames } from './module/map/verify-names.js';
export type { AccessNamesReport, UnknownAccessName } from './module/map/verify-names.js';
export { applyDescopeSecurity } from './module/swagger/apply-security.js';
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
export { DescopeM2mClient } from './module/m2m/m2m.client.js';
export type { M2mFetchOptions } from './module/m2m/m2m.client.js';
export type {
  AccessKeyCredentials,
  ClientCredentials,
  M2mCredentials,
} from './core/machine/machine-credentials.js';
export { DescopeService } from './module/descope.service.js';
export type { UserOrSession, ValidateSessionOptions } from './module/descope.service.js';
export type { DescopeRoutesOptions } from './routes/routes-options.js';
export type { CheckHeaderValue, CheckOptions } from './routes/check/check-options.js';
export type { LoginPageOptions } from './routes/login/login-options.js';
export { renderDescopeFlow } from './routes/login/login-page.js';
export { createNonce } from './routes/page/escape.js';
export type { DescopeFlowOptions } from './routes/page/flow-options.js';
export { toLoginPageHeaders } from './routes/page/page-headers.js';
export type { FlowTexts } from './routes/page/texts.js';
