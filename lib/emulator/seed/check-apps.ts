// Checks the inbound apps and the authorization of a seed.
import { Authorization } from '../fga/authorization.js';
import { FgaError } from '../fga/schema.js';
import { plantAuthorization } from './plant-apps.js';
import type { EmulatorSeed } from './seed.js';
import { listOf, objectOf, oneOf, text } from './shape.js';
import { findTwins } from './twins.js';

/** An inbound app of a seed. */
export const inboundAppShape = objectOf({
  'name!': text,
  'clientSecret!': text,
  clientId: text,
  scopes: listOf(text),
  tenants: listOf(text),
  defaultAudience: oneOf('projectId', 'clientId'),
});

/** The authorization of a seed. */
export const fgaShape = objectOf({
  'schema!': text,
  relations: listOf(
    objectOf({
      'resource!': text,
      'resourceType!': text,
      'relation!': text,
      'target!': text,
      'targetType!': text,
    }),
  ),
});

/** Says what is wrong with the names of a seed's apps. */
export function findAppMistakes({ inboundApps = [], tenants }: EmulatorSeed): readonly string[] {
  const known = tenants && new Set(tenants.map(({ id }) => id));
  return [
    ...findTwins(inboundApps.map(({ name }) => name)).map((twin) => `the inbound app ${twin} stands twice`),
    ...findTwins(inboundApps.flatMap(({ clientId }) => clientId ?? [])).map(
      (twin) => `the clientId ${twin} stands twice`,
    ),
    ...inboundApps.flatMap((app, index) =>
      (app.tenants ?? [])
        .filter((id) => known && !known.has(id))
        .map((id) => `inboundApps[${index}] names the tenant ${JSON.stringify(id)}, which is not in tenants`),
    ),
  ];
}

/** Says what is wrong with a seed's schema, or with the first relation that does not fit it. */
export function findFgaMistakes(seed: EmulatorSeed): readonly string[] {
  try {
    plantAuthorization(new Authorization(), seed);
    return [];
  } catch (cause) {
    if (cause instanceof FgaError) return [`fga: ${cause.message}`];
    throw cause;
  }
}
