// Puts the inbound apps and the authorization of a checked seed into a project.
import type { Authorization } from '../fga/authorization.js';
import { toSeededId } from '../store/ids.js';
import { toClientId } from '../apps/inbound-apps.js';
import type { InboundAppRecord } from '../apps/inbound-apps.js';
import type { Project } from '../store/project.js';
import type { EmulatorSeed, SeedInboundApp } from './seed.js';

/** Adds the seed's inbound apps. */
export function plantApps(project: Project, seed: EmulatorSeed, projectId: string): void {
  for (const app of seed.inboundApps ?? []) project.inboundApps.put(toApp(app, projectId));
}

/** Sets the seed's schema and relations. */
export function plantAuthorization(authorization: Authorization, { fga }: EmulatorSeed): void {
  if (!fga) return;
  authorization.save(fga.schema);
  authorization.add(fga.relations ?? []);
}

function toApp(app: SeedInboundApp, projectId: string): InboundAppRecord {
  const id = toSeededId('TPA', app.name);
  return {
    id,
    clientId: app.clientId ?? toClientId(projectId, id),
    clientSecret: app.clientSecret,
    name: app.name,
    permissionsScopes: (app.scopes ?? []).map(toScope),
    attributesScopes: [],
    tenantIds: app.tenants ?? [],
    defaultAudience: app.defaultAudience ?? '',
    shown: { description: '', logo: '', loginPageUrl: '', approvedCallbackUrls: [] },
  };
}

function toScope(name: string) {
  return { name, description: '', values: [], optional: false };
}
