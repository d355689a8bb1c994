// Checks the inbound apps of a seed.
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
