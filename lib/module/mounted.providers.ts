// What belongs to the mounted routes and to protected resources. Its code is loaded while an application with them starts.
import type { Provider } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { RequestResources } from '../auth/access/protected-resource.js';
import type { LoginPath } from '../auth/error-response.js';
import {
  DESCOPE_CONFIG,
  DESCOPE_EVENTS,
  DESCOPE_LOGIN_PATH,
  DESCOPE_NOTIFY,
  DESCOPE_RESOURCE_METADATA,
  DESCOPE_RESOURCES,
  DESCOPE_ROUTE_CHECKS,
  DESCOPE_UNREFRESHED,
} from '../auth/injection-tokens.js';
import type { UnrefreshedRoute } from '../auth/session.middleware.js';
import type { DescopeConfig } from '../core/config/config.js';
import type { Notify } from '../core/logging.js';
import { EVENTS_HANDLER } from '../events/events.controller.js';
import type { EventsRoute } from '../events/events.route.js';
import type { ResourceMetadata } from '../resource/metadata.routes.js';
import { UNREFRESHED_HANDLERS } from '../routes/auth.controller.js';
import type { RouteChecks } from '../routes/route-checks.js';
import type { DescopeRoutesOptions } from '../routes/routes.options.js';

/** Provides the path to which browsers without a session are redirected, if `routes.loginRedirect` is on. */
export function toLoginPathProvider(routes: DescopeRoutesOptions | undefined): Provider {
  const isOn = routes?.loginRedirect === true && routes.login !== false;
  return {
    provide: DESCOPE_LOGIN_PATH,
    inject: [ApplicationConfig, ModulesContainer],
    useFactory: isOn ? createLoginPath : () => undefined,
  };
}

async function createLoginPath(
  application: ApplicationConfig,
  modules: ModulesContainer,
): Promise<LoginPath> {
  const { readLoginPath } = await import('../routes/route-checks.js');
  let path: string | undefined;
  return () => (path ??= readLoginPath({ application, modules }));
}

/** Provides the checks of the mounted routes; `undefined` where none is mounted. */
export function toRouteChecksProviders(isMounted: boolean): Provider[] {
  if (!isMounted) return [{ provide: DESCOPE_ROUTE_CHECKS, useFactory: () => undefined }];
  return [
    {
      provide: DESCOPE_ROUTE_CHECKS,
      inject: [
        ...[ModulesContainer, ApplicationConfig, HttpAdapterHost, DESCOPE_NOTIFY],
        { token: DESCOPE_EVENTS, optional: true },
      ],
      useFactory: createRouteChecks,
    },
    unrefreshedRoutes,
  ];
}

type CheckParts = readonly [ModulesContainer, ApplicationConfig, HttpAdapterHost, Notify, EventsRoute?];

async function createRouteChecks(
  ...[modules, application, host, notify, events]: CheckParts
): Promise<RouteChecks> {
  const { RouteChecks } = await import('../routes/route-checks.js');
  return new RouteChecks({ modules, application, host, notify, events });
}

// The routes before which the middleware does not refresh a session.
const unrefreshedRoutes: Provider = {
  provide: DESCOPE_UNREFRESHED,
  inject: [ApplicationConfig, ModulesContainer],
  useFactory: async (application: ApplicationConfig, modules: ModulesContainer) => {
    const { readUnrefreshed } = await import('../routes/route-checks.js');
    const handlers = [...UNREFRESHED_HANDLERS, EVENTS_HANDLER];
    let routes: readonly UnrefreshedRoute[] | undefined;
    return () => (routes ??= readUnrefreshed({ application, modules }, handlers));
  },
};

/** Provides the protected resources of requests and the routes of their metadata; `undefined` without the option `resource`. */
export const resourceProviders: Provider[] = [
  {
    provide: DESCOPE_RESOURCES,
    inject: [DESCOPE_CONFIG, ApplicationConfig, ModulesContainer],
    useFactory: createResources,
  },
  {
    provide: DESCOPE_RESOURCE_METADATA,
    inject: [DESCOPE_CONFIG, ApplicationConfig, ModulesContainer, HttpAdapterHost],
    useFactory: createMetadata,
  },
];

type ResourceParts = readonly [DescopeConfig, ApplicationConfig, ModulesContainer];

async function createResources(
  ...[config, application, modules]: ResourceParts
): Promise<RequestResources | undefined> {
  const { resource } = config;
  if (resource === undefined) return undefined;
  const { createRequestResources } = await import('../resource/resources.js');
  return createRequestResources({ config, application, modules }, resource);
}

type MetadataParts = readonly [...ResourceParts, HttpAdapterHost];

async function createMetadata(
  ...[{ resource }, application, modules, host]: MetadataParts
): Promise<ResourceMetadata | undefined> {
  if (resource === undefined) return undefined;
  const { ResourceMetadata } = await import('../resource/metadata.routes.js');
  return new ResourceMetadata({ resource, application, modules, host });
}
