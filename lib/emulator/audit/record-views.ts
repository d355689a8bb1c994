// What the audit trail shows of users, access keys, roles, permissions and tenants; never a secret.
import type { JsonObject } from '../http/message.js';
import type { RecordChange } from '../store/project.js';
import type { Change } from '../store/records.js';
import type { TenantGrant } from '../store/roles.js';

/** A record as an event shows it. */
interface View {
  readonly name: string;
  readonly loginIds?: readonly string[];
  readonly tenantIds?: readonly string[];
  readonly fields: JsonObject;
}

/** Writes both sides of a change. */
export function toViews(change: RecordChange): readonly [View | undefined, View | undefined] {
  switch (change.kind) {
    case 'User':
      return both(change, ({ userId: _id, seen: _seen, createdSeconds: _created, ...user }) => {
        const { customAttributes, tenants, password, loginIds, ...shown } = user;
        const fields = {
          ...shown,
          loginIds,
          userTenants: tenants,
          ...toAttributes(customAttributes),
          password,
        };
        return { name: user.name ?? '', loginIds, tenantIds: tenants.map(toTenantId), fields };
      });
    case 'AccessKey':
      return both(change, ({ id: _id, createdSeconds: _created, digest, active, tenants, ...key }) => {
        const status = active ? 'active' : 'inactive';
        const fields = { ...key, status, keyTenants: tenants, cleartext: digest };
        return { name: key.name, tenantIds: tenants.map(toTenantId), fields };
      });
    case 'Role':
      return both(change, ({ id: _id, createdSeconds: _created, tenantId, ...fields }) => ({
        name: fields.name,
        tenantIds: tenantId === '' ? [] : [tenantId],
        fields,
      }));
    case 'Permission':
      return both(change, ({ id: _id, ...fields }) => ({ name: fields.name, fields }));
    case 'Tenant':
      return both(change, ({ id, createdSeconds: _created, ...fields }) => ({
        name: fields.name,
        tenantIds: [id],
        fields,
      }));
  }
}

function both<T>(
  { before, after }: Change<T>,
  toView: (record: T) => View,
): readonly [View | undefined, View | undefined] {
  return [before && toView(before), after && toView(after)];
}

function toTenantId({ tenantId }: TenantGrant): string {
  return tenantId;
}

function toAttributes(attributes: JsonObject): JsonObject {
  const entries = Object.entries(attributes).map(([name, value]) => [`custom_attribute_${name}`, value]);
  return Object.fromEntries(entries) as JsonObject;
}

// Of a secret only the fact that it is new.
const SECRETS = new Set(['password', 'cleartext']);

/** The fields that differ, with their new values; null for one that is gone. */
export function toNewValues(before: JsonObject, after: JsonObject): JsonObject {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter((name) => !isSame(before[name], after[name]));
  return Object.fromEntries(changed.map((name) => [name, SECRETS.has(name) ? true : (after[name] ?? null)]));
}

function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  const isCheck = typeof left === 'function' || typeof right === 'function'; // of a password
  return !isCheck && JSON.stringify(left) === JSON.stringify(right);
}
