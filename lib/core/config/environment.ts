// The environment, DESCOPE_* → options, and how options from several places are merged. Nothing here reads the process.
import type { DescopeOptions } from './options.js';
import { KNOWN_OPTIONS } from './options.js';

/** Reads one variable by its name, such as @nestjs/config does; `undefined` where it is not set. */
export type ReadVariable = (name: string) => unknown;

/**
 * Reads the options of the environment; an empty variable counts as absent.
 * `DESCOPE_BASE_URI` (Descope's Python and Django SDKs) comes before `DESCOPE_BASE_URL` (Go and Next.js).
 */
export function readEnvironment(readVariable: ReadVariable): DescopeOptions {
  const read = (name: string): string | undefined => toText(readVariable(name));
  return {
    projectId: read('DESCOPE_PROJECT_ID'),
    baseUrl: read('DESCOPE_BASE_URI') ?? read('DESCOPE_BASE_URL'),
    allowInsecureBaseUrl: toPermission(readVariable('DESCOPE_ALLOW_INSECURE_BASE_URI')),
    managementKey: read('DESCOPE_MANAGEMENT_KEY'),
    authManagementKey: read('DESCOPE_AUTH_MANAGEMENT_KEY'),
    publicKey: read('DESCOPE_PUBLIC_KEY'),
    audience: toList(read('DESCOPE_AUDIENCE')),
    usernameClaim: read('DESCOPE_USERNAME_CLAIM'),
    staffRole: read('DESCOPE_IS_STAFF_ROLE'),
    superuserRole: read('DESCOPE_IS_SUPERUSER_ROLE'),
    events: toEvents(read('DESCOPE_WEBHOOK_SECRET')),
  };
}

/** Checks whether `NODE_ENV` is `production`; `set NODE_ENV=production && node …` of Windows sets it with a space. */
export function isProduction(readVariable: ReadVariable): boolean {
  return toText(readVariable('NODE_ENV')) === 'production';
}

/** Merges options: overrides replace explicit ones, and these replace the environment's. `undefined` replaces nothing. */
export function mergeOptions(
  environment: DescopeOptions,
  explicit: DescopeOptions,
  overrides: DescopeOptions = {},
): DescopeOptions {
  const hasKeys = explicit.keys !== undefined || explicit.publicKey !== undefined;
  const fallback = hasKeys ? { ...environment, publicKey: undefined } : environment;
  const merged = { ...defined(fallback), ...defined(explicit), ...defined(overrides) };
  return lacksSecret(merged) ? { ...merged, events: { ...environment.events } } : merged;
}

// The application says that events are received, and the environment has the secret.
function lacksSecret({ events }: DescopeOptions): boolean {
  const given: unknown = events;
  return (
    typeof given === 'object' && given !== null && Object.values(given).every((value) => value === undefined)
  );
}

// By name, because the getters of a class are not own members of its instance, and no option may be lost silently.
function defined(options: DescopeOptions): DescopeOptions {
  const names = new Set([...KNOWN_OPTIONS, ...Object.keys(options)]);
  const entries = [...names].map((name) => [name, options[name as keyof DescopeOptions]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

// A variable gives less than the option can: a copied .env file must not open a public address. What is neither text of
// the two is handed on, so that the option's own rule reports it. A validated environment may hold booleans.
function toPermission(value: unknown): 'private' | false | undefined {
  const text = typeof value === 'boolean' ? String(value) : toText(value);
  if (text === 'true') return 'private';
  return text === 'false' ? false : (text as undefined);
}

function toEvents(secret: string | undefined): { readonly secret: string } | undefined {
  return secret === undefined ? undefined : { secret };
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function toList(text: string | undefined): readonly string[] | undefined {
  const items = text?.split(',').map((item) => item.trim());
  return items?.filter((item) => item !== '');
}
