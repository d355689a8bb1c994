// The only reader of the environment: DESCOPE_* → options, through @nestjs/config.
import type { ConfigService } from '@nestjs/config';
import type { DescopeOptions } from '../core/config/options.js';

/**
 * Reads the options that the environment gives; empty variables count as absent.
 * `DESCOPE_BASE_URI` (Descope's Python and Django) goes before `DESCOPE_BASE_URL` (its Go and Next.js).
 */
export function readEnvironment(environment: ConfigService): DescopeOptions {
  const read = (name: string): string | undefined => toText(environment.get<unknown>(name));
  return {
    projectId: read('DESCOPE_PROJECT_ID'),
    baseUrl: read('DESCOPE_BASE_URI') ?? read('DESCOPE_BASE_URL'),
    managementKey: read('DESCOPE_MANAGEMENT_KEY'),
    authManagementKey: read('DESCOPE_AUTH_MANAGEMENT_KEY'),
    publicKey: read('DESCOPE_PUBLIC_KEY'),
    audience: toList(read('DESCOPE_AUDIENCE')),
    usernameClaim: read('DESCOPE_USERNAME_CLAIM'),
    staffRole: read('DESCOPE_IS_STAFF_ROLE'),
    superuserRole: read('DESCOPE_IS_SUPERUSER_ROLE'),
  };
}

/** Tells whether `NODE_ENV` is `production`. */
export function isProduction(environment: ConfigService): boolean {
  return environment.get<unknown>('NODE_ENV') === 'production';
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function toList(text: string | undefined): readonly string[] | undefined {
  const items = text?.split(',').map((item) => item.trim());
  return items?.filter((item) => item !== '');
}
