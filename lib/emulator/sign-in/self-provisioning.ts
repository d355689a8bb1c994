// Users who join a tenant at their first sign-in, because it claims the domain of their e-mail address.
import type { ProjectState } from '../project-state.js';
import type { UserRecord } from '../store/project.js';
import { belongsTo } from '../store/roles.js';

/** Adds the tenants of a verified e-mail address, with their default roles. */
export function joinOwnTenants(state: ProjectState, user: UserRecord): UserRecord {
  const domain = user.email?.split('@').at(-1)?.toLowerCase();
  if (domain === undefined || !user.verifiedEmail) return user;
  const joined = state.project.tenants.all.filter(
    ({ id, selfProvisioningDomains }) =>
      !belongsTo(user, id) && selfProvisioningDomains.some((own) => own.toLowerCase() === domain),
  );
  if (joined.length === 0) return user;
  const grants = joined.map(({ id, defaultRoles }) => ({ tenantId: id, roleNames: defaultRoles }));
  return { ...user, tenants: [...user.tenants, ...grants] };
}
