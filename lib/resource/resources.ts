// The protected resources of an application: each @ProtectedResource with its URL, by the paths under which Nest serves it.
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { HandlerClass } from '../auth/access/access-policy.js';
import { findResourceDemand } from '../auth/access/access-policy.js';
import type { ProtectedResourceView } from '../auth/access/protected-resource.js';
import { RequestResources, toResourcePath } from '../auth/access/protected-resource.js';
import type { DescopeConfig } from '../core/config/config.js';
import type { ResourceConfig } from '../core/config/resource.js';
import type { ResourceDemand } from '../core/user/demands.js';
import type { AcceptanceConfig } from '../core/user/token-acceptance.js';
import { toServedPaths } from '../inspect/endpoints.js';
import { isClass, readModulePath, readRouteMetadata } from '../inspect/handlers.js';

/** What the resources are read from. */
export interface ResourceInput {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly config: DescopeConfig;
}

/** A controller that is a protected resource. */
export interface ProtectedController {
  readonly type: HandlerClass;
  readonly demand: ResourceDemand;
  /** The paths under which Nest serves the controller, with prefix and version. */
  readonly servedPaths: readonly string[];
  /** The path of the resource below the option `resource.url`; of several served paths, the first. */
  readonly path: string;
}

/** Creates the memory of the resources of requests. */
export function createRequestResources(input: ResourceInput, resource: ResourceConfig): RequestResources {
  // At the first request, because prefix and versions may be set until then.
  let views: ReadonlyMap<HandlerClass, ProtectedResourceView> | undefined;
  return new RequestResources((type) => (views ??= toViews(input, resource)).get(type));
}

function toViews(input: ResourceInput, resource: ResourceConfig): Map<HandlerClass, ProtectedResourceView> {
  const { acceptance } = input.config;
  return new Map(
    readProtectedControllers(input).map(({ type, path }) => {
      const { url, metadataUrl } = toUrls(resource, path);
      return [type, { url, metadataUrl, acceptance: toAcceptance(url, acceptance) }];
    }),
  );
}

// A token for the whole origin does not count for one resource of it: Descope puts the URL of the resource in `aud` as it is
// configured there.
function toAcceptance(url: string, { accepts }: AcceptanceConfig): AcceptanceConfig {
  const isRoot = new URL(url).pathname === '/';
  return Object.freeze({
    accepts: Object.freeze([...new Set([...accepts, 'app', 'agent'] as const)]),
    audience: Object.freeze(isRoot ? [url, `${url}/`] : [url]), // RFC 3986 §6.2.3: an empty path is the same as "/"
    isOfResource: true,
  });
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'; // RFC 9728 §3.1

/** The URLs of a resource, and the path of its metadata. */
export interface ResourceUrls {
  readonly url: string;
  readonly metadataUrl: string;
  readonly metadataPath: string;
}

/** Returns the URLs of the resource at a path. They depend on the options alone, never on a request. */
export function toUrls(resource: Pick<ResourceConfig, 'url'>, path: string): ResourceUrls {
  const url = resource.url + path;
  const { origin, pathname } = new URL(url);
  const metadataPath = WELL_KNOWN + (pathname === '/' ? '' : pathname);
  return { url, metadataUrl: origin + metadataPath, metadataPath };
}

/** Lists the controllers that are protected resources; to be called after prefix and versions are set. */
export function readProtectedControllers({
  modules,
  application,
}: Omit<ResourceInput, 'config'>): ProtectedController[] {
  const found = new Map<HandlerClass, ProtectedController>();
  for (const module of modules.values()) {
    for (const { metatype: type } of module.controllers.values()) {
      const demand = isClass(type) ? findResourceDemand(type) : undefined;
      if (!isClass(type) || demand === undefined) continue;
      const modulePath = readModulePath(module.metatype, modules.applicationId);
      const served = readServedPaths(type, modulePath, application);
      const servedPaths = [...new Set([...(found.get(type)?.servedPaths ?? []), ...served])];
      const path = demand.path ?? toResourcePath(servedPaths[0] ?? '');
      found.set(type, { type, demand, servedPaths, path });
    }
  }
  return [...found.values()];
}

function readServedPaths(
  type: HandlerClass,
  modulePath: string,
  application: ApplicationConfig,
): readonly string[] {
  const controller = readRouteMetadata(type);
  if (controller === undefined) return [];
  const route = { paths: [''], versions: undefined };
  return toServedPaths({ application, modulePath, controller, route, method: -1 }).paths;
}
