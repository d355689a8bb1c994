// The codes of errors, one per cause; the class of an error says what a code leads to.

/** Codes of mistakes in the set-up. They have no HTTP status. */
export type DescopeConfigCode =
  | 'CONFIG_INVALID'
  | 'CONFIG_MODULE_MISSING'
  | 'CONFIG_MODULE_DUPLICATE'
  | 'CONFIG_SCOPE_INVALID'
  | 'CONFIG_GUARD_ORDER'
  | 'CONFIG_DEMAND_EMPTY'
  | 'CONFIG_DEMAND_INVALID'
  | 'CONFIG_DEMAND_TENANTLESS'
  | 'CONFIG_DEMAND_CONTRADICTED'
  | 'CONFIG_DEMAND_UNGUARDED'
  | 'CONFIG_DEMAND_AUDIENCELESS'
  | 'CONFIG_RESOURCE_INVALID'
  | 'CONFIG_EVENTS_OFF'
  | 'CONFIG_OPTIONS_CIRCULAR'
  | 'CONFIG_POLICY_MISSING'
  | 'CONFIG_USER_LOADER_MISSING'
  | 'CONFIG_FGA_KEY_MISSING'
  | 'CONFIG_MANAGEMENT_KEY_MISSING'
  | 'CONFIG_MANAGEMENT_KEY_REFUSED';

/** Codes of a missing or invalid credential: HTTP 401, or 400 for `CREDENTIAL_MALFORMED`. */
export type DescopeCredentialCode =
  | 'SESSION_MISSING'
  | 'REFRESH_TOKEN_MISSING'
  | 'CREDENTIAL_MALFORMED'
  | 'COOKIE_AMBIGUOUS'
  | 'TOKEN_TOO_LARGE'
  | 'TOKEN_MALFORMED'
  | 'TOKEN_HEADER_UNSUPPORTED'
  | 'TOKEN_ALGORITHM_NOT_ALLOWED'
  | 'TOKEN_KEY_UNKNOWN'
  | 'TOKEN_SIGNATURE_INVALID'
  | 'TOKEN_CLAIM_INVALID'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_NOT_YET_VALID'
  | 'TOKEN_ISSUED_IN_FUTURE'
  | 'TOKEN_ISSUER_MISMATCH'
  | 'TOKEN_NOT_A_SESSION'
  | 'TOKEN_DRN_MISSING'
  | 'TOKEN_IS_ID_TOKEN'
  | 'TOKEN_NOT_A_REFRESH'
  | 'TOKEN_SUBJECT_MISMATCH'
  | 'SESSION_SIGNED_OUT'
  | 'SESSION_ENDED'
  | 'SESSION_SUPERSEDED'
  | 'ACCESS_KEY_REFUSED'
  | 'TOKEN_SENDER_CONSTRAINED'
  | 'TOKEN_AUDIENCE_MISMATCH'
  | 'TOKEN_KIND_NOT_ACCEPTED'
  | 'AUTH_STEP_UP_REQUIRED'
  | 'AUTH_MFA_REQUIRED'
  | 'AUTH_METHOD_REQUIRED'
  | 'WEBHOOK_SIGNATURE_MISSING'
  | 'WEBHOOK_SIGNATURE_INVALID';

/** Codes of a known caller who lacks a right: HTTP 403. */
export type DescopeAccessCode =
  | 'ACCESS_ROLE_MISSING'
  | 'ACCESS_PERMISSION_MISSING'
  | 'ACCESS_SCOPE_MISSING'
  | 'ACCESS_TENANT_UNNAMED'
  | 'ACCESS_TENANT_MISSING'
  | 'ACCESS_STAFF_MISSING'
  | 'ACCESS_SUPERUSER_MISSING'
  | 'ACCESS_IMPERSONATED'
  | 'ACCESS_POLICY_REFUSED'
  | 'ACCESS_RELATION_MISSING'
  | 'ACCESS_RESOURCE_UNNAMED'
  | 'ACCESS_ALTERNATIVES_MISSING'
  | 'ACCESS_DEMAND_UNKNOWN'
  | 'CLAIMS_REFUSED'
  | 'USERNAME_CLAIM_MISSING'
  | 'USERNAME_KIND_UNPROVEN'
  | 'USER_NOT_ACCEPTED'
  | 'TENANT_NOT_SELECTABLE'
  | 'CHECK_DEMAND_NOT_ALLOWED'
  | 'REQUEST_CROSS_SITE'
  | 'TRANSPORT_UNKNOWN';

/**
 * Codes of a request that a route cannot process: HTTP 400, 415 for an unsupported body, 413 for a body that is too large, or
 * a session that is too large for a cookie.
 */
export type DescopeRequestCode =
  | 'REQUEST_BODY_INVALID'
  | 'REQUEST_BODY_UNSUPPORTED'
  | 'REQUEST_BODY_TOO_LARGE'
  | 'SESSION_TOO_LARGE'
  | 'CALLER_INVALID';

/** Codes of an outage: HTTP 503 with `Retry-After`. */
export type DescopeUnavailableCode =
  | 'KEYS_UNAVAILABLE'
  | 'DESCOPE_UNAVAILABLE'
  | 'FGA_UNAVAILABLE'
  | 'SIGN_OUTS_UNAVAILABLE'
  | 'EVENT_IN_PROGRESS'
  | 'SESSION_PLUGIN_MISSING'
  | 'ACCESS_KEYS_LIMITED';

/** Codes of the calls of the application to other services. They have no HTTP status. */
export type DescopeM2mCode = 'M2M_CREDENTIALS_REFUSED' | 'M2M_ORIGIN_NOT_ALLOWED';

/** Every code of this package's errors. */
export type DescopeErrorCode =
  | DescopeRequestCode
  | DescopeConfigCode
  | DescopeCredentialCode
  | DescopeAccessCode
  | DescopeUnavailableCode
  | DescopeM2mCode;
