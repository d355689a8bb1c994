// The access map → an OpenAPI document: security, rejections and demands of every operation; Swagger is not imported.
import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { DESCOPE_CONFIG } from '../auth/injection-tokens.js';
import type { DescopeConfig } from '../core/config/config.js';
import type { AccessMap, AccessMapDemand, AccessMapEntry } from './access-map.js';
import { describeAccess, toAlternatives, toDemandText } from './access-map.js';

/** The members of an OpenAPI document that are read and written. */
interface Document {
  paths: Record<string, Record<string, unknown>>;
  components?: { securitySchemes?: Record<string, unknown>; schemas?: Record<string, unknown> };
}

interface Operation {
  security?: readonly object[];
  responses?: Record<string, unknown>;
  description?: string;
  'x-descope-access'?: unknown;
}

type SchemeName = 'descopeBearer' | 'descopeCookie' | 'descopeDpop';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'search', 'query'];
const ERROR_NAME = 'DescopeError';

/**
 * Adds the application's access to an OpenAPI document: the security schemes, and for each operation its `security` (`[]` for
 * a public one), its rejections and its demands (`x-descope-access`). Responses that the application itself documented are
 * kept, and so is the `security` of public operations. Works with `@nestjs/swagger`, and does not import it.
 * @param document the document, which is changed
 * @returns the same document
 * @see {@link https://spec.openapis.org/oas/v3.1.0#security-requirement-object | OpenAPI, Security Requirement Object}
 * @example `SwaggerModule.setup('docs', app, () => applyDescopeSecurity(SwaggerModule.createDocument(app, options), app))`
 */
export function applyDescopeSecurity<T extends object>(document: T, app: INestApplicationContext): T {
  const config = app.get<DescopeConfig>(DESCOPE_CONFIG, { strict: false });
  const prefix = app.get(ApplicationConfig, { strict: false }).getGlobalPrefix();
  const schemes = toSchemes(config);
  const map = describeAccess(app);
  const { paths, components } = withComponents(document as unknown as Document);
  for (const [path, item] of Object.entries(paths)) {
    for (const method of METHODS.filter((name) => Object.hasOwn(item, name))) {
      const entries = findEntries(map, { method, path, prefix });
      if (entries.length === 0) continue; // not one of the application's handlers
      const access = toOperationAccess(entries);
      writeSecurity(item[method] as Operation, access, Object.keys(schemes));
      writeDemands(item[method] as Operation, access);
      writeRejections(item[method] as Operation, toErrorResponses(access, method, config));
    }
  }
  Object.assign(components.securitySchemes, { ...schemes, ...components.securitySchemes });
  components.schemas[ERROR_NAME] ??= ERROR_SCHEMA;
  return document;
}

function withComponents(document: Document): {
  readonly paths: Document['paths'];
  readonly components: { securitySchemes: Record<string, unknown>; schemas: Record<string, unknown> };
} {
  const components = (document.components ??= {});
  const securitySchemes = (components.securitySchemes ??= {});
  const schemas = (components.schemas ??= {});
  return { paths: document.paths, components: { securitySchemes, schemas } };
}

// Only for the token sources of the application. The cookie of a server-side session has another name, and no token.
function toSchemes({ authentication, session, dpop }: DescopeConfig): Partial<Record<SchemeName, object>> {
  const { sources } = authentication;
  const descopeBearer = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
  const name = session.cookies.sessionName;
  const descopeCookie = { type: 'apiKey', in: 'cookie', name };
  const descopeDpop = { type: 'http', scheme: 'dpop', bearerFormat: 'JWT' };
  if (dpop?.isRequired === true) return { descopeDpop };
  return {
    ...(dpop === undefined ? {} : { descopeDpop }),
    ...(sources.includes('bearer') ? { descopeBearer } : {}),
    ...(sources.includes('cookie') && session.store === 'cookies' ? { descopeCookie } : {}),
  };
}

function writeSecurity(
  operation: Operation,
  { access, demands }: OperationAccess,
  schemes: readonly string[],
): void {
  if (access === 'public') {
    operation.security ??= [];
    return;
  }
  if (schemes.length === 0) return; // the application documents its own token sources itself: `[]` would mean public
  const isBound = demands.some(({ kind }) => kind === 'dpop');
  const fit = isBound ? schemes.filter((name) => name === 'descopeDpop') : schemes;
  const alternatives = fit.map((name) => ({ [name]: [] }));
  // The application documents what its own guards inside `@AnyOf` ask for.
  const ofGuards = isOpenable(demands) ? (operation.security ?? []) : [];
  operation.security = access === 'optional' ? [{}, ...alternatives] : [...alternatives, ...ofGuards];
}

function isOpenable(demands: readonly AccessMapDemand[]): boolean {
  return (
    demands.length > 0 &&
    demands.every((demand) => toAlternatives(demand).some(({ kind }) => kind === 'guard'))
  );
}

function writeDemands(operation: Operation, access: OperationAccess): void {
  const isWritten = operation['x-descope-access'] !== undefined;
  operation['x-descope-access'] = access;
  if (isWritten || access.demands.length === 0) return;
  const line = `Demands ${access.demands.map((demand) => `\`${toDemandText(demand)}\``).join(', ')}.`;
  operation.description = [operation.description, line].filter(Boolean).join('\n\n');
}

function writeRejections(operation: Operation, rejections: Readonly<Record<number, string>>): void {
  const responses = (operation.responses ??= {});
  const schema = { $ref: `#/components/schemas/${ERROR_NAME}` };
  for (const [status, description] of Object.entries(rejections))
    responses[status] ??= { description, content: { 'application/json': { schema } } };
}

// The rejections of an operation, and their reasons.

/** The body of every rejection, as a schema. */
export const ERROR_SCHEMA = {
  type: 'object',
  properties: {
    statusCode: { type: 'integer' },
    error: { type: 'string' },
    message: { type: 'string' },
    code: {
      type: 'string',
      description: 'The error code, such as `SESSION_MISSING` or `ACCESS_ROLE_MISSING`',
    },
  },
  required: ['statusCode', 'error', 'message', 'code'],
};

// Demands that are checked in this process; any other may call Descope.
const OF_THE_PROCESS = [
  ...['roles', 'permissions', 'scopes', 'tenant', 'staff', 'superuser', 'no-impersonation'],
  ...['rule', 'guard'],
];
// Demands that another or a stronger token can meet: 401 and not 403.
const OF_THE_CREDENTIAL = ['accepts', 'audience', 'dpop', 'step-up', 'mfa', 'amr'];
const SAFE_METHODS = ['get', 'head', 'options', 'trace']; // RFC 9110 §9.2.1

/** Lists the rejections that can happen, by status. */
export function toErrorResponses(
  { access, demands }: OperationAccess,
  method: string,
  config: DescopeConfig,
): Readonly<Record<number, string>> {
  if (access === 'public') return {};
  const ofAccess = demands.filter((demand) => !isOfCredential(demand));
  const isForbiddable = ofAccess.length > 0 || canRejectAnybody(config, method);
  const demanded = ofAccess.map(toDemandText).join('; ');
  const what =
    access === 'optional' ? 'The session that was sent is not valid.' : 'No session, or it is not valid.';
  return {
    401: what,
    ...(isForbiddable
      ? { 403: demanded === '' ? 'This is not allowed.' : `This is not allowed. Required: ${demanded}.` }
      : {}),
    ...(canBeOut(
      config,
      ofAccess.flatMap(toLeaves).some((demand) => !isOfProcess(demand)),
    )
      ? { 503: 'The session cannot be checked at present.' }
      : {}),
  };
}

// Of alternatives, a rejection is 401 if it is about the sign-in for one of them, and 403 may be what it is for the others.
function isOfCredential(demand: AccessMapDemand): boolean {
  return toLeaves(demand).every(({ kind }) => OF_THE_CREDENTIAL.includes(kind));
}

function isOfProcess({ kind }: AccessMapDemand): boolean {
  return OF_THE_PROCESS.includes(kind) || OF_THE_CREDENTIAL.includes(kind);
}

function toLeaves(demand: AccessMapDemand): readonly AccessMapDemand[] {
  return demand.kind === 'any-of' ? toAlternatives(demand) : [demand];
}

// Whether the application's options can reject a caller, whatever the route demands.
function canRejectAnybody(config: DescopeConfig, method: string): boolean {
  const { usernameClaim, claimsSchema, sources } = config.authentication;
  const hasCrossSite = sources.some((source) => source !== 'bearer') && !SAFE_METHODS.includes(method);
  return (
    usernameClaim !== 'sub' || claimsSchema !== undefined || config.loadUser !== undefined || hasCrossSite
  );
}

// With fixed keys, and sessions in cookies, no call over the network is needed.
function canBeOut({ keys, session, shared }: DescopeConfig, isAsking: boolean): boolean {
  const isShared = shared.store !== undefined || shared.channel !== undefined;
  return keys === undefined || isShared || session.store !== 'cookies' || isAsking;
}

// An operation of a document → the handlers behind it.

/** An operation of a document: its method and path. */
export interface OperationOwner {
  readonly method: string;
  /** As in the document: `/orders/{id}`. */
  readonly path: string;
  /** The application's global prefix, which a document may leave out. */
  readonly prefix: string;
}

/** Finds the entries of the map that an operation documents. */
export function findEntries(
  map: AccessMap,
  { method, path, prefix }: OperationOwner,
): readonly AccessMapEntry[] {
  const shape = toShape(path.replace(/\{[^}]*\}/g, ':x'));
  const routes = map.filter(
    (entry) => entry.kind === 'http' && [method.toUpperCase(), 'ALL'].includes(entry.method),
  );
  const found = routes.filter((entry) => toShape(entry.path) === shape);
  if (found.length > 0) return found;
  const prefixed = toShape(`${prefix}/${shape}`);
  return routes.filter((entry) => toShape(entry.path) === prefixed);
}

// Parameters and wildcards are compared by their position, not by their name, and optional parts as if present.
function toShape(path: string): string {
  const bare = path.replace(/[{}]/g, '').replace(/:\w+(?:\([^)]*\))?\??|\*\w*/g, ':');
  return `/${bare.split('/').filter(Boolean).join('/')}`;
}

// What an operation demands: if several handlers share it (by host or header), the strictest of all.

/** Access of one operation, as `x-descope-access` holds it. */
export type OperationAccess = Pick<AccessMapEntry, 'access' | 'demands'>;

const STRICTNESS = ['public', 'optional', 'required'] as const;

/** Combines the handlers of an operation. A handler without a guard counts as public, whatever it demands. */
export function toOperationAccess(entries: readonly AccessMapEntry[]): OperationAccess {
  const kept = entries.filter(({ guard }) => guard !== 'none');
  const access = STRICTNESS.findLast((name) => kept.some((entry) => entry.access === name)) ?? 'public';
  const demands = new Map(
    kept.flatMap((entry) => entry.demands.map((demand) => [JSON.stringify(demand), demand])),
  );
  return { access, demands: [...demands.values()] };
}
