// Checks at boot that each protected resource is a controller at its own URL, and that nothing contradicts its audience.
import { findResourceDemand } from '../auth/access/access-policy.js';
import { DescopeConfigError } from '../core/errors.js';
import type { HandlerWithPolicy } from '../inspect/handlers.js';
import type { ProtectedController, ResourceInput } from './resources.js';
import { readProtectedControllers, toUrls } from './resources.js';

/**
 * Asserts that every `@ProtectedResource` is a controller, at the path of its resource, and that no other decorator or
 * resource contradicts it.
 * @throws {DescopeConfigError} CONFIG_RESOURCE_INVALID
 */
export function assertResources(handlers: readonly HandlerWithPolicy[], input: ResourceInput): void {
  const demanding = handlers.filter(({ type }) => findResourceDemand(type) !== undefined);
  const [first] = demanding;
  if (first === undefined) return;
  const { resource } = input.config;
  if (resource === undefined) throw invalid(first.type.name, NO_OPTION);
  const controllers = readProtectedControllers(input);
  assertControllers(demanding);
  for (const controller of controllers) assertServed(controller, new URL(resource.url).pathname);
  assertDistinct(controllers);
  for (const handler of demanding) {
    const owner = controllers.find(({ type }) => type === handler.type);
    if (owner !== undefined) assertOwnAudience(handler, toUrls(resource, owner.path).url);
  }
}

const NO_OPTION =
  'but the option resource is not set. Set resource: { url } to the public URL of the application, such as "https://api.example.com".';

function assertControllers(handlers: readonly HandlerWithPolicy[]): void {
  const routed = new Set(handlers.filter(({ isRouted }) => isRouted).map(({ type }) => type));
  const other = handlers.find(({ type }) => !routed.has(type));
  if (other === undefined) return;
  throw invalid(
    other.type.name,
    'but has no routes of its own. Put it on the controller whose routes clients call; what is called through that controller, such as a tool of MCP, is for the same resource.',
  );
}

function assertServed({ type, demand, servedPaths, path }: ProtectedController, basePath: string): void {
  if (demand.path === undefined) {
    const [served = '', ...others] = servedPaths;
    if (others.length === 0 && !/[:*{}()]/.test(served)) return;
    throw invalid(
      type.name,
      `but its routes have several paths, or one with parameters (${servedPaths.join(', ')}), so its URL is not known. Set path to the beginning that all of them have.`,
    );
  }
  // A proxy in front of the application may remove the path of resource.url.
  const isBelow = (served: string) => [path, toPath(basePath) + path].some((one) => isWithin(served, one));
  const foreign = servedPaths.find((served) => !isBelow(served));
  if (foreign === undefined) return;
  throw invalid(
    type.name,
    `with the path "${path}", but its routes are served at ${foreign}. Set path to "${foreign}" or a beginning of it, or leave it out. The global prefix is part of the path.`,
  );
}

function toPath(pathname: string): string {
  return pathname === '/' ? '' : pathname;
}

function isWithin(served: string, path: string): boolean {
  return served === path || served.startsWith(`${path}/`);
}

// One resource may have several controllers, but one document describes it.
function assertDistinct(controllers: readonly ProtectedController[]): void {
  const known = new Map<string, ProtectedController>();
  for (const controller of controllers) {
    const { type, path, demand } = controller;
    const other = known.get(path);
    known.set(path, other ?? controller);
    if (other === undefined || toKey(other.demand.scopes) === toKey(demand.scopes)) continue;
    throw invalid(
      type.name,
      `with the same path as ${other.type.name} ("${path}"), but with other scopes. Give both the same scopes, or each a path of its own.`,
    );
  }
}

function toKey(scopes: readonly string[] | undefined): string | undefined {
  return scopes && [...scopes].sort().join(' ');
}

function assertOwnAudience({ type, where, policy }: HandlerWithPolicy, url: string): void {
  const names = policy.demands.flatMap((demand) => (demand.kind === 'audience' ? demand.names : []));
  const other = names.find((name) => name !== url);
  if (other === undefined) return;
  throw invalid(
    type.name,
    `so its audience is "${url}", but ${where} has an @Audience with another ("${other}"). Remove @Audience.`,
  );
}

function invalid(name: string, problem: string): DescopeConfigError {
  const message = `${name} is a @ProtectedResource, ${problem}`;
  return new DescopeConfigError('CONFIG_RESOURCE_INVALID', message, { where: name });
}
