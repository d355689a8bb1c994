// A route's notes → the paths under which Nest serves it: prefix, version, module, controller, method.
import { RequestMethod, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import type { RouteNote, Versions } from '../scan/handler-metadata.js';

/** Where a route stands. */
export interface RoutePlace {
  readonly application: ApplicationConfig;
  readonly modulePath: string;
  readonly controller: RouteNote;
  readonly route: RouteNote;
  readonly method: number;
}

/** A path, and the versions that a header or the like selects it by. */
export interface ServedPaths {
  readonly paths: readonly string[];
  readonly versions: readonly string[];
}

/** Gives the paths as Nest builds them (its `RoutePathFactory` is not for others). */
export function toServedPaths(place: RoutePlace): ServedPaths {
  const { application, modulePath, controller, route, method } = place;
  const versions = readVersions(place);
  const isInPath = application.getVersioning()?.type === VersioningType.URI;
  const prefixes =
    isInPath && versions.length > 0 ? versions.map((version) => toVersionPrefix(application, version)) : [''];
  const paths = prefixes.flatMap((version) =>
    controller.paths.flatMap((outer) =>
      route.paths.map((inner) => {
        const path = join(modulePath, outer, inner);
        const prefix = isExcluded(application, path, method) ? '' : application.getGlobalPrefix();
        return join(prefix, version, path);
      }),
    ),
  );
  return { paths, versions: isInPath ? [] : versions.map(toVersionName) };
}

function readVersions({ application, controller, route }: RoutePlace): readonly (string | symbol)[] {
  const versioning = application.getVersioning();
  if (versioning === undefined) return [];
  const versions: Versions | undefined = route.versions ?? controller.versions ?? versioning.defaultVersion;
  if (versions === undefined) return [];
  return typeof versions === 'object' ? versions : [versions];
}

function toVersionPrefix(application: ApplicationConfig, version: string | symbol): string {
  const versioning = application.getVersioning();
  if (version === VERSION_NEUTRAL || versioning?.type !== VersioningType.URI) return '';
  const { prefix = 'v' } = versioning;
  return `${prefix === false ? '' : prefix}${String(version)}`;
}

function toVersionName(version: string | symbol): string {
  return version === VERSION_NEUTRAL ? 'neutral' : String(version);
}

function isExcluded(application: ApplicationConfig, path: string, method: number): boolean {
  const { exclude = [] } = application.getGlobalPrefixOptions();
  return exclude.some(
    ({ requestMethod, pathRegex }) =>
      (requestMethod === RequestMethod.ALL || Number(requestMethod) === -1 || requestMethod === method) &&
      pathRegex.test(path),
  );
}

function join(...parts: readonly string[]): string {
  return `/${parts
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter(Boolean)
    .join('/')}`;
}
