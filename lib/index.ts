// Entry point '.': what most applications need, named one by one.
export type {
  AcceptedKind,
  AmrDecorator,
  GrantArguments,
  GrantOptions,
  PermissionsDecorator,
  RolesDecorator,
  ScopesDecorator,
  StepUpOptions,
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
  AccessAlternative,
  AccessDecorator,
  AccessMode,
  AccessRule,
  AlternativesRule,
  ApplicationRule,
  DescopeRule,
  DescopeRuleFunction,
  FgaContextFunction,
  GuardRule,
  RelationRule,
} from './auth/access/access-metadata.js';
export type { AccessPolicy } from './auth/access/access-policy.js';
export type { FgaContext, FgaContextValue } from './auth/access/fga-context.js';
export type { ProtectedResourceOptions } from './auth/access/protected-resource.js';
export { ProtectedResource } from './auth/access/protected-resource.js';
export type { ValueSource } from './auth/access/request-values.js';
export type { FgaCheckOptions } from './auth/access/rules.js';
export { Authorize, FgaCheck } from './auth/access/rules.js';
export type { AccessDecision } from './auth/auth.guard.js';
export { AuthGuard } from './auth/auth.guard.js';
export type { DescopeErrorBody } from './auth/http-error.js';
export type { DescopeClient, NodeSdk, Promised } from './auth/injection-tokens.js';
export { InjectDescope } from './auth/injection-tokens.js';
export type {
  CurrentUserDecorator,
  ParameterOf,
  ParameterPipe,
  ParameterTakes,
} from './auth/param.decorators.js';
export { CurrentSession, CurrentTenant, CurrentUser } from './auth/param.decorators.js';
export { DescopeSessionMiddleware } from './auth/session.middleware.js';
export type { ContextRequest, DescopeCall, HttpCall } from './auth/transports/call.js';
export type { DescopeTransport } from './auth/transports/transport.js';
export type { Fetch, FetchBody, FetchInit, FetchLike, FetchResponse } from './core/api/http-client.js';
export type {
  AppendOptions,
  ChannelEntry,
  ChannelStore,
  LogHead,
  LogPart,
  LogPosition,
  LogRecord,
  RevocationChannel,
  RevocationLog,
} from './core/channel/channel.js';
export type { WhenIsolated } from './core/channel/hearing.js';
export type { Clock } from './core/clock.js';
export type { AccessKeyOptions, UserCacheOptions, UserOptions } from './core/config/access.js';
export type { DpopMode, DpopOptions } from './core/config/dpop.js';
export type { EventsOptions, KeyFetchOptions, PublicKeyJwk, TokenCacheOptions } from './core/config/keys.js';
export type { DescopeOptions } from './core/config/options.js';
export type { ResourceOptions } from './core/config/resource.js';
export type { SessionCookieOptions, SessionOptions } from './core/config/session.js';
export type { SharedOptions } from './core/config/sharing.js';
export type {
  Consequence,
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
export type {
  DescopeEvent,
  DescopeEvents,
  DescopeExchangeOutcome,
  DescopeRefreshOutcome,
} from './core/events.js';
export { DESCOPE_CHANNELS } from './core/events.js';
export type { OriginTest, TrustedOrigin } from './core/http/origin.js';
export type { RequestLike } from './core/http/request.js';
export type { TokenReader, TokenSource, TokenSourceOption } from './core/http/token-source.js';
export type {
  AccessKeyCredentials,
  ClientCredentials,
  M2mCredentials,
} from './core/m2m/client-credentials.js';
export type { MaybePromise } from './core/maybe-promise.js';
export type { DescopeRevocationOutcome, RevocationReach } from './core/session/revoker.js';
export type { DescopeSessionClass, SignedInSession } from './core/session/session.js';
export { DescopeSession } from './core/session/session.js';
export type { DescopeUserLoader, UserLoader, UserLoaderClass } from './core/session/user-loader.js';
export type { GivenStore, KeyValueStore } from './core/store/key-value-store.js';
export type { DescopeClaims, TokenKind } from './core/token/claims.js';
export type { SignatureAlgorithm } from './core/token/signature.js';
export type { DescopeActor } from './core/user/actor.js';
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
export type {
  AlternativesDemand,
  AudienceDemand,
  Demand,
  DpopDemand,
  GrantDemand,
  InPersonDemand,
  KindDemand,
  MethodDemand,
  MfaDemand,
  NameMatch,
  RequestValueSource,
  ResourceDemand,
  ScopeDemand,
  StaffDemand,
  StepUpDemand,
  TenantDemand,
} from './core/user/demands.js';
export type {
  DescopeUserClass,
  Grants,
  NameList,
  RegisteredUser,
  TenantGrants,
  UsernameClaim,
} from './core/user/descope-user.js';
export { DescopeUser } from './core/user/descope-user.js';
export type { DescopeHealth, DescopeHealthOptions } from './module/descope.health.js';
export { DescopeHealthIndicator } from './module/descope.health.js';
export { DescopeModule } from './module/descope.module.js';
export type {
  DescopeGlobalGuardOptions,
  DescopeModuleAsyncOptions,
  DescopeModuleExtras,
  DescopeModuleOptions,
  DescopeOptionsFactory,
} from './module/descope.options.js';
export type { RevocationResult } from './module/descope.revocations.js';
export { DescopeRevocations } from './module/descope.revocations.js';
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
