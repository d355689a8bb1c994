// The access map → an OpenAPI document: security, refusals and demands of every operation. Swagger is not imported.
import type { INestApplicationContext } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { DESCOPE_CONFIG } from '../../auth/injection-tokens.js';
import type { DescopeConfig } from '../../core/config/config.js';
import { describeAccess } from '../map/access-map.js';
import { toDemandText } from '../map/demand-view.js';
import { ERROR_SCHEMA, toRefusals } from './answers.js';
import { findEntries } from './find-entries.js';
import { toOperationAccess } from './operation-access.js';
import type { OperationAccess } from './operation-access.js';

/** What this reads and writes of an OpenAPI document. */
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

type SchemeName = 'descopeBearer' | 'descopeCookie';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'search', 'query'];
const ERROR_NAME = 'DescopeError';

/**
 * Writes into an OpenAPI document what the access map says: security schemes, `security` for each operation (`[]` for
 * a public one), its refusals and demands. Answers the document, which it changes; what the application itself
 * documented of refusals stays, and on public operations its `security`, too.
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
      writeRefusals(item[method] as Operation, toRefusals(access, method, config));
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

// Only where the application looks for tokens. A server-side session's cookie has a name of its own, and no token in it.
function toSchemes({ authentication, session }: DescopeConfig): Partial<Record<SchemeName, object>> {
  const { sources } = authentication;
  const descopeBearer = { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' };
  const name = session.cookies.sessionName;
  const descopeCookie = { type: 'apiKey', in: 'cookie', name };
  return {
    ...(sources.includes('bearer') ? { descopeBearer } : {}),
    ...(sources.includes('cookie') && session.store === 'cookies' ? { descopeCookie } : {}),
  };
}

function writeSecurity(operation: Operation, { access }: OperationAccess, schemes: readonly string[]): void {
  if (access === 'public') {
    operation.security ??= [];
    return;
  }
  if (schemes.length === 0) return; // the application's own sources, which it documents itself: `[]` would say public
  const alternatives = schemes.map((name) => ({ [name]: [] }));
  operation.security = access === 'optional' ? [{}, ...alternatives] : alternatives;
}

function writeDemands(operation: Operation, access: OperationAccess): void {
  const isWritten = operation['x-descope-access'] !== undefined;
  operation['x-descope-access'] = access;
  if (isWritten || access.demands.length === 0) return;
  const line = `Demands ${access.demands.map((demand) => `\`${toDemandText(demand)}\``).join(', ')}.`;
  operation.description = [operation.description, line].filter(Boolean).join('\n\n');
}

function writeRefusals(operation: Operation, refusals: Readonly<Record<number, string>>): void {
  const responses = (operation.responses ??= {});
  const schema = { $ref: `#/components/schemas/${ERROR_NAME}` };
  for (const [status, description] of Object.entries(refusals))
    responses[status] ??= { description, content: { 'application/json': { schema } } };
}
