// Applies a JWT template to the claims of a token.
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../http/message.js';
import type { JwtTemplateRecord } from './jwt-template.js';
import { fillPlaceholders } from './placeholders.js';

/** The claims about roles, permissions and tenants. */
const GRANTS = ['roles', 'permissions', 'tenants'];

/** The claims that a template adds, in the form of its policy for empty ones. */
export function toTemplateClaims(template: JwtTemplateRecord | undefined, values: JsonObject): JsonObject {
  if (!template) return {};
  const entries = Object.entries(template.template).flatMap(([name, value]): [string, unknown][] => {
    const filled = fillPlaceholders(value, values);
    if (filled !== undefined) return [[name, filled]];
    if (template.emptyClaimPolicy === 'delete') return [];
    return [[name, template.emptyClaimPolicy === 'nil' ? null : '']];
  });
  return Object.fromEntries(entries);
}

/** The tenant that a holder of only one has without selecting it; undefined where the template does not ask for it. */
export function toAutoTenant(
  template: JwtTemplateRecord | undefined,
  tenants: readonly { readonly tenantId: string }[],
): string | undefined {
  return template?.autoDCT && tenants.length === 1 ? tenants[0]?.tenantId : undefined;
}

/** What a template may put in place of Descope's subject and issuer. */
interface Replacements {
  /** The subject that the template asks for; without a text the id stays. */
  readonly subject: unknown;
  /** The issuer in the form of OpenID Connect. */
  readonly oidcIssuer: string;
}

/** Gives claims the form of a template: its subject, its issuer, and how roles, permissions and tenants stand in them. */
export function shapeClaims(
  template: JwtTemplateRecord | undefined,
  claims: JsonObject,
  { subject, oidcIssuer }: Replacements,
): JsonObject {
  if (!template) return claims;
  const isOidc = template.conformanceIssuer || template.issuerType === 'federated';
  const { sub } = claims;
  return {
    ...toSchema(template, claims),
    ...(isOidc ? { iss: oidcIssuer } : {}),
    ...(template.overrideSubject ? { sub: isText(subject) ? subject : sub, dsub: sub } : {}),
    ...(template.addJti ? { jti: randomUUID() } : {}),
  };
}

function toSchema({ authSchema, excludePermissions }: JwtTemplateRecord, claims: JsonObject): JsonObject {
  const shaped = authSchema === 'default' ? claims : without(claims, GRANTS);
  const granted = authSchema === 'tenantOnly' ? { ...shaped, ...toCurrentGrants(claims) } : shaped;
  return excludePermissions ? withoutPermissions(granted) : granted;
}

// Without a current tenant there are no roles: those of the project would count as a tenant's.
function toCurrentGrants({ tenants, dct }: JsonObject): JsonObject {
  const byId = (tenants ?? {}) as Readonly<Record<string, JsonObject>>;
  if (typeof dct !== 'string' || !Object.hasOwn(byId, dct)) return {};
  const { roles, permissions } = byId[dct] ?? {};
  return { ...(roles === undefined ? {} : { roles }), ...(permissions === undefined ? {} : { permissions }) };
}

function withoutPermissions(claims: JsonObject): JsonObject {
  const { tenants } = claims;
  const rest = without(claims, ['permissions']);
  if (tenants === undefined) return rest;
  const entries = Object.entries(tenants as Readonly<Record<string, JsonObject>>);
  return {
    ...rest,
    tenants: Object.fromEntries(entries.map(([id, grants]) => [id, without(grants, ['permissions'])])),
  };
}

function without(claims: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
