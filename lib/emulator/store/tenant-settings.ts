// The settings of a tenant, which replace those of the project for sign-ins to the tenant.

/** The units of a lifetime. */
export const EXPIRATION_UNITS = ['minutes', 'hours', 'days', 'weeks'] as const;

/** A lifetime in the form of Descope's API; 0 for none. */
export interface Expiration {
  readonly amount: number;
  readonly unit: (typeof EXPIRATION_UNITS)[number];
}

/** The settings of a tenant. */
export interface TenantSettings {
  readonly domains: readonly string[];
  readonly authType: string;
  /** Whether the lifetimes count. */
  readonly enabled: boolean;
  readonly sessionToken: Expiration;
  readonly refreshToken: Expiration;
  /** Of the first session token after a step-up. */
  readonly stepupToken: Expiration;
  readonly inactivityEnabled: boolean;
  readonly inactivity: Expiration;
  /** Whether single sign-on may not create users. */
  readonly jitDisabled: boolean;
  readonly ssoSetupSuiteSettings: Readonly<Record<string, unknown>>;
}

const NONE: Expiration = { amount: 0, unit: 'minutes' };

/** The settings of a tenant that has none of its own. */
export const DEFAULT_TENANT_SETTINGS: TenantSettings = {
  domains: [],
  authType: 'none',
  enabled: false,
  sessionToken: NONE,
  refreshToken: NONE,
  stepupToken: NONE,
  inactivityEnabled: false,
  inactivity: NONE,
  jitDisabled: false,
  ssoSetupSuiteSettings: {},
};

const SECONDS = { minutes: 60, hours: 3600, days: 86_400, weeks: 604_800 };

/** A lifetime in seconds; undefined for none. */
export function toSeconds({ amount, unit }: Expiration): number | undefined {
  return amount > 0 ? amount * SECONDS[unit] : undefined;
}
